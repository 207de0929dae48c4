"""A schema in one short line, for people who look at a graph: what a value is made of.

    {kind: "refund" | "question", order_id: string, note?: string, legs: [{date: string}]}

It leaves out what a contract says besides (lengths, ranges, patterns), and cuts what is long.
"""

from collections.abc import Mapping

from agentflow.contracts.describe import excerpt, shortened
from agentflow.contracts.keywords import Schema

#: How many levels of a value are shown, and how many options or values of an enum.
_DEEPEST = 3
_OPTIONS = 4


def brief(schema: Schema) -> str:
    """The type in at most 80 characters."""
    root = schema if isinstance(schema, Mapping) else {}
    return shortened(_brief(schema, root, _DEEPEST))


def _brief(schema: Schema, root: Mapping[str, Schema], depth: int) -> str:
    if isinstance(schema, bool):
        return "anything" if schema else "nothing"
    if "$ref" in schema:
        return _named(str(schema["$ref"]), root, depth)
    if "const" in schema:
        return excerpt(schema["const"])
    options = _options(schema, root, depth)
    return _of_type(schema, root, depth) if options is None else _either(options)


def _options(schema: Schema, root: Mapping[str, Schema], depth: int) -> list[str] | None:
    """The values of an enum, or the options of a union with those of the unions in it."""
    if not isinstance(schema, Mapping) or "$ref" in schema:
        return None
    if "enum" in schema:
        return [excerpt(value) for value in schema["enum"]]
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            inner = [(_options(one, root, depth), one) for one in schema[keyword]]
            return [
                shown
                for found, one in inner
                for shown in ([_brief(one, root, depth)] if found is None else found)
            ]
    return None


def _named(reference: str, root: Mapping[str, Schema], depth: int) -> str:
    """A definition of the schema, or its name alone if it is deep inside or inside itself."""
    name = reference.rpartition("/")[2]
    definitions = root.get("$defs", {})
    if depth <= 0 or not isinstance(definitions, Mapping) or name not in definitions:
        return name
    return _brief(definitions[name], root, depth - 1)


def _of_type(schema: Mapping[str, Schema], root: Mapping[str, Schema], depth: int) -> str:
    kind = schema.get("type")
    if isinstance(kind, list):
        return _either([_brief({**schema, "type": one}, root, depth) for one in kind])
    if kind == "array" or (kind is None and "items" in schema):
        items = schema.get("items", True)
        return f"[{_brief(items, root, depth - 1)}]" if depth > 0 else "[…]"
    if kind == "object" or (kind is None and "properties" in schema):
        return _object(schema, root, depth)
    return str(kind) if kind is not None else "anything"


def _object(schema: Mapping[str, Schema], root: Mapping[str, Schema], depth: int) -> str:
    properties: Mapping[str, Schema] = schema.get("properties", {})
    if depth <= 0 and properties:
        return "{…}"
    required = schema.get("required", ())
    fields = [
        f"{name}{'' if name in required else '?'}: {_brief(inner, root, depth - 1)}"
        for name, inner in properties.items()
    ]
    rest = schema.get("additionalProperties", True)
    if isinstance(rest, Mapping):
        fields.append(f"…: {_brief(rest, root, depth - 1)}")
    elif not fields and rest:
        return "object"
    return "{" + ", ".join(fields) + "}"


def _either(options: list[str]) -> str:
    every = list(dict.fromkeys(options))
    shown = every[:_OPTIONS]
    if len(every) > _OPTIONS:
        shown.append(f"{len(every) - _OPTIONS} more")
    return " | ".join(shown) or "nothing"
