"""The order of keys: the log sorts them, and people get them as the spec has written them down."""

from agentflow.spec.model import Json
from agentflow.spec.templates import Constant, ListOf, MapOf, Template


def in_order(value: Json, template: Template) -> Json:
    """What a template came to, with the keys that stand in the spec in the order of the spec.

    The keys of what an expression came to are those of data, and stay as they are.
    """
    if isinstance(template, Constant):
        return template.value if value == template.value else value
    if isinstance(template, MapOf) and isinstance(value, dict):
        known = dict(template.entries)
        return {key: in_order(value[key], part) for key, part in known.items() if key in value} | {
            key: inner for key, inner in value.items() if key not in known
        }
    if isinstance(template, ListOf) and isinstance(value, list):
        if len(value) != len(template.items):
            return value
        return [in_order(one, part) for one, part in zip(value, template.items, strict=True)]
    return value
