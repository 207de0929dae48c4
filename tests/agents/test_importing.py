"""A library that cannot be imported, for whatever reason, fails calls and not the run."""

import asyncio

import pytest

from agentflow.agents.importing import Imported
from agentflow.agents.protocol import AttemptError


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("import nowhere", "No module named 'nowhere'"),
        ("float('abc')", "could not convert string to float: 'abc'"),
        ("raise KeyError", "KeyError"),
    ],
)
def test_what_cannot_be_imported(script: str, said: str) -> None:
    imported: Imported[None] = Imported("the library", lambda: exec(script, {}))
    for _ in range(2):
        with pytest.raises(AttemptError) as caught:
            asyncio.run(imported.get())
        assert caught.value.failure.value == "rejected"
        assert caught.value.message == f"cannot import the library: {said}"
    assert asyncio.run(imported.loaded()) is None
