"""What the language allows at a place: the models of the language, walked along a path.

pydantic says where a value breaks the models by a tuple that mixes keys, indexes, tags of unions
and names of types. Walking the models beside it tells which is which.
"""

import types
import typing
from enum import Enum
from typing import Annotated, Any, ForwardRef, Literal, Union, get_args, get_origin

from msgspec import Struct
from pydantic import BaseModel, Tag
from pydantic.fields import FieldInfo

from agentflow.spec import model as language

#: The mark in pydantic's locations for "the key, and not its value".
KEY = "[key]"


class Shape(Struct, frozen=True):
    """A type without its wrapping, and the rules that were wrapped around it.

    `form` is a class, a generic such as `dict[str, int]`, a literal or a union without None.
    """

    form: Any
    rules: tuple[Any, ...] = ()

    def rule(self, name: str) -> Any:
        """The value of a rule such as `pattern`, `ge` or `examples`; None if there is none."""
        found = (getattr(rule, name, None) for rule in self.rules)
        return next((value for value in found if value is not None), None)

    @property
    def model(self) -> type[BaseModel] | None:
        """The model, if this is one."""
        return (
            self.form if isinstance(self.form, type) and issubclass(self.form, BaseModel) else None
        )

    @property
    def members(self) -> tuple["Shape", ...]:
        """The alternatives of a union; nothing for other types."""
        if get_origin(self.form) in (Union, types.UnionType):
            return tuple(shape_of(member) for member in get_args(self.form))
        return ()

    @property
    def choices(self) -> tuple[str, ...]:
        """The texts of a literal or an enumeration; nothing for other types."""
        if get_origin(self.form) is Literal:
            return tuple(str(choice) for choice in get_args(self.form))
        if isinstance(self.form, type) and issubclass(self.form, Enum):
            return tuple(str(member.value) for member in self.form)
        return ()


class Spot(Struct, frozen=True):
    """Where a location of pydantic leads.

    `path` are the keys and indexes alone. `shape` is what the language has there, None where it
    has nothing. `owner` is the innermost model that holds the place. `union` is the path of the
    outermost choice of types on the way, with its shape, and `branch` the type that was tried.
    """

    path: tuple[str | int, ...]
    shape: Shape | None
    owner: type[BaseModel] | None
    at_key: bool = False
    union: tuple[tuple[str | int, ...], Shape] | None = None
    branch: str = ""


def shape_of(annotation: Any, rules: tuple[Any, ...] = ()) -> Shape:
    """The shape of an annotation."""
    if isinstance(annotation, (str, ForwardRef)):
        name = annotation if isinstance(annotation, str) else annotation.__forward_arg__
        return shape_of(getattr(language, name), rules)
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return shape_of(inner, (*rules, *_flat(more)))
    if get_origin(annotation) in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        if len(members) == 1:
            return shape_of(members[0], rules)
        return Shape(Union[tuple(members)], rules)  # noqa: UP007
    return Shape(annotation, rules)


def field_of(owner: type[BaseModel], key: str) -> FieldInfo | None:
    """The field behind a key as authors write it."""
    for name, info in owner.model_fields.items():
        if key == (info.alias or name):
            return info
    return None


def keys_of(owner: type[BaseModel]) -> tuple[str, ...]:
    """The keys of a model as authors write them."""
    return tuple(info.alias or name for name, info in owner.model_fields.items())


def required_keys(owner: type[BaseModel]) -> tuple[str, ...]:
    """The keys that a model cannot do without."""
    return tuple(
        info.alias or name for name, info in owner.model_fields.items() if info.is_required()
    )


def kinds_of(owner: type[BaseModel]) -> tuple[str, ...]:
    """The names of the agent kind that a model stands for; nothing for other models."""
    kind = owner.model_fields.get("kind")
    return get_args(kind.annotation) if kind is not None else ()


def follow(top: type[BaseModel], location: tuple[str | int, ...]) -> Spot:
    """Walk a location of pydantic from the model of a whole spec."""
    path: list[str | int] = []
    shape: Shape | None = Shape(top)
    owner: type[BaseModel] | None = top
    union: tuple[tuple[str | int, ...], Shape] | None = None
    branch = ""
    for number, part in enumerate(location):
        if shape is None:
            break
        owner = shape.model or owner
        if part == KEY and number == len(location) - 1:
            return Spot(tuple(path), shape, owner, True, union, branch)
        if shape.members:
            if union is None and shape.rule("discriminator") is None:
                union, branch = (tuple(path), shape), str(part)
            shape = _branch(shape, str(part))
            continue
        following = location[number + 1 : number + 2]
        path.append(part)
        shape = _child(shape, part, at_key=following == (KEY,))
    if shape is not None:
        owner = shape.model or owner
    return Spot(tuple(path), shape, owner, False, union, branch)


def _child(shape: Shape, part: str | int, *, at_key: bool) -> Shape | None:
    """One step down: a field, a value of a dict (or its key), an item of a list."""
    if shape.model is not None:
        info = field_of(shape.model, str(part))
        return None if info is None else shape_of(info.annotation, _flat([info]))
    arguments = get_args(shape.form)
    if get_origin(shape.form) is dict:
        return shape_of(arguments[0] if at_key else arguments[1])
    if get_origin(shape.form) is list:
        return shape_of(arguments[0])
    return None


def _branch(union: Shape, label: str) -> Shape | None:
    """The alternative of a union that pydantic calls by this label."""
    if label.startswith("list["):
        return next((m for m in union.members if get_origin(m.form) is list), None)
    for member in union.members:
        plain = {str: ("str", "constrained-str")}.get(member.form, ())
        if label in plain:
            return member
        tags = [rule.tag for rule in member.rules if isinstance(rule, Tag)]
        if label in tags:
            return member
        if member.model is not None:
            name = member.model.__name__
            # A model with a validator is called `function-after[_validator(), Name]`.
            if label in (name, *kinds_of(member.model)) or label.endswith(f", {name}]"):
                return member
    return None


def _flat(rules: typing.Iterable[Any]) -> tuple[Any, ...]:
    """Rules, with those that a `Field` holds laid out beside it."""
    flat: list[Any] = []
    for rule in rules:
        flat.append(rule)
        if isinstance(rule, FieldInfo):
            flat.extend(rule.metadata)
    return tuple(flat)
