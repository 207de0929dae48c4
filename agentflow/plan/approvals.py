"""What a plain yes of a person comes to."""

from agentflow.contracts.descent import Descent
from agentflow.contracts.shape import types_of
from agentflow.plan.steps import ContractPlan
from agentflow.spec.model import Json

_APPROVED = "approved"
_BOOLEAN = frozenset({"boolean"})


def yes(contract: ContractPlan) -> Json:
    """The value that `approve` stands for in a contract; None if it has none.

    That is `true` where the answer is a boolean, and `{"approved": true}` where it is an object
    whose field `approved` is one. What more it has to say, a person has to say with `replace`.
    """
    schema = dict(contract.schema)
    value: Json = True
    if types_of(schema, schema) != _BOOLEAN:
        field = Descent().into(schema, schema, _APPROVED)
        if types_of(field, schema) != _BOOLEAN:
            return None
        value = {_APPROVED: True}
    return value if contract.checker.fits(value) else None
