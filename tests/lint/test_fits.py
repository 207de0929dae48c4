"""Whether prompts fit into windows: proven, likely, not at all, unbounded or unknown."""

import json
from collections.abc import Mapping
from typing import Any

import pytest
from msgspec.structs import replace

from agentflow.agents.known_models import known_model
from agentflow.errors import FileProblem
from agentflow.lint.fits import fits_of
from agentflow.lint.rule import Context
from agentflow.loading import understand
from agentflow.plan.enforcement import Held
from agentflow.plan.windows import Fit, Fits
from agentflow.spec.model import Json

LETTER = {"type": "string", "maxLength": 40_000}
MODEL = {"model": "openai/toys-7b", "window": 20_000, "max_output_tokens": 1_000}


def text(**more: Json) -> Json:
    return {
        "type": "object",
        "required": ["text"],
        "properties": {"text": {"type": "string"} | more},
    }


def spec(model: Mapping[str, Json] = MODEL, field: Json = LETTER, **agent: Any) -> dict[str, Json]:
    """A model that reads a letter."""
    tool = {"kind": "command", "argv": ["./look"], "effects": "read", "input": text()}
    reader = {"kind": "llm", "model": "m", "input": text(), "output": {"enum": ["a", "b"]}}
    inputs = {"type": "object", "required": ["letter"], "properties": {"letter": field}}
    return {
        "agentflow": 1,
        "name": "letters",
        "inputs": {**inputs, "additionalProperties": False},
        "models": {"m": {key: value for key, value in model.items() if value is not None}},
        "agents": {"reader": reader | agent, "look": tool | {"output": text(maxLength=8_000)}},
        "steps": {"read": {"agent": "reader", "with": {"text": "${{ inputs.letter }}"}}},
        "outputs": {"kind": "${{ steps.read.output }}"},
    }


def fits(made: Mapping[str, Json], files: Mapping[str, Json] | None = None) -> Fits:
    def read(path: str) -> str:
        if path not in (files or {}):
            raise FileProblem(f"there is no file '{path}'")
        return json.dumps((files or {})[path])

    document, pipeline, plan, problems = understand(json.dumps(made), "letters.yaml", read)
    assert problems == ()
    return fits_of(Context(document, pipeline, plan, problems, known=known_model))


def fit(made: Mapping[str, Json]) -> Fit:
    """That of the only call."""
    ((found,),) = fits(made).values()
    return found


HELD = Held("told", why="it is not that of an object")
SHORT = {"type": "string", "maxLength": 1_000}
TOOLS: Json = [{"agent": "look", "max_calls": 3}]
#: What is told besides the data: the contract in words and what stands around messages, and a tool.
AROUND, A_TOOL = 142, 75
LOOKS = AROUND + A_TOOL + 6_000
#: An answer that was not accepted, and what was wrong with it.
WRONG = 1_000 + 1_050
CASES: dict[str, Any] = {
    "proven": (spec(input=text(maxLength=1_000)), ("proven", None, None)),
    "likely": (spec(field=LETTER | {"maxLength": 6_000}, input=text(maxLength=8_000)), ("likely", AROUND + 1_500, None)),
    "overflow": (spec(field=LETTER | {"maxLength": 90_000}), ("overflow", AROUND + 22_500, None)),
    "the answer needs room": (spec(MODEL | {"max_output_tokens": 12_000}), ("overflow", AROUND + 10_000, None)),
    "no length": (spec(field={"type": "string"}), ("unbounded", None, "agents.reader.input.text.maxLength")),
    "the agent has one": (spec(field={"type": "string"}, input=text(maxLength=4_000)), ("likely", AROUND + 1_000, None)),
    "asked again": (spec(field=LETTER | {"maxLength": 6_000}, repair=2), ("likely", AROUND + 1_500 + WRONG, None)),
    "asked again in each turn": (
        spec(field=SHORT, tools=TOOLS, max_turns=3, repair=1),
        ("likely", 253 + LOOKS + 2 * 1_000 + 3 * WRONG, None),
    ),
    # Three results of 2,001 tokens as JSON, and twice its own words.
    "tools": (spec(field=SHORT, tools=TOOLS, max_turns=3), ("likely", 253 + LOOKS + 2 * 1_000, None)),
    "tools in no turn": (spec(input=text(maxLength=9), tools=TOOLS, max_turns=1), ("proven", None, None)),
    "more turns": (spec(field=SHORT, tools=TOOLS, max_turns=20), ("overflow", 253 + LOOKS + 19_000, None)),
    "words of any length": (
        spec(MODEL | {"max_output_tokens": None}, SHORT, tools=TOOLS),
        ("unbounded", None, "models.m.max_output_tokens"),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", CASES)
def test_verdicts(case: str) -> None:
    made, (verdict, tokens, field) = CASES[case]
    found = fit(made)
    if verdict == "proven":  # its bytes, with those of all that stands around it
        assert found.tokens is not None
        assert 0 < found.tokens <= 20_000
        found = replace(found, tokens=None)
    assert found == Fit("reader", "m", HELD, verdict, tokens, 20_000, field)


def test_of_a_model_that_nobody_knows_nothing_is_said() -> None:
    assert fit(spec(MODEL | {"window": None})) == Fit("reader", "m", HELD, "unknown")


def test_images_are_not_counted_so_nothing_is_proven_with_them() -> None:
    made = spec(input=text(maxLength=1_000) | {"properties": {"text": SHORT}})
    assert fit(made).verdict == "proven"
    made["agents"]["reader"]["images"] = ["${{ input.text }}"]
    assert fit(made).verdict == "likely"


def test_tools_and_pipelines_inside_have_theirs() -> None:
    child = spec(field=SHORT)
    child["agents"]["helper"] = child["agents"]["reader"] | {
        "input": text(maxLength=400) | {"additionalProperties": False}
    }
    child["agents"]["reader"] |= {"tools": [{"agent": "helper"}], "max_turns": 2}
    made = spec()
    made["steps"]["ask"] = {"pipeline": "child.yaml", "with": {"letter": "short"}}
    made["outputs"]["more"] = "${{ steps.ask.output.kind }}"
    found = fits(made, {"child.yaml": child})
    assert {at: [one.agent for one in fits] for at, fits in found.items()} == {
        ("letters.yaml", "read"): ["reader"],
        ("child.yaml", "read"): ["reader"],
        ("child.yaml", "read/helper"): ["helper"],
    }
    ((helper,),) = (fits for (_, at), fits in found.items() if at == "read/helper")
    assert helper.verdict == "proven"
