"""How a run ended, the list of runs, one step, and a replay, for people and for programs."""

import json
from typing import Any, cast

import jsonschema
import pytest

from agentflow.core import events
from agentflow.core.events import Failure, FinalStatus, Reason
from agentflow.core.state import State
from agentflow.formats import (
    replay_json,
    run_json,
    run_text,
    runs_json,
    runs_text,
    step_json,
    step_text,
)
from agentflow.replay import Divergence, Replayed
from agentflow.spec.model import Effects, FailureClass
from agentflow.spec.templates import parse_template
from agentflow.summary import Summary
from tests.formats.goldens import SCHEMAS
from tests.formats.scenes import HOSTILE
from tests.formats.stage import START, Run, accept, call, plan, step

RUN = "20261120-133000-4f2a91"
DONE = Reason("language.scope", "every step has ended")


def ended(outputs: dict[str, Any] | None, failure: Failure | None = None) -> Run:
    run = Run(plan(step("a", "writer")))
    run.starts(call("a", "writer"))
    status: FinalStatus = "failed" if failure else "succeeded"
    run.answers(2.5, "a", accept("a"), events.FinishRun(status, outputs, failure, DONE))
    return run


def valid(text: str, schema: str) -> Any:
    value = json.loads(text)
    jsonschema.validate(value, json.loads((SCHEMAS / schema).read_text()))
    return value


def test_outputs_and_what_to_do_next() -> None:
    run = ended({"greeting": "hello\nworld", "counts": {"a": 1}})
    assert run_text.render(run.trace, "/home/x/.agentflow", brief=False) == (
        "\n"
        "outputs:\n"
        "  greeting: hello\n"
        "    world\n"
        '  counts: {"a": 1}\n'
        "\n"
        f"stored in /home/x/.agentflow/runs/{RUN}\n"
        f"replay with: agentflow replay {RUN}"
    )
    assert run_text.render(ended({}).trace, "/s", brief=True) == "outputs: none"


def test_a_failure_instead_of_outputs() -> None:
    run = ended(None, Failure(FailureClass.TIMEOUT, "step 'a' failed: no answer"))
    assert run_text.render(run.trace, "/s", brief=True) == (
        "failed: timeout: step 'a' failed: no answer"
    )


def test_an_interrupted_run_says_how_to_go_on() -> None:
    run = Run(plan(step("a", "writer")))
    run.starts(call("a", "writer"))
    run.happens(events.RunInterrupted(START + 1, "SIGTERM"))
    assert run_text.render(run.trace, "/s", brief=False) == (
        "\ninterrupted by SIGTERM\n\n"
        f"stored in /s/runs/{RUN}\n"
        f"go on with: agentflow resume {RUN}\n"
        f"replay with: agentflow replay {RUN}"
    )


def test_an_interrupted_run_says_what_resuming_will_not_repeat() -> None:
    run = Run(plan(step("a", "writer"), step("b", "writer")))
    for planned in run.plan.steps.values():
        cast("Any", planned.call).effects = Effects.WRITE
    run.starts(call("a", "writer"), call("b", "writer"))
    run.happens(events.RunInterrupted(START + 1, "SIGINT"))
    assert "\n  which will not repeat what may have had its effect: a, b\n" in (
        run_text.render(run.trace, "/s", brief=False)
    )


def test_it_says_what_resuming_will_repeat_with_the_same_key() -> None:
    run = Run(plan(step("a", "writer"), step("b", "writer")))
    for planned in run.plan.steps.values():
        cast("Any", planned.call).effects = Effects.WRITE
    cast("Any", run.plan.steps["b"].call).key = parse_template("key")
    run.starts(call("a", "writer"), call("b", "writer"))
    run.happens(events.RunInterrupted(START + 1, "SIGINT"))
    assert (
        "\n  which will not repeat what may have had its effect: a"
        "\n  which will repeat, with the same key, what may have had its effect: b\n"
    ) in run_text.render(run.trace, "/s", brief=False)


def test_simulated_outputs_are_marked() -> None:
    run = Run(plan(step("a", "writer")), mode="simulated")
    run.starts(call("a", "writer"))
    run.answers(1, "a", accept("a"), events.FinishRun("succeeded", {"x": 1}, None, DONE))
    assert run_text.render(run.trace, "/s", brief=True).startswith("outputs (simulated):\n")


