"""Plans as data: which can be carried out, what becomes of those that cannot, and how the rest
goes."""

from collections.abc import Callable, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from agentflow.core import events
from agentflow.core.events import Entry, StartAttempt
from agentflow.core.tasks import BadPlan, read_plan
from agentflow.engines.driver import Driver, lost
from agentflow.engines.virtual import Said, spoken
from agentflow.plan import address
from agentflow.plan.steps import Plan
from agentflow.replay import fold, replay
from agentflow.spec.model import FailureClass, Json
from tests.core.world import MemoryLog, Run, answering, drive, plan_of

QUERY = {
    "type": "object",
    "additionalProperties": False,
    "required": ["q"],
    "properties": {"q": {"type": "string"}},
}
OPEN: dict[str, Json] = {"type": "object"}


def planned(
    delegate: dict[str, Json] | None = None, planner: dict[str, Json] | None = None, **step: Json
) -> Plan:
    """The plan of `spec_of` these."""
    return plan_of(spec_of(delegate, planner, **step))


def spec_of(
    delegate: dict[str, Json] | None = None, planner: dict[str, Json] | None = None, **step: Json
) -> dict[str, Any]:
    """A planner whose `tasks` two workers carry out; `delegate` and `planner` are further keys."""
    agents = {
        name: {
            "kind": "command",
            "argv": ["true"],
            "effects": "none",
            "input": given,
            "output": answered,
        }
        for name, given, answered in (
            ("planner", OPEN, OPEN),
            ("searcher", OPEN if "with" in (delegate or {}) else QUERY, {"type": "string"}),
            ("adder", OPEN, {"type": "integer"}),
        )
    }
    work = {
        "plan": "${{ steps.plan.output.tasks }}",
        "workers": {"search": "searcher", "add": "adder"},
        "max_tasks": 4,
        **(delegate or {}),
    }
    return {
        "agentflow": 1,
        "name": "test",
        "agents": agents,
        "steps": {
            "plan": {"agent": "planner", **(planner or {})},
            "work": {"delegate": work, **step},
        },
        "outputs": {"done": "${{ default(steps.work.output, 'nothing') }}"},
    }


def task(task_id: str, worker: str = "search", needs: list[str] | None = None) -> dict[str, Json]:
    given = {"q": task_id} if worker == "search" else {}
    return {"id": task_id, "worker": worker, "input": given, "needs": needs or []}


def carried_out(plan: Plan, tasks: Json, work: Callable[[StartAttempt], Any] | None = None) -> Run:
    """A run whose planner answers these tasks; a worker's answer is its question or 1."""

    def script(call: StartAttempt) -> Any:
        if call.agent == "planner":
            return {"tasks": tasks}
        if work is not None:
            return work(call)
        return call.input["q"] if call.agent == "searcher" else 1

    run = drive(plan, script)
    assert replay(plan, run.entries).divergence is None
    return run


def test_tasks_start_when_what_they_need_has_ended_and_side_by_side() -> None:
    run = carried_out(
        planned(), [task("c", "add", ["a", "b"]), task("a"), task("b"), task("d", "add", ["c"])]
    )
    assert run.told() == [
        "StartAttempt plan",
        "AcceptOutput plan",
        "AssignTasks work",
        "StartAttempt work/search[:a]",
        "StartAttempt work/search[:b]",
        "AcceptOutput work/search[:a]",
        "AcceptOutput work/search[:b]",
        "StartAttempt work/add[:c]",
        "AcceptOutput work/add[:c]",
        "StartAttempt work/add[:d]",
        "AcceptOutput work/add[:d]",
        "CompleteStep work",
        "FinishRun",
    ]
    assert run.state.outputs == {"done": {"a": "a", "b": "b", "c": 1, "d": 1}}
    (assigned,) = run.of(events.AssignTasks)
    assert assigned.tasks[0] == {"id": "c", "worker": "add", "needs": ["a", "b"]}
    assert assigned.reason.text == "the plan has 4 tasks"


def test_results_are_passed_along_needs_and_to_nobody_else() -> None:
    plan = planned(
        {
            "with": {
                "id": "${{ task.id }}",
                "about": "${{ task.input }}",
                "found": "${{ task.results }}",
            }
        }
    )
    tasks = [task("a"), task("b"), task("c", "search", ["b"])]
    run = carried_out(plan, tasks, lambda call: f"about {call.input['id']}")
    inputs = {start.step: start.input for start in run.of(StartAttempt)}
    assert inputs["work/search[:a]"] == {"id": "a", "about": {"q": "a"}, "found": {}}
    assert inputs["work/search[:c]"] == {"id": "c", "about": {"q": "c"}, "found": {"b": "about b"}}


