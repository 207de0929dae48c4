"""What a test of a pipeline says of its run, as the test runner reads it."""

from collections.abc import Mapping
from typing import Generic, TypeVar

from msgspec import Struct

from agentflow.spec.cel.syntax import Expr
from agentflow.spec.model import Answer, Expectations, Json, PersonSays
from agentflow.spec.templates import Template

#: What a test says about a call, and about a question to a person.
Said = TypeVar("Said", Answer, PersonSays)


class AnswerPlan(Struct, Generic[Said], frozen=True):
    """What a call or question comes to: what the author wrote, and the template of its value.

    `inputs` are those of the tools that a model asks for, in their order.
    """

    said: Said
    value: Template
    after: float
    inputs: tuple[Template, ...] = ()


class AnswersPlan(Struct, Generic[Said], frozen=True):
    """The answers to the calls or questions that a pattern stands for.

    With `each` there is one for every call; otherwise the only one is for all of them. They are
    `own` if they stand in this test and do not come from one that it is `like`.
    """

    answers: tuple[AnswerPlan[Said], ...]
    each: bool
    own: bool


class CancelPlan(Struct, frozen=True):
    """Somebody cancels the run, so many seconds after its start."""

    after: float
    by: str | None
    why: str | None


class ScriptPlan(Struct, frozen=True):
    """One test. `that` are the expressions of `expect.that`, with their text."""

    name: str
    inputs: Mapping[str, Json]
    answers: Mapping[str, AnswersPlan[Answer]]
    people: Mapping[str, AnswersPlan[PersonSays]]
    simulate: bool
    seed: str
    concurrency: int
    recording: str | None
    cancel: CancelPlan | None
    expect: Expectations
    that: tuple[tuple[str, Expr], ...]
