"""Limits of chat models that hold for all runs of a user on this machine (`across: machine`).

What one run can decide it decides before a call starts (`core.limits`). Of other runs only the
machine knows, so a call is held up here: after its intent is in the log, before its time begins.
Each model has a folder:

    place-0, place-1, …   one for each call at a time, locked by whoever makes it
    minute                the calls that left in the last sixty seconds: {id: [time, tokens]}
    lock                  locked while `minute` is looked at

The locks are `flock`s, which the kernel frees when their process ends, however it ends: a run that
was killed keeps no place. Nobody is told when one is free, so those who wait look again and again,
and who comes first is a matter of luck.

pyrate-limiter (4.3) shares rates between processes, too. It has no places that a killed process
frees, and what a call has taken cannot be set right when it has ended.
"""

import asyncio
import fcntl
import hashlib
import os
import tempfile
import time
import uuid
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from agentflow.core.events import AttemptFailed, AttemptSucceeded
from agentflow.core.traffic import MINUTE, Begun, Traffic
from agentflow.eventlog import canonical
from agentflow.eventlog.private import make_folder, open_file, read_file, replace_file
from agentflow.plan.steps import ChatPlan
from agentflow.spec.model import UNDONE, Limits

#: Seconds between two looks, and the longest time until the next.
_BEAT, _LONGEST = 0.05, 1.0
_LOCK, _MINUTE = "lock", "minute"

#: The calls of a minute, by their ids: when they began, and the tokens that they count for.
_Calls = dict[str, tuple[float, int]]
#: What is known better of some: either is None where it is not.
_Corrections = dict[str, tuple[float | None, int | None]]


def shared_folder() -> Path:
    """Where the runs of a user meet: gone when the machine starts anew. Raises `StoreError`."""
    given = os.environ.get("XDG_RUNTIME_DIR")
    home = Path(given) if given else Path(tempfile.gettempdir())
    folder = home / ("agentflow" if given else f"agentflow-{os.geteuid()}")
    make_folder(folder)
    return folder


def is_shared(chat: ChatPlan | None) -> bool:
    """Do all runs on the machine share the limits of the model?"""
    return chat is not None and chat.limits is not None and chat.limits.across == "machine"


def has_minute(chat: ChatPlan | None) -> bool:
    """Is it bounded what goes to the model in a minute?"""
    limits = chat.limits if chat is not None else None
    return (
        limits is not None and (limits.requests_per_minute or limits.tokens_per_minute) is not None
    )


def tokens_used(outcome: AttemptSucceeded | AttemptFailed) -> int | None:
    """The tokens that an attempt has used; None if nobody knows."""
    if outcome.usage is not None:
        return outcome.usage.tokens_in + outcome.usage.tokens_out
    undone = isinstance(outcome, AttemptFailed) and outcome.failure in UNDONE
    return 0 if undone else None


class Turn:
    """A call that was let through; it is given back with `leave`.

    `correct` is told when the call began and what it used, each None if that is as it was.
    """

    def __init__(
        self,
        place: int | None,
        correct: Callable[[float | None, int | None], None],
        now: Callable[[], float],
    ) -> None:
        self._place = place
        self._correct = correct
        self._now = now

    def begin(self) -> None:
        """The request leaves only now: its minute begins."""
        self._correct(self._now(), None)

    def leave(self, tokens: int | None) -> None:
        """The call has ended, and has used so many tokens if that is known."""
        if self._place is not None:
            os.close(self._place)
            self._place = None
        if tokens is not None:
            self._correct(None, tokens)