def test_no_more_tasks_at_a_time_than_allowed() -> None:
    run = carried_out(planned({"parallel": 1}), [task("a"), task("b"), task("c")])
    assert [line for line in run.told() if "search" in line] == [
        f"{kind} work/search[:{at}]" for at in "abc" for kind in ("StartAttempt", "AcceptOutput")
    ]


def test_an_empty_plan_is_carried_out_at_once() -> None:
    assert carried_out(planned(), []).state.outputs == {"done": {}}


def test_a_failed_task_fails_the_whole_and_what_is_in_flight_may_end() -> None:
    def work(call: StartAttempt) -> Any:
        return FailureClass.REJECTED if call.input == {"q": "a"} else ("late", 5.0)

    run = carried_out(planned(), [task("a"), task("b"), task("c", "add", ["b"])], work)
    assert run.state.failure is not None
    assert run.state.failure.message == "step 'work/search[:a]' failed: as the script says"
    assert "AcceptOutput work/search[:b]" in run.told()
    assert not [start for start in run.of(StartAttempt) if start.agent == "adder"]


def test_the_catch_of_the_delegate_is_about_one_task_and_knows_what_went_wrong() -> None:
    plan = planned(
        {
            "with": {"found": "${{ task.results }}"},
            "catch": {"any": {"use": {"error": "${{ task.id + ': ' + task.error.message }}"}}},
        }
    )
    run = carried_out(
        plan,
        [task("a"), task("b", "add", ["a"])],
        lambda call: FailureClass.REJECTED if call.agent == "searcher" else 2,
    )
    (add,) = [start for start in run.of(StartAttempt) if start.agent == "adder"]
    assert add.input == {"found": {"a": {"error": "a: as the script says"}}}
    assert run.state.outputs == {"done": {"a": {"error": "a: as the script says"}, "b": 2}}


def test_a_skipped_task_holds_nobody_up_and_has_no_result() -> None:
    plan = planned({"with": {"found": "${{ task.results }}"}, "catch": {"rejected": "skip"}})
    run = carried_out(
        plan,
        [task("a"), task("b", "add", ["a"])],
        lambda call: FailureClass.REJECTED if call.agent == "searcher" else 2,
    )
    assert run.of(StartAttempt)[-1].input == {"found": {}}
    assert run.state.outputs == {"done": {"b": 2}}


def test_the_catch_of_the_step_is_about_all_of_it() -> None:
    plan = planned(catch={"rejected": {"use": {"a": "none"}}})
    run = carried_out(plan, [task("a")], lambda call: FailureClass.REJECTED)
    assert run.state.outputs == {"done": {"a": "none"}}


def test_tasks_are_retried_and_counted_like_any_step() -> None:
    spec = spec_of()
    spec["agents"]["searcher"]["retry"] = {"max_attempts": 2, "on": ["timeout"]}
    plan = plan_of(spec)
    run = carried_out(
        plan, [task("a")], lambda call: "ok" if call.attempt == 2 else FailureClass.TIMEOUT
    )
    assert run.state.outputs == {"done": {"a": "ok"}}
    assert run.state.root is not None
    assert (run.state.root.purse.spent["calls"], run.state.root.purse.spent["retries"]) == (3, 1)


# --- plans that cannot be carried out --------------------------------------------------------


@pytest.mark.parametrize(
    ("tasks", "wrong"),
    [
        ("x", ['expected a list of tasks, found "x"']),
        ([7], ["[0]: expected a task with 'id' and 'worker', found 7"]),
        (
            [{"worker": "search", "input": {"q": "a"}}],
            ["[0].id: expected text of 1 to 100 printable characters, found nothing"],
        ),
        (
            [{"id": "a\nb", "worker": 1, "needs": "c"}],
            [
                '[0].id: expected text of 1 to 100 printable characters, found "a\\nb"',
                "[0].worker: expected the name of a worker, found 1",
                '[0].needs: expected a list of ids of tasks, found "c"',
            ],
        ),
        ([task("a", "serch")], ["[0].worker: unknown worker 'serch', did you mean 'search'?"]),
        ([task("a", "zzz")], ["[0].worker: unknown worker 'zzz'; there is: search, add"]),
        ([task("a"), task("a")], ["two tasks have the id 'a'"]),
        (
            [task("first"), task("b", "add", ["frist"])],
            ["task 'b' needs 'frist', which is no task, did you mean 'first'?"],
        ),
        ([task("a", "add", ["a"])], ["task 'a' needs 'a'"]),
        (
            [task("a", "add", ["c"]), task("b", "add", ["a"]), task("c", "add", ["b"])],
            ["task 'a' needs 'c', which needs 'b', which needs 'a'"],
        ),
        (
            [{"id": "a", "worker": "search", "input": {"query": "x"}}],
            [
                "[0].input: missing 'q' (for worker 'search')",
                "[0].input: unexpected 'query' (for worker 'search')",
            ],
        ),
        ([task(str(n)) for n in range(6)], ["6 tasks are more than 'max_tasks: 4'"]),
    ],
)
def test_a_plan_is_checked_as_data(tasks: Json, wrong: list[str]) -> None:
    delegate = planned().steps["work"].delegate
    assert delegate is not None
    found = read_plan(delegate, tasks)
    assert isinstance(found, BadPlan)
    assert list(found.wrong) == wrong


