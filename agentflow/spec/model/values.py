"""The words of the language: names, durations, values, effects, failure classes."""

import re
from collections.abc import Mapping, Set
from enum import StrEnum
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

from msgspec import Meta, Struct

#: A value as JSON knows it: None, bool, int, float, str, list or dict with string keys.
Json: TypeAlias = Any

NAME_PATTERN = r"^[a-z][a-z0-9_]{0,62}$"
CONTRACT_NAME_PATTERN = r"^[A-Z][A-Za-z0-9]{0,62}$"
DURATION_PATTERN = r"^0*[1-9][0-9]{0,8}(ms|s|m|h|d)$"

#: A Python function: package.module:function.
FUNCTION_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*(\.[A-Za-z_][A-Za-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_]*$"

#: The name of an agent, or one expression that comes to it.
AGENT_PATTERN = r"^([a-z][a-z0-9_]{0,62}|\$\{\{[\s\S]*\}\})$"

Name = Annotated[str, Meta(pattern=NAME_PATTERN)]
AgentName = Annotated[str, Meta(pattern=AGENT_PATTERN)]
ContractName = Annotated[str, Meta(pattern=CONTRACT_NAME_PATTERN)]
Duration = Annotated[
    str,
    Meta(
        pattern=DURATION_PATTERN,
        description="A duration: 500ms, 30s, 15m, 4h or 2d.",
        examples=["30s"],
    ),
]
Count = Annotated[int, Meta(ge=1)]
Contract = Annotated[
    ContractName | dict[str, Json],
    Meta(
        description="A contract's name, an inline JSON Schema, {$ref: file.json#/pointer},"
        " or {python: package.module:Model}."
    ),
]
Expression = Annotated[str, Meta(description="A bare expression, without ${{ }}.")]
Value = Annotated[Json, Meta(description="A value; a string in it may hold ${{ EXPRESSION }}.")]

#: Said once for agents and steps.
EffectsReason = Annotated[
    str,
    Meta(
        min_length=1, description="Why an irreversible effect needs no check and no gate before it."
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


class Objection(Struct, frozen=True):
    """What is wrong with a mapping as a whole, or with what is at a path in it."""

    said: str
    path: tuple[str, ...] = ()


def _key(name: str) -> str:
    """The key as authors write it: names that are keywords of Python end with `_` here."""
    return name.rstrip("_")


class Node(Struct, frozen=True, kw_only=True, rename=_key):
    """A mapping of the language. It is closed against keys that it does not have.

    The docstring below a key says what it means, in the JSON Schema and in the docs; the type of
    the key says so where there is none.
    """

    #: What the JSON Schema says of it besides its keys.
    also: ClassVar[Mapping[str, Json]] = {}

    def objection(self, given: Set[str]) -> Objection | None:  # noqa: ARG002 - for those that object
        """What is wrong although each key is right by itself; `given` are the keys written."""
        return None


class ByKey(Struct, frozen=True, eq=False):
    """Of several mappings the one that is meant is told by the first of these keys that is there.

    Without any it is `otherwise`; with None it has to have one.
    """

    kinds: Mapping[str, type[Node]]
    otherwise: type[Node] | None = None


class ByKind(Struct, frozen=True):
    """Of several mappings the one that is meant is told by the value of the key `kind`."""