class Turnstile:
    """Lets calls through. `clock` is seconds since 1970, `pause` waits for some."""

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], float] = time.time,
        pause: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._folder = folder
        self._clock = clock
        self._pause = pause
        self._corrections: dict[Path, _Corrections] = {}

    async def admit(
        self, model: str, limits: Limits, tokens: int, tell: Callable[[str], None]
    ) -> Turn:
        """Wait until a call of a model may be made that uses so many tokens at most.

        `tell` is told what it waits for, when that changes. Raises `StoreError` if the folder
        cannot be used. When it is cancelled, nothing was taken.
        """
        folder = self._folder / hashlib.sha256(model.encode()).hexdigest()[:16]
        make_folder(folder)
        place: int | None = None
        if limits.concurrency is not None:
            place = _take_place(folder, limits.concurrency)
            if place is None:
                most = limits.concurrency
                tell(f"no place is free for '{model}' on this machine (concurrency: {most})")
            while place is None:
                await self._pause(_BEAT)
                place = _take_place(folder, limits.concurrency)
        try:
            booked = await self._booked(folder, model, limits, tokens, tell)
        except BaseException:
            if place is not None:
                os.close(place)
            raise
        return Turn(place, partial(self._correct, folder, booked), self._clock)

    async def _booked(
        self, folder: Path, model: str, limits: Limits, tokens: int, tell: Callable[[str], None]
    ) -> str | None:
        """The id of a call that has room in the minute; None where a minute is not bounded."""
        if limits.requests_per_minute is None and limits.tokens_per_minute is None:
            return None
        told = False
        while True:
            booked, due = self._book(folder, limits, tokens)
            if booked is not None:
                return booked
            if due is not None and not told:
                tell(f"the last minute of '{model}' is used up on this machine")
                told = True
            wait = _BEAT if due is None else due - self._clock()
            await self._pause(min(max(wait, _BEAT), _LONGEST))

    def _book(self, folder: Path, limits: Limits, tokens: int) -> tuple[str | None, float | None]:
        """An id, or when there is room; neither if somebody else is looking just now."""
        lock = _locked(folder / _LOCK)
        if lock is None:
            return None, None
        try:
            now = self._clock()
            calls = self._calls(folder, now)
            traffic = Traffic()
            traffic.minute.extend(Begun(at, used) for at, used in sorted(calls.values()))
            due = now
            for what, most, wanted in (
                ("requests", limits.requests_per_minute, 1),
                ("tokens", limits.tokens_per_minute, tokens),
            ):
                if most is not None:
                    due = max(due, traffic.room_at(now, what, most, wanted))
            if due > now:
                return None, due
            booked = uuid.uuid4().hex
            self._put(folder, calls | {booked: (now, tokens)})
            return booked, now
        finally:
            os.close(lock)

    def _calls(self, folder: Path, now: float) -> _Calls:
        """The calls of the last minute, set right by what is known of ours."""
        calls, known = _read(folder), self._corrections.get(folder, {})
        for call, (at, used) in known.items():
            if call in calls:
                began, tokens = calls[call]
                calls[call] = (began if at is None else at, tokens if used is None else used)
        return {
            call: (at, tokens)
            for call, (at, tokens) in calls.items()
            if now - MINUTE < at <= now + MINUTE  # not those of a clock that was put back
        }

    def _correct(
        self, folder: Path, booked: str | None, at: float | None, tokens: int | None
    ) -> None:
        """Set right what is known of a call: now, or with the next one if somebody is looking."""
        if booked is None:
            return
        known = self._corrections.setdefault(folder, {})
        before = known.get(booked, (None, None))
        known[booked] = (before[0] if at is None else at, before[1] if tokens is None else tokens)
        lock = _locked(folder / _LOCK)
        if lock is not None:
            try:
                self._put(folder, self._calls(folder, self._clock()))
            finally:
                os.close(lock)

    def _put(self, folder: Path, calls: _Calls) -> None:
        _write(folder, calls)
        self._corrections.pop(folder, None)


def _take_place(folder: Path, places: int) -> int | None:
    """The descriptor of a place that nobody has; None if all are taken."""
    for number in range(places):
        place = _locked(folder / f"place-{number}")
        if place is not None:
            return place
    return None


def _locked(path: Path) -> int | None:
    """The descriptor of a file that is locked now; None if somebody else has it."""
    descriptor = open_file(path, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _read(folder: Path) -> _Calls:
    """The calls on file; what cannot be read is nothing."""
    path = folder / _MINUTE
    if not path.exists():
        return {}
    try:
        found = canonical.decode(read_file(path))
        return {str(call): (float(at), int(tokens)) for call, (at, tokens) in found.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


def _write(folder: Path, calls: _Calls) -> None:
    replace_file(folder / _MINUTE, canonical.encode({c: list(call) for c, call in calls.items()}))
