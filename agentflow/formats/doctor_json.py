"""What doctor found, for programs. Format 1; `schemas/doctor.v1.schema.json`."""

from collections.abc import Sequence

from msgspec import to_builtins

from agentflow.checkup import Check
from agentflow.formats.values import document

FORMAT = 1


def render(checks: Sequence[Check]) -> str:
    """One JSON object with everything that was looked at."""
    problems = sum(each.state == "problem" for each in checks)
    found = [to_builtins(each) for each in checks]
    return document({"format": FORMAT, "problems": problems, "checks": found})
