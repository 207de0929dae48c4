"""The worst case that is worked out before a run is the worst that a run can come to."""

from collections import Counter
from math import inf
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentflow.core import events
from agentflow.core.events import StartAttempt
from agentflow.engines.virtual import Said
from agentflow.plan.amounts import Bound, amount_of
from agentflow.plan.bounds import WorstCase, dearest, worst_case
from agentflow.plan.calls import call_of, step_at
from agentflow.plan.chats import ASKED_AGAIN, TOLD
from agentflow.plan.factors import factors_of
from agentflow.plan.steps import CallPlan, Plan
from agentflow.spec.model import FailureClass, Json
from tests.core.world import START, Does, Run, ask, drive, examples, plan_of, spec_of

#: What a run is given: lists as long as they may be.
INPUTS: dict[str, Json] = {"all": [0, 1]}
LISTED: Json = {
    "type": "object",
    "required": ["all"],
    "properties": {"all": {"type": "array", "maxItems": len(INPUTS["all"])}},
}
#: A spec, and the files that it names.
Specs: TypeAlias = tuple[dict[str, Json], dict[str, dict[str, Json]]]
AGENTS = ("do", "write", "chat")
ENOUGH = {
    "calls": 10**9,
    "retries": 10**9,
    "escalations": 10**9,
    "tokens": 10**12,
    "usd": 10**9,
    "meters": {"postage": 10**9},
    "wall": "9000d",
}
#: Every class of failure that the worlds here know, without one that ends a run.
KINDS = ("invalid_output", "not_sent", "timeout", "unknown_effect", "low_confidence", "rejected")
LEVELS = st.lists(
    st.sampled_from(
        [
            {"model": "strong"},
            {"agent": "do", "within": "5s"},
            {"agent": "write"},
            {"agent": "chat"},
            {"human": {"ask": "Well?"}, "within": "20s"},
            {"notify": {"text": "Look!"}},
        ]
    ),
    min_size=1,
    max_size=4,
)
BACKOFF = {"initial": "3s", "factor": 2, "max": "10s", "jitter": "none"}


@st.composite
def calls(draw: Any) -> dict[str, Json]:
    """A step that calls an agent, and in the end is skipped."""
    on = draw(st.sampled_from([["invalid_output", "not_sent", "timeout"], ON]))
    retry = {"max_attempts": draw(st.integers(1, 3)), "on": on, "backoff": BACKOFF}
    made = {
        "agent": draw(st.sampled_from(AGENTS)),
        "with": {"n": draw(st.sampled_from(["", "x" * 9]))},
    }
    made |= draw(
        st.fixed_dictionaries(
            {},
            optional={
                "retry": st.just(retry),
                "repair": st.integers(0, 2),
                "timeout": st.just("7s"),
                "effects": st.just("read"),
                "assert": st.just([{"that": "output == output", "message": "no"}]),
            },
        )
    )
    if made["agent"] != "chat" and draw(st.booleans()):
        # With a key it may be made again after any of these. Nobody takes over for what may have
        # acted.
        again = {"idempotency_key": "${{ run.id }}", "retry": {**retry, "on": ON}}
        return {**made, **again, "catch": {"any": "skip"}}
    if draw(st.booleans()):
        among = draw(st.sampled_from([["do", "chat"], ["chat", "talk"]]))
        made |= {"agent": f"${{{{ '{among[-1]}' }}}}", "among": among}
    last = draw(st.sampled_from(["skip", {"escalate": "up"}]))
    taker = draw(st.none() | st.sampled_from(AGENTS))
    made["catch"] = {"any": last}
    if taker is not None:
        made["catch"] |= {key: {"agent": taker} for key in KINDS}
    return made


def _listed(draw: Any, most: int = 3) -> dict[str, Json]:
    items = list(range(draw(st.integers(0, most))))
    over = draw(st.sampled_from([items, f"${{{{ {items} }}}}", "${{ inputs.all }}"]))
    most = len(INPUTS["all"]) if over == "${{ inputs.all }}" else len(items)
    made = {
        "over": over,
        "max": max(1, most) + draw(st.integers(0, 2)),
        "parallel": draw(st.integers(1, 3)),
    }
    more = {"as": "it", "key": "${{ it }}", "min_success": 0, "fail_fast": True}
    return made | (more if draw(st.booleans()) else {})


