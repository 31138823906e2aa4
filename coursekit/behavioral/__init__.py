"""Worlds of the behavioural module: stories, transcripts, cards and the rehearsal."""
