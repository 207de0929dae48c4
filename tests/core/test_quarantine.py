"""No expression can reach an answer that was not accepted: every road is tried.

The agent `liar` answers values that break its contract, or that are not sure enough, with a mark in
them. Whatever the pipeline then does, the mark may stand in the log's facts and in what is said
about the rejection, and nowhere in what is handed on.
"""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentflow.core import events
from agentflow.core.events import StartAttempt
from agentflow.spec.model import FailureClass, Json
from tests.core.world import Run, drive, plan_of

MARK = "quarantined-7f3a"
CONTRACT: dict[str, Json] = {
    "type": "object",
    "required": ["text", "sure"],
    "properties": {"text": {"type": "string", "maxLength": 40}, "sure": {"type": "number"}},
}
#: Against the contract, and within it but not sure enough.
LIES: list[Json] = [
    {"text": MARK, "sure": "very"},
    {"text": MARK * 9, "sure": 1},
    MARK,
    [MARK],
    {"text": MARK, "sure": 0.1},
    FailureClass.INVALID_OUTPUT,
]
ROADS: dict[str, dict[str, Json]] = {
    "output": {
        "read": {"agent": "echo", "with": {"x": "${{ default(steps.lie.output, 'none') }}"}}
    },
    "field": {
        "read": {"agent": "echo", "with": {"x": "${{ default(steps.lie.output.text, 'none') }}"}}
    },
    "coalesce": {
        "read": {
            "agent": "echo",
            "with": {"x": "${{ coalesce(steps.lie.output.text, 'none') }}"},
        }
    },
    "has": {
        "read": {
            "agent": "echo",
            "with": {"x": "${{ has(steps.lie.output) ? json(steps.lie.output) : 'none' }}"},
        }
    },
    "status": {"read": {"agent": "echo", "with": {"x": "${{ steps.lie.status }}"}}},
    "switch": {
        "read": {
            "switch": "${{ default(steps.lie.output.text, 'none') }}",
            "cases": {"none": {"output": "none"}},
            "default": {"output": "reached"},
        }
    },
    "when": {"read": {"when": "has(steps.lie.output)", "agent": "echo", "with": {"x": "reached"}}},
    "items": {
        "read": {
            "for_each": {
                "over": "${{ has(steps.lie.output) ? [steps.lie.output] : [] }}",
                "max": 9,
            },
            "agent": "echo",
            "with": {"x": "${{ item }}"},
        }
    },
    "group": {
        "read": {
            "steps": {"inner": {"agent": "echo", "with": {"x": "in"}, "needs": []}},
            "output": "${{ default(steps.lie.output, 'none') }}",
        }
    },
}
LIARS: dict[str, Json] = {
    "skipped": {"agent": "liar", "catch": {"any": "skip"}},
    "repaired": {"agent": "liar", "repair": 2, "catch": {"any": "skip"}},
    "retried": {
        "agent": "liar",
        "retry": {"max_attempts": 2, "on": ["invalid_output"], "backoff": {"jitter": "none"}},
        "catch": {"any": "skip"},
    },
    "replaced": {"agent": "liar", "catch": {"any": {"use": {"text": "clean", "sure": 1}}}},
    "in a list": {
        "for_each": {"over": [1, 2], "max": 2},
        "agent": "liar",
        "catch": {"any": "skip"},
    },
    "in a group": {
        "steps": {"inner": {"agent": "liar"}},
        "output": "${{ steps.inner.output }}",
        "catch": {"any": "skip"},
    },
}
#: Of these nothing is left that could be read.
WITHOUT_OUTPUT = ("skipped", "repaired", "retried", "in a group")


def travel(liar: str, road: str, lies: list[Json]) -> Run:
    both: dict[str, dict[str, Json]] = {
        "liar": {"input": {}, "output": CONTRACT, "confidence": {"field": "sure", "min": 0.5}},
        "echo": {"input": {}, "output": {}},
    }
    agents = {
        name: {"kind": "command", "argv": ["true"], "effects": "none", **more}
        for name, more in both.items()
    }
    spec = {
        "agentflow": 1,
        "name": "quarantine",
        "agents": agents,
        "steps": {"lie": LIARS[liar], **ROADS[road]},
        "outputs": {
            "read": "${{ default(steps.read.output, 'none') }}",
            "lie": "${{ default(steps.lie.output, 'none') }}",
        },
    }
    told = iter(range(1_000))

    def script(call: StartAttempt) -> Any:
        return lies[next(told) % len(lies)] if call.agent == "liar" else dict(call.input)

    return drive(plan_of(spec), script)


def handed_on(run: Run) -> str:
    """Everything that any step or reader was given, as text."""
    given: list[Any] = [run.state.outputs]
    for decision in run.decisions:
        match decision:
            case events.StartAttempt():
                given.append(dict(decision.input))
            case events.UseValue():
                given.append(decision.value)
            case events.CompleteStep():
                given.append(decision.output)
            case events.TakeCase():
                given.append(decision.case)
    return json.dumps(given)


@pytest.mark.parametrize("road", ROADS)
@pytest.mark.parametrize("liar", LIARS)
def test_no_road_leads_to_a_rejected_answer(liar: str, road: str) -> None:
    for lie in LIES:
        run = travel(liar, road, [lie])
        assert len(run.of(events.RejectOutput)) > 0 or lie is FailureClass.INVALID_OUTPUT
        assert MARK not in handed_on(run)
        if liar in WITHOUT_OUTPUT:
            assert run.state.status == "succeeded", run.state.failure
            assert "reached" not in handed_on(run)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from(sorted(LIARS)),
    st.sampled_from(sorted(ROADS)),
    st.lists(st.sampled_from([*LIES, {"text": "clean", "sure": 1}]), min_size=1, max_size=6),
)
def test_nor_do_several_answers_of_which_some_are_good(
    liar: str, road: str, lies: list[Json]
) -> None:
    assert MARK not in handed_on(travel(liar, road, lies))
