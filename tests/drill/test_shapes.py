"""Claims in every shape: groups, switches, loops, lists, other pipelines, delegates, tools."""

from collections.abc import Iterable

import pytest

from agentflow.spec.model import Json
from tests.core.world import plan_of

from .drilling import KIND, TEXT, agent, call, chat, drilled, ends, said, spec

HELD = "held"
MODELS: Json = {"small": {"model": "a/small"}}
INNER = {"sort": call()}


def all_held(names: Iterable[str]) -> dict[str, str]:
    return dict.fromkeys(names, HELD)


@pytest.mark.parametrize("kind", ["not_sent", "timeout", "rejected", "invalid_output", "any"])
@pytest.mark.parametrize(
    "shape",
    [
        {"steps": INNER},
        {"steps": {"deep": {"steps": INNER}}},
        {"switch": "a", "cases": {"a": {"steps": INNER}}},
        {"switch": "b", "cases": {"a": {}}, "default": {"steps": INNER}},
        {"loop": {"max": 2, "until": "true", "steps": INNER}},
        {"steps": INNER, "for_each": {"over": [1, 2, 3], "max": 3}},
        {"steps": {"each": {**call(), "for_each": {"over": [1, 2], "max": 2}}}},
        {
            "steps": {
                "ask": {"human": {"ask": "?", "answer": {"type": "boolean"}}, "timeout": "1h"},
                **INNER,
            }
        },
    ],
    ids=["group", "deep", "case", "default", "loop", "items", "list", "person"],
)
def test_a_failure_inside(shape: Json, kind: str) -> None:
    assert ends({"around": {**shape, "catch": {kind: "skip"}}}) == {f"around.catch.{kind}": HELD}


def test_what_is_taken_inside_does_not_get_out() -> None:
    inner = {"sort": call(catch={"any": {"use": "praise"}})}
    found = said({"around": {"steps": inner, "catch": {"timeout": "skip"}}})
    assert found == ["around.catch.timeout dead: 'around' never fails as 'timeout'"]


def test_a_catch_inside_of_each_shape() -> None:
    inner = {"sort": call(catch={"timeout": "skip"})}
    steps = {
        "group": {"steps": inner},
        "choice": {"switch": "a", "cases": {"a": {"steps": inner}}},
        "round": {"loop": {"max": 2, "until": "true", "steps": inner}},
        "each": {"for_each": {"over": [1, 2], "max": 2}, "steps": inner},
    }
    names = ["group/sort", "choice/a/sort", "round[#]/sort", "each/sort"]
    assert ends(steps) == all_held(f"{name}.catch.timeout" for name in names)


@pytest.mark.parametrize("progress", ["fail", "continue"])
def test_a_loop_that_is_exhausted(progress: str) -> None:
    loop = {
        "max": 3,
        "no_progress": progress,
        "until": "steps.sort.output == 'praise'",
        "steps": INNER,
    }
    assert ends({"again": {"loop": loop, "catch": {"exhausted": "skip"}}}) == {
        "again.catch.exhausted": HELD
    }


@pytest.mark.parametrize(
    "until",
    [
        "steps.look.output.ratio >= inputs.goal || size(steps.look.output.bad) > 0",
        "steps.look.output.ratio >= inputs.goal || steps.look.output.bad != []",
        "steps.look.output.ratio >= inputs.goal && steps.look.output.bad == []",
    ],
    ids=["size", "some", "none"],
)
def test_a_loop_whose_end_has_two_reasons(until: str) -> None:
    found: Json = {
        "type": "object",
        "required": ["ratio", "bad"],
        "properties": {
            "ratio": {"type": "number", "minimum": 0, "maximum": 1},
            "bad": {"type": "array", "items": {"type": "string"}},
        },
    }
    loop = {
        "max": 3,
        "no_progress": "continue",
        "until": until,
        "steps": {"look": call("looker")},
    }
    given = {"type": "object", "required": ["goal"], "properties": {"goal": {"const": 0.9}}}
    steps = {
        "again": {"loop": loop, "catch": {"exhausted": "skip"}},
        "after": call(when="has(steps.again.output)", catch={"timeout": "skip"}),
    }
    agents = {"looker": agent(output=found)}
    held = all_held(["again.catch.exhausted", "after.catch.timeout"])
    assert ends(steps, agents=agents, inputs=given) == held