@st.composite
def step(draw: Any, depth: int, budget: st.SearchStrategy[Json], file: str) -> dict[str, Json]:
    """A step; that of another pipeline runs `file`."""
    kinds = ["agent", "human"]
    if depth:
        kinds = ["agent", "human", "group", "switch", "loop", "pipeline", "delegate"]
    kind = draw(st.sampled_from(kinds))
    made: dict[str, Json] = {"catch": {"any": "skip"}}
    if kind == "agent":
        made = draw(calls())
    elif kind == "human":
        last = draw(st.sampled_from(["skip", {"escalate": "up"}]))
        human = {"ask": "Well?", "answer": {"type": "object"}}
        made = {"human": human, "timeout": "15s", "catch": {"timeout": last}}
    elif kind == "group":
        made["steps"] = draw(steps(depth - 1, budget, file))
    elif kind == "switch":
        dear: Json = {"steps": draw(steps(depth - 1, budget, file))}
        made |= draw(
            st.sampled_from(
                [
                    {"switch": "x", "cases": {"x": dear, "y": {"output": 1}}},
                    {"switch": "x", "cases": {"y": {"output": 1}}, "default": dear},
                ]
            )
        )
    elif kind == "loop":
        made["loop"] = {
            "max": draw(st.integers(1, 3)),
            "until": "false",
            "state": {"n": 0},
            "next": {"n": "${{ loop.state.n + 1 }}"},
            "steps": draw(steps(depth - 1, budget, file)),
        }
    elif kind == "pipeline":
        made |= {"pipeline": file, "with": INPUTS}
    else:
        count = draw(st.integers(1, 3))
        made["delegate"] = {
            "plan": [
                {
                    "id": f"t{n}",
                    "worker": "w",
                    "input": {"n": ""},
                    "needs": ["t0"] if n else [],
                }
                for n in range(count)
            ],
            "workers": {"v": draw(st.sampled_from(AGENTS)), "w": "chat"},
            "max_tasks": count,
            "parallel": draw(st.integers(1, 3)),
            "catch": {"any": draw(st.sampled_from(["skip", {"escalate": "up"}]))},
        }
    if draw(st.integers(0, 3)) == 0:
        made["for_each"] = _listed(draw)
    if draw(st.integers(0, 3)) == 0:
        made["when"] = "1 == 1"
    if own := draw(budget):
        made["budget"] = own
    if kind not in ("agent", "human") and (time := draw(budget).get("wall")):
        made["timeout"] = time
    return made


def steps(
    depth: int, budget: st.SearchStrategy[Json], file: str
) -> st.SearchStrategy[dict[str, Json]]:
    """Up to three steps, some of which wait for the one before."""
    one = st.tuples(step(depth, budget, file), st.booleans())
    return st.lists(one, min_size=1, max_size=3).map(
        lambda made: {
            f"s{n}": {**each, "needs": [f"s{n - 1}"] if waits and n else []}
            for n, (each, waits) in enumerate(made)
        }
    )


def spec(made: dict[str, Json], levels: Json, budget: Json, name: str = "test") -> dict[str, Json]:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {"n": {"type": "string", "maxLength": 9}},
    }
    written = spec_of(
        made,
        name=name,
        input=schema,
        output={"type": "object"},
        budget=budget,
        models={
            "small": {
                "model": "a/small",
                "max_output_tokens": 50,
                "price": {"input": 1, "output": 2},
            },
            "strong": {
                "model": "a/strong",
                "max_output_tokens": 90,
                "price": {"input": 3, "output": 4},
            },
        },
        escalations={"up": {"levels": levels, "on_exhausted": "skip"}},
    )
    chat = {"kind": "llm", "model": "small", "instructions": "Well?", "input": schema}
    written["agents"]["chat"] = {**chat, "output": {"type": "object"}}
    written["agents"]["do"]["charges"] = {"postage": 2}
    written["agents"]["write"]["charges"] = {
        "postage": "${{ size(default(input.n, '')) > 3 ? 5 : 1 }}"
    }
    return written


SMALL = st.fixed_dictionaries(
    {},
    optional={
        "calls": st.integers(1, 9),
        "retries": st.integers(0, 4),
        "escalations": st.integers(0, 2),
        "tokens": st.integers(1, 30_000),
        "usd": st.sampled_from([0.001, 0.01, 0.05]),
        "meters": st.fixed_dictionaries({"postage": st.integers(1, 30)}),
        "wall": st.sampled_from(["7s", "2m"]),
    },
)


@st.composite
def specs(draw: Any, budget: st.SearchStrategy[Json]) -> Specs:
    """Pipelines in which every step is skipped in the end, whatever fails."""
    levels = draw(LEVELS)
    files = ["test.yaml", "child.yaml", "grandchild.yaml"]
    written = [
        spec(
            draw(steps(depth, budget, f"{'grand' * rank}child.yaml")),
            levels,
            {**ENOUGH, **draw(budget)},
            file.removesuffix(".yaml"),
        )
        for rank, (file, depth) in enumerate(zip(files, (2, 1, 0), strict=True))
    ]
    prompt = draw(st.sampled_from([None, "Well? ${{ default(input.n, '') }} ${{ json(input) }}"]))
    for each in written:
        each["agents"]["chat"]["prompt"] = prompt
        each["agents"]["talk"] = {**each["agents"]["chat"], "timeout": "6m"}
        each["inputs"] = LISTED
    if draw(st.booleans()):
        written = [_in_chains(each) for each in written]
    outer, *others = written
    return outer, dict(zip(files[1:], others, strict=True))


def _in_chains(written: dict[str, Json]) -> dict[str, Json]:
    """Models that take over for each other, and nothing that is asked for a better answer."""
    made: dict[str, Json] = _without("repair", written)
    made["models"]["spare"] = dict(made["models"]["small"])
    made["models"]["small"]["fallbacks"] = ["strong"]
    made["models"]["strong"]["fallbacks"] = ["spare"]
    made["agents"]["chat"]["confidence"] = {"field": "sure", "min": 0.5}
    return made


