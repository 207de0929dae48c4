"""What an author says about the behaviour of a pipeline: tests with scripted answers."""

from collections.abc import Set
from typing import Annotated, Literal

from msgspec import Meta

from agentflow.spec.model.values import (
    Count,
    Duration,
    Expression,
    FailureClass,
    Json,
    Name,
    Node,
    Objection,
    Value,
)

#: The failures that an agent can report; all others are the orchestrator's own.
ReportedClass = Literal[
    "not_sent",
    "rate_limited",
    "server_error",
    "timeout",
    "rejected",
    "context_overflow",
    "truncated",
    "invalid_output",
]
#: What a person says in a word; a value is what `replace` says.
PersonsWord = Literal["approve", "retry", "abort", "nothing"]
#: How a step can have ended when a run is over.
StepEnd = Literal["succeeded", "failed", "skipped", "cancelled", "unknown", "not_started"]

Address = Annotated[
    str,
    Meta(
        min_length=1,
        description="The address of a step as a trace shows it; `[*]` stands for any number.",
    ),
]

Data = Annotated[Json, Meta(description="A JSON value, in which nothing is expanded.")]

_FORMS = ("value", "text", "fail", "crash", "calls")


class ScriptedUsage(Node, frozen=True, kw_only=True):
    """What the provider of a chat model says that a call used up."""

    tokens_in: Annotated[int, Meta(ge=0)] = 0
    """Tokens of the prompt."""

    tokens_out: Annotated[int, Meta(ge=0)] = 0
    """Tokens of the answer."""

    usd: Annotated[float, Meta(ge=0)] | None = None
    """US dollars; left out, they follow from the price."""


class ScriptedCall(Node, frozen=True, kw_only=True):
    """A tool that the model asks for in a test: with an `input`, or with a `text` in its place."""

    also = {"not": {"required": ["input", "text"]}}

    tool: Annotated[str, Meta(min_length=1)]
    """The tool, as the model calls it."""

    input: dict[str, Value] = {}
    """The arguments; in ${{ EXPRESSION }}, `input` is what the model was given."""

    text: str | None = None
    """The arguments as the model writes them, which may be no JSON."""

    def objection(self, given: Set[str]) -> Objection | None:
        both = {"input", "text"} <= given
        return Objection("a call has either 'input' or 'text'") if both else None


class Answer(Node, frozen=True, kw_only=True):
    """What a call comes to in a test: exactly one of `value`, `text`, `fail`, `crash` and
    `calls`."""

    also = {
        "oneOf": [{"required": [form]} for form in _FORMS],
        "dependentRequired": {"message": ["fail"], "retry_after": ["fail"]},
        "not": {"required": ["crash", "usage"]},
    }

    value: Value = None
    """The agent answers this; in ${{ EXPRESSION }}, `input` is what it was given."""

    text: str | None = None
    """The agent writes this, and it is read as ever."""

    fail: ReportedClass | None = None
    """The attempt fails with this class."""

    crash: Literal[True] | None = None
    """The process of the run dies during the call, and the run is resumed."""

    calls: Annotated[list[ScriptedCall], Meta(min_length=1)] | None = None
    """The model asks for these tools before it answers."""

    message: str | None = None
    """What the failure says."""

    retry_after: Duration | None = None
    """How long the failure asks to wait."""

    after: Duration = "1s"
    """How long it takes; beyond the timeout it is a `timeout`."""

    usage: ScriptedUsage | None = None
    """What the call used up, for budgets; only a crash has none."""

    def objection(self, given: Set[str]) -> Objection | None:
        said = {key for key in given if key == "value" or getattr(self, key) is not None}
        if len(said.intersection(_FORMS)) != 1:
            return Objection("an answer has exactly one of: value, text, fail, crash, calls")
        if "fail" not in said and said & {"message", "retry_after"}:
            return Objection("'message' and 'retry_after' belong to 'fail'")
        if "crash" in said and "usage" in said:
            return Objection("what a crash used up is not known; take 'usage' out")
        return None