def test_a_loop_that_a_person_ends() -> None:
    ask = {"human": {"ask": "Again?", "answer": {"type": "boolean"}}, "timeout": "1h"}
    loop = {
        "max": 2,
        "no_progress": "continue",
        "until": "!steps.ask.output",
        "steps": {"ask": ask},
    }
    assert ends({"again": {"loop": loop, "catch": {"exhausted": "skip"}}}) == {
        "again.catch.exhausted": HELD
    }


def test_a_loop_that_always_ends() -> None:
    loop = {"max": 2, "until": "true", "steps": INNER}
    (told,) = said({"again": {"loop": loop, "catch": {"exhausted": "skip"}}})
    assert told == "again.catch.exhausted unknown: the drill found no way to bring it about"


@pytest.mark.parametrize("least", [1, 2, 0.5])
def test_a_list_of_which_some_may_fail(least: float) -> None:
    over = {"over": [1, 2, 3, 4], "max": 4, "min_success": least}
    found = ends({"each": call(for_each=over)})
    assert found == all_held(["each.for_each.tolerated", "each.for_each.too_few"])


@pytest.mark.parametrize(
    ("most", "shown"),
    [
        (40, "a test with a list of 10 would show it"),
        (8, "it takes a list of 10, and 'max' is 8"),
    ],
)
def test_a_list_that_is_too_short_for_any_of_it_to_fail(most: int, shown: str) -> None:
    over = {"over": [1, 2, 3, 4], "max": most, "min_success": 0.9}
    (told,) = said({"each": call(for_each=over)})
    assert told == (
        "each.for_each.tolerated unknown: what came instead in run 2, which failed: "
        f"it failed: as the drill says; {shown}"
    )


def test_a_list_around_which_too_few_are_caught() -> None:
    each = call(for_each={"over": [1, 2], "max": 2, "min_success": 1})
    found = ends({"around": {"steps": {"each": each}, "catch": {"exhausted": "skip"}}})
    assert found["around.catch.exhausted"] == HELD


def child(catch: Json) -> dict[str, Json]:
    steps = {"sort": call(catch=catch)}
    return spec(steps, inputs=TEXT, outputs={"kind": "${{ default(steps.sort.output, 'none') }}"})


def test_another_pipeline() -> None:
    """Its own claims, and those of the step that runs it."""
    steps = {
        "inner": {"pipeline": "child.yaml", "with": {"text": "a"}, "catch": {"rejected": "skip"}}
    }
    found = ends(steps, files={"child.yaml": child({"timeout": "skip"})})
    assert found == all_held(["inner.catch.rejected", "child.yaml#sort.catch.timeout"])


def test_another_pipeline_that_turns_to_people_outside() -> None:
    escalations: Json = {
        "desk": {"levels": [{"human": {"ask": "?"}, "within": "1h"}], "on_exhausted": "skip"}
    }
    catch = {"any": {"escalate": "desk"}}
    steps = {"inner": {"pipeline": "child.yaml", "with": {"text": "a"}, "catch": catch}}
    found = ends(steps, files={"child.yaml": child({})}, escalations=escalations)
    said = ["levels[0].replace", "levels[0].abort", "levels[0].silence", "levels[0].undelivered"]
    names = ["inner.catch.any", *(f"inner.catch.any.{each}" for each in (*said, "on_exhausted"))]
    assert found == all_held(names)


DESK: Json = {
    "desk": {
        "levels": [{"agent": "second"}, {"human": {"ask": "What?"}, "within": "1h"}],
        "on_exhausted": {"use": "praise"},
    }
}


