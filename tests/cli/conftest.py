"""What the tests of the command line share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .shell import Project, wait_until


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project of its own for each test; no process of it may be left behind."""
    project = Project(tmp_path / "project")
    yield project
    wait_until(lambda: not project.processes())
