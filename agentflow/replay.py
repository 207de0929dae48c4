"""Replay: decide again over a log, and compare.

Nothing is called and nothing is waited for. The facts of the log are fed to the core one by one,
and what it decides now is held against what was decided then. They differ if the log was not
written by these rules, or if the plan is another one, which is how a changed spec is tried on
what happened in an old run.
"""

from collections.abc import Iterable
from itertools import zip_longest

from msgspec import Struct
from msgspec.structs import replace

from agentflow.core.decide import settle
from agentflow.core.events import Decision, Entry
from agentflow.core.evolve import evolve
from agentflow.core.state import State
from agentflow.core.table import IllegalTransition
from agentflow.plan.steps import Plan


class Divergence(Struct, frozen=True):
    """The first entry at which the decisions differ.

    `then` and `now` are the decision at which they part; None means that there was none. `why` is
    set if the recorded fact cannot even happen now.
    """

    entry: Entry
    index: int
    then: Decision | None
    now: Decision | None
    why: str | None = None

    @property
    def step(self) -> str | None:
        """The step the decision is about, if it is about one."""
        for decision in (self.then, self.now, self.entry.fact):
            step = getattr(decision, "step", None)
            if step:
                return str(step)
        return None


class Replayed(Struct, frozen=True):
    """What came of a replay: the state, how much was compared, and where it parted, if it did.

    `reasons` counts the decisions that are made for another reason by another spec.
    """

    state: State
    entries: int
    decisions: int
    divergence: Divergence | None
    reasons: int = 0


def replay(plan: Plan, entries: Iterable[Entry], *, reasons_matter: bool = True) -> Replayed:
    """Decide again over `entries`, up to the first difference.

    By its own spec a run decides the same for the same reasons. Another one has others: unless
    they matter, a decision for another reason is the same decision.
    """
    state = State(plan)
    seen = compared = reasons = 0
    for entry in entries:
        seen += 1
        try:
            evolve(state, entry.fact)
            state, now = settle(state)
        except IllegalTransition as error:
            parted = Divergence(entry, 0, None, None, str(error))
            return Replayed(state, seen, compared, parted, reasons)
        divergence = _compare(entry, now, reasons_matter=reasons_matter)
        same = len(now) if divergence is None else divergence.index
        compared += same
        pairs = zip(entry.decisions[:same], now, strict=False)
        reasons += sum(then.reason != again.reason for then, again in pairs)
        if divergence is not None:
            return Replayed(state, seen, compared, divergence, reasons)
    return Replayed(state, seen, compared, None, reasons)


def fold(plan: Plan, entries: Iterable[Entry]) -> State:
    """The state that a log adds up to, by its own decisions: how a run is resumed.

    Raises:
        IllegalTransition: the log does not belong to this plan.
    """
    state = State(plan)
    for entry in entries:
        evolve(state, entry.fact)
        for decision in entry.decisions:
            evolve(state, decision)
    return state


def _compare(entry: Entry, now: tuple[Decision, ...], *, reasons_matter: bool) -> Divergence | None:
    for index, (then_one, now_one) in enumerate(zip_longest(entry.decisions, now)):
        if not _same(then_one, now_one, reasons_matter=reasons_matter):
            return Divergence(entry, index, then_one, now_one)
    return None


def _same(then: Decision | None, now: Decision | None, *, reasons_matter: bool) -> bool:
    if then is None or now is None or reasons_matter:
        return then == now
    return replace(then, reason=now.reason) == now