def test_a_task_that_turns_to_others() -> None:
    delegate = {
        "plan": [{"id": "a", "worker": "one", "input": {"text": "a"}, "needs": []}],
        "workers": {"one": "first"},
        "max_tasks": 3,
        "catch": {"any": {"escalate": "desk"}},
    }
    found = ends({"work": {"delegate": delegate}}, escalations=DESK)
    assert set(found.values()) == {HELD}
    assert {"work/one.catch.any.levels[0].helps", "work/one.catch.any.levels[1].retry"} < set(found)


def test_a_person_who_does_not_answer_and_another_who_does() -> None:
    """A level that calls an agent is nothing for a question, and nothing is claimed of it."""
    ask = {"human": {"ask": "What?", "answer": KIND}, "timeout": "1h"}
    found = ends({"ask": {**ask, "catch": {"timeout": {"escalate": "desk"}}}}, escalations=DESK)
    said = ["replace", "abort", "silence", "undelivered"]
    names = ["ask.catch.timeout", *(f"ask.catch.timeout.levels[1].{one}" for one in said)]
    assert found == all_held([*names, "ask.catch.timeout.on_exhausted"])


def test_a_ladder_inside_of_lists_and_loops() -> None:
    inner = {"sort": call(catch={"any": {"escalate": "desk"}})}
    each = {"for_each": {"over": [1, 2], "max": 2}, "steps": inner}
    again = {"loop": {"max": 2, "until": "steps.each.output == []", "steps": {"each": each}}}
    found = ends({"again": again}, escalations=DESK)
    assert len(found) == 9
    assert set(found.values()) == {HELD}


def test_the_tasks_of_a_delegate() -> None:
    tasks = [{"id": "a", "worker": "one", "input": {"text": "a"}, "needs": []}]
    delegate = {
        "plan": tasks,
        "workers": {"one": "first"},
        "max_tasks": 3,
        "catch": {"timeout": {"agent": "second"}, "rejected": {"use": "praise"}},
    }
    found = ends({"work": {"delegate": delegate, "catch": {"not_sent": "skip"}}})
    names = ["work.catch.not_sent", "work/one.catch.timeout", "work/one.catch.rejected"]
    assert found == all_held(names)


def test_an_entry_that_is_for_one_of_the_workers_who_share_it() -> None:
    workers = {"read": "first", "write": "writer"}
    tasks = [{"id": name, "worker": name, "input": {"text": "a"}, "needs": []} for name in workers]
    catch: Json = {"unknown_effect": {"use": "praise"}, "server_error": "skip"}
    delegate = {"plan": tasks, "workers": workers, "max_tasks": 3, "catch": catch}
    assert said({"work": {"delegate": delegate}}) == [
        "work/read.catch.unknown_effect idle: 'read' never fails as 'unknown_effect'",
        (
            "work/write.catch.server_error idle: 'write' fails as 'unknown_effect' instead, "
            "which has an entry of its own"
        ),
    ]
    catch["low_confidence"] = "skip"
    dead = [each for each in said({"work": {"delegate": delegate}}) if " dead: " in each]
    assert dead == [
        f"work/{name}.catch.low_confidence dead: '{name}' never fails as 'low_confidence'"
        for name in workers
    ]


def test_a_step_that_chooses_its_agent() -> None:
    retry = {"max_attempts": 2, "on": ["timeout"]}
    step = {
        "agent": "${{ inputs.urgent ? 'first' : 'second' }}",
        "among": ["first", "second"],
        "with": {"text": "a"},
        "retry": retry,
        "catch": {"any": "skip"},
    }
    inputs = {
        "type": "object",
        "required": ["urgent"],
        "properties": {"urgent": {"type": "boolean"}},
    }
    found = ends({"sort": step}, inputs=inputs)
    assert found == all_held(
        ["sort.retry.timeout@first", "sort.retry.timeout@second", "sort.catch.any"]
    )


