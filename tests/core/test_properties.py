"""What holds for every pipeline, whatever its agents do."""

from collections import Counter
from typing import Any, TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from agentflow.core import events
from agentflow.core.decide import settle
from agentflow.core.events import Entry, Fact, StartAttempt
from agentflow.core.evolve import evolve
from agentflow.core.state import Instance, Scope, State
from agentflow.engines.driver import Driver
from agentflow.engines.virtual import Said, run_virtual
from agentflow.eventlog import codec
from agentflow.plan.steps import Plan, step_at
from agentflow.replay import fold, replay
from agentflow.spec.model import FailureClass, Json
from tests.core.world import (
    Does,
    MemoryLog,
    Run,
    answering,
    examples,
    pipeline,
    spec_of,
    started,
)

CALLS, RETRIES = 40, 5
ESCALATIONS = 6
World: TypeAlias = tuple[Plan, list[Does], int, list[Said | None]]
ACTIONS = st.sampled_from(["fail", "skip", {"use": {"used": True}}])
CLASSES = st.sampled_from(["timeout", "rejected", "exhausted", "any"])
CATCH = st.dictionaries(CLASSES, ACTIONS, max_size=2)
#: Only what an agent or a person answers can be held against a contract.
CATCH_WITH_ESCALATION = st.dictionaries(CLASSES, ACTIONS | st.just({"escalate": "up"}), max_size=2)
LEVELS = st.lists(
    st.sampled_from(
        [
            {"model": "a/strong"},
            {"agent": "do", "within": "5s"},
            {"agent": "write"},
            {"human": {"ask": "${{ failure.kind }}?"}, "within": "20s"},
            {"notify": {"text": "${{ input.absent }}"}},
            {"notify": {"text": "Look!"}},
        ]
    ),
    min_size=1,
    max_size=3,
)
SAYS = st.sampled_from(
    [
        None,
        Said("approve", None, 5.0),
        Said("replace", {}, 1.0),
        Said("replace", "not an object", 2.0),
        Said("retry", None, 3.0),
        Said("abort", None, 4.0),
        Said("replace", {}, 30.0),
    ]
)
CATCH_OF_CALL = st.dictionaries(
    st.sampled_from(["timeout", "rejected", "not_sent", "any"]),
    ACTIONS | st.sampled_from([{"agent": "do"}, {"agent": "write"}]),
    max_size=2,
)
TASKS = st.lists(
    st.fixed_dictionaries(
        {
            "id": st.sampled_from(["a", "b", "c"]),
            "worker": st.sampled_from(["do", "do", "write"]),
            "needs": st.lists(st.sampled_from(["a", "b", "c"]), max_size=1),
        }
    ),
    max_size=3,
    unique_by=lambda task: str(task["id"]),
)
OTHERS: dict[str, st.SearchStrategy[dict[str, Json]]] = {
    "pipeline": st.fixed_dictionaries(
        {
            "pipeline": st.just("child.yaml"),
            "with": st.fixed_dictionaries({"n": st.sampled_from([1, "one"])}),
        },
        optional={"fail_fast": st.booleans()},
    ),
    "delegate": st.fixed_dictionaries(
        {
            "delegate": st.fixed_dictionaries(
                {
                    "plan": TASKS,
                    "workers": st.just({"do": "do", "write": "write"}),
                    "max_tasks": st.just(4),
                    "parallel": st.integers(1, 3),
                    "catch": CATCH,
                },
                optional={"fail_fast": st.booleans()},
            )
        }
    ),
}
RETRY = st.none() | st.builds(
    lambda n: {"max_attempts": n, "on": ["timeout", "server_error", "invalid_output"]},
    st.integers(1, 4),
)


def steps(depth: int) -> st.SearchStrategy[dict[str, Json]]:
    """Steps `a`, `b`, … that may wait for the ones before them."""
    return st.lists(step(depth), min_size=1, max_size=4).flatmap(_chained)


def _chained(made: list[dict[str, Json]]) -> st.SearchStrategy[dict[str, Json]]:
    names = [chr(ord("a") + index) for index in range(len(made))]

    def join(picks: list[list[bool]]) -> dict[str, Json]:
        return {
            name: {
                **one,
                "needs": [n for n, picked in zip(names[:i], picks[i], strict=False) if picked],
            }
            for i, (name, one) in enumerate(zip(names, made, strict=True))
        }

    return st.lists(
        st.lists(st.booleans(), min_size=4, max_size=4), min_size=len(made), max_size=len(made)
    ).map(join)


FAIL_FAST = st.fixed_dictionaries({}, optional={"fail_fast": st.booleans()})


def loop(depth: int) -> st.SearchStrategy[dict[str, Json]]:
    nexts = [{}, {"n": "${{ loop.state.n + 1 }}"}, {"n": "${{ 1 / loop.state.n }}"}]
    return st.fixed_dictionaries(
        {
            "max": st.integers(1, 3),
            "state": st.sampled_from([{"n": 0}, {"n": "${{ inputs.absent }}"}]),
            "until": st.sampled_from(["false", "loop.state.n == 1", "steps.a.output.absent"]),
            "next": st.sampled_from(nexts),
            "no_progress": st.sampled_from(["fail", "continue"]),
            "steps": steps(depth - 1),
            "output": st.just({"n": "${{ loop.state.n }}"}),
        },
        optional={"fail_fast": st.booleans()},
    )


def catches(kind: str) -> st.SearchStrategy[dict[str, Json]]:
    if kind == "human":
        return CATCH_WITH_ESCALATION.map(lambda catch: {"any": "fail", **catch})
    others = CATCH_WITH_ESCALATION | CATCH_OF_CALL
    return st.just({}) | (others if kind == "agent" else CATCH)


