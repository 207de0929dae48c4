"""Questions that wait for people, with the commands that answer them.

approve  asks support, until 2026-11-28 13:00 UTC
  Refund order 123456?
  order: 123456
  agentflow answer 20261126-133000-4f2a91 approve approve|replace|abort --question q1f0a9c2d3e
"""

import shlex
from collections.abc import Iterator, Sequence

from agentflow.core.events import AskPerson
from agentflow.formats.safe import safe
from agentflow.formats.values import compact
from agentflow.formats.words import count, moment

#: Characters of one value that are shown; the file of the question has all of it.
_LIMIT = 300


def render(questions: Sequence[tuple[str, AskPerson]], option: str = "") -> str:
    """All questions, each with the id of its run; `option` is what commands need to find them."""
    if not questions:
        return "nothing waits for an answer"
    head = f"{count(len(questions), 'question')} wait{'s' * (len(questions) == 1)} for an answer:"
    return "\n".join([head, *question_lines(questions, option)])


def question_lines(questions: Sequence[tuple[str, AskPerson]], option: str) -> Iterator[str]:
    """The lines of questions: who is asked what, until when, and how to answer."""
    for run_id, asked in questions:
        step = safe(asked.step, oneline=True)
        who = safe(asked.who or "a person", oneline=True)
        yield f"  {step}  asks {who}, until {moment(asked.due)}"
        yield from (f"    {line}" for line in safe(asked.ask, limit=_LIMIT).split("\n"))
        if isinstance(asked.input, dict):
            for name, value in asked.input.items():
                yield f"    {name}: {safe(compact(value), limit=_LIMIT, oneline=True)}"
        if asked.failure is not None:
            why = safe(asked.failure.message, limit=_LIMIT, oneline=True)
            yield f"    because {asked.failure.kind}: {why}"
        if asked.output is not None:
            yield f"    held back: {safe(compact(asked.output), limit=_LIMIT, oneline=True)}"
        said = "|".join(asked.answers)
        where = safe(shlex.quote(asked.step), oneline=True)
        named = f"{run_id} {where} {said} --question {asked.question} {option}".rstrip()
        yield f"    agentflow answer {named}"
