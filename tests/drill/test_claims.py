"""Each kind of claim: a spec that keeps it, and one that does not."""

import pytest

from agentflow.spec.model import FailureClass, Json

from .drilling import KIND, agent, call, chat, ends, said

HELD = "held"


def all_held(names: list[str]) -> dict[str, str]:
    return dict.fromkeys(names, HELD)


@pytest.mark.parametrize(
    "kind",
    ["not_sent", "server_error", "timeout", "rejected", "invalid_output", "any"],
)
@pytest.mark.parametrize(
    "action", ["fail", "skip", {"use": "praise"}, {"agent": "second"}], ids=str
)
def test_an_entry_of_catch(kind: str, action: Json) -> None:
    assert ends({"sort": call(catch={kind: action})}) == {f"sort.catch.{kind}": HELD}


@pytest.mark.parametrize("kind", ["rate_limited", "context_overflow", "truncated"])
def test_an_entry_of_catch_of_a_model(kind: str) -> None:
    models = {"small": {"model": "a/small"}}
    assert ends(
        {"sort": call("model", catch={kind: "skip"})}, agents={"model": chat()}, models=models
    ) == {f"sort.catch.{kind}": HELD}


def test_an_answer_that_is_not_sure() -> None:
    output = {
        "type": "object",
        "required": ["kind", "sure"],
        "properties": {"kind": KIND, "sure": {"type": "number", "minimum": 0, "maximum": 1}},
    }
    sorter = agent(output=output, confidence={"field": "sure", "min": 0.7})
    steps = {"sort": call("sure", catch={"low_confidence": "skip"})}
    assert ends(steps, agents={"sure": sorter}) == {"sort.catch.low_confidence": HELD}


def test_a_write_of_which_nobody_knows() -> None:
    steps = {"send": call("writer", catch={"unknown_effect": "skip"})}
    assert ends(steps) == {"send.catch.unknown_effect": HELD}


def test_a_failure_that_the_step_never_has() -> None:
    assert said({"sort": call(catch={"low_confidence": "skip"})}) == [
        "sort.catch.low_confidence dead: 'sort' never fails as 'low_confidence'"
    ]


def test_any_after_entries_for_everything() -> None:
    kinds = ["not_sent", "server_error", "timeout", "rejected", "invalid_output", "budget_exceeded"]
    everything: Json = {**dict.fromkeys(kinds, "skip"), "any": "skip"}
    assert said({"sort": call(catch=everything)}, budget={"calls": 1}) == [
        (
            "sort.catch.budget_exceeded unknown: what came instead in run 7, which succeeded: it was "
            "skipped: no answer within 20s; a test that gets there would show it"
        ),
        "sort.catch.any dead: every failure that 'sort' can have has an entry of its own",
    ]


def test_a_value_that_breaks_the_contract() -> None:
    (told,) = said({"sort": call(catch={"any": {"use": "${{ run.id }}"}})})
    assert told == (
        "sort.catch.any broken: 'catch.any.use' breaks the output contract: "
        'expected one of "question" or "praise", found string "drill"'
    )


@pytest.mark.parametrize("kind", ["not_sent", "server_error", "timeout", "invalid_output"])
def test_a_retry(kind: str) -> None:
    steps = {"sort": call(retry={"max_attempts": 2, "on": [kind]})}
    assert ends(steps) == {f"sort.retry.{kind}": HELD}


def test_a_retry_that_no_time_is_left_for() -> None:
    retry = {"max_attempts": 2, "on": ["timeout"], "backoff": {"initial": "60s", "jitter": "none"}}
    (told,) = said({"sort": call(retry=retry)}, budget={"wall": "30s"})
    assert told == (
        "sort.retry.timeout broken: it failed: no answer within 20s (no retry: the run is over in "
        "10s (budget.wall), before a wait of 30s)"
    )


USED_UP = "the 1 call of 'sort' (budget.calls) is used up"


def test_a_retry_that_is_decided_and_never_made() -> None:
    retry = {"max_attempts": 3, "on": ["timeout"]}
    (told,) = said({"sort": call(retry=retry, budget={"calls": 1})})
    assert told == f"sort.retry.timeout broken: another attempt was to follow; it failed: {USED_UP}"


