"""Graphs of pipelines, drawn by the programs that they are for."""