def test_a_tool_that_people_approve_and_turns_that_run_out() -> None:
    escalations: Json = {
        "desk": {"levels": [{"human": {"ask": "May it?"}, "within": "1h"}], "on_exhausted": "fail"}
    }
    agents = {
        "writer": agent(effects="write", description="Writes."),
        "model": chat(tools=[{"agent": "writer", "approve": "desk"}], max_turns=3),
    }
    steps = {"answer": call("model", catch={"exhausted": "skip"})}
    found = ends(steps, agents=agents, models=MODELS, escalations=escalations)
    said = ["approve", "replace", "abort", "silence", "undelivered"]
    names = ["answer.catch.exhausted"]
    names += [f"answer/writer.approve.levels[0].{each}" for each in said]
    assert found == all_held([*names, "answer/writer.approve.on_exhausted"])


@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"idempotency_key": "${{ call.id }}"},
        {"approve": {"ask": "May it?", "within": "1h"}},
    ],
    ids=["plain", "with a key", "approved"],
)
def test_a_tool_of_which_nobody_knows_whether_it_has_acted(terms: Json) -> None:
    agents = {
        "writer": agent(effects="write", description="Writes."),
        "helper": chat(tools=[{"agent": "writer", **terms}], description="Helps."),
        "model": chat(tools=[{"agent": "helper"}]),
    }
    steps = {"answer": call("model", catch={"unknown_effect": "skip"})}
    found = ends(steps, agents=agents, models=MODELS)
    assert found.pop("answer.catch.unknown_effect") == HELD
    assert set(found.values()) <= {HELD}


@pytest.mark.parametrize(
    ("step", "agents"),
    [
        (call(budget={"wall": "10s"}), {}),
        (call(budget={"calls": 2}, retry={"max_attempts": 3}), {}),
        (call(budget={"calls": 1}, repair=2), {}),
        (call("model", budget={"tokens": 5000}, repair=1), {"model": chat()}),
        (
            {
                "steps": {"a": call("model"), "b": call("model", needs=["a"])},
                "budget": {"tokens": 9000},
            },
            {"model": chat()},
        ),
    ],
    ids=["time", "retries", "repairs", "tokens", "tokens of two"],
)
def test_a_budget_that_is_used_up(step: Json, agents: Json) -> None:
    models: Json = {"small": {"model": "a/small", "max_output_tokens": 300}}
    found = ends(
        {"sort": {**step, "catch": {"budget_exceeded": "skip"}}}, agents=agents, models=models
    )
    assert found["sort.catch.budget_exceeded"] == HELD


def test_a_write_with_a_key_of_which_nobody_knows_in_the_end() -> None:
    """It is made again after a crash, so that only failures which go on leave it unknown."""
    pay = call("writer", idempotency_key="${{ run.id }}", catch={"unknown_effect": "skip"})
    found = drilled(plan_of(spec({"pay": pay})))
    (outcome,) = found.outcomes
    assert (outcome.status, outcome.run) == (HELD, 3)
    keyed = call("writer", idempotency_key="${{ run.id }}")
    around = {"steps": {"pay": keyed}, "catch": {"unknown_effect": "skip"}}
    assert ends({"all": around}) == {"all.catch.unknown_effect": HELD}
    assert ends(
        {
            "all": {
                "steps": {"pay": call("writer")},
                "timeout": "10s",
                "catch": {"unknown_effect": "skip"},
            }
        }
    ) == {"all.catch.unknown_effect": HELD}


def test_a_step_that_only_a_failure_leads_to() -> None:
    steps = {
        "sort": call(catch={"timeout": "skip"}),
        "instead": call(when="steps.sort.status == 'skipped'", catch={"rejected": "skip"}),
        "again": call(
            when="steps.instead.status == 'skipped'", needs=["instead"], catch={"any": "skip"}
        ),
    }
    steps["instead"]["needs"] = ["sort"]
    names = ["sort.catch.timeout", "instead.catch.rejected", "again.catch.any"]
    assert ends(steps) == all_held(names)


def test_a_thousand_claims_are_brought_about_together() -> None:
    retry = {"max_attempts": 2, "on": ["server_error"]}
    one = call(retry=retry, catch={"timeout": "skip", "any": {"use": "praise"}})
    found = drilled(plan_of(spec({f"s{number}": one for number in range(350)})))
    assert found.count("held") == len(found.outcomes) == 1050
    assert len(found.runs) < 20
