"""The contracts of a plan, each with everything it refers to and with its checker."""

from collections.abc import Mapping

from msgspec import Struct

from agentflow.contracts.checker import Checker
from agentflow.spec.model import Json


class ContractPlan(Struct, frozen=True):
    """A contract, self-contained, with its compiled checker."""

    schema: Mapping[str, Json]
    checker: Checker


class Contracts(Struct, frozen=True):
    """The contracts of a pipeline: those with a name, and the two of each agent.

    An agent that asks for a contract by its name has the very same object here.
    """

    named: Mapping[str, ContractPlan]
    input_of: Mapping[str, ContractPlan]
    output_of: Mapping[str, ContractPlan]
