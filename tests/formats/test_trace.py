import json

import jsonschema
import pytest
import referencing

from agentflow.core import events
from agentflow.core.events import Entry, Failure, Reason
from agentflow.formats import trace_json, trace_text
from agentflow.formats.event_text import event_lines
from agentflow.spec.model import Confidence, FailureClass
from agentflow.trace import Trace
from tests.formats.goldens import CASES, SCHEMAS, assert_golden
from tests.formats.scenes import SCENES
from tests.formats.stage import (
    START,
    Run,
    accept,
    again,
    call,
    complete,
    expand,
    finish,
    plan,
    skip,
    step,
)

TRACES = CASES / "traces"


def test_every_golden_belongs_to_a_scene() -> None:
    assert {file.name.split(".")[0] for file in TRACES.iterdir()} == set(SCENES)


@pytest.mark.parametrize("name", SCENES)
def test_tree(name: str) -> None:
    trace = SCENES[name]().trace
    assert_golden(TRACES / f"{name}.tree.txt", trace_text.render(trace, now=trace.now + 0.5))


@pytest.mark.parametrize("name", ["mixed", "running"])
def test_tree_without_unicode(name: str) -> None:
    text = trace_text.render(SCENES[name]().trace, unicode=False, width=60)
    assert text.isascii()
    assert_golden(TRACES / f"{name}.ascii.txt", text)


@pytest.mark.parametrize("name", SCENES)
def test_lines_of_a_log(name: str) -> None:
    run = SCENES[name]()
    trace = Trace(run.plan)
    lines = []
    for entry in run.entries:
        trace.apply(entry)
        lines += event_lines(entry, trace)
    assert_golden(TRACES / f"{name}.events.txt", "\n".join(lines))


@pytest.mark.parametrize("name", SCENES)
def test_json_keeps_its_schema(name: str) -> None:
    trace = SCENES[name]().trace
    text = trace_json.render(trace)
    document = json.loads(text)
    schema = json.loads((SCHEMAS / "trace.v1.schema.json").read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema, registry=referencing.Registry()).validate(document)
    assert text.isascii()
    # Half a character is spelled out, as strict parsers take none.
    told = [span.address.replace("\ud800", r"\ud800") for span in trace.spans()]
    assert _addresses(document) == told


def test_json() -> None:
    assert_golden(TRACES / "small_items.json", trace_json.render(SCENES["small_items"]().trace))


def _addresses(node: dict[str, list[dict[str, object]]]) -> list[object]:
    found: list[object] = []
    for inner in node["steps"]:
        found.append(inner["address"])
        found += _addresses(inner)  # type: ignore[arg-type]
    return found


def test_failure_data() -> None:
    failure = Failure(FailureClass.UNKNOWN_EFFECT, "may have happened", FailureClass.TIMEOUT)
    assert trace_json.failure_data(None) is None
    assert trace_json.failure_data(failure) == {
        "kind": "unknown_effect",
        "message": "may have happened",
        "cause": "timeout",
    }


def test_a_run_that_has_not_begun() -> None:
    trace = Trace(plan(step("collect", "inbox")))
    assert trace_text.render(trace) == "incidents  run\nnot started"


def test_as_many_items_as_may_be_shown_are_not_folded() -> None:
    run = Run(plan(step("extract", "reader")))
    run.starts(expand("extract", 3), *(call(f"extract[{n}]", "reader") for n in range(3)))
    for number in range(3):
        run.answers(1, f"extract[{number}]", accept(f"extract[{number}]"))
    unfolded = trace_text.render(run.trace, fold=3, now=START + 1).splitlines()[2:-1]
    folded = trace_text.render(run.trace, fold=2, now=START + 1).splitlines()[2:-1]
    assert unfolded == [f"  ✓ [{n}]{'1.0s':>40}" for n in range(3)]
    assert folded == [*unfolded[:2], "  … 1 more succeeded"]


