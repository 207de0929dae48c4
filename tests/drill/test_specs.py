"""The drills of real specs: those of the gallery keep all they claim, and no right spec is
blamed."""

from pathlib import Path

import pytest

from agentflow.drill.receipt import compare, read, receipt_of, written
from agentflow.drill.report import FAILED
from agentflow.loading import load, runnable

from .drilling import drilled

ROOT = Path(__file__).parents[2]
SHOWN = sorted([*ROOT.glob("specs/*.yaml"), *ROOT.glob("specs/*/*.yaml")])
RIGHT = sorted((ROOT / "tests" / "cases" / "lint" / "ok").glob("*.yaml"))


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: path.stem)
def test_what_we_show_keeps_all_that_it_claims(path: Path) -> None:
    found = drilled(runnable(load(path)))
    assert [each.claim.name for each in found.outcomes if each.status != "held"] == []


@pytest.mark.parametrize("path", RIGHT, ids=lambda path: path.stem)
def test_what_is_right_is_not_blamed_and_its_receipt_is_fresh(path: Path) -> None:
    plan = runnable(load(path))
    found = drilled(plan)
    assert [each.claim.name for each in found.outcomes if each.status in FAILED] == []
    assert not found.bounded
    assert list(compare(plan, read(written(receipt_of(plan, found))))) == []
