"""Which value a plain yes of a person stands for."""

from agentflow.contracts.descent import Descent
from agentflow.contracts.shape import types_of
from agentflow.plan.contracts import ContractPlan
from agentflow.spec.model import Json

_APPROVED = "approved"
_BOOLEAN = frozenset({"boolean"})


def yes(contract: ContractPlan) -> Json:
    """The value that `approve` stands for in a contract; None if it has none.

    That is `true` where the answer is a boolean, and `{"approved": true}` where it is an object
    whose field `approved` is one. What more it has to say, a person has to say with `replace`.
    """
    value = part_with_yes(contract)
    return value if value is not None and contract.checker.fits(value) else None


def no(contract: ContractPlan) -> Json:
    """The value that says no where `yes` is the one that says yes; None if more belongs to it."""
    part = part_with_yes(contract)
    if part is None:
        return None
    value: Json = False if part is True else {_APPROVED: False}
    return value if contract.checker.fits(value) else None


def part_with_yes(contract: ContractPlan) -> Json:
    """The part of an answer that says yes, whatever else belongs to it; None if there is none."""
    schema = dict(contract.schema)
    if types_of(schema, schema) == _BOOLEAN:
        return True
    field = Descent().into(schema, schema, _APPROVED)
    return {_APPROVED: True} if types_of(field, schema) == _BOOLEAN else None
