"""The command line without a process of its own, for what does not need one."""

import contextlib
import importlib
import io
import os
import sys
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from unittest.mock import patch

import pytest

from agentflow.__main__ import main

from .shell import Done


def agentflow(
    *arguments: str | Path,
    stdin: bytes = b"",
    folder: Path | None = None,
    env: Mapping[str, str] | None = None,
) -> Done:
    """Run a command to its end, in a folder other than the current one and an environment of its
    own.

    What is no error of ours is raised, and so is a warning.
    """
    source = io.TextIOWrapper(io.BytesIO(stdin), "utf-8")
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", newline="") for _ in range(2))
    argv = ["agentflow", *map(str, arguments)]
    with (
        contextlib.chdir(folder or Path.cwd()),
        patch.dict(os.environ, os.environ if env is None else env, clear=True),
        patch.multiple(sys, argv=argv, stdin=source, stdout=out, stderr=err),
        _without_a_trace(),
        pytest.raises(SystemExit) as ended,
    ):
        main()
    code = ended.value.code
    assert isinstance(code, int)
    return Done(code, *(_text(stream) for stream in (out, err)))


def lines_of(done: Done, *, code: int = 0) -> list[str]:
    """What a command printed that ended with `code` and without complaint."""
    if done != Done(code, done.out):
        pytest.fail(f"{done}")
    return done.out.splitlines()


def pass_over_litellm() -> None:
    """Pass over what LiteLLM warns of; agentflow does so once, and pytest forgets it after each
    test."""
    warnings.filterwarnings("ignore", message=".*`ReadOnly` qualifier.*")
    warnings.filterwarnings("ignore", message="coroutine '.*acompletion.*' was never awaited")
    warnings.filterwarnings("ignore", message="Accessing the 'model_.*fields' attribute")


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    written = stream.buffer
    assert isinstance(written, io.BytesIO)
    return written.getvalue().decode()


@contextlib.contextmanager
def _without_a_trace() -> Iterator[None]:
    """Hide the modules of other projects, and forget those of this one: they have the same
    names."""
    importlib.invalidate_caches()
    pass_over_litellm()
    hidden = {name: sys.modules.pop(name) for name in _of_projects()}
    try:
        yield
    finally:
        for name in _of_projects():
            del sys.modules[name]
        sys.modules.update(hidden)


def _of_projects() -> list[str]:
    """The modules that are neither ours nor installed."""
    installed = (sys.prefix, sys.base_prefix)
    return [
        name
        for name, module in sys.modules.items()
        if name.partition(".")[0] not in ("agentflow", "tests")
        and (file := getattr(module, "__file__", None)) is not None
        and not file.startswith(installed)
    ]