def test_a_repair_and_a_fallback_that_no_call_is_left_for() -> None:
    models: Json = {"small": {"model": "a/small", "fallbacks": ["other"]}}
    models["other"] = {"model": "a/other"}
    step = call("model", repair=1, budget={"calls": 1})
    assert said({"sort": step}, agents={"model": chat()}, models=models) == [
        f"sort.repair broken: a repair was to follow; it failed: {USED_UP}",
        f"sort.fallbacks.other broken: 'other' was to follow; it failed: {USED_UP}",
    ]


def test_levels_that_no_call_is_left_for() -> None:
    """A level that asks an agent, and a person who says that it is to be tried again."""
    levels: Json = [{"agent": "second"}, {"human": {"ask": "What is it?"}, "within": "4h"}]
    escalations: Json = {"desk": {"levels": levels, "on_exhausted": "skip"}}
    step = call(catch={"rejected": {"escalate": "desk"}}, budget={"calls": 1})
    at, over = "sort.catch.rejected", f"budget_exceeded: {USED_UP}"
    assert said({"sort": step}, escalations=escalations) == [
        f"{at}.levels[0].helps dead: passed over: {over}",
        f"{at}.levels[0].left idle: the level is passed over",
        f"{at}.levels[1].retry broken: another attempt was to follow; it failed: {USED_UP}",
    ]


def test_silence_that_the_time_of_the_step_does_not_wait_for() -> None:
    """It has less time than the person, so that the level behind is never tried."""
    levels: Json = [{"human": {"ask": "What is it?"}, "within": "4h"}, {"agent": "second"}]
    escalations: Json = {"desk": {"levels": levels, "on_exhausted": "skip"}}
    step = call(catch={"rejected": {"escalate": "desk"}}, budget={"wall": "2h"})
    (silence,) = said({"sort": step}, escalations=escalations)
    assert silence == (
        "sort.catch.rejected.levels[0].silence broken: the next level was to follow; it was "
        "skipped: as the drill says; 'sort' took longer than 2h (budget.wall)"
    )


def test_silence_that_the_time_around_the_step_does_not_wait_for() -> None:
    escalations: Json = {
        "desk": {"levels": [{"human": {"ask": "What?"}, "within": "3h"}], "on_exhausted": "skip"}
    }
    inner = {"sort": call(catch={"rejected": {"escalate": "desk"}})}
    around = {"steps": inner, "timeout": "1h", "catch": {"timeout": "skip"}}
    assert said({"around": around}, escalations=escalations) == [
        (
            "around/sort.catch.rejected.levels[0].silence broken: the next level was to follow; it was "
            "stopped: 'around' took longer than 1h (timeout)"
        )
    ]


@pytest.mark.parametrize("kind", ["timeout", "invalid_output"])
def test_what_a_write_may_have_done_is_given_to_no_other_agent(kind: str) -> None:
    assert said({"send": call("writer", catch={kind: {"agent": "writer"}})}) == [
        f"send.catch.{kind} dead: no other agent is asked: 'send' has acted then, or may have"
    ]


@pytest.mark.parametrize("kind", ["timeout", "server_error"])
def test_of_a_write_that_fails_without_an_answer_nobody_knows(kind: str) -> None:
    catch: Json = {"unknown_effect": "fail", kind: {"use": "praise"}}
    assert said({"send": call("writer", catch=catch)}) == [
        (
            f"send.catch.{kind} dead: 'send' fails as 'unknown_effect' instead, "
            "which has an entry of its own"
        )
    ]
    del catch["unknown_effect"]
    assert said({"send": call("writer", catch=catch)}) == []


def test_a_repair() -> None:
    assert ends({"sort": call(repair=1)}) == {"sort.repair": HELD}


def test_models_that_take_over() -> None:
    models: Json = {
        "small": {"model": "a/small", "fallbacks": ["other", "strong"]},
        "other": {"model": "a/other"},
        "strong": {"model": "a/strong"},
    }
    found = ends({"sort": call("model")}, agents={"model": chat()}, models=models)
    assert found == all_held(["sort.fallbacks.other", "sort.fallbacks.strong"])


LADDER: Json = [
    {"agent": "second"},
    {"notify": {"text": "Not sorted: ${{ failure.kind }}"}},
    {"human": {"ask": "What is it?"}, "within": "4h"},
]