def _without(key: str, data: Json) -> Json:
    if isinstance(data, dict):
        return {name: _without(key, value) for name, value in data.items() if name != key}
    return [_without(key, value) for value in data] if isinstance(data, list) else data


def fails(call: StartAttempt) -> tuple[Does, float]:
    """As late as it may: an answer that has to be asked for again, or none where that is not
    done."""
    if call.effects.repeatable:
        return "no object", call.timeout
    return FailureClass.NOT_SENT if call.key is None else FailureClass.TIMEOUT, call.timeout


def comes_to_nothing(call: StartAttempt) -> tuple[Does, float]:
    """As late as it may, and so that another model is asked."""
    safe = call.effects.repeatable or call.key is not None
    return FailureClass.TIMEOUT if safe else FailureClass.NOT_SENT, call.timeout


def made(run: Run, kind: type) -> int:
    return len(run.of(kind))


@examples(60)
@given(specs(st.just({})), st.integers(1, 4))
def test_where_everything_fails_the_worst_case_comes_about(written: Specs, slots: int) -> None:
    plan = plan_of(*written)
    script = comes_to_nothing if "spare" in written[0]["models"] else fails
    worst, run = worst_case(plan, slots=slots), drive(plan, script, INPUTS, concurrency=slots)
    assert run.state.status == "succeeded"
    assert run.state.root is not None
    spent = run.state.root.purse.spent
    assert worst.most.calls == Bound(made(run, StartAttempt))
    assert worst.most.retries == Bound(sum(retry.counted for retry in run.of(events.Retry)))
    assert worst.most.escalations == Bound(made(run, events.Escalate))
    for what, amount in spent.items():
        assert amount <= amount_of(worst.most, what) + 1e-9, what
    assert run.state.now - START <= worst.seconds + 1e-6


DOES: st.SearchStrategy[Does | tuple[Does, float]] = st.one_of(
    st.just({}),
    st.just("no object"),
    st.sampled_from([FailureClass.TIMEOUT, FailureClass.REJECTED, FailureClass.NOT_SENT]),
    st.tuples(st.just({}), st.sampled_from([0.0, 3.0, 400.0])),
)


@examples(60)
@given(specs(SMALL), st.lists(DOES, max_size=6), st.integers(1, 4))
def test_whatever_happens_stays_within_it_and_within_every_budget(
    written: Specs, does: list[Any], slots: int
) -> None:
    """What agents do comes in turn; where nothing is said, all of them fail."""
    count = 0

    def script(call: StartAttempt) -> Any:
        nonlocal count
        count += 1
        return does[count % len(does)] if does else fails(call)

    plan = plan_of(*written)
    worst, run = worst_case(plan, slots=slots), drive(plan, script, INPUTS, concurrency=slots)
    assert run.state.root is not None
    spent = run.state.root.purse.spent
    assert made(run, StartAttempt) <= worst.most.calls.amount
    for what, amount in spent.items():
        assert amount <= amount_of(worst.most, what) + 1e-9, what
        assert amount <= amount_of(worst.needed, what) + 1e-9, what
    assert run.state.now - START <= worst.seconds + 1e-6


# --- models with tools ---------------------------------------------------------------------

SCHEMA = {"type": "object", "additionalProperties": False}
PERSON: Json = {"human": {"ask": "Well?"}, "within": "20s"}
ON: Json = ["invalid_output", "timeout"]


@st.composite
def talks(draw: Any) -> Specs:
    """A step whose model has tools and others that take over for it, alone or inside of others."""
    terms = st.fixed_dictionaries(
        {"repair": st.integers(0, 2)},
        optional={
            "retry": st.integers(2, 3).map(
                lambda n: {"max_attempts": n, "on": ON, "backoff": BACKOFF}
            ),
            "timeout": st.just("7s"),
        },
    )
    called = {"input": SCHEMA, "output": SCHEMA}
    tools: list[Any] = [{"agent": "look", "max_calls": draw(st.integers(1, 3))}]
    tools[0] |= draw(
        st.sampled_from([{}, {"approve": {"ask": "Well?", "within": "20s"}}, {"approve": "people"}])
    )
    if draw(st.booleans()):
        function = {"python": "desk.orders:find", "name": "find", "effects": "write", **called}
        tools.append({**function, "max_calls": 2, "idempotency_key": "${{ call.id }}"})
    if draw(st.booleans()):
        tools.append({"agent": "helper", "max_calls": draw(st.integers(1, 2))})
    price = {"max_output_tokens": 900, "price": {"input": 1, "output": 2}}
    chain: list[Json] = draw(st.sampled_from([[], ["strong"]]))
    agents: dict[str, Any] = {
        "look": {"kind": "command", "argv": ["true"], "effects": "none", **called, **draw(terms)},
        "helper": {"kind": "llm", "model": "strong", **called, **draw(terms)},
        "clerk": {"kind": "llm", "model": "small", "tools": tools, **called, **draw(terms)},
    }
    agents["clerk"]["max_turns"] = draw(st.integers(1, 3))
    if draw(st.booleans()):
        agents["helper"] |= {"tools": [{"agent": "look"}], "max_turns": 2}
    base: dict[str, Any] = {
        "agentflow": 1,
        "name": "talks",
        "inputs": LISTED,
        "budget": ENOUGH,
        "models": {
            "small": {"model": "a/small", "fallbacks": chain, **price},
            "strong": {"model": "a/strong", **price},
        },
        "agents": agents,
        "escalations": {
            "up": {"levels": [{"agent": "helper"}], "on_exhausted": "skip"},
            "people": {"levels": [PERSON, PERSON], "on_exhausted": "fail"},
        },
    }
    last = draw(st.sampled_from(["skip", {"escalate": "up"}]))
    step: Json = {"agent": "clerk", "catch": {"any": last}}
    if draw(st.booleans()):
        step["for_each"] = _listed(draw)
    child = {**base, "steps": {"ask": step}}
    how = draw(st.sampled_from(["alone", "pipeline", "delegate", "loop"]))
    tasks = {"plan": [{"id": "t", "worker": "w"}], "workers": {"w": "clerk"}, "max_tasks": 1}
    around: dict[str, Json] = {
        "alone": step,
        "pipeline": {"pipeline": "child.yaml", "with": INPUTS, "catch": {"any": "skip"}},
        "delegate": {"delegate": {**tasks, "catch": {"any": last}}},
        "loop": {"loop": {"max": 2, "until": "false", "no_progress": "continue", "steps": {"ask": step}}},
    }  # fmt: skip
    caught = {"loop": {**around["loop"], "catch": {"any": "skip"}}}
    made = {"a": {**around, **caught}[how], "b": step}
    return {**base, "steps": made}, {"child.yaml": child}


