"""A run that anything may happen to, in any order, and what holds after each step.

The numbers are those of the invariants in the docs: the log is whole (1), each step has one outcome
(2), intents are stored before calls (3), effects happen at most once or under one key (4), what was
stored is enough to go on (5), deciding again gives the same (6, 9), the end is one (8). Besides:
nothing is spent beyond any budget, and everything ends.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec.structs import replace

from agentflow.core import events
from agentflow.core.events import Decision, Entry, Fact, PersonAnswered, StartAttempt
from agentflow.core.purse import Purse
from agentflow.core.state import ENDED_RUN, Instance, Scope, State
from agentflow.engines.driver import Driver, taken_up
from agentflow.errors import LostRace
from agentflow.eventlog import codec
from agentflow.eventlog.head import Rest
from agentflow.plan.steps import Plan
from agentflow.replay import fold, replay
from agentflow.spec.model import UNDONE, FailureClass
from tests.core.world import DEPTH, OUTCOME, START, plan_of, started
from tests.core.worlds import Specs, specs

REPORTED = ("not_sent", "rate_limited", "server_error", "timeout", "rejected", "truncated")
OUTCOMES = st.sampled_from([{}, {}, {}, {}, {"x": 2}, "no object", *map(FailureClass, REPORTED)])
RARELY = st.integers(0, 3).map(lambda n: n == 3)
SAYS = st.sampled_from(["approve", "replace", "retry", "abort"])


class SharedLog:
    """One log, in which each process appends after what it has read: by compare-and-set."""

    def __init__(self, stored: list[dict[str, Any]]) -> None:
        self.stored = stored
        self.next_seq = len(stored)

    def append(self, records: Sequence[dict[str, Any]]) -> None:
        if self.next_seq != len(self.stored):
            raise LostRace("another process has appended")
        self.stored.extend({**record, "seq": self.next_seq + n} for n, record in enumerate(records))
        self.next_seq = len(self.stored)

    def put_blob(self, data: bytes) -> str:
        raise AssertionError(f"no payload here has {len(data)} bytes")

    def seal(self, *, ended: bool = False, rest: Rest | None = None) -> None:
        pass


class Run(RuleBasedStateMachine):
    """One run, the process that works on it, and the world outside."""

    plan: Plan
    driver: Driver

    def __init__(self) -> None:
        super().__init__()
        self.stored: list[dict[str, Any]] = []
        self.now = START
        #: Calls that this process has made and that have not come back; those that have, or were
        #: stopped.
        self.flights: list[StartAttempt] = []
        self.past: list[StartAttempt] = []
        self.seen = 0
        self.ended: set[str] = set()
        self.tickets = 0
        #: Of each step the attempts that may have had an effect: (key, payload).
        self.deeds: dict[str, list[tuple[str | None, Any]]] = {}

    # --- the process -----------------------------------------------------------------------

    @property
    def state(self) -> State:
        return self.driver.state

    @initialize(written=specs(), concurrency=st.integers(1, 4))
    def start(self, written: Specs, concurrency: int) -> None:
        self.plan = plan_of(*written)
        self.driver = self.process(State(self.plan))
        self.take(started(concurrency=concurrency))

    def process(self, state: State) -> Driver:
        return Driver(self.plan, state, SharedLog(self.stored), lambda entry: None)

    def take(self, *facts: Fact) -> list[Decision]:
        """Report facts and perform what follows."""
        decisions = self.driver.take(facts)
        for decision in decisions:
            if isinstance(decision, StartAttempt):
                self.call(decision)
            elif isinstance(decision, events.TakeAnswer) and decision.answer == "retry":
                self.deeds.pop(decision.step, None)  # a person has looked
            elif isinstance(decision, events.CancelAttempt):
                self.back(lambda call, at=decision.step: call.step == at)
        return decisions

    def call(self, call: StartAttempt) -> None:
        """Make a call. What it may do to the world must not have been done, or under the same
        key."""
        self.flights.append(call)
        if not call.effects.repeatable:
            deeds = self.deeds.setdefault(call.step, [])
            assert all(call.key is not None and deed == (call.key, call.input) for deed in deeds)
            deeds.append((call.key, call.input))

    def back(self, which: Any) -> None:
        """Some calls are in flight no more."""
        self.past += [call for call in self.flights if which(call)]
        self.flights = [call for call in self.flights if not which(call)]

    def entries(self) -> list[Entry]:
        """The log, from its bytes."""
        return [codec.decode(record, lambda digest: b"") for record in self.stored]

    def going(self) -> bool:
        return self.state.status not in ENDED_RUN

    # --- calls -----------------------------------------------------------------------------

    def outcome(self, call: StartAttempt, what: Any, usage: int | None) -> Fact:
        spent = events.Usage("a/small", usage, 0) if usage is not None else None
        if isinstance(what, FailureClass):
            return events.AttemptFailed(
                self.now, call.step, call.attempt, what, "no", retry_after=7.0, usage=spent
            )
        return events.AttemptSucceeded(self.now, call.step, call.attempt, value=what, usage=spent)

    @precondition(lambda self: self.flights and self.state.status in ("running", "interrupted"))
    @rule(data=st.data(), what=OUTCOMES, usage=st.none() | st.integers(0, 300), twice=st.booleans())
    def answer(self, data: st.DataObject, what: Any, usage: int | None, twice: bool) -> None:
        call = self.flights[data.draw(st.integers(0, len(self.flights) - 1))]
        self.back(lambda each: each is call)
        if isinstance(what, FailureClass) and what in UNDONE and not call.effects.repeatable:
            self.deeds[call.step].pop()
        fact = self.outcome(call, what, usage)
        self.take(*[fact] * (2 if twice else 1))

    @precondition(lambda self: self.past)
    @rule(data=st.data(), what=OUTCOMES, foreign=st.booleans())
    def answer_late(self, data: st.DataObject, what: Any, foreign: bool) -> None:
        """An attempt that is over says something after all, or one that never was."""
        call = self.past[data.draw(st.integers(0, len(self.past) - 1))]
        if foreign:
            call = replace(call, step="nobody")
        assert self.take(self.outcome(call, what, None)) == []

    # --- people ----------------------------------------------------------------------------

    @precondition(lambda self: self.state.people.open)
    @rule(
        data=st.data(),
        says=SAYS,
        value=st.sampled_from([{}, True, "no"]),
        late=st.sampled_from([0, 0, 0, 1_000]),
        bent=st.sampled_from(
            [{}, {}, {}, {"payload": "other"}, {"step": "nobody"}, {"question": "q"}]
        ),
    )
    def say(self, data: st.DataObject, says: str, value: Any, late: float, bent: Any) -> None:
        """Somebody answers: rightly, late, or to something that was not asked."""
        questions = list(self.state.people.open.values())
        instance = questions[data.draw(st.integers(0, len(questions) - 1))]
        question = instance.question
        assert question is not None
        self.tickets += 1
        letter = {"step": question.step, "question": question.question, "payload": question.payload}
        given = self.now + late
        fact = PersonAnswered(
            at=self.now,
            ticket=f"t{self.tickets}",
            given=given,
            answer=says,
            value=value,
            **(letter | bent),
        )
        decisions = self.take(fact, fact)
        (verdict,) = [
            d for d in decisions if isinstance(d, events.TakeAnswer | events.RefuseAnswer)
        ]
        if bent or given > question.due or says not in question.answers:
            assert isinstance(verdict, events.RefuseAnswer)
        assert self.take(fact) == []

    @precondition(lambda self: self.state.people.undelivered and self.going())
    @rule(data=st.data(), arrives=st.booleans())
    def deliver(self, data: st.DataObject, arrives: bool) -> None:
        messages = list(self.state.people.undelivered.items())
        message, sent = messages[data.draw(st.integers(0, len(messages) - 1))]
        fact: Fact = events.Delivered(self.now, sent.step, message)
        if not arrives:
            fact = events.NotDelivered(self.now, sent.step, message, "no such box")
        self.take(fact, fact)

    # --- time ------------------------------------------------------------------------------

    def timers(self) -> list[tuple[float, Fact]]:
        """All that is due at some time, in that order."""
        state = self.state
        wall = state.started_at + self.plan.budget.wall
        found: list[tuple[float, Fact]] = [(wall, events.TimerFired(wall))]
        for instance in state.waiting.values():
            assert instance.due is not None
            question = instance.question.question if instance.question else None
            timer = events.TimerFired(instance.due, instance.address, question)
            found.append((instance.due, timer))
        for (address, limit), one in state.timed.items():
            found.append((one.until, events.TimeRanOut(one.until, address, limit)))
        return sorted(found, key=lambda timer: timer[0])

    @precondition(lambda self: self.state.status == "running")
    @rule(twice=st.booleans())
    def wait(self, twice: bool) -> None:
        """The clock goes on to the next timer."""
        due, timer = self.timers()[0]
        self.now = max(self.now, due)
        fired: Fact = replace(timer, at=self.now)
        self.take(*[fired] * (2 if twice else 1))

    @rule(seconds=st.sampled_from([0.5, 3.0, 20.0]))
    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    # --- the process and others ------------------------------------------------------------

    def take_up(self, driver: Driver) -> None:
        """Another process goes on with what is in the log."""
        self.back(lambda call: True)
        self.driver = driver
        # What is begun because the run goes on is not among what was lost.
        self.take(*taken_up(driver.state, events.RunResumed(self.now, "test"), self.now))

    @precondition(going)
    @rule(sure=RARELY)
    def crash(self, sure: bool) -> None:
        """The process dies, and what it knew beyond the log with it."""
        if not sure:
            return
        state = fold(self.plan, self.entries())
        assert picture(state) == picture(self.state)
        self.take_up(self.process(state))

    @precondition(going)
    @rule(signal=st.booleans())
    def stop_and_resume(self, signal: bool) -> None:
        """A signal, or nothing to do but to wait for people: the run is taken up later."""
        if self.state.status == "running":
            if signal:
                self.take(events.RunInterrupted(self.now, "SIGTERM"))
            elif self.state.people.open and not self.flights:
                self.take(events.RunParked(self.now))

    @precondition(going)
    @rule(sure=RARELY)
    def crash_and_be_found(self, sure: bool) -> None:
        """The process dies, which is noted by somebody who then answers, or goes on with the
        run."""
        if sure and self.state.status == "running":
            self.driver = self.process(fold(self.plan, self.entries()))
            self.take(events.ProcessDied(self.now))

    @precondition(lambda self: self.state.status in ("waiting", "interrupted", "crashed"))
    @rule()
    def resume(self) -> None:
        self.take_up(self.process(fold(self.plan, self.entries())))

    @precondition(going)
    @rule(what=OUTCOMES, sure=RARELY)
    def second_process(self, what: Any, sure: bool) -> None:
        """The lock is got round, and another process appends first: this one does nothing more."""
        if not sure:
            return
        slow, flights = self.driver, list(self.flights)
        self.take_up(self.process(fold(self.plan, self.entries())))
        before = len(self.stored)
        facts: list[Fact] = [self.outcome(call, what, None) for call in flights]
        try:
            performed = slow.take(facts or [events.CancelRequested(self.now)])
        except LostRace:
            performed = []
        assert performed == []
        assert len(self.stored) == before

    @precondition(going)
    @rule(sure=RARELY)
    def cancel(self, sure: bool) -> None:
        if sure:
            self.take(events.CancelRequested(self.now, "kim", "enough"))
            assert self.state.status == "cancelled"
            assert self.flights == []

    # --- what holds ------------------------------------------------------------------------

    @invariant()
    def log_is_whole_and_each_step_has_one_outcome(self) -> None:
        fresh = [codec.decode(record, lambda digest: b"") for record in self.stored[self.seen :]]
        for number, entry in enumerate(fresh, self.seen):
            assert entry.seq == number
            for decision in entry.decisions:
                assert not isinstance(decision, StartAttempt) or decision.step not in self.ended
                if ends(decision):
                    assert decision.step not in self.ended  # type: ignore[union-attr]
                    self.ended.add(decision.step)  # type: ignore[union-attr]
        self.seen = len(self.stored)

    @invariant()
    def what_is_running_is_in_flight(self) -> None:
        state = self.state
        running = {(i.address, i.attempt) for i in state.running.values()}
        assert running == {(call.step, call.attempt) for call in self.flights}
        assert len(running) <= state.concurrency

    @invariant()
    def no_budget_is_passed(self) -> None:
        assert self.state.root is not None
        for purse in purses(self.state.root):
            for what, bound in purse.bounds.items():
                gone = purse.spent.get(what, 0) + purse.held.get(what, 0)
                assert gone <= bound + 1e-9, (purse.owner, what, gone, bound)

    @invariant()
    def the_end_is_one(self) -> None:
        if self.going():
            return
        last = self.entries()[-1].decisions[-1]
        state = self.state
        if isinstance(last, events.FinishRun):
            assert last.status == state.status
        assert (state.running, state.waiting, state.timed, state.people.open) == ({}, {}, {}, {})
        assert not state.agenda

    def teardown(self) -> None:
        """Everything ends, and deciding again over the log gives the same."""
        if not self.stored:
            return
        for _ in range(500):
            if not self.going():
                break
            if self.state.status != "running":
                self.resume()
            elif self.flights:
                call = self.flights.pop()
                self.take(self.outcome(call, {}, None))
            else:
                self.wait(twice=False)
            self.no_budget_is_passed()
        assert not self.going()
        self.log_is_whole_and_each_step_has_one_outcome()
        entries = self.entries()
        finished = [d for e in entries for d in e.decisions if isinstance(d, events.FinishRun)]
        assert [end.status for end in finished] == [self.state.status]
        assert replay(self.plan, entries).divergence is None
        assert picture(fold(self.plan, entries)) == picture(self.state)


def ends(decision: Decision) -> bool:
    if isinstance(decision, events.TakeAnswer):
        return decision.answer in ("approve", "replace")
    return isinstance(decision, OUTCOME)


def instances(scope: Scope) -> Iterator[Instance]:
    """All there are in a scope and inside of it."""
    for instance in scope.children():
        yield instance
        if instance.inside is not None:
            yield from instances(instance.inside)


def purses(root: Scope) -> list[Purse]:
    found = {id(root.purse): root.purse}
    for instance in instances(root):
        for purse in instance.purse.outwards():
            found[id(purse)] = purse
        if instance.inside is not None:
            found[id(instance.inside.purse)] = instance.inside.purse
    return list(found.values())


def picture(state: State) -> Any:
    """All that matters of a state, as values that can be compared."""
    assert state.root is not None
    return {
        "run": (state.status, state.outputs, state.failure, state.cancelled),
        "steps": [
            (i.address, i.status, i.attempt, i.failures, i.repairs, i.due, i.output, i.failure)
            for i in instances(state.root)
        ],
        "purses": [(p.owner, dict(p.spent), dict(p.held)) for p in purses(state.root)],
        "queues": (
            [(need, i and i.address) for need, i in state.agenda],
            [i.address for i in state.ready],
            list(state.running),
            list(state.waiting),
            list(state.timed),
        ),
        "people": (list(state.people.open), state.people.closed, list(state.people.undelivered)),
    }


TestRun = Run.TestCase
TestRun.settings = settings(
    max_examples=25 * DEPTH,
    stateful_step_count=30,
    deadline=None,
    suppress_health_check=[
        HealthCheck.too_slow,
        HealthCheck.data_too_large,
        HealthCheck.filter_too_much,
    ],
)
