"""Random pipelines of every shape, and what their agents and people do."""

from typing import Any, TypeAlias

from hypothesis import strategies as st

from agentflow.core import events
from agentflow.core.events import Entry, StartAttempt
from agentflow.core.state import State
from agentflow.engines.driver import Driver
from agentflow.engines.virtual import Said, run_virtual
from agentflow.plan.steps import Plan
from agentflow.spec.model import FailureClass, Json
from tests.core.world import Does, MemoryLog, Run, answering, ask, plan_of, spec_of, started

CALLS, RETRIES = 40, 5
ESCALATIONS = 6
TOKENS, FUEL = 9_000, 12
#: A spec, and the files that it names.
Specs: TypeAlias = tuple[dict[str, Json], dict[str, dict[str, Json]]]
World: TypeAlias = tuple[Plan, list[Does], int, list[Said | None]]


def mostly(usual: list[Any], rare: list[Any]) -> st.SearchStrategy[Any]:
    """Seldom one of those that break something."""
    return st.sampled_from([*usual * 5, *rare])


ACTIONS = st.sampled_from(["fail", "skip", {"use": {"used": True}}])
CLASSES = st.sampled_from(["timeout", "rejected", "exhausted", "any"])
CATCH = st.dictionaries(CLASSES, ACTIONS, max_size=2)
#: Only what an agent or a person answers can be held against a contract.
CATCH_WITH_ESCALATION = st.dictionaries(
    CLASSES, ACTIONS | st.just({"escalate": "up"}) | st.just({"escalate": "up"}), max_size=2
)
LEVELS = st.lists(
    st.sampled_from(
        [
            {"model": "strong"},
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
            "with": st.fixed_dictionaries({"n": mostly([1], ["one"])}),
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
    lambda n: {"max_attempts": n, "on": ["not_sent", "timeout", "server_error", "invalid_output"]},
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
    nexts = mostly([{}, {"n": "${{ loop.state.n + 1 }}"}], [{"n": "${{ 1 / loop.state.n }}"}])
    return st.fixed_dictionaries(
        {
            "max": st.integers(1, 3),
            "state": mostly([{"n": 0}], [{"n": "${{ inputs.absent }}"}]),
            "until": mostly(["false", "loop.state.n == 1"], ["steps.a.output.absent"]),
            "next": nexts,
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
    made = {"agent": draw(mostly(["do", "write", "chat", "${{ 'do' }}"], ["${{ 'no' }}"]))}
    if "$" in made["agent"]:
        made["among"] = ["write", "do"]
    if (retry := draw(RETRY)) is not None:
        made["retry"] = retry
    if (repair := draw(st.integers(0, 3))) < 3:
        made["repair"] = repair
    if made["agent"] != "chat" and draw(st.integers(0, 3)) == 0:
        made["idempotency_key"] = draw(mostly(["k"], ["${{ run.id }}/${{ inputs.no }}"]))
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
            "switch": draw(mostly(["x"], ["y", "z"])),
            "cases": {
                "x": {"steps": draw(steps(depth - 1)), "output": 1, **draw(FAIL_FAST)},
                "y": {"output": "${{ 1 / 0 }}"},
            },
        }
    if kind not in ("agent", "human") and draw(st.integers(0, 3)) == 0:
        made["timeout"] = draw(st.sampled_from(["4s", "25s"]))
    made["catch"] = draw(catches(kind))
    if draw(st.integers(0, 3)) == 0:
        made["budget"] = draw(BOUNDS)
    if draw(st.integers(0, 3)) == 0:
        that = draw(mostly(["size(output) == 0", "output == output"], ["output.x > 1"]))
        made["assert"] = [{"that": that, "message": "no"}]
    if draw(st.integers(0, 3)) == 0:
        made["when"] = draw(mostly(["true", "1 == 1"], ["false", "inputs.absent"]))
    if draw(st.integers(0, 3)) == 0:
        made["for_each"] = {
            "over": draw(mostly([[1], [1, 2, 3], "${{ [1, 2] }}"], [[], "${{ 7 }}"])),
            "max": 3,
            "parallel": draw(st.integers(1, 3)),
            "min_success": draw(st.sampled_from(["all", "all", 0, 1, 2, 0.5, 1.0])),
            **draw(FAIL_FAST),
        }
        if draw(st.integers(0, 3)) == 0:
            made["for_each"]["key"] = draw(mostly(["k${{ index }}"], ["${{ item % 2 }}"]))
    return made


DOES: st.SearchStrategy[Does | tuple[Does, float]] = st.one_of(
    st.just({}),
    st.just("not an object"),
    st.sampled_from([FailureClass.TIMEOUT, FailureClass.REJECTED, FailureClass.NOT_SENT]),
    st.sampled_from(
        [
            ask(("do", {}), ("write", {})),
            ask(("do", {})),
            ask(("helper", {}), ("do", {})),
            ask(("write", {}), ("nobody", {}), ("write", "{")),
        ]
    ),
    st.tuples(st.just({}), st.sampled_from([0.0, 3.0, 40.0, 400.0])),
)


BOUNDS = st.fixed_dictionaries(
    {},
    optional={
        "calls": st.integers(1, 3),
        "retries": st.integers(0, 2),
        "escalations": st.integers(0, 1),
        "tokens": st.sampled_from([1_000, 3_000, 5_000]),
        "meters": st.just({"fuel": 2}),
        "wall": st.sampled_from(["4s", "30s"]),
    },
)
CHILD_BUDGET = st.fixed_dictionaries(
    {},
    optional={
        "calls": st.integers(1, 3),
        "retries": st.integers(0, 2),
        "wall": st.sampled_from(["5s", "50s"]),
    },
)


TOOLS: st.SearchStrategy[dict[str, Json]] = st.fixed_dictionaries(
    {
        "max_turns": st.integers(1, 3),
        "tools": st.tuples(
            st.sampled_from([{"agent": "do"}, {"agent": "do", "max_calls": 1}]),
            st.sampled_from(
                [
                    {"agent": "write"},
                    {"agent": "write", "approve": "up"},
                    {"agent": "write", "idempotency_key": "${{ call.id }}"},
                    {"agent": "write", "idempotency_key": "${{ input.absent }}"},
                ]
            ),
            st.just({"agent": "helper"}),
        ).map(list),
    }
)


def _spec(made: dict[str, Json], tools: dict[str, Json], **more: Json) -> dict[str, Json]:
    """A spec whose agents charge a meter, one of them a chat model."""
    models = {
        "small": {"model": "a/small", "max_output_tokens": 300, "fallbacks": ["strong"]},
        "strong": {"model": "a/strong", "max_output_tokens": 500},
    }
    spec = spec_of(made, output={"type": "object"}, models=models, **more)
    chat = {"kind": "llm", "model": "small", "input": {}, "output": {"type": "object"}}
    spec["agents"]["chat"] = chat | tools
    inner = [tool for tool in tools.get("tools", ()) if tool["agent"] != "helper"]
    spec["agents"]["helper"] = chat | {"tools": inner, "max_turns": 2, "repair": 1}
    spec["agents"]["do"]["charges"] = {"fuel": 1}
    return spec


@st.composite
def specs(draw: Any) -> Specs:
    escalations = {"up": {"levels": draw(LEVELS), "on_exhausted": draw(ACTIONS)}}
    child = _spec(
        draw(steps(0)),
        draw(st.just({}) | TOOLS),
        name="child",
        budget=draw(CHILD_BUDGET) | {"meters": {"fuel": FUEL}},
        escalations=escalations,
        inputs={"type": "object", "properties": {"n": {"type": "integer"}}},
        outputs={"n": "${{ inputs.n }}"},
        **draw(FAIL_FAST),
    )
    budget = {"calls": CALLS, "retries": RETRIES, "wall": "90s", "escalations": ESCALATIONS}
    if draw(st.booleans()):
        budget |= {"tokens": TOKENS, "meters": {"fuel": FUEL}}
    tools = draw(st.just({}) | TOOLS)
    spec = _spec(draw(steps(2)), tools, budget=budget, escalations=escalations, **draw(FAIL_FAST))
    return spec, {"child.yaml": child}


@st.composite
def worlds(draw: Any) -> World:
    plan = plan_of(*draw(specs()))
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
