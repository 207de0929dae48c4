"""What doctor found, for people."""

from collections.abc import Sequence
from itertools import groupby

from agentflow.checkup import Check
from agentflow.contracts.describe import count
from agentflow.formats.safe import safe

_WORDS = {"ok": "ok", "note": "note", "absent": "-", "problem": "PROBLEM"}
_WIDTH = max(map(len, _WORDS.values()))


def render(checks: Sequence[Check]) -> str:
    """The areas, a line for each thing in them, and how many problems there are."""
    lines: list[str] = []
    for area, group in groupby(checks, key=lambda each: each.area):
        found = list(group)
        names = [safe(each.name, oneline=True) for each in found]
        width = max(map(len, names))
        lines.append(area)
        for each, name in zip(found, names, strict=True):
            detail = safe(each.detail, oneline=True)
            lines.append(f"  {_WORDS[each.state]:{_WIDTH}}  {name:{width}}  {detail}")
            if each.state == "problem" and each.help:
                lines.append(f"  {'':{_WIDTH}}  {'':{width}}  {safe(each.help, oneline=True)}")
    problems = sum(each.state == "problem" for each in checks)
    lines += ["", count(problems, "problem") if problems else "no problems"]
    return "\n".join(lines)
