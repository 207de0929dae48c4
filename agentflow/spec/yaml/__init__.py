"""YAML with places: from libyaml's events to nodes that know their line and column.

`agentflow.spec.document` is the way in; what lies here are its parts.
"""
