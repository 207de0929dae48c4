"""What an author says about the behaviour of a pipeline: tests with scripted answers."""

from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from agentflow.spec.model.values import (
    Count,
    Duration,
    Expression,
    FailureClass,
    Json,
    Name,
    Node,
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
#: How a step can have ended when a run is over.
StepEnd = Literal["succeeded", "failed", "skipped", "cancelled", "unknown", "not_started"]

Address = Annotated[
    str,
    Field(
        min_length=1,
        description="The address of a step as a trace shows it; `[*]` stands for any number.",
    ),
]

Data = Annotated[Json, Field(description="A JSON value, in which nothing is expanded.")]

_FORMS = ("value", "text", "fail", "crash", "calls")


class ScriptedUsage(Node):
    """What the provider of a chat model says that a call used up."""

    tokens_in: Annotated[int, Field(ge=0, strict=True)] = Field(
        0, description="Tokens of the prompt."
    )
    tokens_out: Annotated[int, Field(ge=0, strict=True)] = Field(
        0, description="Tokens of the answer."
    )
    usd: Annotated[float, Field(ge=0)] | None = Field(
        None, description="US dollars; left out, they follow from the price."
    )


class ScriptedCall(Node):
    """A tool that the model asks for in a test: with an `input`, or with a `text` in its place."""

    model_config = ConfigDict(json_schema_extra={"not": {"required": ["input", "text"]}})

    tool: Annotated[str, Field(min_length=1)] = Field(
        description="The tool, as the model calls it."
    )
    input: dict[str, Value] = Field(
        default={},
        description="The arguments; in ${{ EXPRESSION }}, `input` is what the model was given.",
    )
    text: str | None = Field(
        None, description="The arguments as the model writes them, which may be no JSON."
    )

    @model_validator(mode="after")
    def _has_one_form(self) -> Self:
        if {"input", "text"} <= self.model_fields_set:
            raise ValueError("a call has either 'input' or 'text'")
        return self


class Answer(Node):
    """What a call comes to in a test: exactly one of `value`, `text`, `fail`, `crash` and `calls`."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": [form]} for form in _FORMS],
            "dependentRequired": {"message": ["fail"], "retry_after": ["fail"]},
            "not": {"required": ["crash", "usage"]},
        }
    )

    value: Value = Field(
        None,
        description="The agent answers this; in ${{ EXPRESSION }}, `input` is what it was given.",
    )
    text: str | None = Field(None, description="The agent writes this, and it is read as ever.")
    fail: ReportedClass | None = Field(None, description="The attempt fails with this class.")
    crash: Literal[True] | None = Field(
        None, description="The process of the run dies during the call, and the run is resumed."
    )
    calls: Annotated[list[ScriptedCall], Field(min_length=1)] | None = Field(
        None, description="The model asks for these tools before it answers."
    )
    message: str | None = Field(None, description="What the failure says.")
    retry_after: Duration | None = Field(None, description="How long the failure asks to wait.")
    after: Duration = Field(
        "1s", description="How long it takes; beyond the timeout it is a `timeout`."
    )
    usage: ScriptedUsage | None = Field(
        None, description="What the call used up, for budgets; only a crash has none."
    )

    @model_validator(mode="after")
    def _has_one_form(self) -> Self:
        given = {k for k in self.model_fields_set if k == "value" or getattr(self, k) is not None}
        if len(given.intersection(_FORMS)) != 1:
            raise ValueError("an answer has exactly one of: value, text, fail, crash, calls")
        if "fail" not in given and given & {"message", "retry_after"}:
            raise ValueError("'message' and 'retry_after' belong to 'fail'")
        if "crash" in given and "usage" in given:
            raise ValueError("what a crash used up is not known; take 'usage' out")
        return self


class PersonSays(Node):
    """What a person says to a question in a test: exactly one of `says` and `value`."""

    model_config = ConfigDict(
        json_schema_extra={"oneOf": [{"required": ["says"]}, {"required": ["value"]}]}
    )

    says: Literal["approve", "retry", "abort", "nothing"] | None = Field(
        None, description="The answer, or `nothing`, so that the time runs out."
    )
    value: Value = Field(
        None, description="The answer `replace`; in ${{ EXPRESSION }}, `input` is what is shown."
    )
    by: str | None = Field(None, description="Who says it.")
    after: Duration = Field("1s", description="How long it takes.")

    @model_validator(mode="after")
    def _says_one_thing(self) -> Self:
        if (self.says is not None) == ("value" in self.model_fields_set):
            raise ValueError("a person's answer has exactly one of: says, value")
        return self


class Cancel(Node):
    """Somebody ends the run in a test."""

    after: Duration = Field(description="How long after its start.")
    by: str | None = Field(None, description="Who.")
    reason: str | None = Field(None, description="Why.")


class ExpectedFailure(Node):
    """How a run is to fail."""

    class_: FailureClass | None = Field(None, alias="class", description="The class.")
    message: str | None = Field(None, description="A part of the message.")


class Ceiling(Node):
    """As much as there may be of something."""

    max: Annotated[float, Field(ge=0)] = Field(description="The most that passes.")


class Expectations(Node):
    """What is to have happened. What is left out is not looked at."""

    status: Literal["succeeded", "failed", "cancelled"] | None = Field(
        None,
        description="How the run ends; by default `failed` beside `failure`, `cancelled` where the"
        " test cancels it, else `succeeded`.",
    )
    outputs: dict[str, Data] | None = Field(
        None, description="What the pipeline answers, all of it and exactly."
    )
    outputs_include: dict[str, Data] | None = Field(
        None, description="What is in the answer, whatever other fields its objects have."
    )
    failure: ExpectedFailure | None = Field(None, description="Why the run fails.")
    steps: dict[Address, StepEnd] = Field(default={}, description="How steps end.")
    path: list[Address] | None = Field(
        None, description="All calls and questions in the order in which they start, and no others."
    )
    calls: dict[Address, Annotated[int, Field(ge=0, strict=True)]] = Field(
        default={},
        description="How many calls a step makes, all attempts counted, or questions it asks.",
    )
    order: Annotated[list[Address], Field(min_length=2)] | None = Field(
        None, description="Steps whose calls have ended before the first call of the next starts."
    )
    overlap: Annotated[list[Address], Field(min_length=2)] | None = Field(
        None, description="Steps that are at work at the same time."
    )
    given: dict[Address, dict[str, Data] | list[dict[str, Data]]] = Field(
        default={},
        description="Fields that agents are given or people shown: in every call, or call by call.",
    )
    tokens: Ceiling | None = Field(
        None, description="How many tokens chat models use up at most, in and out: `{max: 5000}`."
    )
    usd: Ceiling | None = Field(
        None, description="What chat models cost at most, in US dollars: `{max: 0.02}`."
    )
    that: list[Expression] = Field(
        default=[],
        description="Expressions over `outputs`, `calls`, `seconds` and `spent` that are true.",
    )


class PipelineTest(Node):
    """A run with scripted answers, and what is expected of it."""

    description: str | None = None
    like: Name | None = Field(
        None,
        description="Another test, whose inputs, answers, people and recording count where this"
        " has no own.",
    )
    inputs: dict[str, Data] = Field(default={}, description="The inputs of the run.")
    answers: dict[Address, Answer | list[Answer]] = Field(
        default={}, description="What calls come to: one answer for all, or a list, one for each."
    )
    people: dict[Address, PersonSays | list[PersonSays]] = Field(
        default={}, description="What people say to questions: once for all, or one for each."
    )
    recording: Annotated[str, Field(min_length=1)] | None = Field(
        None,
        description="A file that `run --record` made, from which chat models answer if the test"
        " itself has no answer; relative to the spec.",
    )
    cancel: Cancel | None = Field(None, description="Somebody ends the run before it is through.")
    unscripted: Literal["error", "simulate"] = Field(
        "error", description="What a call or question without an answer is: an error, or simulated."
    )
    seed: str = Field("0", description="What simulated answers depend on.")
    concurrency: Count = Field(16, description="Attempts at a time.")
    expect: Expectations = Field(
        default_factory=Expectations, description="What is to have happened when the run is over."
    )
