"""What a file may hold at most, and that nothing but that is said of one that holds more."""

from pathlib import Path

import pytest

from agentflow.loading import check, load_bytes
from agentflow.plan import reading, tools

_HEAD = """\
agentflow: 1
name: large
agents:
"""
_STEPS = """\
  do: {kind: command, argv: [./do], effects: none, input: {type: object}, output: {type: object}}
steps:
  a: {agent: do, with: {x: "${{ run.id }}", y: "${{ [run.id, run.id] }}"}}
  b: {agent: do, with: {x: "${{ [run.id, steps.nowhere.output, run.id] }}"}}
  c: {agent: do, with: {x: "${{ steps.neither.output }}"}}
outputs: {}
"""


def _said(text: str, folder: Path) -> list[str]:
    spec = load_bytes(text.encode(), "spec.yaml", folder)
    return [f"{each.location.span.line} {each.rule}: {each.message}" for each in check(spec)]


def test_more_references_than_there_may_be_are_told_once_and_end_the_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_REFERENCES", 5)
    assert _said(_HEAD + _STEPS, tmp_path) == [
        "7 too-large: more than 5 references to steps, inputs and other values"
    ]


def test_as_many_references_as_there_may_be_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reading, "MOST_REFERENCES", 7)
    assert any("unknown-step" in each for each in _said(_HEAD + _STEPS, tmp_path))
    assert not any("too-large" in each for each in _said(_HEAD + _STEPS, tmp_path))


def _models(count: int, offered: int) -> str:
    """Models of which each has those that follow it as tools."""
    model = (
        "  m{0}: {{kind: llm, model: openai/gpt-5-mini, instructions: Do it., description: Does it,"
        " max_turns: 3, tools: [{1}], input: {{type: object}}, output: {{type: object}}}}\n"
    )
    lines = [
        model.format(
            number, ", ".join(f"{{agent: m{number + 1 + each}}}" for each in range(offered))
        )
        for number in range(count)
    ]
    rest = "".join(model.format(count + each, "{agent: do}") for each in range(offered))
    return _HEAD + "".join(lines) + rest + _STEPS.replace("agent: do", "agent: m0")


@pytest.mark.parametrize(
    ("count", "offered", "message"),
    [
        (9, 4, "more than 100 tools, counted once for each call that leads to them"),
        (30, 1, "more than 16 models that are tools, one of the other"),
    ],
    ids=["many", "deep"],
)
def test_tools_that_lead_to_more_and_more_tools_are_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, count: int, offered: int, message: str
) -> None:
    monkeypatch.setattr(tools, "MOST_TOOLS", 100)
    said = [each for each in _said(_models(count, offered), tmp_path) if "too-large" in each]
    assert [each.partition(": ")[2] for each in said] == [message]


def test_models_may_be_tools_of_each_other_within_the_limit(tmp_path: Path) -> None:
    assert tools.DEEPEST > 8
    assert not any("too-large" in each for each in _said(_models(6, 2), tmp_path))
