"""Recording a run, and playing one back: chat models are answered for by a file.

A recording is made from the log of a run, so it holds what the log holds, without secrets, and a
run that was killed and resumed is recorded as a whole.
"""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from msgspec import Struct, to_builtins

from agentflow.agents.images import Album
from agentflow.agents.llm import Options
from agentflow.agents.protocol import AttemptError, Call, Host, Reply
from agentflow.agents.receipts import receipt_of
from agentflow.agents.recording import (
    Parts,
    Recorded,
    Recording,
    Requests,
    answer_data,
    read_head,
    read_recording,
    render,
    reply_of,
)
from agentflow.core.events import AttemptFailed, AttemptSucceeded, Entry, StartAttempt
from agentflow.core.evolve import evolve
from agentflow.core.spending import priced
from agentflow.core.state import State
from agentflow.engines.attempts import call_of_attempt
from agentflow.engines.virtual import Answer
from agentflow.errors import FileProblem
from agentflow.eventlog.private import replace_file
from agentflow.formats.prompt_text import images_in
from agentflow.plan.steps import ChatPlan, Plan
from agentflow.project import find_root, read_bytes
from agentflow.spec.model import Json

#: The kind of agents whose answers are recorded.
CHAT = "llm"
#: Bytes of a recording that are read.
_LIMIT = 256 * 1024 * 1024
#: Bytes of a file that are looked at to see what it is.
_HEAD = 1024


class Player:
    """The connection of agents of kind `llm` in a run that is played back: no model is called."""

    def __init__(self, host: Host, recording: Recording) -> None:
        self._requests = Requests(host.models, host.texts)
        self._album = Album(host.root, host.folder)
        self._recording = recording

    async def call(self, options: Options, call: Call) -> Reply:
        """The recorded answer. Raises `AttemptError` as recorded, or `RecordingMiss`."""
        images = self._album.images(options, call, self._requests.model(options))
        parts = [image.part for image in images]
        prompt = self._requests.prompt(options, call, parts)
        call.note(await receipt_of(prompt), prompt.messages)
        return reply_of(self._recording.answer(self._requests.of(options, call, parts), call))

    async def close(self) -> None:
        """Nothing was opened."""


class Players:
    """Recorded answers for the attempts of a run in virtual time, each of which takes a second.

    `folder` is that of the spec: images are read from there.
    """

    def __init__(self, state: State, recording: Recording, folder: Path) -> None:
        self._state = state
        self._folder = folder
        self._recording = recording
        self._requests: dict[str, Requests] = {}

    def play(self, decision: StartAttempt) -> Answer | None:
        """What an attempt comes to; None if its agent is no chat model. Raises `RecordingMiss`."""
        asked = asked_by(self._state, decision)
        if asked is None:
            return None
        step, attempt = decision.step, decision.attempt
        outcome: AttemptSucceeded | AttemptFailed
        try:
            images = asked.images(self._requests, self._folder)
            request = asked.of(self._requests, images)
            reply = reply_of(self._recording.answer(request, asked.call))
        except AttemptError as error:
            failure, wait = error.failure, error.retry_after
            usage = priced(error.reply.usage, asked.chat) if error.reply is not None else None
            outcome = AttemptFailed(0, step, attempt, failure, error.message, wait, usage)
        else:
            calls = [to_builtins(one) for one in reply.calls]
            outcome = AttemptSucceeded(
                0,
                step,
                attempt,
                reply.value,
                reply.text,
                priced(reply.usage, asked.chat),
                calls=calls,
                thoughts=reply.thoughts,
            )
        return Answer(outcome, after=1.0)


