"""The formats of drills by name. They import the trace, which most commands do not need."""

from collections.abc import Sequence
from typing import Protocol

from agentflow.formats import drills_json, drills_junit, drills_text
from agentflow.testing.drills import Drilled


class DrillsFormat(Protocol):
    """Text of what came of drills."""

    def __call__(self, suites: Sequence[Drilled], /, *, unicode: bool) -> str: ...


DRILLS_FORMATS: dict[str, DrillsFormat] = {
    "text": drills_text.render,
    "json": drills_json.render,
    "junit": drills_junit.render,
}
