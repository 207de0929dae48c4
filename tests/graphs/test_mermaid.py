"""The graphs of `plan --format mermaid`, read by Mermaid itself."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from agentflow.formats import plan_mermaid
from agentflow.formats.plan_words import every, numbered, told
from agentflow.plan.overview import edges
from tests.graphs.test_graphviz import EVIL, NAMES, SPECS, evil, seen
from tests.npm import installed, needs_node

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def read(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What Mermaid finds in the flowcharts of some pipelines, by their names."""
    folder = installed(HERE, tmp_path_factory.mktemp("npm", numbered=True))
    texts = {name: plan_mermaid.render(seen(SPECS / f"{name}.yaml")) for name in NAMES}
    texts[EVIL] = plan_mermaid.render(evil())
    done = subprocess.run(
        ["node", HERE / "read.mjs", folder],
        input=json.dumps(list(texts.values())),
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return dict(zip(texts, json.loads(done.stdout), strict=True))


@needs_node
@pytest.mark.parametrize("name", NAMES)
def test_every_step_and_every_line_is_read(read: dict[str, Any], name: str) -> None:
    found, nodes = read[name], seen(SPECS / f"{name}.yaml").nodes
    names = numbered(nodes)
    labels = {names[id(node)]: f"{node.part.step.id}: {told(node)}" for node in every(nodes)}
    groups = {names[id(node)] for node in every(nodes) if node.inside}
    assert dict(found["groups"]) == {one: labels[one] for one in groups}
    # What a line leads to is a node as well, with no label where it is a group.
    plain = {one: label for one, label in found["nodes"] if one not in groups}
    assert plain == {one: label for one, label in labels.items() if one not in groups}
    scopes = [nodes, *(node.inside for node in every(nodes) if node.inside)]
    lines = [
        [names[id(edge.before)], names[id(edge.after)]] for scope in scopes for edge in edges(scope)
    ]
    assert sorted(found["edges"]) == sorted(lines)


@needs_node
def test_no_text_is_more_than_a_label(read: dict[str, Any]) -> None:
    assert read[EVIL]["groups"] == [["n1", f"a: pipeline '{EVIL}'"]]
    assert read[EVIL]["nodes"] == [["n2", "a: human"]]
