"""Contracts from Python classes: their modules are imported in a process of their own.

`schemas.read_schemas` starts it, `child.py` is it.
"""
