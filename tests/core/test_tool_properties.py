"""What holds for every talk with a model, whatever it asks for, fails at, and is interrupted by."""

from collections import Counter
from typing import Any, TypeAlias

from hypothesis import given
from hypothesis import strategies as st

from agentflow.core import events
from agentflow.core.events import Entry, StartAttempt
from agentflow.core.state import State
from agentflow.engines.driver import Driver
from agentflow.engines.virtual import Answer, Said, run_virtual
from agentflow.plan.steps import Plan
from agentflow.replay import replay
from agentflow.spec.model import FailureClass, Json
from tests.core.world import (
    Ask,
    Does,
    MemoryLog,
    Run,
    answering,
    ask,
    examples,
    plan_of,
    started,
)

CALLS = 25
#: The process of the run dies during the attempt.
CRASH = "crash"
OBJECT = {"type": "object"}
RETRY = st.sampled_from([None, {"max_attempts": 2, "on": ["timeout", "rate_limited"]}])
ASKS = st.lists(
    st.tuples(
        st.sampled_from(["look", "look", "pay", "pay", "helper", "nobody"]),
        st.sampled_from([{}, {}, {}, {"n": 1}, "{", "[]"]),
    ),
    min_size=1,
    max_size=3,
).map(lambda calls: ask(*calls))
FAILURES = st.sampled_from([FailureClass.TIMEOUT, FailureClass.RATE_LIMITED, FailureClass.REJECTED])
OF_MODELS = st.one_of(ASKS, ASKS, ASKS, st.just({}), st.just("no object"), FAILURES, st.just(CRASH))
OF_TOOLS: st.SearchStrategy[Any] = st.one_of(
    st.just({}), st.just({}), st.just("no object"), FAILURES, st.just(CRASH)
)
SAYS = st.sampled_from(
    [
        None,
        Said("approve", None, 5.0),
        Said("approve", None, 0.5),
        Said("replace", {"n": 2}, 1.0),
        Said("replace", [], 1.0),
        Said("abort", None, 2.0),
    ]
)
#: A pipeline, what models do and what tools do, in turn, and what people say.
World: TypeAlias = tuple[Plan, list[Any], list[Any], list[Said | None]]


def command(effects: str, retry: Json) -> dict[str, Json]:
    retried = {} if retry is None else {"retry": retry}
    return {
        "kind": "command", "argv": ["true"], "effects": effects, "input": OBJECT, "output": OBJECT,
        **retried,
    }  # fmt: skip


@st.composite
def plans(draw: Any) -> Plan:
    terms = st.fixed_dictionaries({}, optional={"max_calls": st.integers(1, 3)})
    pay = draw(
        st.sampled_from(
            [
                {},
                {"idempotency_key": "${{ call.id }}"},
                {"approve": {"ask": "Pay?", "within": "1m"}},
                {"approve": "up", "idempotency_key": "${{ call.id }}"},
            ]
        )
    )
    look, pay = {"agent": "look", **draw(terms)}, {"agent": "pay", **draw(terms), **pay}
    model = {"kind": "llm", "model": "a/b", "input": OBJECT, "output": OBJECT}
    clerk = {"max_turns": draw(st.integers(1, 4)), "repair": draw(st.integers(0, 1))}
    if (retry := draw(RETRY)) is not None:
        clerk["retry"] = retry
    spec = {
        "agentflow": 1,
        "name": "desk",
        "budget": {"calls": CALLS, "wall": "1h"},
        "escalations": {
            "up": {
                "levels": [
                    {"notify": {"text": "Soon"}},
                    {"human": {"ask": "Pay ${{ input }}?"}, "within": "1m"},
                    {"human": {"ask": "Pay?"}, "within": "1m"},
                ],
                "on_exhausted": draw(st.sampled_from(["fail", "skip", {"use": {}}])),
            }
        },
        "agents": {
            "look": command("read", draw(RETRY)),
            "pay": command("write", draw(RETRY)),
            "helper": {**model, "max_turns": 2, "tools": [look, pay]},
            "clerk": {**model, **clerk, "tools": [look, pay, {"agent": "helper", "max_calls": 2}]},
        },
        "steps": {"answer": {"agent": "clerk", **draw(budgets)}},
        "outputs": {"said": "${{ steps.answer.output }}"},
    }
    return plan_of(spec)


budgets = st.fixed_dictionaries(
    {}, optional={"budget": st.builds(lambda n: {"calls": n}, st.integers(1, 8))}
)


@st.composite
def worlds(draw: Any) -> World:
    of_models = draw(st.lists(OF_MODELS, min_size=1, max_size=6))
    # A crash that comes round for ever is no run.
    of_models.append({})
    of_tools = [*draw(st.lists(OF_TOOLS, min_size=1, max_size=5)), {}]
    return draw(plans()), of_models, of_tools, draw(st.lists(SAYS, min_size=1, max_size=3))


