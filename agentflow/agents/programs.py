"""The calls of `command` agents: each runs one program."""

import asyncio
import errno
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from agentflow.agents.command import Options
from agentflow.agents.evidence import evidence
from agentflow.agents.payload import payload
from agentflow.agents.processes import GRACE, Child, Processes, first
from agentflow.agents.protocol import AttemptError, Call, Host, Reply
from agentflow.agents.secrets import resolve
from agentflow.agents.worker import ANSWER_LIMIT
from agentflow.spec.durations import time_in_words
from agentflow.spec.model import FailureClass

#: The variable that holds the step's idempotency key.
_KEY = "AGENTFLOW_IDEMPOTENCY_KEY"
#: Bytes up to which a program may go on that has printed too much, to know how much it is.
_READ_ON = 8 * ANSWER_LIMIT
#: What the system says when it has no process to give at the moment.
_BUSY = frozenset({errno.EAGAIN, errno.ENOMEM, errno.EMFILE, errno.ENFILE})


class Programs:
    """The connection of the kind `command`."""

    def __init__(self, host: Host) -> None:
        self._folder = host.folder
        self._processes = Processes()

    async def call(self, options: Options, call: Call) -> Reply:
        """Run the program once; what it prints is the reply's text.

        It has to end by itself with exit code 0. Raises `AttemptError`: rejected if it cannot be
        started, server_error if it fails, invalid_output if it prints nothing, too much, or what
        is not UTF-8.
        """
        name = f"program '{options.argv[0]}'"
        printed = Printed()
        child = await self._start(options, call, printed)
        try:
            await _carried_out(self._processes, child, payload(call.input) + b"\n", printed)
            return Reply(text=_answer(child, printed, name))
        except AttemptError as error:
            error.detail = child.words()
            raise
        except asyncio.CancelledError as stopped:
            stopped.args = (child.words(),)
            raise

    async def close(self) -> None:
        """End what still runs."""
        await self._processes.close()

    async def _start(self, options: Options, call: Call, printed: "Printed") -> Child:
        cwd = self._folder / (options.cwd or ".")
        if not cwd.is_dir():
            raise AttemptError(FailureClass.REJECTED, f"folder '{options.cwd}' not found")
        program, *arguments = options.argv
        try:
            return await self._processes.start(
                [self._find(program), *arguments],
                cwd=cwd,
                env=_environment(options, call),
                on_stdout=printed.add,
            )
        except OSError as error:
            raise not_started(program, self._find(program), error) from error
        except ValueError as error:  # a zero byte, or a name that no variable can have
            message = f"program '{program}' cannot be started: {error}"
            raise AttemptError(FailureClass.REJECTED, message) from error

    def _find(self, program: str) -> str:
        """A name is looked up in PATH by the system, a path is relative to the spec's folder."""
        return str(self._folder / program) if "/" in program else program


async def run_once(
    argv: Sequence[str], env: Mapping[str, str], folder: Path, data: bytes, patience: float
) -> str:
    """Run a program that is no agent's with `data` on stdin; what it prints, which may be nothing.

    `env` comes on top of the environment of this process. Raises `AttemptError`, as a call of an
    agent does, with the end of stderr as its detail.
    """
    program, *arguments = argv
    processes, printed = Processes(), Printed()
    path = str(folder / program) if "/" in program else program
    name = f"program '{program}'"
    try:
        child = await processes.start(
            [path, *arguments], cwd=folder, env={**os.environ, **env}, on_stdout=printed.add
        )
        try:
            async with asyncio.timeout(patience):
                await _carried_out(processes, child, data, printed)
            return _text(child, printed, name)
        except TimeoutError as error:
            message = f"{name} did not end within {time_in_words(patience)}"
            raise AttemptError(FailureClass.TIMEOUT, message, detail=child.words()) from error
        except AttemptError as error:
            error.detail = child.words()
            raise
    except OSError as error:
        raise not_started(program, path, error) from error
    except ValueError as error:  # a zero byte, or a name that no variable can have
        message = f"{name} cannot be started: {error}"
        raise AttemptError(FailureClass.REJECTED, message) from error
    finally:
        await processes.close()


