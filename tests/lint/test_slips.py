"""Slips of the finger over the whole language: each is one finding that says where and what to
write.

`tests/cases/lint/slips.txt` has for each what becomes of `ok/letters_desk.yaml`, `OLD → NEW`, and
what is said of it; `slips_of_yaml.txt` has those that YAML makes something else of. Line ends, tabs
and what nobody sees are spelled out. `AGENTFLOW_WRITE_CASES=1` writes what is said.
"""

import os
from pathlib import Path

import pytest

from agentflow.findings import Finding
from tests.lint.linting import findings_of, written
from tests.lint.test_cases import CASES

SPEC = (CASES / "ok" / "letters_desk.yaml").read_text(encoding="utf-8")
FILES = [CASES / "slips.txt", CASES / "slips_of_yaml.txt"]


def _blocks(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").rstrip().split("\n\n")


BLOCKS = [block for file in FILES for block in _blocks(file)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_slip_is_said_as_it_stands_there(file: Path) -> None:
    blocks = _blocks(file)
    said = [f"{_head(block)}\n{_said(block)}" for block in blocks]
    if os.environ.get("AGENTFLOW_WRITE_CASES"):
        file.write_text("\n\n".join(said) + "\n", encoding="utf-8")
    assert said == blocks


@pytest.mark.parametrize("number", range(len(BLOCKS)))
def test_a_slip_is_one_finding_of_one_place(number: int) -> None:
    places = {line.split()[0].split(":")[0] for line in BLOCKS[number].splitlines()[1:]}
    assert len(places) == 1, BLOCKS[number]


def _head(block: str) -> str:
    return block.splitlines()[0]


def _said(block: str) -> str:
    old, _, new = written(_head(block)).partition(" → ")
    assert old in SPEC, _head(block)
    return "\n".join(map(_line, findings_of(SPEC.replace(old, new, 1))))


def _line(finding: Finding) -> str:
    span = finding.location.span
    advice = f" ({finding.help})" if finding.help else ""
    return f"  {span.line}:{span.column} {finding.rule} {finding.message}{advice}"
