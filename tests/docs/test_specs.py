"""Every spec in the docs does what stands around it."""

import pytest

from agentflow.findings import Severity
from tests.lint.linting import findings_of, lines

from .pages import Block, all_blocks

#: Findings about what an example leaves out: what uses a definition, and the files beside it.
APART = {"unused-definition", "unreadable-recording"}
#: Files of other programs.
FOREIGN = {("github",), ("gitlab",), ("pre-commit",)}
LANGUAGE = "docs/language/index.md"
SPECS = [block for block in all_blocks("yaml") if block.words not in FOREIGN]


def test_there_are_specs() -> None:
    assert len(SPECS) >= 8


@pytest.mark.parametrize("block", SPECS, ids=str)
def test_spec(block: Block) -> None:
    match block.words:
        case ("bad", rule):
            assert rule in {finding.rule for finding in findings_of(_whole(block))}
        case ("fragment",):
            found = [f for f in findings_of(_whole(block)) if f.rule not in APART]
            assert lines(tuple(found)) == []
        case ("file", _, "without", missing):  # a command of the page writes it
            (found_one,) = findings_of(block.text)
            assert found_one.message == f"there is no file '{missing}'"
        case ("file", name, "bad"):  # the session of the page shows what is found
            assert any(f"validate {name}\n" in shown.text for shown in all_blocks("console"))
        case () | ("file", _):
            assert lines(findings_of(block.text)) == []
        case _:
            pytest.fail(f"{block} is marked as {block.words}")


def test_fragments_are_held_against_a_whole_spec() -> None:
    whole = _whole(Block("docs/language/steps.md", 0, "yaml", ("fragment",), "steps: {}\n"))
    assert [f.rule for f in findings_of(whole) if f.severity is Severity.ERROR][:1] == [
        "wrong-type"
    ]


def _whole(block: Block) -> str:
    """The first spec of the page with the top-level keys of the block in the place of its own.

    The pages of the language have one in common, that of the first of them.
    """
    page = LANGUAGE if block.page.startswith("docs/language/") else block.page
    first = next(spec for spec in SPECS if spec.page == page and not spec.words)
    parts = _top_level(first.text) | _top_level(block.text)
    return "".join(parts.values())


def _top_level(text: str) -> dict[str, str]:
    """The lines of each top-level key; comments and blank lines belong to the key before them."""
    parts: dict[str, str] = {}
    key = ""
    for line in text.splitlines(keepends=True):
        if line[0] not in " #\n":
            key = line.partition(":")[0]
        parts[key] = parts.get(key, "") + line
    return parts
