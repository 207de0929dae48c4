"""People whom a drill has asked need no test that asks them, as long as the receipt is about
them."""

import json
from typing import Any

import pytest

from agentflow.drill.receipt import receipt_of, written
from tests.core.world import plan_of
from tests.drill.drilling import call, drilled, spec

from .linting import findings_of

LEVELS = [{"agent": "second"}, {"human": {"ask": "What is it?"}, "within": "4h"}]


def letters(**more: Any) -> dict[str, Any]:
    """The tests of the pipeline never come to its people."""
    return spec(
        {"sort": call(catch={"any": {"escalate": "desk"}}, **more)},
        escalations={"desk": {"levels": LEVELS, "on_exhausted": "fail"}},
        outputs={"kind": "${{ steps.sort.output }}"},
        tests={"it_works": {"answers": {"sort": {"value": "praise"}}}},
    )


def rules(text: dict[str, Any], of: dict[str, Any], *, drill: bool) -> set[str]:
    """What is said of a spec that has the receipt of another one."""
    plan = plan_of(of)
    receipt = written(receipt_of(plan, drilled(plan)))
    files = f"{json.dumps(text)}\n--- # spec.drill.json\n{receipt}"
    found = {finding.rule for finding in findings_of(files, drilled=drill)}
    return found & {"undrilled-escalation", "stale-drill", "never-drilled", "failed-drill"}


@pytest.mark.parametrize(
    ("drill", "changed", "said"),
    [
        (True, {}, set()),
        (False, {}, {"undrilled-escalation"}),
        (True, {"timeout": "9s"}, {"undrilled-escalation", "stale-drill"}),
    ],
    ids=["fresh", "not looked at", "stale"],
)
def test_the_receipt_of_a_drill(drill: bool, changed: dict[str, Any], said: set[str]) -> None:
    assert rules(letters(**changed), letters(), drill=drill) == said
