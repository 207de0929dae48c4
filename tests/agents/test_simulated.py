"""Answers made from contracts."""

import subprocess
import sys
from typing import Any

import pytest

from agentflow.agents.protocol import AttemptError
from agentflow.agents.simulated import LONGEST, SHORTEST, Wanted, answer
from agentflow.spec.model import Json

SCHEMA = {
    "type": "object",
    "additionalProperties": False,
    "required": ["queue", "score"],
    "properties": {
        "queue": {"enum": ["refunds", "abuse", "questions"]},
        "score": {"type": "integer", "minimum": 0, "maximum": 10**9},
    },
}


def test_the_same_seed_step_and_attempt_answer_the_same() -> None:
    first = answer(SCHEMA, "7", "classify", 1)
    assert answer(SCHEMA, "7", "classify", 1) == first
    others = [
        answer(SCHEMA, "8", "classify", 1),
        answer(SCHEMA, "7", "route", 1),
        answer(SCHEMA, "7", "classify", 2),
    ]
    assert first not in others
    assert len({made.duration for made in [first, *others]}) == 4


def test_another_process_agrees() -> None:
    script = (
        "from agentflow.agents.simulated import answer;"
        f"print(answer({SCHEMA!r}, '7', 'classify', 1))"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert ran.stdout == f"{answer(SCHEMA, '7', 'classify', 1)}\n"


def test_durations_are_plausible() -> None:
    durations = [answer(True, "7", "classify", attempt).duration for attempt in range(200)]
    assert all(SHORTEST <= duration <= LONGEST for duration in durations)
    assert min(durations) < 0.5
    assert max(durations) > 2.5


def test_an_answer_is_a_value_that_keeps_the_contract() -> None:
    reply = answer(SCHEMA, "7", "classify", 1).reply
    assert reply.value.keys() == {"queue", "score"}
    assert reply.value["queue"] in ("refunds", "abuse", "questions")
    assert (reply.text, reply.usage) == (None, None)


@pytest.mark.parametrize(
    ("narrower", "asked"),
    [
        ([], 51),
        ([{"type": "object", "required": ["score"], "properties": {"score": True}}], 51),
        ([{"properties": {"score": {"minimum": 9}}}], 101),
    ],
    ids=["none", "says_no_more", "says_more"],
)
def test_what_is_not_found_is_looked_for_so_often(narrower: list[Json], asked: int) -> None:
    seen: list[Json] = []

    def fits(value: Json) -> bool:
        seen.append(value)
        return False

    wanted = Wanted(fits=fits, narrower=narrower)
    assert (
        answer(SCHEMA, "7", "classify", 1, wanted).reply == answer(SCHEMA, "7", "classify", 1).reply
    )
    assert len(seen) == asked + 1  # and that which says again what was given


@pytest.mark.parametrize("schema", [False, {"type": "integer", "minimum": 2, "maximum": 1}])
def test_a_contract_that_nothing_keeps(schema: Any) -> None:
    with pytest.raises(AttemptError) as caught:
        answer(schema, "7", "classify", 1)
    assert caught.value.failure.value == "rejected"
    assert caught.value.message.startswith("nothing to simulate with: no value found that fits")


def test_simulating_needs_no_event_loop() -> None:
    script = "import agentflow.agents.simulated, sys; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True, text=True)
    assert {"asyncio", "subprocess", "litellm"} & set(ran.stdout.split()) == set()
