"""What the language allows at a place: the types of its models, taken apart."""

import types
from collections.abc import Mapping
from enum import Enum
from functools import cache
from typing import Annotated, Any, Literal, TypeAlias, Union, get_args, get_origin

from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo, fields

from agentflow.spec.model import ByKey, ByKind, Node

#: The names of those rules of `msgspec.Meta` that the language has.
_RULES = ("pattern", "min_length", "max_length", "ge", "gt", "le", "examples")

Sort: TypeAlias = Literal[
    "any", "text", "integer", "number", "bool", "choice", "list", "table", "model", "union"
]


class Shape(Struct, frozen=True, kw_only=True):
    """A type without its wrapping, and the rules that were wrapped around it.

    `form` is a class, a generic such as `dict[str, int]`, a literal or a union without None; where
    None may stand as well it is `optional`. `parts` are the alternatives of a union, the item of a
    list, or the key and the value of a table. `options` are the values of a choice. `told` is how a
    mapping tells which alternative of a union it is.
    """

    form: Any
    sort: Sort
    optional: bool = False
    parts: tuple["Shape", ...] = ()
    options: tuple[Any, ...] = ()
    told: ByKey | ByKind | None = None
    pattern: str | None = None
    min_length: int | None = None
    max_length: int | None = None
    ge: float | None = None
    gt: float | None = None
    le: float | None = None
    examples: tuple[Any, ...] = ()

    @property
    def model(self) -> type[Node] | None:
        """The model, if this is one."""
        model: type[Node] | None = self.form if self.sort == "model" else None
        return model

    @property
    def members(self) -> tuple["Shape", ...]:
        """The alternatives of a union; nothing for other types."""
        return self.parts if self.sort == "union" else ()

    @property
    def choices(self) -> tuple[str, ...]:
        """The texts of a literal or an enumeration; nothing for other types."""
        return tuple(str(option) for option in self.options)


class Key(Struct, frozen=True):
    """A key of a mapping: the attribute that holds it, and what may stand there.

    `default` is what it means to leave it out; if that may not be, it is `NODEFAULT`.
    """

    name: str
    shape: Shape
    default: Any = NODEFAULT

    @property
    def required(self) -> bool:
        """Has it to be there?"""
        return self.default is NODEFAULT


_PLAIN: Mapping[Any, Sort] = {
    Any: "any",
    str: "text",
    int: "integer",
    float: "number",
    bool: "bool",
}


def shape_of(annotation: Any) -> Shape:
    """The shape of an annotation. Of a rule that is said twice the outer one counts."""
    rules: dict[str, Any] = {}
    while get_origin(annotation) is Annotated or _is_optional(annotation):
        if get_origin(annotation) is not Annotated:
            rules["optional"] = True
            rest = tuple(part for part in get_args(annotation) if part is not types.NoneType)
            annotation = Union[rest]  # noqa: UP007 - it comes to the one part if there is one
            continue
        annotation, *around = get_args(annotation)
        for rule in reversed(around):
            if isinstance(rule, ByKey | ByKind):
                rules.setdefault("told", rule)
                continue
            for name in _RULES:
                if (value := getattr(rule, name)) is not None:
                    rules.setdefault(name, tuple(value) if name == "examples" else value)
    return Shape(form=annotation, **_taken_apart(annotation), **rules)


def _is_optional(annotation: Any) -> bool:
    return _is_union(annotation) and types.NoneType in get_args(annotation)


def _is_union(annotation: Any) -> bool:
    return get_origin(annotation) in (Union, types.UnionType)


def _taken_apart(form: Any) -> dict[str, Any]:
    """Which sort of type it is, with its parts and options."""
    if form in _PLAIN:
        return {"sort": _PLAIN[form]}
    if get_origin(form) is Literal:
        return {"sort": "choice", "options": get_args(form)}
    if _is_union(form) or get_origin(form) in (list, dict):
        sort: Sort = "union" if _is_union(form) else "list" if get_origin(form) is list else "table"
        return {"sort": sort, "parts": tuple(map(shape_of, get_args(form)))}
    if issubclass(form, Enum):
        return {"sort": "choice", "options": tuple(form)}
    assert issubclass(form, Node), form
    return {"sort": "model"}


@cache
def keys_of(owner: type[Node]) -> Mapping[str, Key]:
    """The keys of a model as authors write them."""
    return {
        field.encode_name: Key(field.name, shape_of(field.type), default_of(field))
        for field in fields(owner)
    }


def default_of(field: FieldInfo) -> Any:
    """The default of an attribute; `NODEFAULT` if it has none."""
    return field.default if field.default_factory is NODEFAULT else field.default_factory()


@cache
def required_keys(owner: type[Node]) -> tuple[str, ...]:
    """The keys that a model cannot do without."""
    return tuple(key for key, known in keys_of(owner).items() if known.required)


def kinds_of(owner: type[Node]) -> tuple[str, ...]:
    """The names of the agent kind that a model stands for; nothing for other models."""
    known = keys_of(owner).get("kind")
    return known.shape.choices if known is not None else ()
