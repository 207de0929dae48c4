"""What tests of several folders share."""

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("tests.cli.shell")

from .agents.openai_server import OpenAIServer  # noqa: E402 (asserts are told to explain before)
from .cli.inprocess import pass_over_litellm  # noqa: E402

# The same examples in every process and on every machine: one that chance finds on one day would
# fail a change that has nothing to do with it. `HYPOTHESIS_PROFILE=default` looks for new ones.
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    """A chat server, with the environment of an operator who uses it."""
    pass_over_litellm()
    for variable in ("OPENAI_API_BASE", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
    with OpenAIServer() as running:
        for variable, value in running.environment.items():
            monkeypatch.setenv(variable, value)
        yield running