def test_what_agents_wrote_is_made_harmless() -> None:
    text = run_text.render(ended({"x": HOSTILE}).trace, "/s", brief=True)
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\n::error" not in text


def test_long_outputs_are_cut_with_a_word_about_it() -> None:
    text = run_text.render(ended({"x": "y" * 5000}).trace, "/s", brief=True)
    assert text.endswith(
        "… (3,000 more characters)\nall of it with: agentflow show 20261120-133000-4f2a91 --json"
    )


def test_a_run_as_json() -> None:
    value = valid(run_json.render(ended({"x": [1]}).trace, "/s"), "run.v1.schema.json")
    assert value == {
        "format": 1,
        "run": RUN,
        "pipeline": "incidents",
        "mode": "live",
        "status": "succeeded",
        "outputs": {"x": [1]},
        "failure": None,
        "seconds": 2.5,
        "calls": 1,
        "retries": 0,
        "waiting": [],
        "unknown": [],
        "problem": None,
        "lost": [],
        "store": "/s",
    }


SUMMARIES = [
    Summary("20261120-2", "succeeded", "a.yaml", "simulated", "kim", START, 12.34, 7),
    Summary("20261120-1", "damaged", problem="the log of run '20261120-1' is damaged"),
]


def test_the_list_of_runs() -> None:
    assert runs_text.render(SUMMARIES, "/s") == (
        "RUN         STATUS                 SPEC    STARTED (UTC)        SECONDS  ENTRIES  BY\n"
        "20261120-2  succeeded (simulated)  a.yaml  2027-01-15 08:00:00  12.3     7        kim\n"
        "20261120-1  damaged                                                      0\n"
        "  the log of run '20261120-1' is damaged"
    )
    assert runs_text.render([], "/s") == "no runs in /s"


def test_the_list_of_runs_as_json() -> None:
    value = valid(runs_json.render(SUMMARIES), "runs.v1.schema.json")
    assert [run["status"] for run in value["runs"]] == ["succeeded", "damaged"]


def test_all_that_is_known_of_a_step() -> None:
    run = Run(plan(step("a", "writer")))
    run.starts(call("a", "writer"))
    reject = events.RejectOutput(
        "a",
        1,
        Failure(FailureClass.INVALID_OUTPUT, "the answer breaks its contract: x"),
        Reason("contract.output", "the answer breaks its contract", {"violations": ["x: no"]}),
    )
    retry = events.Retry(
        "a", 2, 0.5, counted=True, reason=Reason("a.retry", "once more", {"delay": 0.5})
    )
    run.answers(1.0, "a", reject, retry)
    assert step_text.render(run.entries, "a") == (
        "a\n"
        "   +0.000s  #0  → StartAttempt (attempt 1, agent 'writer', effects none, timeout 1m): "
        "it waits for nothing [language.needs]\n"
        "             input: {}\n"
        "   +1.000s  #1  AttemptSucceeded (attempt 1)\n"
        "             answer: {}\n"
        "   +1.000s  #1  → RejectOutput: the answer breaks its contract [contract.output]\n"
        "             violation: x: no\n"
        "   +1.000s  #1  → Retry (attempt 2 in 500ms): once more [a.retry]\n"
        '             figures: {"delay": 0.5}'
    )
    assert step_text.render(run.entries, "b") == ""
    value = valid(step_json.render(run.entries, RUN, "a"), "step.v1.schema.json")
    assert [event["kind"] for event in value["events"]] == [
        "StartAttempt",
        "AttemptSucceeded",
        "RejectOutput",
        "Retry",
    ]


@pytest.mark.parametrize("differs", [False, True])
def test_a_replay_as_json(differs: bool) -> None:
    run = Run(plan(step("a", "writer")))
    entry = run.starts(call("a", "writer"))
    now = events.StartAttempt("a", 1, "writer", {"x": 1}, 60.0, Effects.NONE, DONE)
    divergence = Divergence(entry, 0, entry.decisions[0], now) if differs else None
    text = replay_json.render(Replayed(State(run.plan), 1, 1, divergence), run.trace, "changed")
    value = valid(text, "replay.v1.schema.json")
    assert value["same"] is not differs
    assert (value["pipeline"], value["decided_by"]) == ("incidents", "changed")
    if differs:
        assert value["divergence"]["step"] == "a"
        assert value["divergence"]["now"]["input"] == {"x": 1}
