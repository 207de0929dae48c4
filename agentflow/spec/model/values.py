"""The words of the language: names, durations, values, effects, failure classes."""

import re
from enum import StrEnum
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

#: A value as JSON knows it: None, bool, int, float, str, list or dict with string keys.
Json: TypeAlias = Any

NAME_PATTERN = r"^[a-z][a-z0-9_]{0,62}$"
CONTRACT_NAME_PATTERN = r"^[A-Z][A-Za-z0-9]{0,62}$"
DURATION_PATTERN = r"^0*[1-9][0-9]{0,8}(ms|s|m|h|d)$"

#: A Python function: package.module:function.
FUNCTION_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_]*$"

#: The name of an agent, or one expression that comes to it.
AGENT_PATTERN = r"^([a-z][a-z0-9_]{0,62}|\$\{\{[\s\S]*\}\})$"

Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
AgentName = Annotated[str, StringConstraints(pattern=AGENT_PATTERN)]
ContractName = Annotated[str, StringConstraints(pattern=CONTRACT_NAME_PATTERN)]
Duration = Annotated[
    str,
    Field(
        pattern=DURATION_PATTERN,
        description="A duration: 500ms, 30s, 15m, 4h or 2d.",
        examples=["30s"],
    ),
]
Count = Annotated[int, Field(ge=1, strict=True)]
Contract = Annotated[
    ContractName | dict[str, Json],
    Field(
        description="A contract's name, an inline JSON Schema, {$ref: file.json#/pointer},"
        " or {python: package.module:Model}."
    ),
]
Expression = Annotated[str, Field(description="A bare expression, without ${{ }}.")]
Value = Annotated[Json, Field(description="A value; a string in it may hold ${{ EXPRESSION }}.")]

#: Said once for agents and steps.
EffectsReason = Annotated[
    str,
    Field(
        min_length=1,
        description="Why an irreversible effect needs no check and no gate before it.",
    ),
]

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(duration: str) -> float:
    """The length of a `Duration` in seconds."""
    match = re.fullmatch(r"([0-9]+)(ms|s|m|h|d)", duration)
    if match is None:
        raise ValueError(f"not a duration: {duration!r}")
    return int(match[1]) * _SECONDS[match[2]]


class Effects(StrEnum):
    """What a step does to the world; retry and resume ask this before they repeat it."""

    NONE = "none"
    READ = "read"
    IDEMPOTENT = "idempotent"
    WRITE = "write"
    IRREVERSIBLE = "irreversible"

    @property
    def repeatable(self) -> bool:
        """May an attempt whose outcome is not known be made again without asking?"""
        return self in (Effects.NONE, Effects.READ, Effects.IDEMPOTENT)


class FailureClass(StrEnum):
    """What can go wrong with an attempt. The table with the meaning of each is in `docs`."""

    NOT_SENT = "not_sent"
    RATE_LIMITED = "rate_limited"
    SERVER_ERROR = "server_error"
    TIMEOUT = "timeout"
    REJECTED = "rejected"
    CONTEXT_OVERFLOW = "context_overflow"
    TRUNCATED = "truncated"
    INVALID_OUTPUT = "invalid_output"
    LOW_CONFIDENCE = "low_confidence"
    BUDGET_EXCEEDED = "budget_exceeded"
    EXHAUSTED = "exhausted"
    CANCELLED = "cancelled"
    UNKNOWN_EFFECT = "unknown_effect"

    @property
    def ambiguous(self) -> bool:
        """May the effect have happened although the attempt failed?"""
        return self in AMBIGUOUS


#: The classes with which another attempt of the same call can succeed.
RetryableClass = Literal[
    "not_sent", "rate_limited", "server_error", "timeout", "truncated", "invalid_output"
]
#: The call may have done its work although no answer came.
AMBIGUOUS = frozenset({FailureClass.SERVER_ERROR, FailureClass.TIMEOUT})
#: The agent has certainly acted: it answered, only not as its contract asks.
ANSWERED = frozenset(
    {FailureClass.TRUNCATED, FailureClass.INVALID_OUTPUT, FailureClass.LOW_CONFIDENCE}
)
#: The other side has certainly not done what it was asked for.
UNDONE = frozenset(
    {
        FailureClass.NOT_SENT,
        FailureClass.RATE_LIMITED,
        FailureClass.REJECTED,
        FailureClass.CONTEXT_OVERFLOW,
    }
)
#: The agent can mend these itself if it is told what was wrong.
REPAIRABLE = frozenset({FailureClass.TRUNCATED, FailureClass.INVALID_OUTPUT})


class Node(BaseModel):
    """A mapping of the language: frozen, and closed against keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=False, defer_build=True)
