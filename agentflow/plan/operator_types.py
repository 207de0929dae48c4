"""What is certain about the results of operators and functions: at most their type."""

from collections.abc import Mapping

from agentflow.contracts.keywords import Schema
from agentflow.contracts.kinds import schema_of_kinds
from agentflow.plan.schemas import ANYTHING, Contract, computed
from agentflow.spec.cel.functions import FUNCTIONS, Kinds
from agentflow.spec.cel.signatures import ANY, OPERATORS
from agentflow.spec.cel.syntax import BinaryOperator, Call, Expr
from agentflow.spec.cel.values import Kind

#: Results of which more than the type is known.
_RESULTS: Mapping[str, Schema] = {
    "size": {"type": "integer", "minimum": 0},
    "split": {"type": "array", "items": {"type": "string"}},
}


def calculated(operator: BinaryOperator, left: Kinds, right: Kinds) -> Contract:
    """What arithmetic makes: it never mixes kinds, so what is known of one side holds for both.

    Where neither is known, nor is the result: it is not what a contract calls a number.
    """
    if left == right == ANY:
        return ANYTHING
    kinds = frozenset[Kind]().union(
        *(one & left for one, other in OPERATORS[operator] if one & left and other & right)
    )
    return computed(schema_of_kinds(kinds)) if kinds else ANYTHING


def by_type(expr: Expr) -> Contract:
    """What is known of a value that is computed: at most its type."""
    match expr:
        case Call(function):
            result = schema_of_kinds(frozenset({FUNCTIONS[function].result}))
            return computed(_RESULTS.get(function, result))
        case _:  # what compares, and the macros that ask something of a list
            return computed({"type": "boolean"})
