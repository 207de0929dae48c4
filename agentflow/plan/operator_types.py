"""What is certain about the results of operators and functions: at most their type."""

from collections.abc import Mapping

from agentflow.contracts.keywords import Schema
from agentflow.contracts.shape import types_of
from agentflow.plan.schemas import ANYTHING, Contract, computed
from agentflow.plan.shape_kinds import Items, Shape, Some
from agentflow.spec.cel.functions import FUNCTIONS
from agentflow.spec.cel.syntax import Binary, Call, Expr, Unary

_BOOLEAN_OPERATORS = frozenset({"||", "&&", "==", "!=", "<", "<=", ">", ">=", "in"})
_TYPES = {"bool": "boolean", "double": "number", "int": "integer", "list": "array"}
#: Results of which more than the type is known.
_RESULTS: Mapping[str, Schema] = {
    "size": {"type": "integer", "minimum": 0},
    "split": {"type": "array", "items": {"type": "string"}},
}
_NUMBERS = frozenset({"integer", "number"})
#: The types of what arithmetic makes.
ARITHMETIC: Mapping[str, frozenset[str]] = {
    "+": _NUMBERS | {"array", "string"},
    **dict.fromkeys("-*/", _NUMBERS),
    "%": frozenset({"integer"}),
}


def calculated(types: frozenset[str], left: Shape, right: Shape) -> Contract:
    """What arithmetic makes: it never mixes types, so what is known of one side holds for both."""
    for side in (left, right):
        if isinstance(side, Contract):
            types &= types_of(side.schema, side.root)
        elif isinstance(side, Items | Some):
            types &= {"array"}
    if "number" in types:
        types -= {"integer"}
    names = sorted(types)
    return computed({"type": names[0] if len(names) == 1 else names}) if names else ANYTHING


def by_type(expr: Expr) -> Contract:
    """What is known of a value that is computed: at most its type."""
    match expr:
        case Binary(operator) if operator in _BOOLEAN_OPERATORS:
            return computed({"type": "boolean"})
        case Unary("-"):
            return computed({"type": "number"})
        case Call(function):
            result = {"type": _TYPES.get(FUNCTIONS[function].result, "string")}
            return computed(_RESULTS.get(function, result))
        case _:  # `has`, `!`, and the macros that ask something of a list
            return computed({"type": "boolean"})
