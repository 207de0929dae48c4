"""A step whose model calls tools, for tests: `answer` of a pipeline `desk`, and what its model was
told."""

from collections.abc import Mapping
from typing import Any

from agentflow.core import events
from agentflow.core.events import StartAttempt
from agentflow.core.evolve import evolve
from agentflow.core.state import Instance, State
from agentflow.core.talks import ToolResult
from agentflow.engines.virtual import Said
from agentflow.plan.steps import Plan
from agentflow.replay import replay
from agentflow.spec.model import Json
from tests.core.world import Ask, Does, Run, drive, plan_of

QUERY = {
    "type": "object",
    "additionalProperties": False,
    "required": ["q"],
    "properties": {"q": {"type": "string"}},
}


def agent(effects: str, **more: Json) -> dict[str, Json]:
    return {
        "kind": "command",
        "argv": ["true"],
        "effects": effects,
        "input": QUERY,
        "output": {},
        **more,
    }


def desk(*tools: Json, agents: Mapping[str, Json] | None = None, **more: Any) -> Plan:
    """A step `answer` whose model has these tools; `more` are keys of the model."""
    step = more.pop("step", {})
    top = more.pop("top", {})
    clerk = {
        "kind": "llm",
        "model": "a/b",
        "input": {"type": "object"},
        "output": {"type": "string"},
        "tools": list(tools),
        **more,
    }
    known = {"clerk": clerk, "look": agent("read"), "pay": agent("write"), **(agents or {})}
    return plan_of(
        {
            "agentflow": 1,
            "name": "desk",
            "agents": known,
            "steps": {"answer": {"agent": "clerk", **step}},
            "outputs": {"said": "${{ steps.answer.output }}"},
            **top,
        }
    )


LOOK = {"agent": "look"}
PAY = {"agent": "pay"}


def play(plan: Plan, *does: Does | Ask | tuple[Any, float], **more: Any) -> Run:
    """Each call gets the next of these; every run is replayed as well."""
    left = iter(does)
    run = drive(plan, lambda call: next(left), **more)
    assert next(left, None) is None, "not everything was asked for"
    assert replay(plan, run.entries).divergence is None
    return run


def results(run: Run) -> list[list[ToolResult]]:
    """What the model was told after each turn, from the log alone."""
    state, told = State(run.state.plan), []
    for entry in run.entries:
        evolve(state, entry.fact)
        for decision in entry.decisions:
            evolve(state, decision)
            if isinstance(decision, events.NextTurn) and decision.step == "answer":
                assert state.root is not None
                talk = state.root.steps["answer"].talk
                assert talk is not None
                told.append(list(talk.turns[-1].results))
    return told


def before(run: Run, turn: int) -> Instance:
    """The step `answer` as it is when a turn of its model begins, from the log alone."""
    state = State(run.state.plan)
    for entry in run.entries:
        evolve(state, entry.fact)
        for decision in entry.decisions:
            if isinstance(decision, StartAttempt) and decision.turn == turn:
                assert state.root is not None
                return state.root.steps["answer"]
            evolve(state, decision)
    raise AssertionError(f"there is no turn {turn}")


def says(*answers: Said | None) -> Any:
    left = iter(answers)
    return lambda question: next(left)