def held(name: str, seconds: float | None) -> events.HoldBack:
    why = Reason("models.m.limits.requests_per_minute", "4 requests to 'm' in the last minute")
    until = None if seconds is None else START + seconds
    return events.HoldBack(name, "m", until, why)


def test_a_pipe_is_told_of_long_waits_for_limits() -> None:
    run = Run(plan(step("extract", "reader")))
    trace = Trace(run.plan)
    waits = (held("extract[0]", 4.9), held("extract[1]", 60.0), held("extract[2]", None))
    entry = run.starts(expand("extract", 3), *waits)
    trace.apply(entry)
    assert event_lines(entry, trace)[-1] == (
        "    +0.00s  extract[1]  held back for 1m00s: 4 requests to 'm' in the last minute"
    )
    assert sum("held back" in line for line in event_lines(entry, trace)) == 1


def test_a_pipe_is_told_that_items_wait_for_other_runs() -> None:
    run = Run(plan(step("extract", "reader")))
    trace = Trace(run.plan)
    calls = (call(f"extract[{n}]", "reader") for n in range(4))
    trace.apply(run.starts(expand("extract", 4), *calls))
    why = "no place is free for 'm' on this machine (concurrency: 1)"
    used_up = "the last minute of 'm' is used up on this machine"
    lines = []
    for fact in (
        events.AttemptWaits(START, "extract[1]", 1, why),
        events.AttemptWaits(START, "extract[2]", 1, why),
        events.AttemptWaits(START, "extract[2]", 1, used_up),
        events.AttemptWaits(START, "extract[0]", 1, used_up),
        events.AttemptAdmitted(START, "extract[1]", 1),
        events.AttemptAdmitted(START, "extract[2]", 1),
        events.AttemptWaits(START, "extract[3]", 1, why),
    ):
        entry = Entry(trace.entries, fact, ())
        trace.apply(entry)
        lines += event_lines(entry, trace)
    assert lines == [
        f"    +0.00s  extract[1]  held up: {why}",
        f"    +0.00s  extract[2]  held up: {used_up}",
        f"    +0.00s  extract[3]  held up: {why}",
    ]


def test_what_held_an_attempt_up_was_not_its_time() -> None:
    run = Run(plan(step("extract", "reader")))
    run.starts(call("extract", "reader"))
    for fact in (
        events.AttemptWaits(START, "extract", 1, "waiting for a library"),
        events.AttemptWaits(START + 2, "extract", 1, "no place is free"),
        events.AttemptAdmitted(START + 5, "extract", 1),
    ):
        run.trace.apply(Entry(run.trace.entries, fact, ()))
    run.answers(6, "extract", accept("extract"))
    (line,) = (line for line in trace_text.render(run.trace).splitlines() if "extract" in line)
    assert line.endswith(" 1.0s")


def told(count: int, *, failing: bool = False) -> list[str]:
    """What a pipe is told of a list of so many items that go well, or fail twice and are
    skipped."""
    name = "extract"
    run = Run(plan(step(name, "reader")))
    trace, lines = Trace(run.plan), list[str]()
    items = [f"{name}[{number}]" for number in range(count)]
    run.starts(expand(name, count), *(call(item, "reader") for item in items))
    for item in items:
        if failing:
            retry = again(item, 2, 0.0, "'timeout' in attempt 1 of 2")
            run.fails(1, item, FailureClass.TIMEOUT, "late", retry, call(item, "reader", 2))
            over = skip(item, "late", f"{name}.catch.timeout")
            run.fails(2, item, FailureClass.TIMEOUT, "late", over, attempt=2)
        else:
            run.answers(1, item, accept(item))
    for entry in run.entries:
        trace.apply(entry)
        lines += event_lines(entry, trace)
    return [line[12:] for line in lines[2:]]


def test_of_few_items_a_pipe_is_told_each_end() -> None:
    assert told(20) == [f"extract[{number}]  succeeded in 1.0s" for number in range(20)]


