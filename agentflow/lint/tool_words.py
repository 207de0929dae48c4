"""How texts for chat models mention tools: by names that only tools have, and tools in general.

English is assumed. A name that might also be that of data does not count.
"""

import re
from collections.abc import Iterator

from agentflow.spec.model import Model

#: Beginnings of names of tools that names of data do not have.
_TOOL = re.compile(
    r"(?:add|ask|book|browse|calculate|call|cancel|check|compute|create|delete|execute|fetch|find|get|hand|handoff|insert"
    r"|list|load|lookup|look_up|notify|open|post|query|read|refund|remove|retrieve|run|save|search|send|store|submit"
    r"|transfer|update|upload|verify|web|write)_\w+",
    re.IGNORECASE,
)
#: Words for code, whose authors are told of functions that are no tools.
_CODE = re.compile(
    r"\b(?:code|formula|javascript|python|regex|script|sql|typescript)\b", re.IGNORECASE
)
#: What only a model with tools can do, or would be told.
_TOOLS = re.compile(
    r"\byou(?:'ve\s+got)?\s+(?:also\s+)?(?:have|are\s+given|are\s+equipped\s+with|can\s+use)\s+"
    r"(?:access\s+to\s+)?(?:(?:the|a|an|these|several|two|three|following)\s+)*(?:[\w-]+\s+){0,2}?tools?\b"
    r"|\b(?:use|using)\s+your\s+(?:[\w-]+\s+){0,2}tools?\b"
    r"|\btools?\s+(?:that\s+)?(?:you\s+have|available\s+to\s+you|at\s+your\s+disposal)\b"
    r"|\b(?:use|using|call)\s+(?:the|a)\s+(?:web|internet|browser|database|file|code|calculator|retrieval|search|sql)"
    r"(?:[ -]\w+)?\s+tool\b"
    r"|\b(?:search|browse)\s+(?:the\s+)?(?:web|internet)(?!\s+(?:page|result))\b",
    re.IGNORECASE,
)
#: Models that search by themselves.
_SEARCHES = re.compile(r"search|sonar|perplexity|deep-research|compound", re.IGNORECASE)


def speaks_of_tools(text: str) -> Iterator[re.Match[str]]:
    """Where a text mentions tools of its reader, or something that takes a tool to do."""
    return _TOOLS.finditer(text)


def tool_by_name(name: str, *, called: bool) -> str | None:
    """A name that only a tool can have: it begins with a verb of tools, or is `called()`."""
    first = name.split(maxsplit=1)[0]
    technical = _TOOL.fullmatch(first) is not None or (called and "_" in name)
    return first.lower() if technical else None


def writes_code(text: str) -> bool:
    """Is the reader of a text to write code, so that functions in it are no tools?"""
    return _CODE.search(text) is not None


def brings_its_own(model: Model) -> bool:
    """May a model have tools that its provider gives it?"""
    return bool(model.params) or _SEARCHES.search(model.model) is not None
