"""Asks for the JSON Schemas of Python classes, in a process that can harm nothing here.

A module that prints, hangs, exits or changes the whole process on import does so in a child, which
is killed with all that it started as soon as it has answered or its time is over.
"""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from agentflow.agents.excerpts import last_line
from agentflow.contracts.models import ModelProblem, Models
from agentflow.spec.durations import time_in_words
from agentflow.spec.wording import quoted

#: Seconds that the imports of one spec may take together.
PATIENCE = 60.0

_CHILD = Path(__file__).with_name("child.py")
_STDERR_TAIL = 4096


def read_schemas(
    names: Sequence[str], folder: Path, root: Path, *, patience: float = PATIENCE
) -> Models:
    """What there is to know of the classes, `package.module:Model`.

    Modules are looked up in `folder`, then in `root`, then where Python looks. If one of them takes
    more than `patience` seconds or ends the process, that is the problem of the class in question,
    and those after it are left out.
    """
    if not names:
        return Models()
    argv = [sys.executable, "-P", str(_CHILD), str(folder), str(root), str(patience)]
    with subprocess.Popen(  # noqa: S603 - our own script
        argv,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as child:
        try:
            assert child.stdin is not None
            with suppress(BrokenPipeError):  # it has not even started; its stderr says why
                child.stdin.write(json.dumps(list(names)).encode())
                child.stdin.close()
            answers, words, in_time = _listen(child, len(names), patience)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
    return _understood(names, answers, _how_it_ended(child, words, patience, in_time=in_time))


def _listen(
    child: "subprocess.Popen[bytes]", lines: int, patience: float
) -> tuple[bytes, bytes, bool]:
    """Its answers, the end of what it said on stderr, and whether that was all in time."""
    deadline = time.monotonic() + patience
    assert child.stdout is not None
    assert child.stderr is not None
    streams: list[IO[bytes]] = [child.stdout, child.stderr]
    answers = words = b""
    # A process that a module has started may hold the pipes open; nobody waits for that.
    while child.stdout in streams and answers.count(b"\n") < lines:
        left = deadline - time.monotonic()
        ready, _, _ = select.select(streams, [], [], max(left, 0))
        if not ready:
            return answers, words, False
        # What it said before it ended is there when its end is.
        for stream in sorted(ready, key=lambda each: each is child.stdout):
            data = os.read(stream.fileno(), 65536)
            if not data:
                streams.remove(stream)
            elif stream is child.stdout:
                answers += data
            else:
                words = (words + data)[-_STDERR_TAIL:]
    return answers, words, True


def _how_it_ended(
    child: "subprocess.Popen[bytes]", words: bytes, patience: float, *, in_time: bool
) -> str:
    """What happened instead of an answer."""
    # It ends itself when its time is over, which may be noticed here first.
    if not in_time or child.returncode == -signal.SIGALRM:
        return f"took more than {time_in_words(patience)}"
    code = child.returncode
    end = f"signal {-code}" if code < 0 else f"exit code {code}"
    last = last_line(words.decode(errors="replace"))
    return f"ended the process with {end}" + (f": {last}" if last else "")


def _understood(names: Sequence[str], answers: bytes, end: str) -> Models:
    schemas: dict[str, str] = {}
    problems: dict[str, ModelProblem] = {}
    for line in answers.split(b"\n")[:-1]:
        answer = json.loads(line)
        if "schema" in answer:
            schemas[answer["name"]] = json.dumps(answer["schema"], ensure_ascii=False)
        else:
            problems[answer["name"]] = ModelProblem(answer["problem"], answer["help"])
    silent = next((name for name in names if name not in schemas and name not in problems), None)
    if silent is not None:
        module = quoted(silent.partition(":")[0])
        problems[silent] = ModelProblem(
            f"importing {module} {end}", "move what the module does on import into functions"
        )
    return Models(schemas, problems)
