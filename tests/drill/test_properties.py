"""What holds of the drill of every pipeline."""

from hypothesis import given

from agentflow.core.events import FinishRun
from agentflow.drill.evidence import evidence
from agentflow.drill.receipt import compare, read, receipt_of, written
from agentflow.drill.report import FAILED
from agentflow.engines.drilling import drilling
from agentflow.replay import replay
from tests.core.world import examples, plan_of
from tests.core.worlds import Specs, specs

from .drilling import drilled

RUNS = 40


@given(specs())
@examples(25)
def test_a_drill_ends_and_is_the_same_each_time(made: Specs) -> None:
    plan = plan_of(*made)
    first = drilled(plan, RUNS)
    assert len(first.runs) <= RUNS
    assert len(set(first.runs)) == len(first.runs)
    again = drilled(plan_of(*made), RUNS)
    assert (again.runs, again.bounded) == (first.runs, first.bounded)
    assert [(each.status, each.how) for each in again.outcomes] == [
        (each.status, each.how) for each in first.outcomes
    ]


@given(specs())
@examples(25)
def test_what_is_said_of_a_claim_is_in_the_log_of_the_run_that_is_named(made: Specs) -> None:
    plan = plan_of(*made)
    found = drilled(plan, RUNS)
    performer = drilling(plan)
    for outcome in found.outcomes:
        if outcome.run is None or outcome.status not in ("held", "broken"):
            continue
        log = evidence(plan, performer.perform(found.runs[outcome.run - 1]))
        shown = [seen for seen in log.seen if seen.claim == outcome.claim.name]
        assert any(seen.held == (outcome.status == "held") for seen in shown), outcome


@given(specs())
@examples(25)
def test_every_run_comes_to_its_end_and_is_decided_the_same_again(made: Specs) -> None:
    plan = plan_of(*made)
    performer = drilling(plan)
    for scenario in drilled(plan, RUNS).runs:
        log = performer.perform(scenario)
        assert isinstance(log[-1].decisions[-1], FinishRun)
        assert replay(plan, log).divergence is None


@given(specs())
@examples(25)
def test_a_receipt_says_of_its_spec_what_the_drill_said(made: Specs) -> None:
    plan = plan_of(*made)
    found = drilled(plan, RUNS)
    receipt = read(written(receipt_of(plan, found)))
    assert receipt == receipt_of(plan_of(*made), found)
    differing = [
        (each.kind, each.claim.name if each.claim else "") for each in compare(plan, receipt)
    ]
    assert sorted(differing) == sorted(
        ("failed", each.claim.name) for each in found.outcomes if each.status in FAILED
    )


@given(specs())
@examples(25)
def test_what_is_proved_to_be_out_of_reach_never_comes_up(made: Specs) -> None:
    """The proof is the linter's own: what a step can fail as, and what other entries take."""
    found = drilled(plan_of(*made), RUNS)
    proved = [each for each in found.outcomes if each.claim.dead is not None]
    assert [each.claim.name for each in proved if each.status != "dead"] == []
