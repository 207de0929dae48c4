"""What facts and decisions are made of."""

from collections.abc import Mapping
from typing import Literal

from msgspec import Struct, field

from agentflow.spec.model import FailureClass, Json

RunMode = Literal["live", "simulated"]
#: What a person can say to a question.
AnswerKind = Literal["approve", "replace", "retry", "abort"]
#: Whose time it is that a step has: the pipeline's that it runs (`budget.wall` there), its own
#: `timeout` for what is inside, or that of its `budget` for all that it comes to.
TimeLimit = Literal["pipeline", "timeout", "budget"]
TIME_LIMITS: tuple[TimeLimit, ...] = ("pipeline", "timeout", "budget")
#: How a run can end. `interrupted` and `waiting` are states of a run, not ends.
FinalStatus = Literal["succeeded", "failed", "cancelled"]


class Usage(Struct, frozen=True):
    """What a call used up. `usd` is None where the price is not known.

    Of the tokens that came out, `thinking` are those of thoughts; None where the provider does not
    say.
    """

    model: str
    tokens_in: int
    tokens_out: int
    usd: float | None = None
    thinking: int | None = None


class Receipt(Struct, frozen=True):
    """What a chat model was to be sent in an attempt, measured before and while it was.

    `prompt` is the SHA-256 of its messages. `fields` are the bytes of each input field in them (of
    several together, where an expression reads several), and `left_out` the fields that the agent
    was given and its prompt does not read; `others` are the bytes of what else is sent, by name.
    `tokens` is our own count of the messages' texts, None if there is none; it is `exact` if it was
    made with the model's own tokenizer, and a provider that counts fewer than `least` has not read
    them all. `beside` counts the definitions of tools and the form of the answer, which the
    provider words anew.
    """

    model: str
    prompt: str
    fields: Mapping[str, int]
    left_out: tuple[str, ...] = ()
    tokens: int | None = None
    exact: bool = False
    least: int | None = None
    others: Mapping[str, int] = field(default_factory=dict)
    beside: int | None = None


class Excess(Struct, frozen=True):
    """An answer of which the log keeps no more than the beginning.

    So many `bytes` of it were read, with the digest `sha256`; `whole` says whether that is all of
    it.
    """

    bytes: int
    sha256: str
    whole: bool


class Failure(Struct, frozen=True):
    """Why an attempt, a step or a run did not succeed.

    `cause` is the class the agent reported where the core made another of it: a timeout of a
    step that must not be repeated is an `unknown_effect` caused by `timeout`.
    """

    kind: FailureClass
    message: str
    cause: FailureClass | None = None


class Complaint(Struct, frozen=True):
    """What an agent that is asked again is told about its last answer.

    `answer` is that answer as text, shortened; None if it did not come to one. `violations` are
    sentences that say what is wrong with it.
    """

    answer: str | None
    violations: tuple[str, ...]


class Reason(Struct, frozen=True):
    """Why a decision was made: the rule of the spec or of the language, and what it came to.

    `rule` is a path in the spec (`steps.pay.retry`) or a rule of the language (`language.needs`).
    `text` says it in words, `figures` holds the numbers that were compared.
    """

    rule: str
    text: str
    figures: Mapping[str, Json] = field(default_factory=dict)
