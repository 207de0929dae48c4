"""The graphs of `plan --format dot`, drawn by Graphviz itself."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from agentflow.agents.capabilities import capabilities
from agentflow.formats import plan_dot
from agentflow.formats.plan_words import every
from agentflow.loading import load
from agentflow.plan.overview import Overview, overview
from tests.core.world import plan_of
from tests.npm import installed, needs_node

HERE = Path(__file__).parent
SPECS = Path(__file__).parents[2] / "specs"
NAMES = ("incidents", "gallery/customer_support", "gallery/llm_compiler", "patterns/router")
EVIL = 'x"]; node [label="&#101;vil'


def seen(path: Path) -> Overview:
    plan = load(path).plan
    assert plan is not None
    return overview(plan, {}, 16, capabilities(plan), {})


def evil() -> Overview:
    """A pipeline with a name that would be more than a label."""
    human = {"human": {"ask": "Well?", "answer": {}}, "timeout": "1h", "catch": {"timeout": "fail"}}
    child = {"agentflow": 1, "name": "child", "steps": {"a": human}}
    plan = plan_of(
        {"agentflow": 1, "name": "evil", "steps": {"a": {"pipeline": EVIL}}}, {EVIL: child}
    )
    return overview(plan, {}, 16, capabilities(plan), {})


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Graphviz makes of some pipelines, by their names."""
    folder = installed(HERE, tmp_path_factory.mktemp("npm", numbered=True))
    texts = {name: plan_dot.render(seen(SPECS / f"{name}.yaml")) for name in NAMES}
    texts[EVIL] = plan_dot.render(evil())
    done = subprocess.run(
        ["node", HERE / "draw.mjs", folder],
        input=json.dumps(list(texts.values())),
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return dict(zip(texts, json.loads(done.stdout), strict=True))


def is_drawn(made: dict[str, Any]) -> bool:
    """Without an error; it warns of signs whose width it has to guess, since it has no fonts
    here."""
    told = {error["level"] for error in made["errors"]}
    return made["status"] == "success" and told <= {"warning"}


@needs_node
@pytest.mark.parametrize("name", NAMES)
def test_every_step_is_drawn_once(drawn: dict[str, Any], name: str) -> None:
    assert is_drawn(drawn[name])
    objects = json.loads(drawn[name]["output"])["objects"]
    labels = sorted(one["label"].partition("\\n")[0] for one in objects)
    assert labels == sorted(node.part.step.id for node in every(seen(SPECS / f"{name}.yaml").nodes))


@needs_node
def test_no_text_is_more_than_a_label(drawn: dict[str, Any]) -> None:
    assert is_drawn(drawn[EVIL])
    outer, inner = json.loads(drawn[EVIL]["output"])["objects"]
    assert said(outer) == ["a", f"pipeline '{EVIL}'"]
    assert said(inner) == ["a", "human"]


def said(drawn: dict[str, Any]) -> list[str]:
    """The lines of a label as they are drawn."""
    return [one["text"] for one in drawn["_ldraw_"] if one["op"] == "T"]


@needs_node
def test_the_longest_way_is_bold_inside_of_others_too(drawn: dict[str, Any]) -> None:
    objects = json.loads(drawn["gallery/customer_support"]["output"])["objects"]
    bold = {one["label"].partition("\\n")[0]: one.get("style") == "bold" for one in objects}
    assert bold["desk"]
    assert bold["escalate"]
    assert not bold["ticket"]
    assert not bold["close"]
