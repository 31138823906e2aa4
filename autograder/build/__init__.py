"""From lessons to notebooks."""
