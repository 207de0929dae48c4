from collections.abc import Callable

import pytest

from agentflow.core.events import Entry
from agentflow.core.state import State
from agentflow.formats.replay_text import fact_in_words, render
from agentflow.plan.steps import Plan
from agentflow.replay import Divergence, Replayed
from agentflow.spec.model import FailureClass
from tests.formats.goldens import CASES, assert_golden
from tests.formats.scenes import HOSTILE, SCENES
from tests.formats.stage import Run, accept, again, call, fail, finish, plan, step

REPLAYS = CASES / "replays"
AT = "collect"
TIMEOUT = FailureClass.TIMEOUT


def failed(message: str = "no answer within 1s") -> tuple[Run, Entry]:
    """A run in which an attempt failed, and the entry of it."""
    run = Run(plan(step(AT, "inbox")))
    run.starts(call(AT, "inbox"))
    retry = again(AT, 2, 0.5, "'timeout' in attempt 1 of 3")
    return run, run.fails(1.25, AT, TIMEOUT, message, retry)


def other_kind(entry: Entry) -> Divergence:
    now = fail(AT, TIMEOUT, "no answer within 1s", "attempt 1 of 1 failed")
    return Divergence(entry, 0, entry.decisions[0], now)


def other_delay(entry: Entry) -> Divergence:
    return Divergence(
        entry, 0, entry.decisions[0], again(AT, 2, 0.7, "'timeout' in attempt 1 of 3")
    )


def other_reason(entry: Entry) -> Divergence:
    return Divergence(
        entry, 0, entry.decisions[0], again(AT, 2, 0.5, "'timeout' in attempt 1 of 2")
    )


def other_step(entry: Entry) -> Divergence:
    return Divergence(entry, 0, entry.decisions[0], accept("report"))


def nothing_now(entry: Entry) -> Divergence:
    return Divergence(entry, 0, entry.decisions[0], None)


def nothing_then(entry: Entry) -> Divergence:
    return Divergence(entry, 1, None, finish())


def impossible(entry: Entry) -> Divergence:
    return Divergence(entry, 0, None, None, "AttemptFailed is impossible: 'collect' is not running")


DIVERGENCES: dict[str, Callable[[Entry], Divergence]] = {
    made.__name__: made
    for made in (
        other_kind,
        other_delay,
        other_reason,
        other_step,
        nothing_now,
        nothing_then,
        impossible,
    )
}


def replayed(pipeline: Plan, divergence: Divergence | None) -> Replayed:
    return Replayed(State(pipeline), entries=123, decisions=4_056, divergence=divergence)


def test_the_same() -> None:
    run = SCENES["chain"]()
    text = render(replayed(run.plan, None), run.trace)
    assert text == "replayed 123 entries: 4,056 decisions, all the same"


@pytest.mark.parametrize("name", DIVERGENCES)
def test_divergence(name: str) -> None:
    run, entry = failed()
    text = render(replayed(run.plan, DIVERGENCES[name](entry)), run.trace)
    assert_golden(REPLAYS / f"{name}.txt", text)


def test_every_golden_belongs_to_a_divergence() -> None:
    assert {file.stem for file in REPLAYS.iterdir()} == set(DIVERGENCES)


def test_hostile_text_stays_text() -> None:
    run, entry = failed(HOSTILE)
    text = render(replayed(run.plan, other_delay(entry)), run.trace)
    assert text.splitlines()[0] == (
        "the replay differs at entry 1, +1.25s: attempt 1 of 'collect' failed: timeout: "
        r"\x1b]0;owned\x07\x9b31m\u202e[/x] [link=http://x]⏎::error::x \x23#[debug]\ud800"
    )


def test_facts_in_words() -> None:
    entries = SCENES["small_items"]().entries + SCENES["mixed"]().entries
    assert list(dict.fromkeys(fact_in_words(entry.fact) for entry in entries))[:6] == [
        "run 20261120-133000-4f2a91 started",
        "attempt 1 of 'act[0]/pay/pay' was answered",
        "the run's time was up",
        "the run was interrupted by SIGTERM",
        "the run was resumed",
        "attempt 1 of 'act[1]/pay/pay' was lost with its process",
    ]
    waited = [
        fact_in_words(e.fact) for e in entries if getattr(e.fact, "step", "") == "extract[20]"
    ]
    assert waited == [
        "attempt 1 of 'extract[20]' failed: rate_limited: too many requests",
        "the wait of 'extract[20]' was over",
        "attempt 2 of 'extract[20]' was answered",
    ]
