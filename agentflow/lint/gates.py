"""The confidence gates of a plan: what agents have to be sure of, and where that is written."""

from collections.abc import Iterator

from msgspec import Struct

from agentflow.contracts.assembly import TooLarge, self_contained
from agentflow.contracts.keywords import Schema
from agentflow.findings import Location
from agentflow.plan.calls import callers, calls_of
from agentflow.plan.fields import Part, part_of
from agentflow.plan.schemas import Contract
from agentflow.plan.steps import CallPlan, Plan
from agentflow.spec.document import Document, Path
from agentflow.spec.model import Confidence


class Gate(Struct, frozen=True):
    """The gate of an agent; `field` is what the agent's contract says of the field it reads."""

    confidence: Confidence
    call: CallPlan
    field: Part

    @property
    def agent(self) -> str:
        """The agent's name."""
        return self.call.agent

    def place(self, document: Document, key: str) -> Location:
        """Where `field` or `min` of the gate is written."""
        path: Path = ("agents", self.agent, "confidence", key)
        return document.locate(path)

    def numbers(self) -> Schema:
        """The contract of the field as a schema of its own; None if there is none."""
        inside = self.field.inside
        if inside is None:
            return None
        try:
            return self_contained(inside.schema, inside.root)
        except TooLarge:
            return None


def gates(plan: Plan) -> Iterator[Gate]:
    """The gates of all agents that steps may call, each once."""
    seen: set[str] = set()
    for call in (call for step in callers(plan) for call in calls_of(step)):
        if call.confidence is None or call.agent in seen:
            continue
        seen.add(call.agent)
        contract = Contract(call.output.schema, call.output.schema)
        yield Gate(call.confidence, call, part_of(contract, call.confidence.field))
