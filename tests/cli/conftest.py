"""What the tests of the command line share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .shell import Project


@pytest.fixture
def by() -> tuple[str, ...]:
    """By what the commands of a project are run; a module where that matters has its own fixture."""
    return ()


@pytest.fixture
def project(tmp_path: Path, by: tuple[str, ...]) -> Iterator[Project]:
    """A project of its own for each test; no process of it may be left behind."""
    project = Project(tmp_path / "project", by)
    yield project
    project.wait_for_processes()
