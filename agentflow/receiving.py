"""Answers that come over HTTP: whether they are what they claim to be, and the way into their run.

An answer is the letter that `agentflow answer` would write, signed with the secret of the webhook
over which its question went. It counts if the signature and the time are right and its id was not
used before; then it goes into the mailbox of its run, where it is judged like any other. What does
not count is put there too, with the reason, as far as it names a run: so the log has it.
"""

import hashlib
import json
import os
import threading
from collections import Counter
from collections.abc import Mapping

from msgspec import Struct, field

from agentflow.channels.signing import Forged, verify
from agentflow.contracts.strict import NotJson, loads
from agentflow.core.events import PersonAnswered, TakeAnswer
from agentflow.engines.letters import BINDING, FORMAT
from agentflow.errors import StoreError, UsageError
from agentflow.eventlog import Store
from agentflow.history import Recorded, read_run
from agentflow.plan.calls import plans_within, step_at
from agentflow.plan.channels import channel_of
from agentflow.spec.model import Json, WebhookChannel
from agentflow.waiting import await_verdict, questions

#: Bytes of an answer.
MAX_BYTES = 1024 * 1024
#: Refusals that are put into the log of one run; a flood of them is only counted.
_MOST_REFUSALS = 20
#: Characters of a field of something that nobody vouches for.
_MOST_TEXT = 200
_VIA = "agentflow receive"


class Received(Struct, frozen=True):
    """What becomes of a request: a status of HTTP, and why, on one line.

    `taken` is None as long as nobody has judged the answer. `about` is its run and step.
    """

    status: int
    reason: str
    taken: bool | None = False
    about: str = ""


class _Unable(Exception):
    """The answer cannot be judged here; says why."""


class _Refused(Exception):
    """The answer does not count; gives the status of HTTP and says why."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class Reception(Struct):
    """Where answers come in, for the runs of one store. May be called from several threads."""

    store: Store
    refusals: Counter[str] = field(default_factory=Counter)
    #: Held by whoever puts an answer into a mailbox.
    counter: threading.Lock = field(default_factory=threading.Lock)

    def receive(self, headers: Mapping[str, str], body: bytes, now: float) -> Received:
        """Take in one request; `headers` are by names in lower case."""
        try:
            letter = _letter(body)
            run_id = str(letter["run"])
            recorded = self._run(run_id)
        except _Refused as refused:
            return Received(refused.status, str(refused))
        about = f"{run_id} {letter['step']}"
        try:
            ticket = _ticket(_vouched(recorded, letter, headers, now, body))
            self._put(run_id, ticket, {**letter, "via": _VIA})
        except _Unable as unable:
            return Received(503, str(unable), None, about)
        except _Refused as refused:
            self._record(run_id, letter, str(refused))
            return Received(refused.status, str(refused), about=about)
        _, verdict, _ = await_verdict(self.store, run_id, ticket)
        if verdict is None:
            return Received(202, "nobody has taken it in yet", None, about)
        taken = isinstance(verdict, TakeAnswer)
        return Received(200 if taken else 409, verdict.reason.text, taken, about)

    def _run(self, run_id: str) -> Recorded:
        try:
            if self.store.find(run_id) == run_id:
                return read_run(self.store, run_id)
        except (StoreError, UsageError):
            pass  # whoever asks learns no more than that
        raise _Refused(404, "there is no such run")

    def _put(self, run_id: str, ticket: str, letter: Mapping[str, Json]) -> None:
        """Put an answer into the mailbox of its run, unless one with its id was received before.

        Whether that counted makes no difference, nor that it came at the same moment.
        """
        mailbox = self.store.mailbox(run_id)
        with self.counter:
            # In this order: what lies there no more is in the log.
            if mailbox.holds(ticket) or _is_known(read_run(self.store, run_id), ticket):
                raise _Refused(409, "it was received before")
            mailbox.drop(json.dumps(letter).encode(), ticket)

    def _record(self, run_id: str, letter: Mapping[str, Json], why: str) -> None:
        """Let the log of the run know what was refused, unless there is too much of it."""
        self.refusals[run_id] += 1
        if self.refusals[run_id] > _MOST_REFUSALS:
            return
        told = {key: str(letter.get(key) or "")[:_MOST_TEXT] for key in (*BINDING, "answer", "by")}
        note = {**told, "format": FORMAT, "via": _VIA, "refused": why}
        await_verdict(
            self.store, run_id, self.store.mailbox(run_id).drop(json.dumps(note).encode())
        )


def _is_known(recorded: Recorded, ticket: str) -> bool:
    return any(
        isinstance(entry.fact, PersonAnswered) and entry.fact.ticket == ticket
        for entry in recorded.entries
    )


def _letter(body: bytes) -> dict[str, Json]:
    try:
        letter = loads(body.decode())
    except (NotJson, UnicodeDecodeError):
        raise _Refused(400, "it is not JSON") from None
    if not isinstance(letter, dict):
        raise _Refused(400, "it is not an object")
    for key in (*BINDING, "answer"):
        if not isinstance(letter.get(key), str):
            raise _Refused(400, f"its '{key}' is not text")
    return letter


def _vouched(
    recorded: Recorded,
    letter: Mapping[str, Json],
    headers: Mapping[str, str],
    now: float,
    body: bytes,
) -> str:
    """The id of an answer that one of those has signed who may."""
    why = ""
    for channel in _channels(recorded, str(letter["question"])):
        secret = channel.signing_secret
        value = os.environ.get(secret.secret)
        if not value:
            raise _Unable(f"the environment variable '{secret.secret}' is not set")
        try:
            return verify(secret.prefix + value, headers, now, body)
        except Forged as forged:
            why = str(forged)
    raise _Refused(401, why)


def _channels(recorded: Recorded, question: str) -> list[WebhookChannel]:
    """The webhooks over which an answer may come: that of its question, if the run has asked it."""
    asked = next((one for one in questions(recorded) if one.question == question), None)
    if asked is None:
        every = [
            each for plan in plans_within(recorded.plan) for each in plan.pipeline.channels.values()
        ]
        found = [channel for channel in every if isinstance(channel, WebhookChannel)]
    else:
        plan, _ = step_at(recorded.plan, asked.step)
        channel = channel_of(plan.pipeline, asked.channel)
        found = [channel] if isinstance(channel, WebhookChannel) else []
    if not found:
        raise _Refused(403, "its question went over no webhook")
    return found


def _ticket(message: str) -> str:
    """What an answer is known by in the log: the same for the same id."""
    return "w" + hashlib.sha256(message.encode()).hexdigest()[:24]