SPELLED = {
    "with": {
        "q": "${{ task.input.words.first }}",
        "name": "task ${{ task.id }}",
        "sum": "${{ task.input.n + 1 }}",
        "facts": "${{ task.results }}",
        "run": "${{ run.id }}",
    },
}
SPELLED_INPUT = {
    "type": "object",
    "required": ["q", "name", "sum", "facts", "run"],
    "properties": {
        "q": {"$ref": "#/$defs/short"},
        "name": {"maxLength": 10},
        "sum": {"maximum": 9},
        "facts": {"type": "object"},
        "run": {"type": "string"},
    },
    "$defs": {"short": {"type": "string", "maxLength": 5}},
}


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"words": {"first": "hello"}, "n": 1}, []),
        (
            {"words": {"first": 5}, "n": 1},
            ["[0].input: 'q' of worker 'search': expected string, found number 5"],
        ),
        (
            {"words": {}, "n": 9},
            [
                "[0].input: 'q' of worker 'search': 'task.input.words' has no field 'first'",
                "[0].input: 'sum' of worker 'search': expected at most 9, found number 10",
            ],
        ),
        (
            "hello",
            [
                "[0].input: 'q' of worker 'search': 'task.input' has no fields, it is of type string",
                "[0].input: 'sum' of worker 'search': 'task.input' has no fields, it is of type string",
            ],
        ),
    ],
)
def test_what_workers_are_given_of_the_task_alone_is_part_of_the_check(
    given: Json, wrong: list[str]
) -> None:
    spec = spec_of(SPELLED, planner={"repair": 1})
    spec["agents"]["searcher"]["input"] = SPELLED_INPUT
    plan = plan_of(spec)
    good = {"words": {"first": "a"}, "n": 0}
    answers = iter([given, good])

    def script(call: StartAttempt) -> Any:
        if call.agent == "planner":
            return {"tasks": [{**task("a"), "input": next(answers)}]}
        return "found"

    run = drive(plan, script)
    told = [reject.reason.figures["violations"] for reject in run.of(events.RejectOutput)]
    assert told == ([wrong] if wrong else [])
    assert run.state.outputs == {"done": {"a": "found"}}
    assert replay(plan, run.entries).divergence is None


def test_of_many_mistakes_the_rest_is_counted() -> None:
    delegate = planned({"max_tasks": 20}).steps["work"].delegate
    assert delegate is not None
    found = read_plan(delegate, [task(f"t{n}", "zzz") for n in range(15)])
    assert isinstance(found, BadPlan)
    assert len(found.wrong) == 11
    assert found.wrong[-1] == "5 more"


def test_a_bad_plan_is_a_bad_answer_of_its_planner_who_is_told_what_is_wrong() -> None:
    plan = planned(planner={"repair": 1})
    answers = iter([[task("a", "serch")], [task("a")]])

    def script(call: StartAttempt) -> Any:
        return {"tasks": next(answers)} if call.agent == "planner" else "found"

    run = drive(plan, script)
    (reject,) = run.of(events.RejectOutput)
    assert reject.failure.kind is FailureClass.INVALID_OUTPUT
    assert reject.reason.rule == "work.delegate.plan"
    (repair,) = run.of(events.Repair)
    assert repair.step == "plan"
    assert run.of(StartAttempt)[1].attempt == 2
    assert "did you mean 'search'?" in str(reject.reason.figures["violations"])
    assert run.state.outputs == {"done": {"a": "found"}}
    assert replay(plan, run.entries).divergence is None


def test_the_catch_of_the_planner_takes_a_bad_plan() -> None:
    plan = planned(planner={"catch": {"invalid_output": {"use": {"tasks": []}}}})
    assert carried_out(plan, [task("a", "zzz")]).state.outputs == {"done": {}}


