"""Worlds of the lessons in 02_coding: simulators, data and pictures."""
