"""Worlds of the DevOps module: a cluster in a box, and what happens in it."""
