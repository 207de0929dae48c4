"""What tests of several folders share."""

import os
import re
import signal
from collections.abc import Iterator

import pytest
from hypothesis import settings

pytest.register_assert_rewrite("tests.cli.shell")

from .agents.openai_server import OpenAIServer  # noqa: E402 (asserts are told to explain before)
from .cli.inprocess import pass_over_litellm  # noqa: E402

# Whoever starts the tests in the background has them ignore these, and with them all that they
# start.
for _signal in (signal.SIGINT, signal.SIGQUIT, signal.SIGHUP):
    if signal.getsignal(_signal) is signal.SIG_IGN:
        handler = signal.default_int_handler if _signal is signal.SIGINT else signal.SIG_DFL
        signal.signal(_signal, handler)

# The same examples in every process and on every machine: one that chance finds on one day would
# fail a change that has nothing to do with it. `HYPOTHESIS_PROFILE=default` looks for new ones.
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


#: What the machine has set for models and clouds, and for agentflow itself.
_OF_THE_OPERATOR = re.compile(
    "(openai|azure|aws|google|vertexai|litellm|sagemaker|databricks)_.*"
    "|.*_(api_key|api_base|base_url|auth_token)|agentflow_(allowed_hosts|store)",
    re.IGNORECASE,
)
# Before anything reads it; a test sets what it needs.
for _variable in [name for name in os.environ if _OF_THE_OPERATOR.fullmatch(name)]:
    del os.environ[_variable]
# The servers of the tests are on this machine, whatever way there is to others.
for _variable in ("no_proxy", "NO_PROXY"):
    os.environ[_variable] = ",".join(filter(None, (os.environ.get(_variable), "127.0.0.1")))


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    """A chat server, with the environment of an operator who uses it."""
    pass_over_litellm()
    with OpenAIServer() as running:
        for variable, value in running.environment.items():
            monkeypatch.setenv(variable, value)
        yield running