class Talkers:
    """Everything fails as often and as late as it may, and asks for all tools at the last moment.

    Who is turned to in an escalation has one attempt.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._made: Counter[tuple[str, int | None]] = Counter()
        self._turns: Counter[tuple[str, str]] = Counter()

    def __call__(self, start: StartAttempt) -> tuple[Does, float]:
        step = step_at(self._plan, start.step)[1]
        call = call_of(step, start.agent)
        assert call is not None
        number = self._made[start.step, start.turn]
        self._made[start.step, start.turn] += 1
        factors = factors_of(call)
        if start.agent == step.agent and number + 1 < factors.made:
            again = (number + 1) % factors.answers != 0
            return "no object" if again else FailureClass.TIMEOUT, call.timeout
        self._turns[start.step, start.agent] += 1
        turn = self._turns[start.step, start.agent]
        if turn < factors.turns:
            return ask(*self._tools(call, first=turn == 1)), call.timeout
        return "no object", call.timeout

    def _tools(self, call: CallPlan, *, first: bool) -> list[tuple[str, Json]]:
        if not first:
            return [("nobody", {})]
        return [(name, {}) for name, tool in call.tools.items() for _ in range(tool.max_calls)]


def approves(question: events.AskPerson) -> Said | None:
    """At the last moment, and whoever is asked last."""
    silent = question.escalation == "people" and question.level == 0
    return None if silent else Said("approve", None, 19.0)


@examples(60)
@given(talks(), st.integers(1, 4))
def test_models_with_tools_come_to_their_worst_case(written: Specs, slots: int) -> None:
    plan = plan_of(*written)
    worst = worst_case(plan, slots=slots)
    run = drive(plan, Talkers(plan), INPUTS, slots, approves)
    assert run.state.status == "succeeded"
    assert run.state.root is not None
    assert worst.most.escalations == Bound(made(run, events.Escalate))
    assert worst.most.calls == Bound(made(run, StartAttempt))
    assert worst.most.retries == Bound(sum(retry.counted for retry in run.of(events.Retry)))
    tokens = worst.most.tokens_in.amount + worst.most.tokens_out.amount
    assert run.state.root.purse.spent.get("tokens", 0) <= tokens < inf
    assert run.state.now - START <= worst.seconds + 1e-6


@examples(60)
@given(talks(), SMALL, SMALL, st.integers(1, 4))
def test_models_with_tools_stay_within_every_budget(
    written: Specs, budget: Any, own: Any, slots: int
) -> None:
    for each in (written[0], *written[1].values()):
        each["agents"]["look"]["charges"] = {"postage": 2}
    written[0]["steps"]["a"]["budget"] = own
    plan = plan_of({**written[0], "budget": {**ENOUGH, **budget}}, written[1])
    worst, run = worst_case(plan, slots=slots), drive(plan, Talkers(plan), INPUTS, slots)
    assert run.state.root is not None
    for what, amount in run.state.root.purse.spent.items():
        assert amount <= amount_of(worst.most, what) + 1e-9, what
    assert run.state.now - START <= worst.seconds + 1e-6


# --- by example ----------------------------------------------------------------------------


def worst(made: dict[str, Json], **more: Json) -> WorstCase:
    return worst_case(plan_of({**spec(made, [{"model": "strong"}], {}), **more}))


CHAT: dict[str, Json] = {"agent": "chat", "with": {"n": "x"}}
THRICE: Json = {"max_attempts": 3, "backoff": BACKOFF}


def test_what_repeats_a_call_multiplies() -> None:
    """The example of the arithmetic: 3 attempts, 3 answers each, 10 items in 2 rounds."""
    step = {
        **CHAT,
        "retry": THRICE,
        "repair": 2,
        "timeout": "7s",
        "for_each": {"over": [0] * 10, "max": 10},
    }
    looped = {"loop": {"max": 2, "until": "false", "steps": {"ask": step}}}
    found = worst({"round": looped})
    assert found.most.calls == Bound(3 * 3 * 10 * 2)
    assert found.most.retries == Bound(2 * 10 * 2)
    assert found.most.tokens_out == Bound(50 * 180)
    assert found.seconds == 2 * (9 * 7 + 3 + 6)  # ten at a time are fewer than there are slots
    assert [part.step.address for part in dearest(found.parts, lambda most: most.usd)] == [
        "round",
        "round[#]/ask",
    ]


def test_money_is_that_of_the_longest_prompt_and_the_longest_answer() -> None:
    found = worst({"ask": CHAT}).most
    plan = plan_of(spec({"ask": CHAT}, [{"model": "strong"}], {}))
    call = plan.steps["ask"].call
    assert call is not None
    assert call.chat is not None
    assert found.tokens_in == Bound(call.chat.overhead + len('{"n": "x"}') + 2)
    assert found.usd.amount == pytest.approx((found.tokens_in.amount * 1 + 50 * 2) / 1_000_000)


def test_a_budget_cuts_off_what_is_beyond_it() -> None:
    step = {**CHAT, "for_each": {"over": "${{ inputs.all }}", "max": 40}, "budget": {"calls": 30}}
    inputs: Json = {"type": "object", "required": ["all"], "properties": {"all": {"type": "array"}}}
    found = worst({"ask": step, "again": CHAT}, budget={"calls": 20}, inputs=inputs)
    assert found.needed.calls == Bound(31)
    assert found.most.calls == Bound(20)


def test_so_many_calls_are_so_many_times_the_dearest() -> None:
    """Two of a hundred items, each of which might take three attempts."""
    dear = {**CHAT, "retry": THRICE, "timeout": "7s"}
    dear |= {"for_each": {"over": "${{ inputs.all }}", "max": 100}}
    strong = {
        "kind": "llm",
        "model": "strong",
        "instructions": "Well?",
        "output": {"type": "object"},
    }
    inputs: Json = {"type": "object", "required": ["all"], "properties": {"all": {"type": "array"}}}
    made = spec({"ask": dear}, [{"model": "strong"}], {"calls": 2}) | {"inputs": inputs}
    made["agents"]["chat"] |= strong
    found, one = worst_case(plan_of(made)), worst_case(plan_of({**made, "budget": {"calls": 1}}))
    assert found.needed.calls == Bound(300)
    assert found.most.calls == found.most.retries == Bound(2)
    assert found.most.tokens_out == Bound(2 * 90)
    assert found.most.tokens_in.amount == 2 * one.most.tokens_in.amount
    assert found.most.usd.amount == pytest.approx(found.needed.usd.amount / 150)
    # Two calls, and two waits of which the budget refuses what comes after the second.
    assert found.seconds == 2 * 7 + 2 * 6


def test_a_budget_of_retries_cuts_off_what_each_retry_brings() -> None:
    """The calls of each retry are those of all models and repairs again."""
    step = {**CHAT, "retry": THRICE, "repair": 1, "for_each": {"over": [0] * 10, "max": 10}}
    other = {"agent": "do", "with": {"n": ""}, "retry": {**THRICE, "max_attempts": 2}}
    found = worst({"ask": step, "do": other}, budget={"retries": 7})
    assert found.needed.calls == Bound(3 * 2 * 10 + 2)
    assert found.most.calls == Bound(2 * 10 + 1 + 7 * 2)
    assert found.most.retries == Bound(7)
    assert found.own.held == {"retries": 7}
    none = worst({"ask": step, "do": other}, budget={"retries": 0})
    assert (none.most.calls, none.most.pauses) == (Bound(2 * 10 + 1), Bound(0))
    assert none.seconds == 2 * 300


def test_what_is_left_of_retries_is_the_longest_of_them_with_its_wait() -> None:
    step = {**CHAT, "retry": THRICE, "timeout": "7s", "for_each": {"over": [0] * 10, "max": 10}}
    assert worst({"ask": step}).seconds == 3 * 7 + 3 + 6
    assert worst({"ask": step}, budget={"retries": 1}).seconds == 2 * 7 + 6


def test_a_level_takes_as_long_as_the_slowest_that_it_may_ask() -> None:
    step = {
        "agent": "${{ 'talk' }}",
        "among": ["chat", "talk"],
        "catch": {"any": {"escalate": "up"}},
    }
    made = spec({"ask": step}, [{"model": "strong"}], {})
    made["agents"]["talk"] = {**made["agents"]["chat"], "timeout": "10m"}
    assert worst_case(plan_of(made)).seconds == 600 + 600


def test_a_budget_of_escalations_cuts_off_what_each_brings() -> None:
    human: Json = {"human": {"ask": "Well?"}, "within": "1h"}
    step = {**CHAT, "for_each": {"over": [0] * 5, "max": 5}, "catch": {"any": {"escalate": "up"}}}
    made = spec({"ask": step}, [{"model": "strong"}, human], {"escalations": 2})
    found = worst_case(plan_of(made))
    assert (found.needed.calls, found.most.calls) == (Bound(10), Bound(5 + 2))
    assert found.needed.escalations == Bound(5)
    assert found.own.held == {"escalations": 2}
    # Each person may be asked on the longest way.
    assert found.own.seconds == 300 + 300 + 3600
    refused = worst_case(plan_of({**made, "budget": {"escalations": 0}}))
    assert (refused.most.calls, refused.seconds) == (Bound(5), 300)


@pytest.mark.parametrize(
    ("charge", "most"),
    [
        (3, 3),
        ("${{ size(input.n) > 3 ? 5 : 1 }}", 5),
        ("${{ 2 * size(input.n) + 1 }}", 19),
        ("${{ size(input.n) - 4 }}", 5),
        ("${{ size(input.n.split(',')) }}", inf),
    ],
    ids=["written", "either", "sum", "difference", "open"],
)
def test_what_a_call_charges_is_bounded_by_what_it_is_given(charge: Json, most: float) -> None:
    made = spec({"do": {"agent": "do", "with": {"n": "${{ inputs.n }}"}}}, [], {})
    made["agents"]["do"] |= {
        "charges": {"postage": charge},
        "input": object_of(n={"type": "string", "maxLength": 9}),
    }
    del made["escalations"]
    found = worst_case(plan_of({**made, "inputs": object_of(n={"type": "string"})})).most
    field = "agents.do.charges.postage" if most == inf else None
    assert found.meters == {"postage": Bound(most, field)}


def test_a_call_with_a_key_is_charged_once_however_often_it_is_made() -> None:
    step = {"agent": "write", "with": {"n": ""}, "retry": THRICE, "idempotency_key": "k"}
    found = worst({"w": {**step, "for_each": {"over": [1, 2], "max": 2}}}).most
    assert (found.calls, found.meters) == (Bound(2 * 3), {"postage": Bound(2 * 5)})


def test_a_budget_that_is_a_little_short_holds_up_little() -> None:
    """Only the last calls have to wait for what those before may give back."""
    step = {**CHAT, "timeout": "10s", "for_each": {"over": [0] * 100, "max": 100}}
    needed = worst({"ask": step})
    each = int(needed.most.tokens.amount / 100)
    assert needed.seconds == 7 * 10

    def seconds(short: int) -> float:
        return worst({"ask": step}, budget={"tokens": 100 * each - short}).seconds

    assert seconds(0) == 7 * 10
    assert seconds(1) == 7 * 10 + 2 * 10
    assert seconds(10 * each) == 7 * 10 + 12 * 10
    assert seconds(99 * each) == 100 * 10
    # A budget of calls gives nothing back: who is refused has waited for those in flight.
    assert worst({"ask": step}, budget={"calls": 99}).seconds == 7 * 10 + 10


def test_what_calls_wait_for_a_budget_is_over_with_the_time_around_them() -> None:
    one: Json = {**CHAT, "timeout": "10s"}
    pair: Json = {"steps": {"a": one, "b": one}, "budget": {"tokens": 1000}}
    each: Json = {"steps": {"pair": pair}, "for_each": {"over": [1, 2], "max": 2, "parallel": 1}}
    assert worst({"all": {**each, "timeout": "1m"}}).seconds == 2 * (10 + 10)
    assert worst({"all": {**each, "timeout": "12s"}}).seconds == 2 * 12


def test_tokens_and_money_are_no_more_than_a_budget_has() -> None:
    found = worst({"ask": CHAT}, budget={"tokens": 40, "usd": 0.0001}).most
    assert (found.tokens_in, found.tokens_out) == (Bound(40), Bound(40))
    # The dearer tokens cost two dollars a million.
    assert found.usd.amount == pytest.approx(40 * 2 / 1_000_000)
    assert worst({"ask": CHAT}, budget={"usd": 0.0001}).most.usd == Bound(0.0001)


GIVEN = "${{ default(inputs.n, []) }}"


def prompted(prompt: str | None, given: Json, inputs: Json = None, **own: Json) -> Bound:
    """The tokens in beyond those of the overhead, of a model that takes a text, a list and more."""
    text: Json = {"type": "string", **own}
    fields: Json = {"t": text, "list": {"type": "array", "items": text}, "n": {"type": "integer"}}
    agent: Json = {"kind": "llm", "model": "small", "prompt": prompt, "output": {"type": "object"}}
    agent["input"] = {"type": "object", "additionalProperties": False, "properties": fields}
    made = spec({"ask": {"agent": "one", "with": given}}, [{"model": "strong"}], {})
    plan = plan_of({**made, "agents": {"one": agent}, "inputs": inputs or {}})
    call = plan.steps["ask"].call
    assert call is not None
    assert call.chat is not None
    found = worst_case(plan).most.tokens_in
    return Bound(found.amount - call.chat.overhead, found.field)


def object_of(**properties: Json) -> Json:
    return {"type": "object", "required": list(properties), "properties": properties}


LONG: Json = object_of(body={"type": "string", "maxLength": 3000})
LISTS: Json = object_of(all={"type": "array", "maxItems": 3, "items": LONG["properties"]["body"]})


@pytest.mark.parametrize(
    ("prompt", "given", "inputs", "own", "bytes_"),
    [
        ("Hi ${{ input.t }}", {"t": "${{ inputs.body }}"}, LONG, {}, 4 * 3000),
        ("Hi ${{ input.t }}", {"t": "${{ inputs.body }}"}, LONG, {"maxLength": 10}, 40),
        ("Hi", {"t": "${{ inputs.body }}"}, LONG, {}, 0),
        ("${{ input.t }} ${{ input.t }}", {"t": "${{ inputs.body }}"}, LONG, {}, 2 * 4 * 3000),
        (None, {"t": "${{ inputs.body }}"}, LONG, {}, 2 + 3 + 4 + 2 + 6 * 3000),
        ("${{ input.list }}", {"list": "${{ inputs.all }}"}, LISTS, {}, 3 * (2 + 6 * 3000) + 2 * 4),
        ("${{ input.t + '!' }}", {"t": "ab"}, None, {}, 4 + 8 * 13 + 24),
        ("${{ input.list.join(', ') }}", {"list": ["a"]}, None, {}, 5 + 8 * 21 + 24),
    ],
    ids=["passed", "contract", "unread", "twice", "all", "list", "worked_out", "joined"],
)  # fmt: skip
def test_a_prompt_is_as_long_as_what_it_shows(
    prompt: str | None, given: Json, inputs: Json, own: Any, bytes_: int
) -> None:
    assert prompted(prompt, given, inputs, **own) == Bound(bytes_)


@pytest.mark.parametrize(
    "prompt",
    [
        "${{ input.list.map(x, x + input.t).join('') }}",
        "${{ input.list.map(x, 'again and again') }}",
        "${{ input.list.join('a long separator') }}",
        "${{ json(json(input.t)) }}",
        "${{ ['a', input.t].map(x, x + x)[0] }}",
    ],
    ids=["map", "literal", "separator", "escapes", "index"],
)
def test_what_is_shown_any_number_of_times_has_no_bound(prompt: str) -> None:
    assert prompted(prompt, {"t": "a", "list": ["a"]}) == Bound(inf, "agents.one.prompt")


def test_an_answer_that_is_shown_again_is_no_longer_than_an_answer() -> None:
    once = worst({"ask": CHAT}).most.tokens_in.amount
    twice = worst({"ask": {**CHAT, "repair": 1}}).most.tokens_in.amount
    assert twice == 2 * once + 50 + TOLD + ASKED_AGAIN
    assert worst({"ask": {**CHAT, "repair": 2}}).most.tokens_in.amount == 2 * twice - once


@pytest.mark.parametrize(
    ("items", "count"),
    [
        ({"type": "array", "maxItems": 20}, 20),
        ({"type": "array", "maxItems": 80}, 50),
        ({"anyOf": [{"type": "array", "maxItems": 3}, {"$ref": "#/$defs/few"}]}, 7),
        ({"allOf": [{"type": "array"}, {"maxItems": 4}]}, 4),
        ({"enum": [[1], [1, 2]]}, 2),
        ({"type": "array", "prefixItems": [True, True], "items": False}, 2),
    ],
    ids=["shorter", "longer", "either", "both", "written", "closed"],
)
def test_a_list_is_no_longer_than_its_contract_allows(items: Json, count: int) -> None:
    inputs = {**object_of(items=items), "$defs": {"few": {"type": "array", "maxItems": 7}}}
    step = {**CHAT, "for_each": {"over": "${{ inputs.items }}", "max": 50}, "timeout": "7s"}
    found = worst({"ask": step}, inputs=inputs)
    assert found.most.calls == Bound(count)
    assert found.seconds == 7 * -(-count // 16)
    inside = {"all": {"steps": {"ask": step}}}
    assert worst(inside, inputs=inputs).most.calls == Bound(count)


def test_what_has_no_bound_names_the_field_that_leaves_it_open() -> None:
    schema = {
        "type": "object",
        "properties": {"n": {"type": "array", "items": {"type": "string"}, "maxItems": 3}},
    }
    agent = {"kind": "llm", "model": "b/other", "input": schema, "output": {"type": "object"}}
    found = worst({"ask": {"agent": "free", "with": {"n": GIVEN}}}, agents={"free": agent}).most
    assert found.tokens_in == Bound(inf, "agents.free.input.n[].maxLength")
    assert found.tokens_out == Bound(inf, "models.b/other.max_output_tokens")
    assert found.usd == Bound(inf, "models.b/other.price")


def test_prices_of_models_that_the_spec_does_not_know_come_from_outside() -> None:
    agent = {"kind": "llm", "model": "b/other", "input": {"type": "object"}, "output": {}}
    made = spec({"ask": {"agent": "free"}}, [{"model": "strong"}], {}) | {
        "agents": {"free": agent},
        "models": {"b/other": {"model": "b/other", "max_output_tokens": 10}},
    }
    del made["models"], made["escalations"]
    found = worst_case(plan_of(made), {"b/other": (1.0, 1.0)}).most
    assert found.usd == Bound(inf, "models.b/other.max_output_tokens")


def test_times_of_steps_cut_off_how_long_they_take() -> None:
    human = {"human": {"ask": "?", "answer": {}}, "timeout": "1h"}
    group = {"steps": {"a": human, "b": {**human, "needs": ["a"]}}}
    each = {**group, "for_each": {"over": [1, 2, 3], "max": 3, "parallel": 1}}
    day = {"wall": "1d"}
    assert worst({"all": group}, budget=day).seconds == 7200
    assert worst({"all": {**group, "timeout": "90m"}}, budget=day).seconds == 5400
    assert worst({"all": {**each, "timeout": "90m"}}, budget=day).seconds == 3 * 5400
    bounded = {**each, "timeout": "90m", "budget": {"wall": "4h"}}
    assert worst({"all": bounded}, budget=day).seconds == 4 * 3600


def test_steps_that_wait_for_each_other_take_the_sum_of_their_times() -> None:
    human = {"human": {"ask": "Well?", "answer": {}}, "timeout": "2h", "catch": {"timeout": "fail"}}
    found = worst({"a": human, "b": {**human, "needs": ["a"]}, "c": human}, budget={"wall": "1d"})
    assert found.seconds == 2 * 2 * 3600
    assert worst({"a": {**human, "timeout": "2d"}}).seconds == 24 * 3600


def talk(output: Json, **more: Json) -> WorstCase:
    """A model with a tool that answers so."""
    model = {"model": "a/b", "max_output_tokens": 10, "price": {"input": 1, "output": 1}}
    called = {"input": SCHEMA, "output": SCHEMA}
    look = {"kind": "command", "argv": ["true"], "input": SCHEMA, "output": output}
    tools: Json = [{"agent": "look", "max_calls": 2}]
    clerk = {"kind": "llm", "model": "m", "max_turns": 3, "tools": tools, **called, **more}
    return worst_case(
        plan_of(
            {
                "agentflow": 1,
                "name": "talk",
                "models": {"m": model},
                "agents": {"look": look, "clerk": clerk},
                "steps": {"ask": {"agent": "clerk"}},
            }
        )
    )


def test_a_model_is_told_again_what_it_said_and_what_its_tools_answered() -> None:
    short, long = ({"type": "string", "maxLength": length} for length in (1, 1_000))
    few = talk(short).most
    # Two results, which the second turn and the third are told, four bytes a character.
    more = talk(long).most
    assert more.tokens_in.amount - few.tokens_in.amount == 2 * 2 * (4 * 1_000 - 1_000)
    # A result is taken to be as long as a failure might be, whose text no contract bounds.
    once = talk(short, max_turns=1).most
    assert few.tokens_in.amount == 3 * once.tokens_in.amount + (1 + 2) * 10 + 2 * 2 * 1_300
    assert few.tokens_out == Bound(30)


def test_an_answer_of_a_tool_without_a_bound_is_named() -> None:
    assert talk({"type": "string"}).most.tokens_in == Bound(inf, "agents.look.output.maxLength")
    # In its only turn it is told nothing.
    assert talk({"type": "string"}, max_turns=1).most.tokens_in.field is None


def test_with_a_slot_for_each_call_nothing_but_the_longest_way_takes_time() -> None:
    made: dict[str, Json] = {
        "a": {**CHAT, "timeout": "10s"},
        "b": {**CHAT, "timeout": "20s"},
        "c": {**CHAT, "timeout": "5s", "needs": ["a"]},
    }
    plan = plan_of(spec(made, [{"model": "strong"}], {}))
    assert worst_case(plan, slots=2).seconds == 20
    assert worst_case(plan, slots=1).seconds == 35
    made["d"] = {**CHAT, "for_each": {"over": [1, 2, 3], "max": 3, "parallel": 2}, "timeout": "9s"}
    plan = plan_of(spec(made, [{"model": "strong"}], {}))
    assert worst_case(plan, slots=4).seconds == 20
    assert worst_case(plan, slots=3).seconds == 20 + (35 + 27 - 20) / 3


@pytest.mark.parametrize("slots", [1, 2, 16])
@pytest.mark.parametrize("budget", [{}, {"tokens": 1_000_000}], ids=["without", "with_tokens"])
def test_a_call_takes_its_time_once(slots: int, budget: Json) -> None:
    step = {**CHAT, "timeout": "5m", "retry": {"max_attempts": 2, "backoff": BACKOFF}}
    plan = plan_of(spec({"a": step}, [{"model": "strong"}], budget))
    assert worst_case(plan, slots=slots).seconds == 2 * 300 + 3


def test_two_calls_of_which_one_may_have_to_wait_for_a_budget() -> None:
    made: dict[str, Json] = {"a": {**CHAT, "timeout": "10s"}, "b": {**CHAT, "timeout": "20s"}}

    def seconds(budget: Json) -> float:
        return worst_case(plan_of(spec(made, [{"model": "strong"}], budget)), slots=2).seconds

    needed = worst(made).most
    tokens = int(needed.tokens_in.amount + needed.tokens_out.amount)
    assert seconds({"tokens": tokens}) == 20
    assert seconds({"tokens": tokens - 1}) == 30
    assert seconds({"meters": {"postage": 9}}) == 20
