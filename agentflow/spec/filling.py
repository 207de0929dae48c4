"""The models of the language, filled from located nodes, and every place where these do not fit.

A value is taken as it stands: `"3"` is no number and `no` no boolean. Only a whole number does
where any number does, and a text for the member of an enumeration.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final, Literal, TypeAlias, TypeVar, cast

from msgspec import Struct

from agentflow.spec.document import Path
from agentflow.spec.model import ByKey, Json
from agentflow.spec.model import Node as Model
from agentflow.spec.shape import Shape, Sort, keys_of, kinds_of, required_keys
from agentflow.spec.yaml.nodes import Mapping as Table
from agentflow.spec.yaml.nodes import Node, Scalar, Sequence, to_data

M = TypeVar("M", bound=Model)

#: What can be wrong: a value of another type than the language has there; a text of another
#: pattern; a number or length that is out of bounds; too few items or entries; a mapping that does
#: not tell which one it is; a key that the language has not, or that is lacking; what a model
#: objects to.
Fault: TypeAlias = Literal[
    "type", "pattern", "range", "short", "kind", "unknown-key", "missing-key", "objection"
]


class Breach(Struct, frozen=True):
    """A place where a node does not fit.

    `path` leads there, also to a key that is lacking. `shape` is what the language has there, None
    for an unknown key. With `at_key` it is about the key and not its value. `owner` is the model
    that lacks a key or does not know it, and `said` is what a model objects to.
    """

    fault: Fault
    path: Path
    shape: Shape | None
    at_key: bool = False
    owner: type[Model] | None = None
    said: str = ""


#: In the place of a value that cannot be had.
_UNFIT: Final = object()
#: In the place of a mapping that has nothing but unknown keys and cannot do without others: it goes
#: with them.
_LEFT_OUT: Final = object()


def fill(model: type[M], root: Node) -> tuple[M | None, list[Breach]]:
    """The model that a node describes, and every place where it does not fit.

    Unknown keys are left out: if nothing else is wrong, there is a model.
    """
    filler = _Filler()
    value = filler.value(Shape(form=model, sort="model"), root, ())
    return (value if isinstance(value, model) else None), filler.breaches


def misfit(shape: Shape, value: Json) -> Fault | None:
    """Why a text, a number, a boolean or a choice does not fit; None if it does."""
    if shape.sort == "choice":
        fits = any(_is(option, value) for option in shape.options)
        return None if fits else "type"
    if type(value) not in _TYPES[shape.sort]:
        return "type"
    if isinstance(value, str):
        if shape.pattern is not None and re.fullmatch(shape.pattern, value) is None:
            return "pattern"
        return "range" if _misses(shape, len(value)) else None
    low = (shape.ge is not None and value < shape.ge) or (
        shape.gt is not None and value <= shape.gt
    )
    return "range" if low or (shape.le is not None and value > shape.le) else None


_TYPES: Mapping[Sort, tuple[type, ...]] = {
    "text": (str,),
    "bool": (bool,),
    "integer": (int,),
    "number": (int, float),
}


def _is(option: Any, value: Json) -> bool:
    """Is it this value? For Python, `True` is 1 and 1.0."""
    return bool(option == value) and (type(option) is type(value) or isinstance(value, str))


def _misses(shape: Shape, length: int) -> bool:
    """Is it too short or too long?"""
    return length < (shape.min_length or 0) or length > (shape.max_length or length)


class _Filler:
    """Fills shapes and takes down what does not fit."""

    def __init__(self) -> None:
        self.breaches: list[Breach] = []

    def value(self, shape: Shape, node: Node, path: Path) -> Any:
        """The value of a node; `_UNFIT` or `_LEFT_OUT` if there is none."""
        if isinstance(node, Scalar) and node.value is None and shape.optional:
            return None
        return _FILLERS.get(shape.sort, _Filler.scalar)(self, shape, node, path)

    def any(self, shape: Shape, node: Node, path: Path) -> Json:  # noqa: ARG002 - all are right
        return to_data(node)

    def scalar(self, shape: Shape, node: Node, path: Path) -> Any:
        value = node.value if isinstance(node, Scalar) else None
        fault = misfit(shape, value)
        if fault is not None:
            return self._unfit(Breach(fault, path, shape))
        if shape.sort == "number":
            return float(cast(float, value))
        if shape.sort == "choice":
            return next(option for option in shape.options if option == value)
        return value

    def items(self, shape: Shape, node: Node, path: Path) -> Any:
        if not isinstance(node, Sequence):
            return self._unfit(Breach("type", path, shape))
        (item,) = shape.parts
        values = [self.value(item, each, (*path, at)) for at, each in enumerate(node.items)]
        if self._has_other_length(shape, len(values), path):
            return _UNFIT
        whole = all(value is not _UNFIT and value is not _LEFT_OUT for value in values)
        return values if whole else _UNFIT

    def table(self, shape: Shape, node: Node, path: Path) -> Any:
        if not isinstance(node, Table):
            return self._unfit(Breach("type", path, shape))
        key_shape, value_shape = shape.parts
        values, whole = {}, not self._has_other_length(shape, len(node.entries), path)
        for key, entry in node.entries.items():
            at = (*path, key)
            fault = misfit(key_shape, key)
            if fault is not None:
                self.breaches.append(Breach(fault, at, key_shape, at_key=True))
            value = self.value(value_shape, entry.value, at)
            if value is _UNFIT or fault not in (None, "type"):
                whole = False
            elif value is not _LEFT_OUT and fault is None:
                values[key] = value
        return values if whole else _UNFIT

    def model(self, shape: Shape, node: Node, path: Path) -> Any:
        if not isinstance(node, Table):
            return self._unfit(Breach("type", path, shape))
        model: type[Model] = shape.form
        keys = keys_of(model)
        values, whole, strange = {}, True, False
        for key, entry in node.entries.items():
            known, at = keys.get(key), (*path, key)
            if known is None:
                self.breaches.append(Breach("unknown-key", at, None, owner=model))
                strange = True
                continue
            value = self.value(known.shape, entry.value, at)
            if value is _UNFIT:
                whole = False
            elif value is not _LEFT_OUT:
                values[known.name] = value
        for key in required_keys(model):
            whole = whole and keys[key].name in values
            if key not in node.entries:
                at = (*path, key)
                self.breaches.append(Breach("missing-key", at, keys[key].shape, owner=model))
        return self._made(model, values, path, strange=strange) if whole else _UNFIT

    def _made(
        self, model: type[Model], values: dict[str, Any], path: Path, *, strange: bool
    ) -> Any:
        """The model with these values, unless it objects to them."""
        made = model(**values)
        objection = made.objection(values.keys())
        if objection is None:
            return made
        if strange:  # whether it would with the right names of these keys is not known
            return _UNFIT if values else _LEFT_OUT
        at = (*path, *objection.path)
        return self._unfit(Breach("objection", at, None, said=objection.said))

    def union(self, shape: Shape, node: Node, path: Path) -> Any:
        """The first alternative that fits, else what is wrong with those that may be meant.

        That are those whose type is right; if there are none, it is the type that is wrong.
        """
        if shape.told is not None:
            meant = _meant(shape, node)
            if meant is None:
                return self._unfit(Breach("kind", path, shape))
            return self.value(meant, node, path)
        breaches, possible = self.breaches, []
        for member in shape.parts:
            self.breaches = []
            value = self.value(member, node, path)
            if not self.breaches:
                self.breaches = breaches
                return value
            if not any(each.path == path and each.fault == "type" for each in self.breaches):
                possible.append((value, self.breaches))
        self.breaches = breaches
        if not possible:
            return self._unfit(Breach("type", path, shape))
        for _, found in possible:
            self.breaches += found
        return possible[0][0]

    def _has_other_length(self, shape: Shape, length: int, path: Path) -> bool:
        """Take down that there are too few or too many."""
        wrong = _misses(shape, length)
        if wrong:
            short = length < (shape.min_length or 0)
            self.breaches.append(Breach("short" if short else "range", path, shape))
        return wrong

    def _unfit(self, breach: Breach) -> object:
        self.breaches.append(breach)
        return _UNFIT


_FILLERS: Mapping[Sort, Callable[[_Filler, Shape, Node, Path], Any]] = {
    "any": _Filler.any,
    "list": _Filler.items,
    "table": _Filler.table,
    "model": _Filler.model,
    "union": _Filler.union,
}


def _meant(shape: Shape, node: Node) -> Shape | None:
    """The alternative that a node tells to be; None if it does not tell."""
    told = shape.told
    if not isinstance(node, Table):
        plain = next((member for member in shape.parts if member.model is None), None)
        if plain is not None:
            return plain
    if isinstance(told, ByKey):
        there = node.entries if isinstance(node, Table) else {}
        model = next((told.kinds[key] for key in told.kinds if key in there), told.otherwise)
        return None if model is None else Shape(form=model, sort="model")
    kind = node.entries.get("kind") if isinstance(node, Table) else None
    if kind is None or not isinstance(kind.value, Scalar):
        return None
    named = kind.value.value
    return next(
        (each for each in shape.parts if named in kinds_of(cast(type[Model], each.form))), None
    )
