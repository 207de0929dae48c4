"""Defects that published systems shipped with, written in our language, and what is said of them.

`tests/cases/defects` has pairs: `NAME.yaml` with the defect and beside it all that is to be said, and
`NAME.mended.yaml`, of which there is nothing to say. `AGENTFLOW_WRITE_CASES=1` writes what is said.
"""

import os
from pathlib import Path

import pytest

from agentflow.loading import check, load
from tests.lint.linting import shown

CASES = Path(__file__).parent.parent / "cases" / "defects"
MENDED = sorted(CASES.glob("*.mended.yaml"))
BROKEN = sorted(set(CASES.glob("*.yaml")) - set(MENDED))


def test_every_defect_has_a_mended_version() -> None:
    assert [path.with_suffix(".mended.yaml") for path in BROKEN] == MENDED
    assert len(BROKEN) > 10


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_defect_is_found(path: Path) -> None:
    expected = path.with_suffix(".txt")
    said = "".join(shown(finding, CASES) for finding in check(load(path)))
    if os.environ.get("AGENTFLOW_WRITE_CASES"):
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", MENDED, ids=lambda path: path.stem)
def test_mended_version_is_silent(path: Path) -> None:
    assert "".join(shown(finding, CASES) for finding in check(load(path))) == ""