class _Asked(Struct, frozen=True):
    """A call of a chat model."""

    pipeline: Plan
    options: Options
    chat: ChatPlan | None
    call: Call

    def of(self, requests: dict[str, Requests], images: Parts) -> dict[str, Json]:
        """Its request; `requests` are kept by file. Raises `AttemptError`."""
        return self._requests(requests).of(self.options, self.call, images)

    def images(self, requests: dict[str, Requests], folder: Path) -> Parts:
        """What stands for its images, which are read now. Raises `AttemptError`."""
        here = (folder / self.pipeline.file).parent.resolve()
        model = self._requests(requests).model(self.options)
        images = Album(find_root(here), here).images(self.options, self.call, model)
        return [image.part for image in images]

    def _requests(self, requests: dict[str, Requests]) -> Requests:
        plan = self.pipeline
        if plan.file not in requests:
            requests[plan.file] = Requests(plan.pipeline.models, plan.texts)
        return requests[plan.file]


def asked_by(state: State, decision: StartAttempt) -> _Asked | None:
    """The call of an attempt that is in flight; None if it calls no chat model."""
    pipeline, plan, call = call_of_attempt(state, decision)
    if not isinstance(plan.options, Options):
        return None
    return _Asked(pipeline, plan.options, plan.chat, call)


def recorded(plan: Plan, entries: Iterable[Entry]) -> Iterator[Recorded]:
    """The attempts of chat models in a log that have come to an answer or a failure."""
    state = State(plan)
    requests: dict[str, Requests] = {}
    open_: dict[str, _Asked] = {}
    for entry in entries:
        fact = entry.fact
        if isinstance(fact, AttemptSucceeded | AttemptFailed) and fact.step in open_:
            asked = open_.pop(fact.step)
            call, images = asked.call, list(images_in(fact.prompt or ()))
            # Without a prompt there was no request, and nothing to answer. An image that could not
            # be read will be refused again.
            with suppress(AttemptError):
                if fact.prompt is not None or not asked.options.images:
                    request = asked.of(requests, images)
                    yield Recorded(call.step, call.attempt, call.agent, request, answer_data(fact))
        evolve(state, fact)
        for decision in entry.decisions:
            evolve(state, decision)
            if isinstance(decision, StartAttempt):
                open_.pop(decision.step, None)
                started = asked_by(state, decision)
                if started is not None:
                    open_[decision.step] = started


def open_recording(path: Path) -> Recording:
    """Read a recording. Raises `FileProblem`."""
    data = read_bytes(path, _LIMIT)
    if len(data) > _LIMIT:
        raise FileProblem(f"'{path}' has more than {_LIMIT // 1024 // 1024} MiB")
    return read_recording(data, str(path))


def check_place(path: Path) -> None:
    """See to it, before anything is paid for, that a recording can be written to `path`.

    What is no recording is never replaced: it may be the spec itself. A link stays one.

    Raises:
        FileProblem: it cannot.
    """
    there = path.resolve() if path.is_symlink() else path
    if there.is_dir():
        raise FileProblem(f"cannot record to '{path}': it is a folder")
    folder = there.parent
    if not folder.is_dir():
        raise FileProblem(f"cannot record to '{path}': there is no folder '{folder}'")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise FileProblem(f"cannot record to '{path}': the folder '{folder}' cannot be written")
    if there.exists():
        _refuse_others(path)


def _refuse_others(path: Path) -> None:
    """Raise `FileProblem` for a file that is neither empty nor a recording."""
    beginning = read_bytes(path, _HEAD)
    try:
        if beginning.strip():
            read_head(beginning.decode(errors="replace"), str(path))
    except FileProblem as problem:
        message = f"{problem.message}, so nothing is recorded there"
        raise FileProblem(message, help="name a new file, or remove this one") from problem


def write_recording(
    path: Path, plan: Plan, entries: Iterable[Entry], *, failed: bool
) -> Path | None:
    """Put the recording of a run in the place of what is at `path`, whole or not at all.

    That of a run that has `failed` replaces no other: it is put beside it. One without answers is
    not written then. Gives where it is, None if it is nowhere.

    Raises:
        StoreError: it cannot be written.
    """
    place = path.resolve()
    answers = list(recorded(plan, entries))
    if place.exists() and place.stat().st_size > 0:
        if not answers:
            return None
        if failed:
            place = place.with_name(f"{place.name}.failed")
    replace_file(place, render(answers))
    return place
