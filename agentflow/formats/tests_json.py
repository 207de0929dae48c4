"""Tests for programs. The schema has a number: `schemas/test.v1.schema.json`."""

from collections.abc import Sequence

from agentflow.formats import trace_json
from agentflow.formats.values import document
from agentflow.spec.model import Json
from agentflow.testing.verdict import Suite, Verdict

FORMAT = 1


def render(suites: Sequence[Suite], *, traces: bool = False, unicode: bool = True) -> str:  # noqa: ARG001 (formats take the same; this one is ASCII)
    """One JSON document. `traces` puts the trace of every test into it."""
    verdicts = [verdict for suite in suites for verdict in suite.verdicts]
    failed = sum(not verdict.passed for verdict in verdicts)
    return document(
        {
            "format": FORMAT,
            "specs": [
                {
                    "file": suite.file,
                    "problem": suite.broken,
                    "tests": [_verdict(verdict, traces=traces) for verdict in suite.verdicts],
                }
                for suite in suites
            ],
            "summary": {
                "passed": len(verdicts) - failed,
                "failed": failed,
                "broken": sum(suite.broken is not None for suite in suites),
            },
        }
    )


def _verdict(verdict: Verdict, *, traces: bool) -> Json:
    trace = verdict.trace
    data: dict[str, Json] = {
        "name": verdict.name,
        "passed": verdict.passed,
        "calls": trace.calls,
        "seconds": round(trace.now - trace.started, 6),
        "differences": [
            {"where": found.where, "expected": found.expected, "found": found.found}
            for found in verdict.differences
        ],
    }
    if traces:
        data["trace"] = trace_json.data_of(trace)
    return data
