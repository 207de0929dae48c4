"""The agents of the incident desk: plain functions from JSON values to JSON values."""
