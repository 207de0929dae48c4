"""The types of what loops remember and give: whatever an iteration sees fits them."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentflow.contracts.checker import compile_schema
from agentflow.contracts.keywords import Schema
from agentflow.core.events import BeginIteration, CompleteStep
from agentflow.plan.types import Types
from agentflow.spec.expressions import parse_expression
from agentflow.spec.model import Json
from tests.core.world import drive, pipeline

TEXT = {"type": "string", "maxLength": 9}
CLOSED = {"type": "object", "additionalProperties": False}
LOOP = {
    "max": 4,
    "state": {"text": "", "kept": 1, "other": "${{ loop.state.kept }}", "list": [], "deep": 0},
    "until": "loop.index == 3",
    "next": {
        "text": "${{ steps.work.output }}",
        "other": "${{ loop.index > 1 ? loop.state.text : loop.state.other }}",
        "list": "${{ loop.state.list + [steps.work.output] }}",
        "deep": {"deeper": "${{ loop.state.deep }}"},
        "late": "${{ steps.keep.output }}",
    },
    "steps": {
        "work": {"agent": "do"},
        "keep": {
            "switch": "x",
            "cases": {"x": {"output": "${{ loop.state.text }}"}},
            "default": {"output": None},
        },
    },
    "output": {"text": "${{ loop.state.text }}", "late": "${{ loop.state.late }}"},
}
OUTER = {
    "max": 2,
    "state": {"kept": True},
    "until": "true",
    "steps": {"inner": {"loop": LOOP, "catch": {"exhausted": {"use": "${{ loop.index }}"}}}},
}
INSIDE = "outer[#]/inner[#]"
TYPES: dict[str, Schema] = {
    "loop.index": {"type": "integer", "minimum": 0, "maximum": 3},
    "loop.state.text": {"anyOf": [{"const": ""}, TEXT]},
    "loop.state.kept": {"const": 1},
    "loop.state.other": {"anyOf": [{"const": True}, {"const": ""}, TEXT]},
    "loop.state.list": {"type": "array", "items": TEXT, "maxItems": 3},
    "loop.state.deep": {},
    "loop.state.late": {"anyOf": [{"const": ""}, TEXT, {"const": None}]},
    "loop.state.nope": {"not": {}},
    "loop.nope": {"not": {}},
}


@pytest.mark.parametrize("text", TYPES)
def test_type_inside_of_a_loop(text: str) -> None:
    plan = pipeline({"outer": {"loop": OUTER}}, output=TEXT)
    found = Types(plan).of(parse_expression(text), f"{INSIDE}/work")
    assert json.dumps(found) == json.dumps(TYPES[text])


def test_what_is_read_outside_of_a_loop_means_the_loop_around_it() -> None:
    plan = pipeline({"outer": {"loop": OUTER}}, output=TEXT)
    types = Types(plan)
    assert types.of(parse_expression("loop.index"), "outer[#]/inner") == {
        "type": "integer",
        "minimum": 0,
        "maximum": 1,
    }
    assert types.of(parse_expression("loop.index"), "outer") == {}


def test_output_of_a_loop_is_that_of_its_last_iteration_or_what_is_used_instead() -> None:
    plan = pipeline({"outer": {"loop": OUTER}}, output=TEXT)
    found = Types(plan).of(parse_expression("steps.inner.output"), "outer[#]")
    text, late = TYPES["loop.state.text"], TYPES["loop.state.late"]
    fields = {"text": text, "late": late}
    ended = {**CLOSED, "required": ["text", "late"], "properties": fields}
    assert found == {"anyOf": [ended, {"type": "integer", "minimum": 0, "maximum": 3}]}


NAMES = st.sampled_from(["a", "b", "c"])
VALUES: st.SearchStrategy[Json] = st.one_of(
    st.sampled_from([0, True, "x", None, [], {"a": 1}]),
    NAMES.map(lambda name: f"${{{{ default(loop.state.{name}, 0) }}}}"),
    NAMES.map(lambda name: f"${{{{ default(loop.state.{name}.a, 'none') }}}}"),
    NAMES.map(lambda name: f"${{{{ [default(loop.state.{name}, 1)] }}}}"),
    st.sampled_from(["${{ loop.index }}", "${{ loop.index > 1 ? 'late' : loop.index }}"]),
)


@settings(max_examples=100, deadline=None)
@given(
    st.dictionaries(NAMES, st.sampled_from([0, True, "x", None, [], {"a": {"a": 1}}]), max_size=3),
    st.dictionaries(NAMES, VALUES | NAMES.map(lambda name: {"a": "${{ loop.index }}"})),
)
def test_every_state_fits_the_type_of_the_state(
    state: dict[str, Json], following: dict[str, Json]
) -> None:
    loop = {
        "max": 5,
        "state": state,
        "until": "loop.index == 4",
        "next": following,
        "no_progress": "continue",
        "steps": {"work": {"agent": "do"}},
        "output": "${{ loop }}",
    }
    plan = pipeline({"loop": {"loop": loop}})
    run = drive(plan)
    types = Types(plan)
    whole = compile_schema(types.of(parse_expression("loop.state"), "loop[#]"))
    for begun in run.of(BeginIteration):
        assert whole.fits(dict(begun.state))
        for name, value in begun.state.items():
            field = types.of(parse_expression(f"loop.state.{name}"), "loop[#]")
            assert compile_schema(field).fits(value)
    given_out = compile_schema(types.of(parse_expression("steps.loop.output"), ""))
    assert all(given_out.fits(done.output) for done in run.of(CompleteStep))