@pytest.mark.parametrize("last", ["fail", "skip", {"use": "praise"}], ids=str)
def test_a_ladder(last: Json) -> None:
    escalations = {"desk": {"levels": LADDER, "on_exhausted": last}}
    found = ends({"sort": call(catch={"timeout": {"escalate": "desk"}})}, escalations=escalations)
    levels = ["levels[0].helps", "levels[0].left", "levels[1].told"]
    said = ["replace", "retry", "abort", "silence", "undelivered"]
    levels += [f"levels[2].{one}" for one in said]
    names = ["sort.catch.timeout", *(f"sort.catch.timeout.{each}" for each in levels)]
    assert found == all_held([*names, "sort.catch.timeout.on_exhausted"])


def test_a_level_whose_agent_may_answer_more_than_the_step() -> None:
    escalations = {"desk": {"levels": [{"agent": "wider"}], "on_exhausted": "fail"}}
    agents = {"wider": agent(output={"type": "string"})}
    steps = {"sort": call(catch={"timeout": {"escalate": "desk"}})}
    found = ends(steps, escalations=escalations, agents=agents)
    assert found["sort.catch.timeout.levels[0].helps"] == HELD


def test_a_level_that_is_passed_over_each_time() -> None:
    """What may have written is not done again by another one."""
    escalations = {"desk": {"levels": [{"agent": "writer"}], "on_exhausted": "skip"}}
    steps = {"send": call("writer", catch={"unknown_effect": {"escalate": "desk"}})}
    helps, left = said(steps, escalations=escalations)
    assert helps == (
        "send.catch.unknown_effect.levels[0].helps dead: passed over: an attempt has acted or may "
        "have, and the effects of 'writer' are 'write'"
    )
    assert left == "send.catch.unknown_effect.levels[0].left idle: the level is passed over"


def test_levels_that_no_budget_is_there_for() -> None:
    escalations: Json = {"desk": {"levels": [{"agent": "second"}], "on_exhausted": "skip"}}
    steps = {"sort": call(catch={"rejected": {"escalate": "desk"}})}
    helps, left = said(steps, escalations=escalations, budget={"escalations": 0})
    assert helps == (
        "sort.catch.rejected.levels[0].helps dead: no level is tried: as the drill says; "
        "the run's 0 escalations (budget.escalations) are used up"
    )
    assert left.startswith("sort.catch.rejected.levels[0].left dead: no level is tried")


def test_another_agent_that_cannot_be_called() -> None:
    """It is given the same, and does not take it."""
    strict = {"type": "object", "required": ["text"], "properties": {"text": {"maxLength": 3}}}
    steps = {"sort": call(catch={"rejected": {"agent": "short"}})}
    (told,) = said(steps, agents={"short": agent(input=strict)})
    assert told == (
        "sort.catch.rejected broken: another agent was to follow; it failed: the input breaks "
        "the contract of 'short': text: expected at most 3 characters, found 5 characters"
    )


def test_a_last_value_that_breaks_the_contract() -> None:
    escalations: Json = {
        "desk": {"levels": [{"agent": "second"}], "on_exhausted": {"use": "${{ run.id }}"}}
    }
    (told,) = said({"sort": call(catch={"any": {"escalate": "desk"}})}, escalations=escalations)
    assert told.startswith(
        "sort.catch.any.on_exhausted broken: 'escalations.desk.on_exhausted.use' breaks"
    )


def test_a_question_to_a_person() -> None:
    human = {
        "human": {"ask": "Well?", "answer": {"type": "boolean"}},
        "timeout": "4h",
        "catch": {"timeout": {"use": False}, "rejected": "skip", "not_sent": "fail"},
    }
    names = ["ask.catch.timeout", "ask.catch.rejected", "ask.catch.not_sent"]
    assert ends({"ask": human}) == all_held(names)


def test_every_class_that_can_be_caught_is_tried_for_any() -> None:
    """`any` stands for what is left, whatever that is."""
    kinds = [kind for kind in FailureClass if kind not in ("cancelled", "server_error")]
    catch: Json = {**dict.fromkeys(map(str, kinds), "fail"), "any": "skip"}
    assert ends({"sort": call(catch=catch)})["sort.catch.any"] == HELD