def carry_out(world: World, *, crash: bool = True) -> tuple[Run, MemoryLog]:
    plan, of_models, of_tools, says = world
    made: Counter[bool] = Counter()
    entries: list[Entry] = []
    log = MemoryLog()
    driver = Driver(plan, State(plan), log, entries.append)

    def does(call: StartAttempt) -> Does | tuple[Does, float]:
        model = call.turn is not None
        number = made[model]
        made[model] += 1
        behaviour = of_models if model else of_tools
        return behaviour[number % len(behaviour)]

    def answer(call: StartAttempt) -> Answer:
        what = does(call)
        if what == CRASH and crash:
            return Answer(events.AttemptLost(0, call.step, call.attempt), 1.0)
        return answering(lambda _: {} if what == CRASH else what)(call)

    def person(question: events.AskPerson) -> Said | None:
        return says[question.number % len(says)]

    run_virtual(driver, started(), answer, person)
    return Run(driver.state, entries), log


ENDS = (
    events.AcceptOutput, events.UseValue, events.SkipStep, events.FailStep,
    events.CancelAttempt, events.CancelStep,
)  # fmt: skip


@examples(150)
@given(worlds())
def test_a_talk_keeps_its_bounds_and_repeats_nothing_that_has_ended(world: World) -> None:
    run, _ = carry_out(world)
    assert run.state.status in ("succeeded", "failed")
    assert (run.state.running, run.state.waiting, run.state.people.open) == ({}, {}, {})
    (answer,) = run.state.plan.root.steps
    assert answer.call is not None
    starts = run.of(StartAttempt)
    assert len(starts) <= (answer.budget or {"calls": CALLS})["calls"]
    ended: set[str] = set()
    for decision in run.decisions:
        at = getattr(decision, "step", None)
        assert at not in ended, f"{decision} comes after the end of its step"
        if isinstance(decision, ENDS):
            ended.add(str(at))
    turns = [start.turn for start in starts if start.step == "answer"]
    assert turns == sorted(turns)
    assert max(turns) <= answer.call.max_turns
    asked = [one for d in run.of(events.CallTools) if d.step == "answer" for one in d.calls]
    made = Counter(one["tool"] for one in asked if "refused" not in one)
    assert all(n <= answer.call.tools[tool].max_calls for tool, n in made.items())


@examples(150)
@given(worlds())
def test_no_tool_that_writes_is_called_twice_in_doubt_or_without_its_yes(world: World) -> None:
    run, _ = carry_out(world)
    clerk = run.state.plan.root.steps[0].call
    assert clerk is not None
    needs_yes = clerk.tools["pay"].step.approval is not None
    approved: set[str] = set()
    intents: dict[str, StartAttempt] = {}
    in_doubt: set[str] = set()
    for entry in run.entries:
        match entry.fact:
            case events.AttemptLost(step=at):
                doubtful = True
            case events.AttemptFailed(step=at, failure=failure):
                doubtful = failure.ambiguous
            case _:
                at, doubtful = "", False
        if doubtful and not intents[at].effects.repeatable:
            in_doubt.add(at)
        for decision in entry.decisions:
            if isinstance(decision, events.TakeAnswer) and decision.answer != "abort":
                approved.add(decision.step)
            elif isinstance(decision, StartAttempt):
                first = intents.setdefault(decision.step, decision)
                assert (decision.input, decision.key) == (first.input, first.key)
                assert decision.step not in in_doubt or decision.key is not None
                if decision.agent == "pay":
                    assert decision.step in approved or not needs_yes


@examples(100)
@given(worlds())
def test_a_talk_is_decided_again_alike_from_its_log(world: World) -> None:
    run, log = carry_out(world)
    assert replay(world[0], run.entries).divergence is None
    assert len(log.records) == len(run.entries)


@examples(100)
@given(worlds(), st.data())
def test_crashes_change_nothing_where_all_may_be_repeated(world: World, data: Any) -> None:
    """What models and tools do depends on the turn and the call, and not on the attempt."""
    plan, of_models, _, _ = world
    harmless = [one for one in of_models if isinstance(one, Ask) or one == {}]

    def play(crashes: set[int]) -> Run:
        started_so_far = 0

        def answer(call: StartAttempt) -> Answer:
            nonlocal started_so_far
            started_so_far += 1
            if started_so_far in crashes and call.effects.repeatable:
                return Answer(events.AttemptLost(0, call.step, call.attempt), 0.5)
            does: Does = {}
            if call.turn is not None and call.step == "answer":
                does = harmless[(call.turn - 1) % len(harmless)]
            return answering(lambda _: does)(call)

        entries: list[Entry] = []
        driver = Driver(plan, State(plan), MemoryLog(), entries.append)
        run_virtual(driver, started(), answer, lambda _: Said("approve", None, 0.1))
        return Run(driver.state, entries)

    calm = play(set())
    if len(calm.of(StartAttempt)) > 8 or calm.state.status == "failed":
        return
    crashed = play(data.draw(st.sets(st.integers(1, 8), max_size=2)))
    if "budget" in str(crashed.state.failure) or "unknown" in str(crashed.state.failure):
        return  # calls that were lost count, and one that writes may have been beside the lost one
    assert crashed.state.outputs == calm.state.outputs
    finished = [d.step for d in crashed.of(events.AcceptOutput)]
    assert sorted(finished) == sorted(d.step for d in calm.of(events.AcceptOutput))
