"""Specs that come close to what a rule is about and are right, and the one change that makes them
wrong.

`tests/cases/lint/near.txt` has for each what becomes of a silent spec, `FILE: OLD → NEW`, and all
that is said of it then. So each block is a good case of a rule, which keeps it from false alarms,
and a bad one. Of a spec with a receipt of a drill beside it, that is looked at too, and FILE may be
the receipt. `\\n` and `\\u202e` are written out. `AGENTFLOW_WRITE_CASES=1` writes what is said.
"""

import os
from collections import Counter
from pathlib import Path
from textwrap import indent

import pytest
from msgspec.structs import replace

from agentflow.agents.known_models import known_model
from agentflow.contracts.resolve import FileReader
from agentflow.errors import FileProblem
from agentflow.lint.linter import examine
from agentflow.lint.rule import Context
from agentflow.lint.rules import RULES
from agentflow.loading import understand
from tests.lint.linting import drilled_as, shown, written
from tests.lint.test_cases import CASES, said_in
from tests.lint.test_slips import BLOCKS as SLIPS

RECEIPT = ".drill.json"
NEAR = CASES / "near.txt"
BLOCKS = NEAR.read_text(encoding="utf-8").rstrip().split("\n\n")


def test_each_change_is_said_as_it_stands_there() -> None:
    said = [f"{_head(block)}\n{_said(_head(block))}" for block in BLOCKS]
    if os.environ.get("AGENTFLOW_WRITE_CASES"):
        NEAR.write_text("\n\n".join(said) + "\n", encoding="utf-8")
    assert said == BLOCKS


def test_the_specs_are_those_that_have_to_be_silent() -> None:
    names = {_head(block).partition(": ")[0] for block in BLOCKS}
    assert all(name.startswith("ok/") or name.endswith(".mended.yaml") for name in names)


@pytest.mark.parametrize("rule", [rule.NAME for rule in RULES])
def test_a_rule_has_good_cases_that_come_close_to_it(rule: str) -> None:
    """The mended spec of its page is one; the others are here, in `slips.txt`, and in `defects`."""
    assert _good()[rule] >= 1, f"add a block to {NEAR.name}"


def _good() -> Counter[str]:
    slips = (line.split()[1] for block in SLIPS for line in block.splitlines()[1:])
    mended = said_in(path.read_text("utf-8") for path in CASES.parent.glob("defects/*.txt"))
    return Counter(slips) + mended + said_in(BLOCKS)


def _head(block: str) -> str:
    return block.partition("\n")[0]


def _context(changed: Path, text: str, read: FileReader) -> Context:
    """What is looked at of a spec that says something else now, or whose receipt of a drill
    does."""
    receipt = changed.with_suffix("").with_suffix(RECEIPT)
    if changed == receipt:
        spec = changed.with_suffix("").with_suffix(".yaml")
        drilled = drilled_as(receipt.name, text)
        text = spec.read_text(encoding="utf-8")
        return Context(*understand(text, spec.name, read), known=known_model, drilled=drilled)
    context = Context(*understand(text, changed.name, read), known=known_model)
    if not receipt.exists():
        return context
    return replace(context, drilled=drilled_as(receipt.name, receipt.read_text(encoding="utf-8")))


def _said(head: str) -> str:
    name, _, change = head.partition(": ")
    old, _, new = change.partition(" → ")
    spec = (CASES / name).resolve()
    text = spec.read_text(encoding="utf-8")
    assert written(old) in text, head

    def read(path: str) -> str:
        try:
            return (spec.parent / path).read_text(encoding="utf-8")
        except OSError:
            raise FileProblem(f"there is no file '{path}'") from None

    changed = text.replace(written(old), written(new), 1)
    found = examine(_context(spec, changed, read)).findings
    said = "".join(shown(each, spec.parent) for each in found)
    return indent(said, "  ").rstrip("\n")
