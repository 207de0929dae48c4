"""The tools that models are offered."""

from collections.abc import Iterator

from agentflow.lint.rule import Context
from agentflow.plan.calls import callers, possible_calls
from agentflow.plan.steps import ToolPlan
from agentflow.spec.document import Path


def offered(context: Context) -> Iterator[tuple[str, str, ToolPlan]]:
    """The tools of all agents that steps call, each once: the agent, the tool's name, its terms."""
    seen: set[tuple[Path, str]] = set()
    for step in callers(context.plan) if context.plan is not None else ():
        for call in possible_calls(step):
            for name, tool in call.tools.items():
                if (tool.step.path, name) not in seen:
                    seen.add((tool.step.path, name))
                    yield call.agent, name, tool
