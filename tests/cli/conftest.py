"""What the tests of the command line share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .shell import Project


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """A project of its own for each test; no process of it may be left behind."""
    project = Project(tmp_path / "project")
    yield project
    project.wait_for_processes()