class PersonSays(Node, frozen=True, kw_only=True):
    """What a person says to a question in a test: exactly one of `says` and `value`."""

    also = {"oneOf": [{"required": ["says"]}, {"required": ["value"]}]}

    says: PersonsWord | None = None
    """The answer, or `nothing`, so that the time runs out."""

    value: Value = None
    """The answer `replace`; in ${{ EXPRESSION }}, `input` is what is shown."""

    by: str | None = None
    """Who says it."""

    after: Duration = "1s"
    """How long it takes."""

    def objection(self, given: Set[str]) -> Objection | None:
        neither_or_both = (self.says is not None) == ("value" in given)
        said = "a person's answer has exactly one of: says, value"
        return Objection(said) if neither_or_both else None


class Cancel(Node, frozen=True, kw_only=True):
    """Somebody ends the run in a test."""

    after: Duration
    """How long after its start."""

    by: str | None = None
    """Who."""

    reason: str | None = None
    """Why."""


class ExpectedFailure(Node, frozen=True, kw_only=True):
    """How a run is to fail."""

    class_: FailureClass | None = None
    """The class."""

    message: str | None = None
    """A part of the message."""


class Ceiling(Node, frozen=True, kw_only=True):
    """As much as there may be of something."""

    max: Annotated[float, Meta(ge=0)]
    """The most that passes."""


class Expectations(Node, frozen=True, kw_only=True):
    """What is to have happened. What is left out is not looked at."""

    status: Literal["succeeded", "failed", "cancelled"] | None = None
    """How the run ends; by default `failed` beside `failure`, `cancelled` where the test cancels
    it, else `succeeded`."""

    outputs: dict[str, Data] | None = None
    """What the pipeline answers, all of it and exactly."""

    outputs_include: dict[str, Data] | None = None
    """What is in the answer, whatever other fields its objects have."""

    failure: ExpectedFailure | None = None
    """Why the run fails."""

    steps: dict[Address, StepEnd] = {}
    """How steps end."""

    path: list[Address] | None = None
    """All calls and questions in the order in which they start, and no others."""

    calls: dict[Address, Annotated[int, Meta(ge=0)]] = {}
    """How many calls a step makes, all attempts counted, or questions it asks."""

    order: Annotated[list[Address], Meta(min_length=2)] | None = None
    """Steps whose calls have ended before the first call of the next starts."""

    overlap: Annotated[list[Address], Meta(min_length=2)] | None = None
    """Steps that are at work at the same time."""

    given: dict[Address, dict[str, Data] | list[dict[str, Data]]] = {}
    """Fields that agents are given or people shown: in every call, or call by call."""

    tokens: Ceiling | None = None
    """How many tokens chat models use up at most, in and out: `{max: 5000}`."""

    usd: Ceiling | None = None
    """What chat models cost at most, in US dollars: `{max: 0.02}`."""

    that: list[Expression] = []
    """Expressions over `outputs`, `calls`, `seconds` and `spent` that are true."""


class PipelineTest(Node, frozen=True, kw_only=True):
    """A run with scripted answers, and what is expected of it."""

    description: str | None = None
    like: Name | None = None
    """Another test, whose inputs, answers, people and recording count where this has no own."""

    inputs: dict[str, Data] = {}
    """The inputs of the run."""

    answers: dict[Address, Answer | list[Answer]] = {}
    """What calls come to: one answer for all, or a list, one for each."""

    people: dict[Address, PersonSays | list[PersonSays]] = {}
    """What people say to questions: once for all, or one for each; after what is refused, the
    next."""

    recording: Annotated[str, Meta(min_length=1)] | None = None
    """A file that `run --record` made, from which chat models answer if the test itself has no
    answer; relative to the spec."""

    cancel: Cancel | None = None
    """Somebody ends the run before it is through."""

    unscripted: Literal["error", "simulate"] = "error"
    """What a call or question without an answer is: an error, or simulated."""

    seed: str = "0"
    """What simulated answers depend on."""

    concurrency: Count = 16
    """Attempts at a time."""

    expect: Expectations = Expectations()
    """What is to have happened when the run is over."""
