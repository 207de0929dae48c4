"""Programs that run in a process group of their own and can always be ended.

`Processes` starts them for one connection and is responsible for all of them: `close` leaves none
behind, and if this process dies without closing, the warden (see there) kills what it had started.
Processes that leave the group of a program (`setsid`) are recognized by a mark in their
environment, and end with the program if it is ended; a program that ends by itself may leave
something behind on purpose.

What is waited for is the end of the *program*, never the end of its pipes: a grandchild that keeps
a pipe open holds nobody up.
"""

import asyncio
import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from agentflow.agents.excerpts import last_line
from agentflow.agents.warden import MARK, sweep

#: Seconds between the request to end and the kill, and for what is still in a dead one's pipes.
GRACE = 0.5
#: Bytes of stderr that are kept, from its end.
STDERR_TAIL = 4096
#: Seconds to wait for the kernel to take a killed process away.
REAPING = 5.0


class Child(asyncio.SubprocessProtocol):
    """A running program.

    `exited` is done when the program has ended, with its return code as `subprocess` counts it
    (negative for a signal). `drained` is done when nobody holds its stdout and stderr any more.
    What it prints to stdout goes to the callback piece by piece.
    """

    def __init__(self, on_stdout: Callable[[bytes], None], warden: "Warden") -> None:
        loop = asyncio.get_running_loop()
        self.exited: asyncio.Future[int] = loop.create_future()
        self.drained: asyncio.Future[None] = loop.create_future()
        self._on_stdout = on_stdout
        self._warden = warden
        self.mark = secrets.token_hex(8).encode()
        self._stderr = b""
        self._open_pipes = {1, 2}
        self._transport: asyncio.SubprocessTransport | None = None

    @property
    def group(self) -> int:
        """The id of the process group, which is the process id of its leader."""
        assert self._transport is not None
        return self._transport.get_pid()

    def send(self, data: bytes) -> None:
        """Write to stdin, in the background. A program that does not read it is no error."""
        self._stdin().write(data)

    def end_input(self) -> None:
        """Close stdin after what was sent."""
        self._stdin().close()

    def words(self) -> str | None:
        """The end of what it has written to stderr, as far as it is kept; None if nothing."""
        return self._stderr.decode(errors="replace").strip() or None

    def forget_words(self) -> None:
        """What comes on stderr from here on belongs to the next call."""
        self._stderr = b""

    def last_words(self) -> str:
        """The last line of stderr that is not blank; may be empty."""
        return last_line(self._stderr.decode(errors="replace"))

    def how_it_ended(self) -> str:
        """For a message: `ended with exit code 3: LAST WORDS`. Only when `exited` is done."""
        code = self.exited.result()
        end = f"was killed by {_signal_name(-code)}" if code < 0 else f"ended with exit code {code}"
        words = self.last_words()
        return f"{end}: {words}" if words else end

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to everything in the group."""
        if self._transport is not None:
            with suppress(ProcessLookupError, PermissionError):  # nobody is left to hear it
                os.killpg(self.group, number)

    def let_go(self) -> None:
        """Close our ends of its pipes."""
        if self._transport is not None:
            self._transport.close()

    def _stdin(self) -> asyncio.WriteTransport:
        assert self._transport is not None
        pipe = self._transport.get_pipe_transport(0)
        assert isinstance(pipe, asyncio.WriteTransport)
        return pipe

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the event loop when the program runs."""
        assert isinstance(transport, asyncio.SubprocessTransport)
        self._transport = transport
        self._warden.guard(self.mark, self.group)

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Called by the event loop with what the program printed."""
        if fd == 1:
            self._on_stdout(data)
        else:
            self._stderr = (self._stderr + data)[-STDERR_TAIL:]

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:  # noqa: ARG002
        """Called by the event loop when nobody holds the other end of a pipe."""
        self._open_pipes.discard(fd)
        if not self._open_pipes and not self.drained.done():
            self.drained.set_result(None)

    def process_exited(self) -> None:
        """Called by the event loop when the program has ended."""
        assert self._transport is not None
        code = self._transport.get_returncode()
        assert code is not None
        self.exited.set_result(code)


class Processes:
    """The processes of one connection."""

    def __init__(self) -> None:
        self._children: set[Child] = set()
        self._warden: Warden | None = None

    async def start(
        self,
        argv: Sequence[str],
        *,
        cwd: Path,
        env: Mapping[str, str] | None = None,
        on_stdout: Callable[[bytes], None],
    ) -> Child:
        """Start a program in `cwd` that the caller has to `stop`.

        `env` is its whole environment; None is this process's own. Raises `OSError` if the program
        cannot be started and `ValueError` for what no program can be given (a zero byte).
        """
        if self._warden is None:
            self._warden = Warden()
        child = Child(on_stdout, self._warden)
        starting = asyncio.ensure_future(self._start(child, argv, cwd, env))
        try:
            await asyncio.shield(starting)
        except asyncio.CancelledError:
            # Cancelled half-way, asyncio would wait for all who hold the pipes, and kill the
            # leader of the group only.
            await asyncio.wait([starting])
            if starting.exception() is None:
                await self.stop(child)
            raise
        return child

    async def _start(
        self, child: Child, argv: Sequence[str], cwd: Path, env: Mapping[str, str] | None
    ) -> None:
        marked = {**(os.environ if env is None else env), MARK: child.mark.decode()}
        assert self._warden is not None
        self._warden.guard(child.mark)
        try:
            await asyncio.get_running_loop().subprocess_exec(
                lambda: child, *argv, cwd=cwd, env=marked, start_new_session=True
            )
        except BaseException:
            self._warden.release(child.mark)
            raise
        self._children.add(child)

    async def stop(self, child: Child) -> None:
        """End a program and everything in its group: asked first, killed after `GRACE`.

        Being cancelled meanwhile only makes it kill at once.
        """
        by_itself = child.exited.done()
        try:
            if not by_itself:
                child.signal(signal.SIGTERM)
                await first(child.exited, timeout=GRACE)
        finally:
            try:
                child.signal(signal.SIGKILL)
                if not by_itself:
                    sweep([child.mark])
                await first(child.exited, timeout=REAPING)
            finally:
                child.let_go()
                self._children.discard(child)
                if self._warden is not None:
                    self._warden.release(child.mark)

    async def close(self) -> None:
        """Stop what still runs."""
        await asyncio.gather(*(self.stop(child) for child in self._children))
        if self._warden is not None:
            self._warden.close()


class Warden:
    """This side of `warden.py`, which outlives this process long enough to clean up after it."""

    def __init__(self) -> None:
        script = Path(__file__).with_name("warden.py")
        self._process = subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-I", "-S", str(script)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            # Of a run inside of a run it carries no mark, so that it outlives that one too.
            env={name: value for name, value in os.environ.items() if name != MARK},
            start_new_session=True,
        )
        assert self._process.stdin is not None
        self._orders = self._process.stdin
        os.set_blocking(self._orders.fileno(), False)

    def guard(self, mark: bytes, group: int | None = None) -> None:
        """Have what carries a mark, and a process group, killed if this process dies."""
        self._order(b"+%s\n" % mark if group is None else b"=%s %d\n" % (mark, group))

    def release(self, mark: bytes) -> None:
        """Forget what has ended."""
        self._order(b"-%s\n" % mark)

    def close(self) -> None:
        """End the warden; what it still guards stays alive."""
        self._process.kill()
        self._process.communicate()

    def _order(self, line: bytes) -> None:
        # It fails if somebody killed the warden, or halted it until its pipe was full: the run
        # goes on without that protection.
        with suppress(OSError):
            if not self._orders.closed:
                os.write(self._orders.fileno(), line)


async def first(*futures: asyncio.Future[Any], timeout: float | None = None) -> None:
    """Wait until one of them is done, or for so many seconds; none is cancelled."""
    await asyncio.wait(futures, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:  # a real-time signal has no name of its own
        return f"signal {number}"
