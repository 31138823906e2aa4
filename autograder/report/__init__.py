"""A page about a class."""
