"""Recordings: the answers of chat models, by what the models were asked.

A recording is a text file, made for git: one JSON object per line, keys in order, no spaces.

    {"format":1,"kind":"agentflow recording"}
    {"shared":"4f1f3c0b9a27","value":{"type":"object",…}}
    {"agent":"sorter","answer":{"text":"…","usage":{…}},"attempt":1,"request":{…},"step":"sort[0]"}
    {"agent":"sorter","answer":{"failure":"rate_limited","message":"…"},"attempt":1,…}

A request is everything that the model is asked: its name, the messages, the contract of the answer
and the parameters. The contract and the tools are on a line of their own, once for all requests
that have the same ones, and so are messages that several requests share (`Shelf`). What differs
between runs is taken out (the id of the run, the nonce of the delimiters), and so is what only the
client knows: addresses, keys, the form in which the contract is sent. An answer is found by the
SHA-256 of its request. If several requests are the same, the one of the same step and attempt
counts, or else the first whose answer was not given yet.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct, to_builtins

from agentflow.agents.images import fields_shown
from agentflow.agents.known_models import known_model
from agentflow.agents.llm import Options
from agentflow.agents.prompt_parts import parts_of
from agentflow.agents.prompts import Prompts, nonce
from agentflow.agents.protocol import AttemptError, Call, Reply
from agentflow.agents.receipts import Prompt
from agentflow.agents.recording_shelf import Shelf, encoded
from agentflow.contracts.describe import count
from agentflow.core.events import AttemptFailed, AttemptSucceeded, Usage
from agentflow.core.talks import ToolCall
from agentflow.errors import FileProblem, RecordingMiss
from agentflow.spec.model import FailureClass, Json, Model
from agentflow.testing.differences import differences

FORMAT = 1
_KIND = "agentflow recording"
#: What stands for the id of the run in a request.
_RUN = "RUN"
#: Keys of a model that are no part of what it is asked.
_APART = frozenset({"model", "price", "window", "fallbacks", "limits", "api_base", "stream"})
#: What stands for the images of a call in its messages.
Parts = Sequence[Mapping[str, Json]]
#: Differences that a message tells.
_TOLD = 3
_ANEW = "record it anew: agentflow run SPEC --record FILE"


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


class Requests:
    """The requests of the chats of one pipeline; `texts` are the files that its agents name."""

    def __init__(self, models: Mapping[str, Model], texts: Mapping[str, str]) -> None:
        self._models = models
        self._prompts = Prompts(texts)

    def of(self, options: Options, call: Call, images: Parts = ()) -> dict[str, Json]:
        """What the model is asked in a call. Raises `AttemptError` as `Prompts.messages` does."""
        model = self.model(options)
        said = self.messages(options, call, images)
        request: dict[str, Json] = {
            "model": model.model,
            "messages": _without({f"-{nonce(call)}": "", call.run_id: _RUN}, said),
            "contract": call.output_schema,
        }
        if call.tools:
            request["tools"] = [to_builtins(tool) for tool in call.tools]
        parameters = {
            key: value
            for key, value in to_builtins(model).items()
            if key not in _APART and value is not None
        }
        return {**request, "parameters": parameters} if parameters else request

    def model(self, options: Options) -> Model:
        """The model of an agent."""
        return self._models.get(options.model) or Model(model=options.model)

    def messages(self, options: Options, call: Call, images: Parts = ()) -> list[dict[str, Any]]:
        """What it is told, as in `of`, but with what belongs to this run."""
        model = self.model(options).model
        return self._prompts.messages(options, call, model, images, show_contract=False)

    def prompt(self, options: Options, call: Call, images: Parts = ()) -> Prompt:
        """The same with all that a receipt is made of."""
        model, said = self.model(options), self.messages(options, call, images)
        parts = tuple(parts_of(self._prompts, options, call, show_contract=False))
        shown = fields_shown(options, call.input)
        return Prompt(model, known_model(model.model), said, parts, tuple(call.input), shown)


def _without(words: Mapping[str, str], value: Json) -> Json:
    """The value with other words in the place of some, in all its texts."""
    if isinstance(value, str):
        for word, other in words.items():
            value = value.replace(word, other)
        return value
    if isinstance(value, list):
        return [_without(words, item) for item in value]
    if isinstance(value, dict):
        return {key: _without(words, item) for key, item in value.items()}
    return value


class Recorded(Struct, frozen=True):
    """One attempt of an agent: what its model was asked, and what it answered, as plain data."""

    step: str
    attempt: int
    agent: str
    request: Mapping[str, Json]
    answer: Mapping[str, Json]


def answer_data(fact: AttemptSucceeded | AttemptFailed) -> dict[str, Json]:
    """How an attempt ended, as a recording has it."""
    data: dict[str, Json] = {}
    if isinstance(fact, AttemptFailed):
        data = {"failure": str(fact.failure), "message": fact.message}
        if fact.retry_after is not None:
            data["retry_after"] = fact.retry_after
    if fact.text is not None:
        data["text"] = fact.text
    if isinstance(fact, AttemptSucceeded) and fact.calls:
        data["calls"] = fact.calls
        if fact.thoughts is not None:
            data["thoughts"] = dict(fact.thoughts)
    elif fact.text is None and isinstance(fact, AttemptSucceeded):
        data["value"] = fact.value
    if fact.answered is not None:
        data["answered"] = fact.answered
    if fact.usage is not None:
        data["usage"] = {name: v for name, v in to_builtins(fact.usage).items() if v is not None}
    return data


def reply_of(answer: Mapping[str, Any]) -> Reply:
    """What an agent answers by a recording. Raises `AttemptError` for a recorded failure."""
    reply = Reply(
        value=answer.get("value"),
        text=answer.get("text"),
        usage=Usage(**answer["usage"]) if "usage" in answer else None,
        answered=answer.get("answered"),
        calls=tuple(ToolCall(**call) for call in answer.get("calls", ())),
        thoughts=answer.get("thoughts"),
    )
    if "failure" in answer:
        failure, message = FailureClass(answer["failure"]), answer.get("message", "")
        wait = answer.get("retry_after")
        # An answer that did not count is told with the failure.
        said = reply if reply != Reply() else None
        raise AttemptError(failure, message, retry_after=wait, reply=said)
    return reply


def render(records: Iterable[Recorded]) -> bytes:
    """The file of a recording: by step and attempt, so that little changes when it is made anew."""
    ordered = sorted(records, key=_place)
    shelf = Shelf.of([record.request for record in ordered])
    lines: list[Json] = [{"format": FORMAT, "kind": _KIND}]
    placed = [to_builtins(record) | {"request": shelf.put(record.request)} for record in ordered]
    lines += [{"shared": name, "value": shelf.values[name]} for name in sorted(shelf.values)]
    return b"".join(encoded(line) + b"\n" for line in [*lines, *placed])


def _place(record: Recorded) -> tuple[list[int | str], int]:
    """Where a record belongs: `sort[10]` comes after `sort[9]`."""
    parts = re.split(r"(\d+)", record.step)
    return [int(part) if n % 2 else part for n, part in enumerate(parts)], record.attempt


def read_recording(data: bytes, name: str) -> "Recording":
    """A recording from the bytes of its file.

    Raises:
        FileProblem: it is none, or one of a newer format.
    """
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        message = f"'{name}' is no recording: it is not UTF-8 text (byte {error.start})"
        raise FileProblem(message, help=_ANEW) from error
    lines = [_decoded(line, name, n) for n, line in enumerate(text.split("\n"), 1) if line.strip()]
    _check_head(lines[0] if lines else None, name)
    shelf = Shelf()
    records: list[Recorded] = []
    for n, line in enumerate(lines[1:], 2):
        where = f"'{name}', line {n}"
        if isinstance(line, dict) and line.keys() == {"shared", "value"}:
            shelf.values[str(line["shared"])] = line["value"]
        else:
            records.append(_record(line, shelf, where))
    return Recording(name, records)


def _decoded(line: str, name: str, number: int) -> Json:
    try:
        return _DECODER.decode(line)
    except RecursionError as error:
        message = f"'{name}', line {number} is nested too deeply"
        raise FileProblem(message, help=_ANEW) from error
    except ValueError as error:
        message = f"'{name}' is no recording: line {number} is not JSON"
        raise FileProblem(message, help=_ANEW) from error


def read_head(text: str, name: str) -> None:
    """See to it that a file looks like a recording, by its first line. Raises `FileProblem`."""
    try:
        head = _DECODER.decode(text.partition("\n")[0])
    except (ValueError, RecursionError):
        head = None
    _check_head(head, name)


def _check_head(head: Json, name: str) -> None:
    if not isinstance(head, dict) or head.get("kind") != _KIND:
        raise FileProblem(f"'{name}' is no recording: its first line does not say so", help=_ANEW)
    if head.get("format") != FORMAT:
        raise FileProblem(
            f"'{name}' has format {head.get('format')}, and this agentflow knows {FORMAT}",
            help="it was made by a newer agentflow",
        )


def _record(line: Json, shelf: Shelf, where: str) -> Recorded:
    """A record from its line; its answer is one that `reply_of` understands."""
    match line:
        case {
            "step": str(step),
            "attempt": int(attempt),
            "agent": str(agent),
            "request": dict(request),
            "answer": dict(answer),
        }:
            try:
                record = Recorded(step, attempt, agent, shelf.take(request), answer)
            except KeyError as error:
                what = f"{where} names {error}, which no line before it has"
                raise FileProblem(what, help=_ANEW) from error
        case _:
            raise FileProblem(f"{where} is no answer of a model", help=_ANEW)
    try:
        reply_of(record.answer)
    except AttemptError:
        pass  # a failure that was recorded
    except (TypeError, ValueError) as error:
        raise FileProblem(f"{where} is no answer of a model: {error}", help=_ANEW) from error
    return record


class Recording:
    """The answers of one recording, each of which is given once."""

    def __init__(self, name: str, records: Iterable[Recorded]) -> None:
        self._name = name
        self._records = tuple(records)
        self._left: dict[bytes, list[Recorded]] = {}
        for record in self._records:
            self._left.setdefault(_digest(record.request), []).append(record)

    def answer(self, request: Mapping[str, Json], call: Call) -> Mapping[str, Json]:
        """The recorded answer to a request.

        Raises:
            RecordingMiss: there is none, or all of them were given.
        """
        left = self._left.get(_digest(request))
        if not left:
            raise self._miss(request, call, known=left is not None)

        def distance(record: Recorded) -> tuple[bool, bool]:
            same_step = record.step == call.step
            return not same_step, same_step and record.attempt != call.attempt

        nearest = min(left, key=distance)
        left.remove(nearest)
        return nearest.answer

    def unused(self) -> list[Recorded]:
        """The answers that nobody has asked for, in the order of the file."""
        left = [id(record) for records in self._left.values() for record in records]
        return [record for record in self._records if id(record) in left]

    def _miss(self, request: Mapping[str, Json], call: Call, *, known: bool) -> RecordingMiss:
        what = f"'{self._name}' has no answer to attempt {call.attempt} of '{call.step}'"
        if known:
            digest = _digest(request)
            times = sum(_digest(record.request) == digest for record in self._records)
            why = f"it answers this request {count(times, 'time')}, and that often it was made"
            return RecordingMiss(f"{what}: {why}", help=_ANEW)
        nearest = self._nearest(call)
        if nearest is None:
            why = f"nothing is recorded of agent '{call.agent}'"
            return RecordingMiss(f"{what}: {why}", help=_ANEW)
        found = list(differences(dict(nearest.request), dict(request), ()))
        told = [f"{d.where}: recorded {d.expected}, now {d.found}" for d in found[:_TOLD]]
        if len(found) > _TOLD:
            told.append(f"{len(found) - _TOLD} more")
        near = f"attempt {nearest.attempt} of '{nearest.step}'"
        where = (
            "" if (nearest.step, nearest.attempt) == (call.step, call.attempt) else f" from {near}"
        )
        return RecordingMiss(f"{what}: the request differs{where}: {'; '.join(told)}", help=_ANEW)

    def _nearest(self, call: Call) -> Recorded | None:
        """What was recorded of the same attempt, or of the same step, or of the same agent."""
        for alike in (
            lambda r: (r.step, r.attempt) == (call.step, call.attempt),
            lambda r: r.step == call.step,
            lambda r: r.agent == call.agent,
        ):
            for record in self._records:
                if alike(record):
                    return record
        return None


def _digest(request: Mapping[str, Json]) -> bytes:
    return hashlib.sha256(encoded(dict(request))).digest()
