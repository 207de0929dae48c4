"""Drills: whether every failure that a spec claims to handle ends where the spec says."""
