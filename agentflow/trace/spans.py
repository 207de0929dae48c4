"""What a trace is made of: steps over time, gates, questions, and the notes on a step."""

from collections.abc import Iterator, Sequence

from msgspec import Struct, field

from agentflow.contracts.describe import listed
from agentflow.core import events
from agentflow.core.state import StepStatus
from agentflow.plan import address
from agentflow.spec.model import FailureClass


class Asked(Struct):
    """A question to a person. `delivered` says where it is, `problem` why it is not there.

    As long as it is open, `closed` is None; then it says how it ended, `by` who answered, and
    `said` what in words.
    """

    question: events.AskPerson
    delivered: str | None = None
    problem: str | None = None
    closed: str | None = None
    by: str | None = None
    said: str | None = None
    at: float | None = None

    def close(self, how: str, at: float, by: str | None = None, said: str | None = None) -> None:
        """The question is settled at this time: nobody has to answer it any more."""
        self.closed, self.at, self.by, self.said = how, at, by, said


class Refused(Struct, frozen=True):
    """An answer that did not count, and why."""

    at: float
    step: str
    question: str
    by: str | None
    why: str


class Span(Struct):
    """A step, an instance of one, or an iteration of a loop, over time.

    `pipeline` is the file of the pipeline that it runs. `reason` says why, for everything that is
    not plain success, `unknown` why nobody knows whether it had its effect, whatever its status is,
    and `no_more` why a failed step was not tried again. `notes` is the history of failed attempts
    and retries, `lost` are the attempts that ended with their process, `refused` the calls of tools
    in it that were not made, `asked` is the history of the questions to people, `key` the
    idempotency key.

    `items` and `iterations` count what a `for_each` and a loop have inside, `turns` those in which
    a model asks for tools; `item` is what an item is called. Of a `for_each`, `through` counts the
    items that have ended and `failures` the attempts in them that came to nothing; `place` is the
    how manieth item this was to end. `uncounted` are answers of models whose tokens nobody has
    counted.

    Times are those of the facts, in seconds since 1970; None means not yet. What an attempt is held
    up, since `held_since`, is put on `started`.
    """

    address: str
    agent: str | None = None
    pipeline: str | None = None
    status: StepStatus = "pending"
    attempts: int = 0
    key: str | None = None
    started: float | None = None
    ended: float | None = None
    items: int | None = None
    item: str | None = None
    iterations: int | None = None
    turns: int | None = None
    case: str | None = None
    reason: str | None = None
    unknown: str | None = None
    no_more: str | None = None
    notes: list[str] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)
    model: str | None = None
    tokens: int = 0
    usd: float | None = None
    uncounted: int = 0
    held_since: float | None = None
    through: int = 0
    failures: int = 0
    place: int | None = None
    children: dict[str, "Span"] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The last part of the address."""
        return address.name(self.address)

    def walk(self) -> Iterator["Span"]:
        """This span and all inside it."""
        yield self
        for child in self.children.values():
            yield from child.walk()


class Gate(Struct):
    """The `confidence` of an agent: how many answers came to it, and how many it held back."""

    agent: str
    field: str
    min: float
    answers: int = 0
    fired: int = 0


def count_use(span: Span, fact: events.AttemptSucceeded | events.AttemptFailed) -> None:
    """Add what an attempt used up to what its step did."""
    usage = fact.usage
    answered = isinstance(fact, events.AttemptSucceeded) or fact.text is not None
    if usage is None and fact.receipt is not None and answered:
        span.model = fact.receipt.model
        span.uncounted += 1
    elif usage is not None:
        span.model = usage.model
        span.tokens += usage.tokens_in + usage.tokens_out
        if usage.usd is not None:
            span.usd = (span.usd or 0.0) + usage.usd


def lost_with_process(attempts: Sequence[int]) -> str:
    """`attempt 3: lost with its process`, `attempts 1 to 3 and 5: lost with their processes`."""
    first, *others = attempts
    if not others:
        return f"attempt {first}: lost with its process"
    series = [[first]]
    for number in others:
        if number == series[-1][-1] + 1:
            series[-1].append(number)
        else:
            series.append([number])
    words: list[str] = []
    for one in series:
        words += [f"{one[0]} to {one[-1]}"] if len(one) > 2 else map(str, one)
    return f"attempts {listed(words, 'and')}: lost with their processes"


def note_doubt(span: Span, failure: events.Failure | None) -> None:
    """A failure is passed over: note it if nobody knows whether this very call had its effect."""
    if failure is None or failure.kind is not FailureClass.UNKNOWN_EFFECT:
        return
    inside = any(one.unknown for one in span.walk() if one is not span)
    if span.attempts and not inside:
        span.unknown = failure.message
