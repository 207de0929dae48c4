"""A world for the core: pipelines from text, agents that answer as a test says, logs in memory."""

import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, settings

from agentflow.core import events
from agentflow.core.events import (
    AttemptFailed,
    AttemptSucceeded,
    Decision,
    Entry,
    RunStarted,
    StartAttempt,
)
from agentflow.core.state import State
from agentflow.engines.driver import Driver
from agentflow.engines.virtual import Answer, Person, run_virtual, silence
from agentflow.errors import FileProblem
from agentflow.eventlog.head import Rest
from agentflow.loading import understand
from agentflow.plan.steps import Plan
from agentflow.spec.model import FailureClass, Json

#: Decisions after which nothing more is decided about a step.
OUTCOME = (
    events.AcceptOutput,
    events.UseValue,
    events.SkipStep,
    events.FailStep,
    events.CancelAttempt,
    events.CancelStep,
    events.CompleteStep,
)


@dataclass(frozen=True)
class Ask:
    """A model asks for tools: each by its name, with arguments or with the text in their place."""

    calls: tuple[tuple[str, Json], ...]
    said: str | None = None

    def fact(self, call: StartAttempt) -> AttemptSucceeded:
        """What the engine reports of it."""
        asked = [
            {
                "id": f"call_{number}",
                "tool": tool,
                "arguments": given if isinstance(given, str) else json.dumps(given),
            }
            for number, (tool, given) in enumerate(self.calls, 1)
        ]
        return AttemptSucceeded(0, call.step, call.attempt, text=self.said, calls=asked)


def ask(*calls: tuple[str, Json], said: str | None = None) -> Ask:
    """A model asks for these tools."""
    return Ask(calls, said)


#: What an agent does: an answer, a failure class, or either with the seconds it takes.
Does = Json | FailureClass
Script = Callable[[StartAttempt], Does | tuple[Does, float]]

START = 1_000_000.0
#: How many times as many examples of each property are tried as by default: `AGENTFLOW_DEPTH=20`.
DEPTH = int(os.environ.get("AGENTFLOW_DEPTH", "1"))


def examples(count: int) -> settings:
    """So many examples of a property, or more where more depth is asked for."""
    checks = [HealthCheck.too_slow, HealthCheck.data_too_large]
    return settings(max_examples=count * DEPTH, deadline=None, suppress_health_check=checks)


def plan_of(
    spec: Mapping[str, Json] | str, files: Mapping[str, Mapping[str, Json]] | None = None
) -> Plan:
    """The plan of a spec, which must have no problems; `files` are those that it may name."""

    def read(path: str) -> str:
        if files is None or path not in files:
            raise FileProblem(f"there is no file '{path}'")
        return json.dumps(files[path])

    text = spec if isinstance(spec, str) else json.dumps(spec)
    _, _, plan, problems = understand(text, "test.yaml", read)
    assert problems == (), problems
    assert plan is not None
    return plan


def pipeline(
    steps: Mapping[str, Json],
    *,
    files: Mapping[str, Mapping[str, Json]] | None = None,
    **more: Json,
) -> Plan:
    """A plan of `spec_of` these steps."""
    return plan_of(spec_of(steps, **more), files)


def spec_of(
    steps: Mapping[str, Json],
    *,
    name: str = "test",
    input: Json = None,
    output: Json = None,
    **more: Json,
) -> dict[str, Json]:
    """A spec with agents `do` (no effects) and `write` (a write) that share their contracts."""
    agents = {
        agent: {
            "kind": "command",
            "argv": ["true"],
            "effects": effects,
            "input": input or {},
            "output": output or {},
        }
        for agent, effects in (("do", "none"), ("write", "write"))
    }
    return {"agentflow": 1, "name": name, "agents": agents, "steps": steps, **more}


@dataclass
class MemoryLog:
    """A log that is a list."""

    records: list[dict[str, Any]] = field(default_factory=list)
    sealed: int = 0

    @property
    def next_seq(self) -> int:
        return len(self.records)

    def append(self, records: Sequence[dict[str, Any]]) -> None:
        self.records.extend(records)

    def put_blob(self, data: bytes) -> str:
        raise AssertionError("no test of the core has payloads of this size")

    def seal(self, *, ended: bool = False, rest: Rest | None = None) -> None:
        self.sealed += 1


@dataclass
class Run:
    """What became of a run."""

    state: State
    entries: list[Entry]

    @property
    def decisions(self) -> list[Decision]:
        return [decision for entry in self.entries for decision in entry.decisions]

    def of(self, kind: type) -> list[Any]:
        """All decisions of a kind."""
        return [decision for decision in self.decisions if isinstance(decision, kind)]

    def told(self) -> list[str]:
        """All decisions as `Kind step`, in order."""
        return [f"{type(d).__name__} {getattr(d, 'step', '')}".rstrip() for d in self.decisions]


def started(inputs: Mapping[str, Json] | None = None, concurrency: int = 16) -> RunStarted:
    return RunStarted(
        at=START,
        run_id="r1",
        spec="test.yaml",
        folder="/",
        sources={},
        inputs=inputs or {},
        mode="simulated",
        seed="0",
        concurrency=concurrency,
        agentflow="test",
    )


def answering(script: Script) -> Callable[[StartAttempt], Answer]:
    """The answers of a script; one second where it does not say how long they take."""

    def answer(call: StartAttempt) -> Answer:
        does = script(call)
        does, after = does if isinstance(does, tuple) else (does, 1.0)
        if isinstance(does, FailureClass):
            failed = AttemptFailed(0, call.step, call.attempt, does, "as the script says")
            return Answer(failed, after)
        if isinstance(does, Ask):
            return Answer(does.fact(call), after)
        return Answer(AttemptSucceeded(0, call.step, call.attempt, value=does), after)

    return answer


def drive(
    plan: Plan,
    script: Script = lambda call: dict(call.input),
    inputs: Mapping[str, Json] | None = None,
    concurrency: int = 16,
    person: Person = silence,
) -> Run:
    """Run a plan to its end in virtual time."""
    entries: list[Entry] = []
    driver = Driver(plan, State(plan), MemoryLog(), entries.append)
    run_virtual(driver, started(inputs, concurrency), answering(script), person)
    return Run(driver.state, entries)
