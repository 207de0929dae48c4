"""The formats of tests by name. They import the trace, which most commands do not need."""

from collections.abc import Sequence
from typing import Protocol

from agentflow.formats import tests_json, tests_junit, tests_text
from agentflow.testing.verdict import Suite


class TestsFormat(Protocol):
    """Text of what came of tests. `traces` asks for the whole trace of every test."""

    def __call__(self, suites: Sequence[Suite], /, *, traces: bool, unicode: bool) -> str: ...


TESTS_FORMATS: dict[str, TestsFormat] = {
    "text": tests_text.render,
    "json": tests_json.render,
    "junit": tests_junit.render,
}