def test_of_many_items_a_pipe_is_told_how_far_they_are() -> None:
    assert told(10_000) == [
        f"extract  {part * 1000:,} of 10,000 items: {part * 1000:,} ok" for part in range(1, 10)
    ]


def test_of_many_items_that_fail_each_end_is_told_and_the_first_of_their_attempts() -> None:
    lines = told(1000, failing=True)
    ends = [line for line in lines if "skipped: late" in line]
    assert len(ends) == 1000
    assert sum("attempt 1 failed" in line for line in lines) == 50
    assert (
        lines.count(
            "extract  more than 100 attempts of its items have failed; "
            "from here on, what comes of them"
        )
        == 1
    )
    assert lines[-1] == "extract[999]  skipped: late"
    assert len(lines) == 1000 + 100 + 50 + 1 + 9


def test_items_that_end_at_once_are_one_line() -> None:
    run = Run(plan(step("extract", "reader")))
    trace = Trace(run.plan)
    over = [skip(f"extract[{number}]", "'item' is false") for number in range(25)]
    entry = run.starts(expand("extract", 30), *over)
    trace.apply(entry)
    assert [line[12:] for line in event_lines(entry, trace)[2:]] == [
        "extract  25 of 30 items: 25 skipped"
    ]


def test_gates_and_repairs_are_counted() -> None:
    judge = step("judge", "critic", confidence=Confidence(field="sure", min=0.7))
    run = Run(plan(judge))
    run.starts(expand("judge", 3), *(call(f"judge[{n}]", "critic") for n in range(3)))
    run.answers(1, "judge[0]", accept("judge[0]"))
    low = Failure(FailureClass.LOW_CONFIDENCE, "'sure' is 0.2, less than 0.7")
    why = Reason("agents.critic.confidence", low.message)
    run.answers(
        2, "judge[1]", events.RejectOutput("judge[1]", 1, low, why), skip("judge[1]", low.message)
    )
    broken = Failure(FailureClass.INVALID_OUTPUT, "sure: is missing")
    wrong = Reason("contract.output", broken.message, {"violations": [broken.message]})
    again = Reason("judge.repair", "repair 1 of 1: sure: is missing")
    run.answers(
        3,
        "judge[2]",
        events.RejectOutput("judge[2]", 1, broken, wrong),
        events.Repair("judge[2]", 2, 1, (broken.message,), again),
        call("judge[2]", "critic", 2),
    )
    run.answers(4, "judge[2]", accept("judge[2]", 2), complete("judge"), finish(), attempt=2)
    assert trace_text.render(run.trace).splitlines()[-2:] == [
        "confidence of critic: 1 of 3 answers below 0.7 in 'sure'",
        "succeeded in 4.0s · 4 calls · 1 repair",
    ]
    gates = json.loads(trace_json.render(run.trace))["gates"]
    assert gates == [{"agent": "critic", "field": "sure", "min": 0.7, "answers": 3, "fired": 1}]


def test_only_items_that_are_shown_become_lines() -> None:
    run = Run(plan(step("extract", "reader")))
    run.starts(expand("extract", 5_000))
    for number in range(5_000):
        run.timer(1, None, call(f"extract[{number}]", "reader"), accept(f"extract[{number}]"))
    assert len(trace_text.lines(run.trace, now=START + 1, width=80, fold=4)) == 8


def test_an_item_shows_what_it_is_called() -> None:
    run = Run(plan(step("sort", "sorter")))
    named = events.ExpandItems("sort", 2, Reason("sort.for_each", "2 items"), ("a", "b\x1b[0m"))
    run.starts(named, call("sort[0]", "sorter"), call("sort[1]", "sorter"))
    lines = trace_text.render(run.trace).splitlines()
    assert [line.split("  ")[1] for line in lines[2:4]] == ["● [0] a", "● [1] b\\x1b[0m"]
