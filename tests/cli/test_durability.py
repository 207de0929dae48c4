"""`--durability`: what a stored entry survives."""

import sqlite3
from contextlib import closing

import pytest

from .shell import Project


@pytest.mark.parametrize(("name", "synchronous"), [("process", 1), ("power", 2)])
def test_it_says_how_sqlite_syncs(project: Project, name: str, synchronous: int) -> None:
    done = project.json("run", "hello.yaml", "-i", "name=Ada", "--durability", name)
    database = project.folder / ".agentflow" / "runs" / done["run"] / "cache.db"
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        query = "SELECT value FROM Settings WHERE key = 'sqlite_synchronous'"
        assert connection.execute(query).fetchall() == [(synchronous,)]