@st.composite
def call(draw: Any) -> dict[str, Json]:
    made = {"agent": draw(st.sampled_from(["do", "do", "write", "${{ 'do' }}", "${{ 'no' }}"]))}
    if "$" in made["agent"]:
        made["among"] = ["write", "do"]
    if (retry := draw(RETRY)) is not None:
        made["retry"] = retry
    if draw(st.integers(0, 3)) == 0:
        made["idempotency_key"] = draw(st.sampled_from(["k", "${{ run.id }}/${{ inputs.no }}"]))
    return made


@st.composite
def step(draw: Any, depth: int) -> dict[str, Json]:
    made: dict[str, Json] = {}
    kinds = ["agent", "agent", "human", "steps", "switch", "loop", "pipeline", "delegate"]
    kind = draw(st.sampled_from(kinds if depth else ["agent", "human"]))
    if kind == "agent":
        made |= draw(call())
    elif kind == "loop":
        made["loop"] = draw(loop(depth))
    elif kind == "steps":
        made |= {"steps": draw(steps(depth - 1)), "output": {"done": True}, **draw(FAIL_FAST)}
    elif kind == "human":
        answer = draw(st.sampled_from([{"type": "object"}, {"type": "boolean"}]))
        made |= {"human": {"ask": "Well?", "answer": answer}, "timeout": "15s"}
    elif kind in OTHERS:
        made |= draw(OTHERS[kind])
    else:
        made |= {
            "switch": draw(st.sampled_from(["x", "y", "z"])),
            "cases": {
                "x": {"steps": draw(steps(depth - 1)), "output": 1, **draw(FAIL_FAST)},
                "y": {"output": "${{ 1 / 0 }}"},
            },
        }
    made["catch"] = draw(catches(kind))
    if draw(st.integers(0, 3)) == 0:
        that = draw(st.sampled_from(["size(output) == 0", "output.x > 1", "output == output"]))
        made["assert"] = [{"that": that, "message": "no"}]
    if draw(st.integers(0, 3)) == 0:
        made["when"] = draw(st.sampled_from(["true", "false", "1 == 1", "inputs.absent"]))
    if draw(st.integers(0, 3)) == 0:
        made["for_each"] = {
            "over": draw(st.sampled_from([[], [1], [1, 2, 3], "${{ [1, 2] }}", "${{ 7 }}"])),
            "max": 3,
            "parallel": draw(st.integers(1, 3)),
            "min_success": draw(st.sampled_from(["all", "all", 0, 1, 2, 0.5, 1.0])),
            **draw(FAIL_FAST),
        }
        if draw(st.integers(0, 3)) == 0:
            made["for_each"]["key"] = draw(st.sampled_from(["k${{ index }}", "${{ item % 2 }}"]))
    return made


DOES: st.SearchStrategy[Does | tuple[Does, float]] = st.one_of(
    st.just({}),
    st.just("not an object"),
    st.sampled_from([FailureClass.TIMEOUT, FailureClass.REJECTED, FailureClass.NOT_SENT]),
    st.tuples(st.just({}), st.sampled_from([0.0, 3.0, 40.0, 400.0])),
)


CHILD_BUDGET = st.fixed_dictionaries(
    {},
    optional={
        "calls": st.integers(1, 3),
        "retries": st.integers(0, 2),
        "wall": st.sampled_from(["5s", "50s"]),
    },
)


@st.composite
def worlds(draw: Any) -> World:
    budget = {"calls": CALLS, "retries": RETRIES, "wall": "90s", "escalations": ESCALATIONS}
    last = draw(ACTIONS)
    escalations = {"up": {"levels": draw(LEVELS), "on_exhausted": last}}
    child = spec_of(
        draw(steps(0)),
        name="child",
        output={"type": "object"},
        budget=draw(CHILD_BUDGET),
        escalations=escalations,
        inputs={"type": "object", "properties": {"n": {"type": "integer"}}},
        outputs={"n": "${{ inputs.n }}"},
        **draw(FAIL_FAST),
    )
    files = {"child.yaml": child}
    plan = pipeline(
        draw(steps(2)),
        output={"type": "object"},
        budget=budget,
        files=files,
        escalations=escalations,
        **draw(FAIL_FAST),
    )
    does = draw(st.lists(DOES, min_size=1, max_size=8))
    return plan, does, draw(st.integers(1, 4)), draw(st.lists(SAYS, min_size=1, max_size=4))


def carry_out(world: World) -> tuple[Run, MemoryLog]:
    plan, does, concurrency, says = world
    calls = 0

    def script(call: StartAttempt) -> Any:
        nonlocal calls
        calls += 1
        return does[calls % len(does)]

    entries: list[Entry] = []
    log = MemoryLog()
    driver = Driver(plan, State(plan), log, entries.append)

    def person(question: events.AskPerson) -> Said | None:
        return says[question.number % len(says)]

    run_virtual(driver, started(concurrency=concurrency), answering(script), person)
    return Run(driver.state, entries), log


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
    ends = (
        events.AcceptOutput,
        events.UseValue,
        events.SkipStep,
        events.FailStep,
        events.CancelAttempt,
        events.CancelStep,
        events.CompleteStep,
    )
    ended = [decision.step for decision in run.decisions if isinstance(decision, ends)]
    taken = run.of(events.TakeAnswer)
    ended += [answer.step for answer in taken if answer.answer in ("approve", "replace")]
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
    for instance in list(state.running.values()):
        take(events.AttemptLost(now, instance.address, instance.attempt))
    while going():
        if state.waiting:
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
