"""What holds for every pipeline, whatever its agents do."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from agentflow.core import events
from agentflow.core.decide import settle
from agentflow.core.events import Entry, Fact, StartAttempt
from agentflow.core.evolve import evolve
from agentflow.core.state import Instance, Scope, State
from agentflow.engines.driver import lost
from agentflow.eventlog import codec
from agentflow.plan.calls import step_at
from agentflow.replay import fold, replay
from agentflow.spec.model import FailureClass
from tests.core.world import OUTCOME, examples
from tests.core.worlds import CALLS, ESCALATIONS, RETRIES, World, carry_out, worlds


@examples(80)
@given(worlds())
def test_every_run_ends_within_its_bounds(world: World) -> None:
    run, _ = carry_out(world)
    assert run.state.status in ("succeeded", "failed")
    assert len(run.of(events.FinishRun)) == 1
    assert isinstance(run.decisions[-1], events.FinishRun)
    starts = run.of(StartAttempt)
    assert len(starts) <= CALLS
    assert sum(retry.counted for retry in run.of(events.Retry)) <= RETRIES
    assert run.state.root is not None
    assert run.state.root.purse.spent.get("escalations", 0) <= ESCALATIONS
    assert run.state.people.open == {}
    assert not run.state.people.mail
    assert run.state.running == {}
    assert run.state.waiting == {}
    assert run.state.timed == {}
    assert not run.state.agenda


@examples(80)
@given(worlds())
def test_what_a_pipeline_inside_uses_up_is_within_its_budget_and_part_of_the_run_s(
    world: World,
) -> None:
    run, _ = carry_out(world)
    starts = Counter(start.step for start in run.of(StartAttempt))
    retries = Counter(retry.step for retry in run.of(events.Retry) if retry.counted)
    for entered in run.of(events.EnterPipeline):
        budget = step_at(world[0], entered.step)[1].nested.plan.budget  # type: ignore[union-attr]
        inside = f"{entered.step}/"
        assert sum(n for at, n in starts.items() if at.startswith(inside)) <= budget.bounds["calls"]
        assert (
            sum(n for at, n in retries.items() if at.startswith(inside)) <= budget.bounds["retries"]
        )
    assert run.state.root is not None
    purse = run.state.root.purse
    assert (purse.spent.get("calls", 0), purse.spent.get("retries", 0)) == (
        starts.total(),
        retries.total(),
    )


@examples(80)
@given(worlds())
def test_no_step_has_two_outcomes_and_no_write_is_repeated_without_a_key(
    world: World,
) -> None:
    run, _ = carry_out(world)
    ended = [decision.step for decision in run.decisions if isinstance(decision, OUTCOME)]
    of_tools = {asked.question for asked in run.of(events.AskPerson) if asked.tool is not None}
    taken = run.of(events.TakeAnswer)
    ended += [
        answer.step
        for answer in taken
        if answer.answer in ("approve", "replace") and answer.question not in of_tools
    ]
    assert len(ended) == len(set(ended))
    answered = [answer.question for answer in taken]
    assert len(answered) == len(set(answered))
    wanted_again = {answer.step for answer in taken if answer.answer == "retry"}
    ambiguous = {
        (entry.fact.step, entry.fact.attempt)
        for entry in run.entries
        if isinstance(entry.fact, events.AttemptFailed) and entry.fact.failure == "timeout"
    }
    in_doubt: set[str] = set()
    intents: dict[str, StartAttempt] = {}
    for start in run.of(StartAttempt):
        first = intents.setdefault(start.step, start)
        assert (start.key, start.input) == (first.key, first.input)
        assert start.step not in in_doubt or start.effects.repeatable
        acts_once = not start.effects.repeatable and start.key is None
        if acts_once and (start.step, start.attempt) in ambiguous:
            in_doubt |= {start.step} - wanted_again


@examples(80)
@given(worlds())
def test_replay_makes_the_same_decisions_from_the_stored_bytes(
    world: World,
) -> None:
    run, log = carry_out(world)
    stored = [
        codec.decode({**record, "seq": seq}, lambda digest: b"")
        for seq, record in enumerate(log.records)
    ]
    assert stored == run.entries
    replayed = replay(world[0], stored)
    assert replayed.divergence is None
    assert replayed.decisions == len(run.decisions)


@examples(80)
@given(worlds(), st.data())
def test_a_run_taken_up_after_any_entry_ends_too(world: World, data: st.DataObject) -> None:
    plan = world[0]
    run, _ = carry_out(world)
    cut = data.draw(st.integers(1, len(run.entries)))
    state = fold(plan, run.entries[:cut])

    def going() -> bool:
        return state.status == "running"

    if not going():
        assert cut == len(run.entries)
        return
    entries: list[Entry] = list(run.entries[:cut])

    def take(fact: Fact) -> None:
        evolve(state, fact)
        entries.append(Entry(len(entries), fact, settle(state)[1]))

    # By then the time of the run may be over.
    now = state.now + data.draw(st.sampled_from([0.5, 1000]))
    take(events.RunResumed(now, "test"))
    for fact in lost(state, now):
        if fact.step in state.running:  # one that is lost may end the others
            take(fact)
    while going():
        if late := [at for at, one in state.timed.items() if one.until <= now]:
            take(events.TimeRanOut(now, *late[0]))
        elif state.waiting:
            instance = next(iter(state.waiting.values()))
            question = instance.question.question if instance.question else None
            take(events.TimerFired(now, instance.address, question))
        elif state.running:
            instance = next(iter(state.running.values()))
            take(events.AttemptSucceeded(now, instance.address, instance.attempt, value={}))
        else:
            take(events.TimerFired(now))
    assert state.status in ("succeeded", "failed")
    assert replay(plan, entries).divergence is None


@examples(80)
@given(worlds())
def test_nothing_starts_in_a_closed_scope_and_fail_fast_leaves_nothing_in_flight(
    world: World,
) -> None:
    run, _ = carry_out(world)
    state = State(world[0])
    for entry in run.entries:
        evolve(state, entry.fact)
        for decision in entry.decisions:
            if isinstance(decision, StartAttempt):
                assert not any(scope.closed for scope in scopes_around(state.ready[0]))
            evolve(state, decision)
        for instance in state.running.values():
            # One that was closed by a failure around it has not failed itself.
            failures = [s.failure for s in scopes_around(instance) if s.fail_fast and s.failure]
            assert all(failure.kind is FailureClass.CANCELLED for failure in failures)


def scopes_around(instance: Instance) -> list[Scope]:
    """The scopes that an instance is in, from the inside out."""
    found = [instance.scope]
    while (owner := found[-1].owner) is not None:
        found.append(owner.scope)
    return found


@examples(80)
@given(worlds(), st.data())
def test_a_run_that_is_cancelled_after_any_entry_ends_at_once(
    world: World, data: st.DataObject
) -> None:
    run, _ = carry_out(world)
    cut = data.draw(st.integers(1, len(run.entries)))
    entries = list(run.entries[:cut])
    state = fold(world[0], entries)
    if state.status in ("succeeded", "failed"):
        return
    facts: list[Fact] = [events.CancelRequested(state.now + 1, "kim", "enough")]
    if data.draw(st.booleans()):
        facts.insert(0, events.RunInterrupted(state.now, "SIGTERM"))
    for fact in facts:
        evolve(state, fact)
        entries.append(Entry(len(entries), fact, settle(state)[1]))
    assert state.status == "cancelled"
    assert (state.running, state.waiting, state.timed) == ({}, {}, {})
    assert not any(isinstance(decision, StartAttempt) for decision in entries[-1].decisions)
    assert replay(world[0], entries).divergence is None
