"""The JSON Schema of the language, made from its models, for editors and for other tools.

It accepts what `spec.parse` accepts, in the form that the YAML language servers complete and
explain best: closed mappings everywhere, one definition for a step, a choice of agents told apart
by the constant `kind`, and no titles that only repeat the key. What a key means stands below it in
the source of its model, which is read for this.

Source: JSON Schema 2020-12.
"""

import ast
import inspect
import json
import sys
from collections.abc import Iterable, Iterator
from enum import Enum
from functools import cache
from itertools import pairwise
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from msgspec import Meta, to_builtins
from msgspec.structs import fields

from agentflow.spec.model import STEP_KINDS, Agent, ByKey, ByKind, Json, Node, Vocabulary
from agentflow.spec.shape import Key, keys_of, kinds_of, required_keys

SCHEMA_ID = "urn:agentflow:pipeline:v1"

_DIALECT = "https://json-schema.org/draft/2020-12/schema"
_DEFS = "#/$defs/"
_TYPES = {str: "string", int: "integer", float: "number", bool: "boolean", NoneType: "null"}
#: The keywords for the rules of `msgspec.Meta`; those for lengths are named after what is counted.
_BOUNDS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "pattern": "pattern"}
_COUNTED = {"string": "Length", "array": "Items", "object": "Properties"}


def language_schema(vocabulary: Vocabulary) -> dict[str, Json]:
    """The JSON Schema of a whole spec with these agent kinds."""
    head = {
        "$schema": _DIALECT,
        "$id": SCHEMA_ID,
        "title": "agentflow pipeline",
        "description": "A multi-agent pipeline, version 1 of the language.",
    }
    schema = model_schema(vocabulary.pipeline)
    return {**head, **{key: value for key, value in schema.items() if key not in head}}


def model_schema(model: type[Node]) -> dict[str, Json]:
    """The JSON Schema of a model, with all that it refers to."""
    schemas = _Schemas()
    schema = schemas.mapping(model)
    return {**schema, "$defs": dict(sorted(schemas.definitions.items()))}


def render_schema(vocabulary: Vocabulary) -> str:
    """The schema as the text of a file, the same on every machine."""
    return json.dumps(language_schema(vocabulary), indent=2, ensure_ascii=False) + "\n"


class _Schemas:
    """The schemas of types, and the definitions that they refer to."""

    def __init__(self) -> None:
        self.definitions: dict[str, dict[str, Json]] = {}

    def of(self, annotation: Any) -> dict[str, Json]:
        """The schema of a type."""
        origin, arguments = get_origin(annotation), get_args(annotation)
        if origin is Annotated:
            return self._narrowed(arguments[0], arguments[1:])
        if origin in (Union, UnionType):
            return _any_of(map(self.of, arguments))
        if origin is Literal:
            return _choice(arguments)
        if origin is list:
            return {"type": "array", "items": self.of(arguments[0])}
        if origin is dict:
            return {"type": "object", **self._entries(*arguments)}
        if annotation is Any:
            return {}
        if annotation in _TYPES:
            return {"type": _TYPES[annotation]}
        return self._defined(annotation)

    def mapping(self, model: type[Node]) -> dict[str, Json]:
        """The schema of a model."""
        types = {field.encode_name: field.type for field in fields(model)}
        properties = {
            key: {
                **self.of(types[key]),
                **_described(_remark(model, known.name)),
                **_with_default(known),
            }
            for key, known in keys_of(model).items()
        }
        required = list(required_keys(model))
        return {
            "type": "object",
            **_described(model.__doc__),
            "properties": properties,
            **({"required": required} if required else {}),
            "additionalProperties": False,
            **model.also,
        }

    def _narrowed(self, form: Any, rules: Iterable[Any]) -> dict[str, Json]:
        """The schema of a type with rules around it."""
        schema = self.of(form)
        for rule in rules:
            if isinstance(rule, Meta):
                schema |= _ruled(rule, schema)
            elif isinstance(rule, ByKey | ByKind):
                schema["oneOf"] = schema.pop("anyOf")
                if isinstance(rule, ByKey) and rule.kinds is STEP_KINDS:
                    schema = self._step(schema)
        return schema

    def _step(self, choice: dict[str, Json]) -> dict[str, Json]:
        said = f"A step has exactly one of: {', '.join(STEP_KINDS)}."
        self.definitions["Step"] = {
            "title": "Step",
            "description": said,
            "type": "object",
            **choice,
        }
        return {"$ref": _DEFS + "Step"}

    def _entries(self, key: Any, value: Any) -> dict[str, Json]:
        """What the entries of a table have to be."""
        names, values = self.of(key), self.of(value)
        if "pattern" in names:
            return {"patternProperties": {names["pattern"]: values}, "additionalProperties": False}
        del names["type"]
        entries: dict[str, Json] = {"additionalProperties": values or True}
        return {"propertyNames": names, **entries} if names else entries

    def _defined(self, form: type[Node] | type[Enum]) -> dict[str, Json]:
        """A reference to the definition of a model or an enumeration."""
        name = form.__name__
        if issubclass(form, Agent):
            (kind,) = kinds_of(form)
            name = f"{kind.capitalize()}Agent"
        if name not in self.definitions:
            self.definitions[name] = {}  # in the making: it may refer to itself
            if issubclass(form, Enum):
                made = {**_described(form.__doc__), **_choice(each.value for each in form)}
            else:
                made = self.mapping(form)
            self.definitions[name] = {"title": name, **made}
        return {"$ref": _DEFS + name}


