"""What a chat model may call while it works on an answer: its tools.

A tool is an agent like any other. It is one of `agents`, or it is described where it is offered and
belongs to that model alone.
"""

from collections.abc import Sequence
from typing import Annotated

from msgspec import Meta

from agentflow.spec.model.agents import Agent
from agentflow.spec.model.people import Asking
from agentflow.spec.model.policies import Retry
from agentflow.spec.model.values import (
    FUNCTION_PATTERN,
    ByKey,
    Contract,
    Count,
    Duration,
    Effects,
    EffectsReason,
    Name,
    Node,
)


class Approval(Asking, frozen=True, kw_only=True):
    """A question to a person before each call of a tool."""

    within: Duration
    """How long the answer is waited for."""


class ToolTerms(Node, frozen=True, kw_only=True):
    """On which terms a model may call a tool."""

    approve: Name | Approval | None = None
    """Each call is shown to a person first: an escalation by name, or a question {ask, within, who,
    channel}."""

    max_calls: Count = 10
    """How often the tool may be called while one answer is worked on."""

    idempotency_key: Annotated[str, Meta(min_length=1)] | None = None
    """Text with ${{ EXPRESSION }} over `input` and `call.id` that names one call: every repeat
    carries it."""


class AgentTool(ToolTerms, frozen=True, kw_only=True):
    """An agent as a tool."""

    agent: Name
    """An agent, by its name under `agents`."""


class DescribedTool(ToolTerms, frozen=True, kw_only=True):
    """What is said of an agent where it is offered as a tool, and nowhere else."""

    description: str | None = None
    """What the model is told about it."""

    input: Contract | None = None
    """The contract of what it is given."""

    output: Contract | None = None
    """The contract of what it answers."""

    effects: Effects | None = None
    """What it does to the world."""

    effects_reason: EffectsReason | None = None
    timeout: Duration | None = None
    """How long one attempt may take."""

    retry: Retry | None = None


class PythonTool(DescribedTool, frozen=True, kw_only=True):
    """A Python function as a tool."""

    python: Annotated[str, Meta(pattern=FUNCTION_PATTERN, examples=["desk.search:lookup"])]
    """The function: package.module:function, as `call` of a `python` agent."""

    name: Name | None = None
    """What the model calls it; left out, the name of the function."""


ServerTool = Annotated[str, Meta(min_length=1)]


class McpTool(DescribedTool, frozen=True, kw_only=True):
    """A tool of a server as a tool, or several of them on the same terms."""

    mcp: Name
    """The server, by its name under `servers`."""

    tool: ServerTool | Annotated[list[ServerTool], Meta(min_length=1)]
    """The tool, by the name that the server gives it, or a list of such names."""


Tool = Annotated[
    AgentTool | PythonTool | McpTool,
    ByKey({"python": PythonTool, "mcp": McpTool}, otherwise=AgentTool),
]


def offered_tools(agent: Agent) -> Sequence[Tool]:
    """The tools that an agent is offered; nothing if it calls no model."""
    # Only agents that call a model have this key; this layer does not know which these are.
    tools: Sequence[Tool] = getattr(agent, "tools", ())
    return tools


def tool_names(tool: Tool) -> tuple[str, ...]:
    """What a model calls a tool; those of a server may be several."""
    if isinstance(tool, AgentTool):
        return (tool.agent,)
    if isinstance(tool, PythonTool):
        return (tool.name or tool.python.rpartition(":")[2],)
    return (tool.tool,) if isinstance(tool.tool, str) else tuple(tool.tool)