def test_without_a_word_about_it_a_bad_plan_fails_the_planner() -> None:
    run = carried_out(planned(), [task("a", "zzz")])
    assert run.state.failure is not None
    assert run.state.failure.message == (
        "step 'plan' failed: the plan cannot be carried out: "
        "[0].worker: unknown worker 'zzz'; there is: search, add"
    )
    assert not run.of(events.AssignTasks)


def test_a_plan_that_is_put_together_fails_the_delegate() -> None:
    plan = planned(
        {"plan": "${{ steps.plan.output.tasks + [] }}"}, catch={"invalid_output": "skip"}
    )
    assert plan.steps["plan"].plans == ()
    run = carried_out(plan, [task("a", "zzz")])
    (skip,) = run.of(events.SkipStep)
    assert skip.step == "work"
    assert skip.reason.text.startswith("the plan cannot be carried out: [0].worker")


def test_an_output_without_a_plan_is_no_bad_plan() -> None:
    run = drive(planned(), lambda call: {})
    assert run.state.failure is not None
    assert run.state.failure.message == (
        "step 'work' failed: 'delegate.plan': 'steps.plan.output' has no field 'tasks'"
    )


def test_a_delegate_in_a_group_checks_the_planner_outside() -> None:
    spec = spec_of()
    work = spec["steps"].pop("work")
    spec["steps"]["team"] = {
        "for_each": {"over": [1, 2], "max": 2},
        "steps": {"work": work},
        "output": "${{ steps.work.output }}",
    }
    spec["outputs"] = {"done": "${{ steps.team.output }}"}
    plan = plan_of(spec)
    (check,) = plan.steps["plan"].plans
    assert (check.way, check.delegate.address) == (("tasks",), "team/work")
    run = carried_out(plan, [task("a")])
    assert [s.step for s in run.of(StartAttempt)][1:] == [
        "team[0]/work/search[:a]",
        "team[1]/work/search[:a]",
    ]


def test_a_run_can_be_taken_up_in_the_middle_of_its_tasks() -> None:
    plan = planned()
    run = carried_out(plan, [task("a"), task("b", "add", ["a"])])
    state = fold(plan, run.entries[:2])
    assert list(state.running) == ["work/search[:a]"]
    state = fold(plan, run.entries[:3])
    assert list(state.running) == ["work/add[:b]"]


def test_an_id_of_any_characters_has_an_address() -> None:
    strange = "a/b[0]:*%{x} é"
    run = carried_out(planned(), [task(strange)])
    (start,) = [start for start in run.of(StartAttempt) if start.agent == "searcher"]
    assert start.step == "work/search[:a%2Fb%5B0%5D:%2A%25{x} é]"
    assert address.name(start.step) == strange
    assert run.state.outputs == {"done": {strange: strange}}


# --- whatever is planned, and whatever comes of it --------------------------------------------

IDS = st.sampled_from(["a", "b", "c", "d", "e"])
TASKS = st.lists(
    st.fixed_dictionaries(
        {
            "id": IDS,
            "worker": st.sampled_from(["search", "add", "add", "serch"]),
            "input": st.just({"q": "x"}),
            "needs": st.lists(IDS, max_size=2),
        }
    ),
    max_size=6,
)
DOES: st.SearchStrategy[Any] = st.one_of(
    st.just(1),
    st.sampled_from([FailureClass.REJECTED, FailureClass.TIMEOUT, "no number"]),
    st.tuples(st.just(1), st.sampled_from([0.0, 3.0])),
)
CATCH = st.sampled_from([{}, {"any": "skip"}, {"rejected": {"use": "${{ task.error.class }}"}}])


