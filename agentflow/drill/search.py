"""The drill itself: which runs are made in order to see every claim of a spec tested.

It begins with runs in which nothing is made to fail: the tests of the spec, and some with inputs
and answers made up from the contracts. Each claim that none of them has shown is then brought
about, in one way after the other, by runs that begin like a run which reached its step. A run that
reaches a step for the first time is such a beginning for later runs, with its faults. If there are
many claims, those that let a run go on are brought about together first, one per step. Everything
follows the order of the spec and ends after a fixed number of runs and of entries in their logs, so
that a drill is the same on every machine.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from agentflow.core.events import Entry
from agentflow.drill.claims import Claim, claims_of
from agentflow.drill.evidence import Evidence, Seen, evidence
from agentflow.drill.leads import Leads, enough
from agentflow.drill.report import Drill, Outcome, Status
from agentflow.drill.scenarios import Base, Scenario
from agentflow.drill.unreached import came_instead, never_begun, why_unreached
from agentflow.drill.ways import Way, goes_on, ways
from agentflow.plan.steps import Plan
from agentflow.spec.model import FailureClass

#: Makes the run of a scenario and gives its log.
Perform = Callable[[Scenario], Sequence[Entry]]

#: Runs of one drill, and how many entries their logs may have on average.
MOST_RUNS, _MOST_ENTRIES = 1_000, 200
#: Claims from which on some are brought about together, how many in a run (a budget has 100 retries
#: and escalations if it does not say), and how often each of them is tried so.
_MANY, _TOGETHER, _TWICE = 60, 80, 2
#: Tests that runs begin with, and seeds.
_MOST_TESTS, _SEEDS = 60, 8
#: Runs that get to a step of which others begin like it.
_STONES = 3
#: Ways in which a step is got to that no run has got to, and the seeds of what is made up besides.
_MOST_LEADS, _SEEDS_OF_LEADS = 4, ("0", "1")
#: Runs for one claim.
_MOST_TRIES = 24
#: Items of lists that are to use up a budget.
_MANY_ITEMS = 40
#: Claims that are broken by one run that ends elsewhere, whatever others show.
_ALWAYS = ("catch", "last")


def drill(plan: Plan, perform: Perform, most_runs: int = MOST_RUNS) -> Drill:
    """Drill a spec: every claim of its plan, in at most so many runs."""
    return _Search(plan, perform, most_runs).result()


class _Search:
    def __init__(self, plan: Plan, perform: Perform, most_runs: int) -> None:
        self._plan = plan
        self._perform = perform
        self._most_runs = most_runs
        self._claims, self._steps = claims_of(plan)
        #: The runs by number, and how steps ended in them.
        self._runs: dict[Scenario, int] = {}
        self._ends: dict[Scenario, dict[str, str]] = {}
        #: Where each claim held first, where it was first broken by one failure, where by several
        #: that came together, and what a step came to instead.
        self._held: dict[str, tuple[int, Seen]] = {}
        self._broken: dict[str, tuple[int, Seen]] = {}
        self._broken_by_several: dict[str, tuple[int, Seen]] = {}
        self._failures: set[Scenario] = set()
        self._instead: dict[str, Scenario] = {}
        self._denied: dict[str, str] = {}
        #: Of the runs without faults, the first that failed by itself, and whether any did not.
        self._failed: tuple[int, str] | None = None
        self._any_sound = False
        self._stones: dict[str, list[Scenario]] = {}
        self._entries = 0
        self._bounded = False

    def result(self) -> Drill:
        if self._claims:
            for base in _bases(self._plan):
                if base.test is not None or not self._all_begun():
                    self._run(Scenario(base))
            self._try_all()
            if self._follow_leads():
                self._try_all()
        outcomes = tuple(map(self._outcome, self._claims))
        return Drill(outcomes, tuple(self._runs), self._bounded)

    def _all_begun(self) -> bool:
        """Has some run got to every step that claims something?"""
        return all(claim.start in self._stones for claim in self._claims)

    def _try_all(self) -> None:
        """Bring about what has not come up, and go on as long as that reaches new steps."""
        tried: set[str] = set()
        while True:
            pending = [
                claim
                for claim in self._claims
                if claim.dead is None and claim.name not in tried and claim.step in self._stones
            ]
            if not pending:
                return
            if len(pending) > _MANY:
                self._bring_about_together(pending)
            for claim in pending:
                tried.add(claim.name)
                self._bring_about(claim)

    def _follow_leads(self) -> bool:
        """Get to the steps that no run has got to, and to longer lists; was that of any use?"""
        leads, useful = Leads(self._plan, self._steps), False
        for claim in self._claims:
            items = self._items_for(claim)
            if claim.dead is not None or self._is_settled(claim) or items is None:
                continue
            agent = claim.start.partition("@")[2]
            for found in islice(leads.to(self._steps[claim.step], items, agent), _MOST_LEADS):
                for seed in _SEEDS_OF_LEADS:
                    self._run(Scenario(Base(None, seed), leads=found))
            useful |= claim.start in self._stones
        return useful

    def _items_for(self, claim: Claim) -> int | None:
        """How many items lists are to have for a claim; None if it needs no other runs."""
        if claim.what == "tolerated":
            return enough(self._steps[claim.step].step)
        if claim.key == FailureClass.BUDGET_EXCEEDED:
            return _MANY_ITEMS
        return 1 if claim.start not in self._stones else None

    def _bring_about_together(self, pending: Sequence[Claim]) -> None:
        """In each run, one claim of each step that a run without faults got to."""
        left, tries = list(pending), Counter[str]()
        while left and not self._bounded:
            base, chosen = self._chosen(left)
            faults = [fault for _, way in chosen for fault in way.faults]
            if len(chosen) < 2 or not self._run(Scenario(base, tuple(faults)), several=True):
                return
            tries.update(claim.name for claim, _ in chosen)
            left = [c for c in left if tries[c.name] < _TWICE and not self._is_settled(c)]

    def _chosen(self, left: Iterable[Claim]) -> tuple[Base, list[tuple[Claim, Way]]]:
        """What is to be brought about next, in a run that begins like one of the first's."""
        base = Base(None)
        chosen: list[tuple[Claim, Way]] = []
        steps: set[str] = set()
        for claim in left:
            if len(chosen) == _TOGETHER:
                break
            plain = [stone.base for stone in self._stones[claim.step] if not stone.faults]
            if claim.step in steps or not plain or not goes_on(claim, self._steps):
                continue
            if not chosen:
                base = plain[0]
            way = next(ways(claim, self._steps), None)
            if base in plain and way is not None and way.via in (claim.step, claim.start):
                steps.add(claim.step)
                chosen.append((claim, way))
        return base, chosen

    def _bring_about(self, claim: Claim) -> None:
        if self._is_settled(claim):
            return
        for tries, (way, stone) in enumerate(self._beginnings(claim)):
            if self._is_settled(claim) or tries == _MOST_TRIES:
                return
            scenario = Scenario(stone.base, (*way.faults, *stone.faults), stone.leads)
            if not self._run(scenario, several=bool(stone.faults)):
                return
            if claim.step in self._ends[scenario]:
                self._instead.setdefault(claim.name, scenario)

    def _is_settled(self, claim: Claim) -> bool:
        broken = claim.what in _ALWAYS and claim.name in self._broken
        return broken or claim.name in self._held

    def _beginnings(self, claim: Claim) -> Iterator[tuple[Way, Scenario]]:
        """The ways to a claim, each with the runs that one may begin like."""
        for way in ways(claim, self._steps):
            for stone in list(self._stones.get(way.via, ())):
                yield way, stone

    def _run(self, scenario: Scenario, *, several: bool = False) -> bool:
        """Make a run, if it was not made before; false if it is one too many.

        With `several`, failures come together in it that have nothing to do with each other.
        """
        if scenario in self._runs:
            return True
        if len(self._runs) >= self._most_runs or self._entries > self._most_runs * _MOST_ENTRIES:
            self._bounded = True
            return False
        number = self._runs[scenario] = len(self._runs) + 1
        entries = self._perform(scenario)
        self._entries += len(entries)
        found = evidence(self._plan, entries)
        self._ends[scenario] = found.ends
        if found.failure is not None:
            self._failures.add(scenario)
        self._denied |= found.denied
        broken = self._broken_by_several if several else self._broken
        for seen in found.seen:
            (self._held if seen.held else broken).setdefault(seen.claim, (number, seen))
        if not scenario.faults:
            self._any_sound |= found.failure is None
            if found.failure is not None and self._failed is None:
                self._failed = number, found.failure
        self._keep(scenario, found)
        return True

    def _keep(self, scenario: Scenario, found: Evidence) -> None:
        """Keep a run for others to start like, unless many that get to the same steps are kept."""
        for name in found.begun:
            stones = self._stones.setdefault(name, [])
            if len(stones) < _STONES:
                stones.append(scenario)
            elif scenario.leads and not scenario.faults:
                stones[:] = [scenario, *stones[:-1]]  # it was asked for on purpose

    def _outcome(self, claim: Claim) -> Outcome:
        held, broken = self._held.get(claim.name), self._broken.get(claim.name)
        if held is None and broken is None:
            broken = self._broken_by_several.get(claim.name)
        if broken is not None and (claim.what in _ALWAYS or held is None):
            return Outcome(claim, self._instead_of(claim), broken[1].how, broken[0])
        if held is not None:
            return Outcome(claim, "held", held[1].how, held[0])
        if claim.dead is not None:
            return Outcome(claim, "idle" if self._serves_others(claim) else "dead", claim.dead)
        if (never := never_begun(self._steps[claim.step])) is not None:
            return Outcome(claim, "dead", never)
        helps = claim.name.removesuffix("left") + "helps"
        passed_over = helps in self._broken or helps in self._broken_by_several
        if claim.what == "left" and passed_over:
            return Outcome(claim, "idle", "the level is passed over")
        denied = self._denied.get(claim.name.partition(".levels[")[0])
        if claim.level is not None and denied is not None:
            return Outcome(claim, self._dead(), f"no level is tried: {denied}")
        if claim.name in self._instead:
            scenario = self._instead[claim.name]
            number, failed = self._runs[scenario], scenario in self._failures
            end = self._ends[scenario][claim.step]
            told = came_instead(self._steps[claim.step], claim, number, end, failed=failed)
            return Outcome(claim, "unknown", told, number)
        got_there = claim.step in self._stones
        why = why_unreached(
            self._steps[claim.step],
            got_there=got_there,
            bounded=self._bounded,
            failed=self._failed,
            any_sound=self._any_sound,
        )
        return Outcome(claim, "unknown", why)

    def _instead_of(self, claim: Claim) -> Status:
        """What is to be said of a claim that came up and did not hold."""
        if claim.what == "answer" and claim.detail != "retry":
            return "unknown"  # the answer was made up, and was refused for that
        if claim.what == "helps":
            return "idle" if self._helps_others(claim) else self._dead()
        return "broken"

    def _dead(self) -> Status:
        """What is said of what never came up, if everything was tried that might bring it about."""
        return "unknown" if self._bounded else "dead"

    def _serves_others(self, claim: Claim) -> bool:
        """Does the same entry, shared by the workers of a delegate, hold for another of them?"""
        scope, _, _ = claim.step.rpartition("/")
        return any(
            other.name in self._held
            for other in self._claims
            if other.path == claim.path
            and other.name.removeprefix(other.step) == claim.name.removeprefix(claim.step)
            and other.step.rpartition("/")[0] == scope
            and self._steps[other.step].is_task
        )

    def _helps_others(self, claim: Claim) -> bool:
        """Does the same level of the escalation help another step, or after another failure?"""
        assert claim.escalation is not None
        return any(
            other.name in self._held
            for other in self._claims
            if other.what == "helps"
            and other.level == claim.level
            and other.escalation is not None
            and other.escalation.name == claim.escalation.name
        )


def _bases(plan: Plan) -> Iterator[Base]:
    for name in list(plan.scripts)[:_MOST_TESTS]:
        yield Base(name, plan.scripts[name].seed)
    for seed in range(_SEEDS):
        yield Base(None, str(seed))
