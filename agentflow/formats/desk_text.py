"""What is asked at a terminal, and what is typed there.

approve  asks support, until 2026-11-28 13:00 UTC
  Refund order 123456?
  order: "123456"
  'replace' takes boolean
approve, replace or abort>
"""

from collections.abc import Mapping, Sequence

from agentflow.contracts.strict import NotJson, loads
from agentflow.formats.asked import Question, asked_lines, replacing
from agentflow.formats.safe import safe
from agentflow.spec.model import Json
from agentflow.spec.phrases import listed

#: Characters of one value that are shown: whoever decides has to see what about.
_LIMIT = 4_000
VALUE = "value (JSON)> "
TOO_LONG = "the terminal cuts such a long line; 'agentflow answer' takes a file"


class Unclear(Exception):
    """What was typed cannot be understood; says why, on one line."""


def question(document: Mapping[str, Json]) -> str:
    """A question, from the data that is delivered."""
    failure = document["failure"]
    asked = Question(
        step=document["step"],
        who=document["who"],
        asked=document["asked"],
        due=document["due"],
        ask=document["ask"],
        shown=document["shown"],
        failure=(failure["kind"], failure["message"]) if failure else None,
        output=document["output"],
        four_eyes=document["four_eyes"],
        tool=document["tool"],
    )
    takes = f"  {replacing(document['contract'], '')}"
    return "\n".join(["", *asked_lines(asked, _LIMIT), takes]) + "\n"


def notice(document: Mapping[str, Json]) -> str:
    """A notice, from the data that is delivered."""
    step, who = (safe(document[key] or "you", oneline=True) for key in ("step", "who"))
    text = "\n".join(f"  {line}" for line in safe(document["text"], limit=_LIMIT).split("\n"))
    return f"\n{step}  tells {who}\n{text}\n"


def prompt(answers: Sequence[str]) -> str:
    """What can be said."""
    *others, last = answers
    return f"{', '.join(others)} or {last}> "


def complaint(why: str) -> str:
    """Why something is asked for again."""
    return f"  {safe(why, limit=_LIMIT, oneline=True)}\n"


def ended(how: str) -> str:
    """A question is open no longer."""
    return f"  {safe(how, limit=_LIMIT, oneline=True)}\n"


def read_line(line: str, answers: Sequence[str]) -> tuple[str, str]:
    """The answer that a line begins with, or its unambiguous beginning, and the rest of the line.

    Raises `Unclear`.
    """
    word, _, rest = line.partition(" ")
    meant = [answer for answer in answers if word and answer.startswith(word.lower())]
    if len(meant) != 1:
        raise Unclear(f"expected one of: {listed(answers)}; found '{word}'")
    return meant[0], rest.strip()


def read_value(text: str) -> Json:
    """A value as JSON. Raises `Unclear`."""
    try:
        return loads(text)
    except NotJson as error:
        raise Unclear(f"the value is {error}; text needs quotes of its own") from None
