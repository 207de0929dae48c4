"""Questions that wait for people, with the commands that answer them; runs that wait to be resumed.

approve  asks support, until 2026-11-28 13:00 UTC
  Refund order 123456?
  order: 123456
  agentflow answer 20261126-133000-4f2a91 approve approve|replace|abort --question q1f0a9c2d3e
  'replace' takes --value with boolean; a no is: replace --value false
"""

import shlex
from collections.abc import Collection, Iterator, Sequence

from agentflow.formats.asked import Open, Question, asked_lines, replacing
from agentflow.formats.safe import safe
from agentflow.formats.values import compact
from agentflow.formats.words import count

#: Characters of one value that are shown; the file of the question has all of it.
_LIMIT = 300
#: How a run comes to be for somebody to resume.
_HOW = {"interrupted": "it was interrupted", "crashed": "its process died"}


def render(
    questions: Sequence[Open],
    now: float,
    option: str = "",
    answered: Collection[str] = (),
    left: Sequence[tuple[str, str]] = (),
) -> str:
    """All questions, `option` is what commands need to find them.

    What is overdue `now` can be answered no longer. `answered` are the ids of those to which an
    answer lies in the mailbox of the run. `left` are runs that somebody has to resume, with their
    status.
    """
    return "\n".join((*_questions(questions, now, option, answered), *_left(left, option)))


def _left(left: Sequence[tuple[str, str]], option: str) -> Iterator[str]:
    if left:
        yield f"{count(len(left), 'run')} wait{'s' * (len(left) == 1)} for somebody to resume:"
    for run_id, status in left:
        yield f"  {run_id}  {_HOW[status]}; go on with: agentflow resume {run_id} {option}".rstrip()


def _questions(
    questions: Sequence[Open], now: float, option: str, answered: Collection[str]
) -> list[str]:
    if not questions:
        return ["nothing waits for an answer"]
    head = f"{count(len(questions), 'question')} wait{'s' * (len(questions) == 1)} for an answer:"
    lines = [head, *question_lines(questions, option, now, answered)]
    if any(now > one.question.due for one in questions):
        lines.append(f"what is overdue takes its course with: agentflow tick {option}".rstrip())
    if answered:
        lines.append(f"what is answered is taken in with: agentflow tick {option}".rstrip())
    return lines


def question_lines(
    questions: Sequence[Open],
    option: str,
    now: float | None = None,
    answered: Collection[str] = (),
) -> Iterator[str]:
    """The lines of questions: who is asked what, until when, and how to answer."""
    for one in questions:
        asked = one.question
        about = Question(
            step=asked.step,
            who=asked.who,
            asked=asked.asked,
            due=asked.due,
            ask=asked.ask,
            shown=asked.input,
            failure=(asked.failure.kind, asked.failure.message) if asked.failure else None,
            output=asked.output,
            four_eyes=asked.four_eyes,
            tool=asked.tool,
        )
        yield from (f"  {line}" for line in asked_lines(about, _LIMIT, now))
        if now is not None and now > asked.due:
            continue
        if asked.question in answered:
            yield "    answered, and the run has not taken that in yet"
            continue
        said = "|".join(asked.answers)
        where = safe(shlex.quote(asked.step), oneline=True)
        named = f"{one.run_id} {where} {said} --question {asked.question} {option}".rstrip()
        yield f"    agentflow answer {named}"
        yield f"    {_replacing(one)}"


def _replacing(one: Open) -> str:
    """What goes with `replace`, and how it says no."""
    takes = replacing(one.contract, "--value with ")
    if one.refusal is None:
        return takes
    return f"{takes}; a no is: replace --value {shlex.quote(compact(one.refusal))}"
