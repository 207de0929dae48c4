"""The texts of agents that contain expressions: prompts, images, URLs and charges.

They can read only the `input` of a call of their agent, whichever step makes it.
"""

from collections.abc import Iterator

from msgspec import Struct

from agentflow.plan.calls import calls_in
from agentflow.plan.schemas import ANYTHING, Contract
from agentflow.plan.scopes import GLOBAL_ROOTS
from agentflow.plan.steps import Plan
from agentflow.plan.types import Types
from agentflow.spec.document import Path
from agentflow.spec.expressions import ExpressionError
from agentflow.spec.templates import Template, parse_template


class AgentText(Struct, frozen=True):
    """A text of an agent, with where it stands and the contract of the `input` that it reads."""

    agent: str
    text: str
    path: Path
    given: Contract

    @property
    def key(self) -> str:
        """The key of the agent that it belongs to."""
        return str(self.path[2])

    def types(self, plan: Plan) -> Types:
        """The types of what it can read: the `input`, and nothing of other names."""
        return Types(plan, {**dict.fromkeys(GLOBAL_ROOTS, ANYTHING), "input": self.given})

    @property
    def template(self) -> Template | None:
        """The text, parsed; None if that fails, which `prompt-reference` reports."""
        try:
            return parse_template(self.text)
        except ExpressionError:
            return None


def agent_texts(plan: Plan) -> Iterator[AgentText]:
    """All of them; the input of an agent that nobody calls may be anything."""
    inputs = {call.agent: Contract(call.input.schema, call.input.schema) for call in calls_in(plan)}
    for name, agent in plan.pipeline.agents.items():
        home: Path = ("agents", name)
        written: dict[Path, object] = {
            # Only some kinds have each of these keys; this layer does not know which ones.
            **{(*home, key): getattr(agent, key, None) for key in ("prompt", "url")},
            **{(*home, "images", n): each for n, each in enumerate(getattr(agent, "images", ()))},
            **{(*home, "charges", meter): each for meter, each in agent.charges.items()},
        }
        for path, text in written.items():
            if isinstance(text, str):
                yield AgentText(name, text, path, inputs.get(name, ANYTHING))