def _any_of(choices: Iterable[dict[str, Json]]) -> dict[str, Json]:
    """One of several; a choice within a choice becomes part of it."""
    flat: list[dict[str, Json]] = []
    schema: dict[str, Json] = {"anyOf": flat}
    for choice in choices:
        if choice.keys() <= {"anyOf", "description"} and "anyOf" in choice:
            flat += choice["anyOf"]
            schema |= _described(choice.get("description"))
        else:
            flat.append(choice)
    return schema


def _choice(options: Iterable[Any]) -> dict[str, Json]:
    """One of several values of one type."""
    values = list(options)
    of_type = {"type": _TYPES[type(values[0])]}
    return {**of_type, **({"enum": values} if len(values) > 1 else {"const": values[0]})}


def _ruled(rule: Meta, schema: dict[str, Json]) -> dict[str, Json]:
    """The keywords for a rule around a type with this schema."""
    keywords = {word: getattr(rule, name) for name, word in _BOUNDS.items()}
    if counted := _COUNTED.get(schema.get("type", "")):
        keywords |= {f"min{counted}": rule.min_length, f"max{counted}": rule.max_length}
    keywords |= {"description": rule.description, "examples": rule.examples}
    return {word: value for word, value in keywords.items() if value is not None}


def _described(said: str | None) -> dict[str, Json]:
    return {"description": " ".join(said.split())} if said else {}


def _with_default(key: Key) -> dict[str, Json]:
    """What stands for a key that is left out, where that is anything."""
    value = None if key.required else to_builtins(key.default)
    if isinstance(value, dict):
        value = {name: each for name, each in value.items() if each not in (None, [], {})}
    return {"default": value} if value not in (None, [], {}) else {}


def _remark(model: type[Node], name: str) -> str | None:
    """What the source says of a key: the docstring below it, in the class that defines it last."""
    owners = (owner for owner in model.__mro__ if issubclass(owner, Node))
    found = (_remarks(owner.__module__).get((owner.__name__, name)) for owner in owners)
    return next(filter(None, found), None)


@cache
def _remarks(module: str) -> dict[tuple[str, str], str]:
    """The docstrings below the keys of the models of a module, by model and attribute."""
    tree = ast.parse(inspect.getsource(sys.modules[module]))
    return dict(_remarks_in(tree))


def _remarks_in(tree: ast.Module) -> Iterator[tuple[tuple[str, str], str]]:
    for model in tree.body:
        for pair in pairwise(model.body if isinstance(model, ast.ClassDef) else ()):
            match model, *pair:
                case (
                    ast.ClassDef(name=owner),
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    yield (owner, name), text
