"""Drills for programs. The schema has a number: `schemas/drill.v1.schema.json`."""

from collections.abc import Sequence

from agentflow.drill.report import STATUSES, Drill, Outcome
from agentflow.drill.scenarios import Fault
from agentflow.formats.drill_words import run_in_words
from agentflow.formats.values import document
from agentflow.spec.model import Json
from agentflow.testing.drills import Drilled

FORMAT = 1


def render(suites: Sequence[Drilled], *, unicode: bool = True) -> str:  # noqa: ARG001 (formats take the same; this one is ASCII)
    """One JSON document."""
    return document({"format": FORMAT, "specs": [_spec(suite) for suite in suites]})


def _spec(suite: Drilled) -> Json:
    drill = suite.drill
    return {
        "file": suite.file,
        "problem": suite.broken,
        "passed": suite.passed,
        "receipt": {"file": suite.receipt or None, "filed": suite.filed},
        "claims": [_claim(suite, outcome) for outcome in drill.outcomes] if drill else [],
        "runs": _runs(drill) if drill else [],
        "bounded": drill.bounded if drill else False,
        "summary": {status: drill.count(status) if drill else 0 for status in STATUSES},
    }


def _claim(suite: Drilled, outcome: Outcome) -> Json:
    line, column = suite.places.get(outcome.claim.name, (None, None))
    return {
        "name": outcome.claim.name,
        "step": outcome.claim.step,
        "path": list(outcome.claim.path),
        "line": line,
        "column": column,
        "status": outcome.status,
        "how": outcome.how,
        "run": outcome.run,
    }


def _runs(drill: Drill) -> list[Json]:
    return [
        {
            "test": scenario.base.test,
            "seed": scenario.base.seed,
            "faults": [_fault(fault) for fault in scenario.faults],
            "text": run_in_words(scenario),
        }
        for scenario in drill.runs
    ]


def _fault(fault: Fault) -> Json:
    return {
        "at": fault.at,
        "stage": fault.stage,
        "does": str(fault.does),
        "model": None if fault.link is None else fault.link + 1,
        "agent": fault.agent,
        "times": fault.times,
        "everywhere": fault.everywhere,
    }