@settings(max_examples=150, deadline=None)
@given(TASKS, st.lists(DOES, min_size=1, max_size=4), CATCH, st.integers(1, 3), st.data())
def test_whatever_is_planned_the_run_ends_and_needs_come_first(
    tasks: list[dict[str, Json]],
    does: list[Any],
    catch: dict[str, Json],
    parallel: int,
    data: st.DataObject,
) -> None:
    plan = planned({"parallel": parallel, "max_tasks": 5, "catch": catch})
    calls = 0

    def work(call: StartAttempt) -> Any:
        nonlocal calls
        calls += 1
        return does[calls % len(does)]

    run = carried_out(plan, tasks, work)  # which replays to the same decisions
    assert run.state.status in ("succeeded", "failed")
    assert (run.state.running, run.state.waiting) == ({}, {})
    delegate = plan.steps["work"].delegate
    assert delegate is not None
    good = not isinstance(read_plan(delegate, tasks), BadPlan)
    assert bool(run.of(events.AssignTasks)) == good
    if not good:
        assert [start.agent for start in run.of(StartAttempt)] == ["planner"]
        return
    needs = {f"work/{t['worker']}[:{t['id']}]": t["needs"] for t in tasks}
    ended: set[str] = set()
    in_work: set[str] = set()
    for decision in run.decisions:
        at = getattr(decision, "step", "")
        if isinstance(decision, StartAttempt) and at in needs:
            assert set(needs[at]) <= ended
            in_work.add(at)
            assert len(in_work) <= parallel
        elif at in needs and not isinstance(decision, events.RejectOutput):
            in_work.discard(at)
            ended.add(address.name(at))
    cut = data.draw(st.integers(1, len(run.entries)))
    state = fold(plan, run.entries[:cut])
    again = replay(plan, run.entries[:cut])
    assert list(again.state.running) == list(state.running)
    assert again.state.status == state.status


def test_another_agent_takes_a_task_over_with_the_same_input() -> None:
    delegate = {"catch": {"timeout": {"agent": "second"}, "any": {"use": "nobody"}}}
    spec = spec_of(delegate)
    spec["agents"]["second"] = {**spec["agents"]["searcher"], "argv": ["second"]}
    tasks = [task("a"), task("b", needs=["a"])]

    def work(call: StartAttempt) -> Any:
        return FailureClass.TIMEOUT if call.agent == "searcher" else f"found {call.input['q']}"

    run = carried_out(plan_of(spec), tasks, work)
    assert run.state.outputs == {"done": {"a": "found a", "b": "found b"}}
    assert [(d.step, d.agent) for d in run.of(events.HandOver)] == [
        ("work/search[:a]", "second"),
        ("work/search[:b]", "second"),
    ]
    # It happens once: when that one fails too, what else `catch` says follows.
    run = carried_out(plan_of(spec), tasks[:1], lambda call: FailureClass.TIMEOUT)
    assert run.state.outputs == {"done": {"a": "nobody"}}


LADDER = {
    "levels": [
        {"agent": "second", "within": "5s"},
        {"notify": {"text": "Look!"}},
        {"human": {"ask": "What is it?"}, "within": "1h"},
    ],
    "on_exhausted": "skip",
}


def test_a_process_may_die_anywhere_on_the_ladder_of_a_task() -> None:
    spec = spec_of({"catch": {"any": {"escalate": "up"}}})
    spec["agents"]["second"] = {**spec["agents"]["searcher"], "argv": ["second"]}
    spec["escalations"] = {"up": LADDER}
    plan = plan_of(spec)
    tasks = [task("a"), task("b", needs=["a"])]

    def script(call: StartAttempt) -> Any:
        return {"tasks": tasks} if call.agent == "planner" else FailureClass.REJECTED

    def kim(question: events.AskPerson) -> Said:
        return Said("replace", f"by kim: {question.step}", 60.0)

    whole = drive(plan, script, person=kim)
    done = {"a": "by kim: work/search[:a]", "b": "by kim: work/search[:b]"}
    assert whole.state.outputs == {"done": done}
    for cut in range(1, len(whole.entries)):
        again = taken_up(plan, whole.entries[:cut], script, kim)
        assert again.state.outputs == {"done": done}, f"after {cut} entries"
        assert replay(plan, again.entries).divergence is None
        assert len(again.of(events.Notify)) == 2, "each level takes its course once"


def taken_up(
    plan: Plan,
    entries: Sequence[Entry],
    script: Callable[[StartAttempt], Any],
    person: Callable[[events.AskPerson], Said],
) -> Run:
    """What becomes of a run whose process has died after these entries."""
    found = list(entries)
    state = fold(plan, entries)
    driver = Driver(plan, state, MemoryLog([{}] * len(found)), found.append)
    now = state.now
    driver.take([events.RunResumed(now, "test"), *lost(state, now)])
    while state.status == "running":
        if state.running:
            instance = next(iter(state.running.values()))
            assert instance.call is not None
            call = StartAttempt(
                instance.address,
                instance.attempt,
                instance.call.agent,
                {},
                0,
                instance.call.effects,
                events.Reason("", ""),
            )
            fact: events.Fact = answering(script)(call).outcome
        else:
            question = next(iter(state.people.open.values())).question
            assert question is not None
            now += 60
            fact = spoken(question, person(question), now)
        driver.take([replace(fact, at=now)])
    return Run(state, found)
