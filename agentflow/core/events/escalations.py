"""Decisions by which a step turns to others: up the levels of an escalation, and to people."""

from collections.abc import Sequence

from msgspec import Struct

from agentflow.core.events.parts import AnswerKind, Failure, Reason
from agentflow.spec.model import Json


class Escalate(Struct, frozen=True):
    """Turn to others about a failure; `catch` is the entry that says so."""

    step: str
    catch: str
    escalation: str
    failure: Failure
    reason: Reason


class TryLevel(Struct, frozen=True):
    """A level calls an agent: that of the step with another `model`, or another one."""

    step: str
    escalation: str
    level: int
    agent: str
    model: str | None
    reason: Reason


class LeaveLevel(Struct, frozen=True):
    """A level did not help; the next one is tried. Levels count from 0."""

    step: str
    escalation: str
    level: int
    reason: Reason


class Notify(Struct, frozen=True):
    """Tell a person, and go on with the next level. It is stored before it is delivered."""

    step: str
    message: str
    escalation: str
    level: int
    channel: str
    who: str | None
    text: str
    failure: Failure
    reason: Reason


class AskPerson(Struct, frozen=True):
    """Put a question to a person. It is stored before it is delivered.

    `question` is its id, `number` counts the messages of the run from 0, and `payload` is the hash
    of all that is asked and shown.
    `input` is what the person is shown, `answers` what may be answered, from `asked` until `due`.
    In an escalation, `failure` is why the person is asked, `input` what the agent was given and
    `output` what it answered, if that was held back. Before a call of a `tool`, `input` are the
    arguments that a model wants to give it. With `four_eyes`, whoever started the run may not
    answer.
    """

    step: str
    question: str
    number: int
    payload: str
    channel: str
    who: str | None
    ask: str
    input: Json
    answers: Sequence[str]
    asked: float
    due: float
    reason: Reason
    output: Json = None
    failure: Failure | None = None
    escalation: str | None = None
    level: int | None = None
    tool: str | None = None
    four_eyes: bool = False


class TakeAnswer(Struct, frozen=True):
    """The answer counts. `value` is what goes on as the output, if one does."""

    step: str
    question: str
    ticket: str
    by: str | None
    answer: AnswerKind
    value: Json
    reason: Reason


class RefuseAnswer(Struct, frozen=True):
    """The answer does not count: it is late, double, foreign, stale, or breaks a contract."""

    step: str
    question: str
    ticket: str
    by: str | None
    reason: Reason