async def _carried_out(processes: Processes, child: Child, data: bytes, printed: "Printed") -> None:
    """Give a program its input and wait until it has ended or printed too much."""
    try:
        child.send(data)
        child.end_input()
        await first(child.exited, printed.too_much)
        if not printed.too_much.done():
            # What it printed is in the pipe by now. A grandchild may hold the pipe open: that
            # is given a moment and then ends with the group.
            await first(child.drained, printed.too_much, timeout=GRACE)
    finally:
        await processes.stop(child)


class Printed:
    """What a program printed, up to the limit; of more, the beginning, the size and the digest.

    `too_much` is done when there is no use in reading on.
    """

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.too_much: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.size = 0
        self._digest = hashlib.sha256()

    def add(self, data: bytes) -> None:
        """Take the next piece."""
        if self.too_much.done():
            return
        self.size += len(data)
        self._digest.update(data)
        if self.size <= ANSWER_LIMIT:
            self.pieces.append(data)
        elif self.size > _READ_ON:
            self.too_much.set_result(None)

    def as_evidence(self) -> Reply:
        """What is kept of an answer that cannot be taken: its beginning, and what it was."""
        whole = not self.too_much.done()
        return evidence(b"".join(self.pieces), self.size, self._digest.hexdigest(), whole=whole)


def _environment(options: Options, call: Call) -> dict[str, str]:
    env = {
        **os.environ,
        **{name: resolve(value) for name, value in options.env.items()},
        "AGENTFLOW_RUN_ID": call.run_id,
        "AGENTFLOW_STEP": call.step,
        "AGENTFLOW_ATTEMPT": str(call.attempt),
    }
    if call.complaint is not None:
        env["AGENTFLOW_VIOLATIONS"] = json.dumps(call.complaint.violations)
    # A key that this process itself was given, as a program of another run, is not this step's.
    env.pop(_KEY, None)
    return env if call.idempotency_key is None else {**env, _KEY: call.idempotency_key}


def _answer(child: Child, printed: Printed, name: str) -> str:
    """What a program that has ended has answered. Raises `AttemptError`."""
    text = _text(child, printed, name)
    if not text.strip():
        raise AttemptError(FailureClass.INVALID_OUTPUT, f"{name} printed nothing")
    return text


def _text(child: Child, printed: Printed, name: str) -> str:
    """What a program that has ended well has printed. Raises `AttemptError`."""
    if printed.size > ANSWER_LIMIT:
        message = f"{name} printed more than {ANSWER_LIMIT // 10**6} MB"
        evidence = printed.as_evidence()
        raise AttemptError(FailureClass.INVALID_OUTPUT, message, reply=evidence)
    if child.exited.result() != 0:
        raise AttemptError(FailureClass.SERVER_ERROR, f"{name} {child.how_it_ended()}")
    try:
        return b"".join(printed.pieces).decode()
    except UnicodeDecodeError as error:
        message = f"{name} printed what is not UTF-8, at byte {error.start}"
        evidence = printed.as_evidence()
        raise AttemptError(FailureClass.INVALID_OUTPUT, message, reply=evidence) from error


def not_started(program: str, path: str, error: OSError) -> AttemptError:
    """Why a program does not run, called `program` by the author and looked up as `path`."""
    if error.errno in _BUSY:
        message = f"program '{program}' cannot be started now: {error.strerror}"
        return AttemptError(FailureClass.NOT_SENT, message)
    return AttemptError(FailureClass.REJECTED, f"program '{program}' {_refusal(path, error)}")


def _refusal(path: str, error: OSError) -> str:
    match error.errno:
        case errno.ENOENT if "/" not in path:
            return "not found: it is not in PATH; a path from the spec's folder has a slash in it"
        case errno.ENOENT if Path(path).exists():
            return "not started: its first line names an interpreter that does not exist"
        case errno.ENOENT:
            return "not found: paths are relative to the spec's folder"
        case errno.EACCES:
            return "not started: it is not executable; chmod +x makes it so"
        case errno.ENOEXEC:
            return "not started: its first line has to name an interpreter, such as #!/bin/sh"
        case _:
            return f"not started: {error.strerror}"
