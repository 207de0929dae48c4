"""Defects that published systems shipped with, written in our language, and what is said of them.

`tests/cases/defects` has pairs: `NAME.yaml` with the defect and beside it all that is to be said,
and `NAME.mended.yaml`, of which there is nothing to say. `AGENTFLOW_WRITE_CASES=1` writes what is
said.
"""

from pathlib import Path

import pytest

from tests.lint.linting import assert_said_beside, said_of

CASES = Path(__file__).parent.parent / "cases" / "defects"
MENDED = sorted(CASES.glob("*.mended.yaml"))
BROKEN = sorted(set(CASES.glob("*.yaml")) - set(MENDED))


def test_every_defect_has_a_mended_version() -> None:
    assert [path.with_suffix(".mended.yaml") for path in BROKEN] == MENDED
    assert len(BROKEN) > 10


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_defect_is_found(path: Path) -> None:
    assert_said_beside(path, CASES)


@pytest.mark.parametrize("path", MENDED, ids=lambda path: path.stem)
def test_mended_version_is_silent(path: Path) -> None:
    assert said_of(path, CASES) == ""
