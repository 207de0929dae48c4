"""Whatever is handed on in a run fits the type that was given for it before.

Pipelines are made up, their agents answer with samples of their contracts, and every value that an
agent is given, that a group or a loop makes and that the pipeline answers is judged by the second
validator against the type of its template.
"""

import random
from collections.abc import Iterable, Mapping, Sequence

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from agentflow.contracts.keywords import Schema
from agentflow.contracts.sample import NoSample, sample
from agentflow.core.events import BeginIteration, CompleteStep, FinishRun, RunStarted, StartAttempt
from agentflow.plan import address
from agentflow.plan.loop_states import entries
from agentflow.plan.steps import Plan
from agentflow.plan.types import Types
from agentflow.spec.cel.evaluate import EvaluationError, evaluate
from agentflow.spec.expressions import parse_expression
from agentflow.spec.model import FailureClass, Json
from tests.contracts.judging import judge
from tests.contracts.schemas import schemas
from tests.core.world import Run, drive, plan_of

TREE = {
    "$ref": "#/$defs/Tree",
    "$defs": {
        "Tree": {
            "type": "object",
            "required": ["a"],
            "properties": {
                "a": {"type": "string"},
                "b": {"type": "array", "maxItems": 2, "items": {"$ref": "#/$defs/Tree"}},
            },
        }
    },
}
TAGGED = {
    "oneOf": [
        {
            "type": "object",
            "required": ["a", "b"],
            "properties": {"a": {"const": "x"}, "b": {"type": "integer"}},
        },
        {"type": "object", "required": ["a"], "properties": {"a": {"enum": ["y", "z"]}}},
    ]
}
#: What people write as the contract of a field.
ORDINARY: Sequence[Schema] = (
    {"type": "string", "maxLength": 9},
    {"type": "string", "format": "date"},
    {"type": "integer", "minimum": 0, "maximum": 3},
    {"type": "number"},
    {"type": "boolean"},
    {"enum": ["x", "y", 1, None]},
    {"const": {"a": [1, {"b": "x"}]}},
    {"type": ["string", "null"]},
    {"type": "array", "maxItems": 3, "items": {"type": "string"}},
    {"type": "array", "prefixItems": [{"type": "string"}, {"type": "boolean"}], "items": False},
    {"type": "object", "additionalProperties": {"type": "integer"}},
    {"type": "object", "patternProperties": {"^a": {"type": "string"}}, "required": ["a"]},
    {"allOf": [{"properties": {"a": {"type": "string"}}}, {"required": ["a"], "type": "object"}]},
    {"anyOf": [{"type": "null"}, {"type": "object", "required": ["b"]}]},
    {"not": {"type": "array"}},
    {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
    TREE,
    TAGGED,
)
NAMES = ("a", "b", "c")
EXPRESSIONS = 60


class Maker:
    """Makes up a pipeline; `scope` are the paths that can be read in a place.

    What it writes into the pipeline can be evaluated whatever the agents answer, so that runs come
    far: objects have `c` as a list, if they have it. `expression` takes no such care.
    """

    def __init__(self, seed: int, odd: Sequence[Schema]) -> None:
        self._chance = random.Random(seed)
        self._odd = odd
        self._count = 0
        self._agents: dict[str, Json] = {}

    def pipeline(self) -> dict[str, Json]:
        steps, _ = self.steps(("inputs", "inputs.a"), 2)
        outputs = {
            name: {
                "status": f"${{{{ steps.{name}.status }}}}",
                "output": f"${{{{ default(steps.{name}.output, 'none') }}}}",
            }
            for name in steps
        }
        return {
            "agentflow": 1,
            "name": "test",
            "inputs": self.an_object(),
            "agents": self._agents,
            "steps": steps,
            "outputs": outputs,
        }

    def expressions(self, steps: Iterable[str]) -> list[str]:
        """Expressions over the steps of the pipeline; many of them have no value."""
        scope = ("inputs", *(f"steps.{name}.output" for name in steps))
        return [self.expression(scope, 3) for _ in range(EXPRESSIONS)]

    def an_object(self) -> Schema:
        """The contract of an object with some fields; `c` is a list."""
        items = {"type": "array", "maxItems": 3, "items": self.contract()}
        made = {
            "type": "object",
            "required": self._chance.sample(NAMES, self._chance.randint(0, 3)),
            "properties": {"a": self.contract(), "b": self.contract(), "c": items},
        }
        return made if self._chance.random() < 0.3 else {**made, "additionalProperties": False}

    def contract(self) -> Schema:
        return self._chance.choice([one for one in ORDINARY if one is not TREE])

    def agent(self) -> str:
        name = f"agent{len(self._agents)}"
        kind = self._chance.random()
        answer: Schema = self.an_object()
        if kind < 0.3:
            answer = self._chance.choice(self._odd)
        elif kind < 0.5:
            answer = self._chance.choice(ORDINARY)
        self._agents[name] = {
            "kind": "command",
            "argv": ["true"],
            "effects": "none",
            "input": {},
            "output": answer if isinstance(answer, dict) else {},
        }
        return name

    def steps(self, scope: tuple[str, ...], depth: int) -> tuple[dict[str, Json], tuple[str, ...]]:
        made: dict[str, Json] = {}
        for _ in range(self._chance.randint(1, 3)):
            self._count += 1
            name = f"s{self._count}"
            made[name] = self.step(scope, depth)
            output = f"steps.{name}.output"
            scope = (*scope, output)
            if not {"for_each", "agent"} & made[name].keys():
                scope = (*scope, f"{output}.a", f"{output}.c", f"{output}.c[0]")
        return made, scope

    def step(self, scope: tuple[str, ...], depth: int) -> dict[str, Json]:
        made: dict[str, Json] = {"catch": {"any": "skip"}}
        inside = scope
        if self._chance.random() < 0.3:
            made["for_each"] = {"over": self.items(scope), "max": 9}
            inside = (*scope, "item", "index")
        if self._chance.random() < 0.2:
            path = self._chance.choice([one for one in scope if "." in one])
            made["when"] = f"{self._chance.choice(['!', ''])}has({path})"
        match self._chance.choice(["agent", "steps", "switch", "loop"]) if depth else "agent":
            case "agent":
                made["agent"] = self.agent()
                made["with"] = {name: self.template(inside, 2) for name in NAMES}
            case "steps":
                made["steps"], within = self.steps(inside, depth - 1)
                made["output"] = self.fields(within)
            case "switch":
                made |= self.switch(inside, depth)
            case "loop":
                made["loop"] = self.loop(inside, depth)
        if "agent" not in made and self._chance.random() < 0.3:
            made["catch"] = {"any": {"use": self.fields(scope)}}
        return made

    def switch(self, scope: tuple[str, ...], depth: int) -> dict[str, Json]:
        cases: dict[str, Json] = {}
        for label in ("x", "y"):
            steps, within = self.steps(scope, depth - 1)
            cases[label] = {"steps": steps, "output": self.fields(within)}
        path = self._chance.choice([one for one in scope if "." in one])
        return {
            "switch": f"${{{{ has({path}) ? '{self._chance.choice('xyz')}' : 'z' }}}}",
            "cases": cases,
            "default": {"output": self.fields(scope)},
        }

    def loop(self, scope: tuple[str, ...], depth: int) -> dict[str, Json]:
        inside = (*scope, "loop.index", "loop.state", "loop.state.a", "loop.state.b")
        steps, within = self.steps(inside, depth - 1)
        return {
            "max": 3,
            "state": {name: self.template(scope, 1) for name in NAMES[:2]},
            "until": f"loop.index == {self._chance.randint(0, 2)}",
            "next": {name: self.template(within, 1) for name in NAMES[1:]},
            "no_progress": "continue",
            "steps": steps,
            "output": self.fields(within),
        }

    def items(self, scope: tuple[str, ...]) -> Json:
        """A template for a list."""
        path = self.known(scope)
        return self._chance.choice(
            [
                f"${{{{ [{path}, {self.known(scope)}] }}}}",
                f"${{{{ [{path}].map(v, {{'a': v, 'b': 1}}) }}}}",
                f"${{{{ [{path}, 2].filter(v, v != 2) }}}}",
                f"${{{{ default(inputs.c, [1, {path}]) }}}}",
                [1, {"a": f"${{{{ {path} }}}}"}],
            ]
        )

    def fields(self, scope: tuple[str, ...]) -> dict[str, Json]:
        """A template for an object with `c` as a list."""
        return {
            "a": self.template(scope, 2),
            "b": self.template(scope, 1),
            "c": self.items(scope),
        }

    def template(self, scope: tuple[str, ...], depth: int) -> Json:
        kind = self._chance.random() if depth else 0.0
        if kind < 0.6:
            return f"${{{{ {self.known(scope)} }}}}"
        if kind < 0.7:
            return f"at ${{{{ size([{self.known(scope)}]) }}}}, ${{{{ run.id }}}}"
        if kind < 0.9:
            return {name: self.template(scope, depth - 1) for name in NAMES[:2]}
        if kind < 0.95:
            return [self.template(scope, depth - 1) for _ in range(self._chance.randint(0, 2))]
        return self._chance.choice([1, "x", None, {"a": [{"b": 1}]}])

    def known(self, scope: tuple[str, ...]) -> str:
        """An expression that has a value in any case."""
        last = scope[-6:]
        path = self._chance.choice([one for one in last if "." in one] or ["run.id"])
        bare = [one for one in last if one in ("item", "index", "inputs")]
        if bare and self._chance.random() < 0.3:
            return self._chance.choice(bare)
        other = self._chance.choice([one for one in scope if "." in one] or ["run.id"])
        return self._chance.choice(
            [
                f"default({path}, 7)",
                f"coalesce({path}, {other}, 'none')",
                f"size(json([default({path}, 1)]))",
            ]
        )

    def path(self, scope: tuple[str, ...]) -> str:
        steps = self._chance.choices([".a", ".b", ".c", "[0]", "[1]"], [4, 3, 3, 3, 1], k=4)
        root = self._chance.choice(scope)
        return root + "".join(steps[: self._chance.randint("." not in root, 4)])

    def condition(self, scope: tuple[str, ...]) -> str:
        path = self.path(scope)
        return self._chance.choice(
            [f"has({path})", f"default({path}, 1) == 1", "true", f"!has({path}) || {path} != 'x'"]
        )

    def expression(self, scope: tuple[str, ...], depth: int) -> str:
        path = self.path(scope)
        if not depth or self._chance.random() < 0.3:
            return f"default({path}, 7)"

        def inner() -> str:
            return self.expression(scope, depth - 1)

        def about(variable: str) -> str:
            return self.expression((variable,), depth - 1)

        items = f"default({self._chance.choice(scope[-4:])}.c, [1, {inner()}])"
        return self._chance.choice(
            [
                f"coalesce({path}, {self.path(scope)}, {inner()})",
                f"({self.condition(scope)} ? {inner()} : {inner()})",
                f"[{inner()}, {inner()}]",
                f"{{'a': {inner()}, 'b': {inner()}}}",
                f"[{{'a': {inner()}}}, {{'a': {inner()}}}][1].a",
                f"{items}.map(v, {about('v')})",
                f"{items}.filter(v, {self.condition(('v',))})",
                f"default({{'c': {items}}}.c.filter(v, true)[1], {inner()})",
                f"{{'a': {inner()}, 'b': 1}}.map(v, {{'a': v}})",
                f"([{inner()}] + {items})",
                f"('a' + json({inner()}))",
                f"-size([{inner()}]) * 2",
                f"json({inner()}).split('a')",
                f"({inner()} == {inner()})",
            ]
        )


def run_of(plan: Plan, inputs: Schema, seed: int) -> Run:
    """A run in which each call is answered by a sample of the contract."""

    def answer(call: StartAttempt) -> Json:
        step = plan.steps[address.static(call.step)]
        assert step.call is not None
        try:
            return sample(step.call.output.schema, f"{seed}{call.step}")
        except NoSample:
            return FailureClass.REJECTED

    return drive(plan, answer, sample(inputs, seed))


def scope_of(outputs: Mapping[str, Json], run: Run) -> dict[str, Json]:
    """What an expression of the pipeline sees when the run is over, from its outputs."""
    begun = run.entries[0].fact
    assert isinstance(begun, RunStarted)
    steps = {
        name: ended if ended["status"] == "succeeded" else {"status": ended["status"]}
        for name, ended in outputs.items()
    }
    return {"steps": steps, "inputs": begun.inputs, "run": {"id": begun.run_id}}


@settings(max_examples=8, deadline=None, phases=[Phase.generate])
@given(st.integers(0, 2**32), st.lists(schemas, min_size=1, max_size=3))
def test_what_is_handed_on_fits_its_type(seed: int, odd: list[Schema]) -> None:
    maker = Maker(seed, odd)
    spec = maker.pipeline()
    plan = plan_of(spec)
    run = run_of(plan, spec["inputs"], seed)
    types = Types(plan)

    def fits(value: Json, schema: Schema) -> None:
        assert judge(schema).is_valid(value), (value, schema)

    for call in run.of(StartAttempt):
        step = plan.steps[address.static(call.step)]
        assert step.call is not None
        fits(dict(call.input), types.of(step.call.arguments, step.address))
        for name, template in entries(step.call.arguments).items():
            fits(call.input[name], types.of(template, step.address))
    for begun in run.of(BeginIteration):
        place = address.iteration(address.static(begun.step))
        fits(dict(begun.state), types.of(parse_expression("loop.state"), place))
    for done in run.of(CompleteStep):
        step = plan.steps[address.static(done.step)]
        if step.for_each is None:
            place = address.parent(step.address) or ""
            fits(done.output, types.of(parse_expression(f"steps.{step.id}.output"), place))
    for finished in run.of(FinishRun):
        if finished.outputs is not None:
            fits(dict(finished.outputs), types.of(plan.outputs, ""))
            for text in maker.expressions(finished.outputs):
                expression = parse_expression(text)
                try:
                    value = evaluate(expression, scope_of(finished.outputs, run))
                except EvaluationError:
                    continue
                fits(value, types.of(expression, ""))
