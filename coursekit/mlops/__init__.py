"""Worlds of the lessons in 04_mlops: simulators, data and pictures."""
