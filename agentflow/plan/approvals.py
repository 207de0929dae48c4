"""Which value a plain yes of a person stands for."""

from agentflow.contracts.descent import Descent
from agentflow.contracts.shape import types_of
from agentflow.plan.contracts import ContractPlan
from agentflow.spec.model import Json

_APPROVED = "approved"
_BOOLEAN = frozenset({"boolean"})


def yes(contract: ContractPlan) -> Json:
    """The value that `approve` stands for in a contract; None if it has none.

    That is `true` for a boolean, and `{"approved": true}` for an object whose field `approved` is
    one. If an answer needs more than that, a person has to give it with `replace`.
    """
    value = part_with_yes(contract)
    return value if value is not None and contract.checker.fits(value) else None


def no(contract: ContractPlan) -> Json:
    """The value that says no, if `yes` says yes; None if a no takes more than that."""
    part = part_with_yes(contract)
    if part is None:
        return None
    value: Json = False if part is True else {_APPROVED: False}
    return value if contract.checker.fits(value) else None


def part_with_yes(contract: ContractPlan) -> Json:
    """The part of an answer that says yes, whatever else it contains; None if there is none."""
    schema = dict(contract.schema)
    if types_of(schema, schema) == _BOOLEAN:
        return True
    field = Descent().into(schema, schema, _APPROVED)
    return {_APPROVED: True} if types_of(field, schema) == _BOOLEAN else None
