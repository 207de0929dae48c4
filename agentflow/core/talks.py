"""What a chat model and the run say to each other on the way to an answer.

A *turn* is a reply of the model that the orchestrator takes. All but the last ask for tools; the
last is the answer. Calls of tools are instances of their own, with addresses below that of the
step, and what came of them is what the model is told before its next turn. Nothing of this is
stored but the facts: a talk is what they add up to, so it goes on after a crash where it was.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import count

from msgspec import Struct, field

from agentflow.core.events.parts import Complaint, Failure
from agentflow.spec.model import FailureClass, Json

#: Failures of a tool that are not for a model to deal with: they fail its step.
FATAL = frozenset(
    {FailureClass.BUDGET_EXCEEDED, FailureClass.CANCELLED, FailureClass.UNKNOWN_EFFECT}
)


class ToolCall(Struct, frozen=True):
    """What a model asks for. `arguments` is the text that it wrote, JSON or not."""

    id: str
    tool: str
    arguments: str


class Asks(Struct, frozen=True):
    """A turn in which the model asked for calls, with what it `said` and thought besides."""

    calls: tuple[ToolCall, ...]
    said: str | None
    thoughts: Mapping[str, Json] | None = None


class ToolResult(Struct, frozen=True):
    """What came of a call: its output, or the failure in words.

    `instead` are the arguments that a person has put in the place of the model's own.
    """

    output: Json = None
    error: str | None = None
    instead: Json = None


class Turn(Struct, frozen=True):
    """A turn that is over: what the model said, what it asked for, and what it got, in this order.

    `complaint` is what it had been told about an answer before. `thoughts` are parts of its message
    that some providers sign and want to see again, with the `model` that they are of: {model,
    thinking_blocks, reasoning_content, reasoning_details, reasoning_items}.
    """

    said: str | None
    calls: tuple[ToolCall, ...]
    results: tuple[ToolResult, ...]
    complaint: Complaint | None = None
    thoughts: Mapping[str, Json] | None = None


class Talk(Struct):
    """A talk as it goes on.

    `turns` are over. `asked` are the calls of the turn that is not, `said` and `thoughts` what the
    model said and thought with them, and `refused` why some are not made, by their number from 1.
    `used` counts the calls of each tool, refused ones included. Numbers of turns go on from an
    earlier talk about the same step, of which there were `before`, so that no two calls have one
    address.
    """

    before: int
    turns: list[Turn] = field(default_factory=list)
    asked: tuple[ToolCall, ...] = ()
    said: str | None = None
    thoughts: Mapping[str, Json] | None = None
    refused: dict[int, str] = field(default_factory=dict)
    used: Counter[str] = field(default_factory=Counter)

    @property
    def number(self) -> int:
        """The number of the turn that goes on, from 1."""
        return self.before + len(self.turns) + 1


def asked_for(calls: Sequence[Json], talk: Talk | None) -> tuple[ToolCall, ...]:
    """The calls of a fact. An id that is missing, or was used in the talk before, is replaced.

    Results go by them, and Anthropic refuses a talk in which one stands twice.
    """
    known = {one.id for turn in talk.turns for one in turn.calls} if talk is not None else set()
    made: list[ToolCall] = []
    for number, call in enumerate(calls, start=1):
        own = call.get("id")
        if not own or own in known:
            own = next(one for n in count(number) if (one := f"call_{n}") not in known)
        known.add(own)
        made.append(ToolCall(own, call["tool"], call["arguments"]))
    return tuple(made)


def failed_result(failure: Failure, instead: Json = None, *, acted: bool = False) -> ToolResult:
    """What a model is told of a failed call; one that has `acted` must not be repeated."""
    done = "; it has changed the world all the same, and another call would do so again"
    return ToolResult(
        error=f"{failure.kind}: {failure.message}{done if acted else ''}", instead=instead
    )
