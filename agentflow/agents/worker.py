"""Calls a function that an author wrote, and reports the result.

    python -P worker.py FOLDER ROOT

As a program it is the child side of `python` agents: it makes one call after the other, as it is
asked on stdin, until stdin is closed. Modules are looked up in FOLDER, then in ROOT, then wherever
Python looks. This file is run by its path and imports nothing but the standard library until
something goes wrong, so that a worker is ready in a tenth of the time that importing the package
takes.

    request    {"id": N, "call": "module:function", "input": {…}, "offers": {…}}   one line of JSON
    answer     +                                                            now it may have effects
               {"id": N, "value": …}
               or {"id": N, "failure": CLASS, "message": …, "detail": …}    one line of JSON

What is offered is passed to a function that has a parameter of that name.

What the function prints goes to stderr and cannot get into the answers. A fork of the worker that
comes back from the function answers nobody. Each call begins in FOLDER.
"""

import importlib
import io
import json
import math
import os
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, BinaryIO

#: Bytes of JSON that an answer may have.
ANSWER_LIMIT = 8_000_000
#: Bytes of a longer one that are kept.
BEGINNING = 16 * 1024
#: Levels of lists and objects that an answer may have; the event log has to be able to hold it.
DEPTH_LIMIT = 200
#: Characters of a message.
MESSAGE_LIMIT = 500
#: Characters of a traceback that are kept, from its end.
DETAIL_LIMIT = 4_000


class Failed(Exception):
    """The call failed. `failure` is the name of its class in the language, `detail` a traceback."""

    def __init__(self, failure: str, message: str, detail: str | None = None) -> None:
        super().__init__(message)
        self.failure = failure
        self.detail = detail
        line = " ".join(message.split())
        self.message = line if len(line) <= MESSAGE_LIMIT else line[: MESSAGE_LIMIT - 1] + "…"


class NotPlain(Exception):
    """A value holds what JSON has no word for. `path` leads to it, from the inside out."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.path: list[str | int] = []


def load(call: str, roots: Sequence[str]) -> Callable[..., Any]:
    """The function that `module:function` names. Raises `Failed` with class rejected."""
    module_name, _, name = call.partition(":")
    try:
        module = importlib.import_module(module_name)
    except (Exception, SystemExit) as error:
        raise Failed(
            "rejected", f"cannot import '{module_name}': {describe(error, roots)}"
        ) from error
    function = getattr(module, name, None)
    if callable(function):
        return function  # type: ignore[no-any-return]
    if function is not None:
        raise Failed("rejected", f"'{call}' is no function but of type {type(function).__name__}")
    from agentflow.spec.wording import did_you_mean  # only a message needs it

    known = (each for each, value in vars(module).items() if callable(value))
    near = did_you_mean(name, known)
    raise Failed("rejected", f"module '{module_name}' has no function '{name}'{near}")


def arguments(
    function: Callable[..., Any], given: dict[str, Any], offers: Mapping[str, Any]
) -> dict[str, Any]:
    """The input, and of what is offered that which the function has a parameter for."""
    if not offers:
        return given
    import inspect  # hardly any call is offered anything

    try:
        parameters = inspect.signature(function).parameters
    except (TypeError, ValueError):  # some that are written in C do not tell
        return given
    return {**{name: value for name, value in offers.items() if name in parameters}, **given}


def failed(call: str, error: BaseException, roots: Sequence[str]) -> Failed:
    """What a call that raised `error` comes to; `error` was caught in the frame that called it.

    An error without any frame below that one was raised by the call itself: the function does not
    take these arguments, and it has not run.
    """
    traceback = error.__traceback__
    if isinstance(error, TypeError) and (traceback is None or traceback.tb_next is None):
        return Failed("rejected", f"'{call}' does not take this input: {error}")
    from traceback import format_exception  # only a failure needs it

    frames = traceback.tb_next if traceback is not None else None
    detail = "".join(format_exception(type(error), error, frames))
    return Failed("server_error", describe(error, roots), detail[-DETAIL_LIMIT:])


def describe(error: BaseException, roots: Sequence[str]) -> str:
    """`TypeError: what it says (agents.py:41 in extract)`, with the innermost place in `roots`."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 - an author's __str__ can raise anything
        text = ""
    place = ""
    traceback = error.__traceback__
    while traceback is not None:
        code = traceback.tb_frame.f_code
        for root in roots:
            if code.co_filename.startswith(root + os.sep):
                file = os.path.relpath(code.co_filename, roots[-1])
                place = f" ({file}:{traceback.tb_lineno} in {code.co_name})"
                break
        traceback = traceback.tb_next
    # The place is worth more than the end of a long text.
    text = text[: MESSAGE_LIMIT - 100 - len(place)]
    return f"{type(error).__name__}: {text}{place}" if text else f"{type(error).__name__}{place}"


def plain(value: Any) -> Any:
    """A copy of `value` in JSON types, tuples as lists. Raises `Failed` with invalid_output."""
    try:
        return _plain(value, DEPTH_LIMIT)
    except NotPlain as problem:
        path = "".join(
            f"[{key}]" if isinstance(key, int) else f".{key}" for key in problem.path[::-1]
        )
        path = path if len(path) <= 100 else path[:100] + "…"
        raise Failed("invalid_output", f"the answer is not JSON: output{path} {problem}") from None


def _plain(value: Any, levels: int) -> Any:
    if value is None or value is True or value is False:
        return value
    if isinstance(value, str):
        return _plain_text(value)
    if isinstance(value, int):
        if not -(2**63) <= value < 2**64:
            raise NotPlain("is an integer of more than 64 bits")
        return int(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise NotPlain(f"is {value}")
        return float(value)
    if not isinstance(value, dict | list | tuple):
        raise NotPlain(f"is of type {type(value).__name__}")
    if levels == 0:
        raise NotPlain(f"is nested deeper than {DEPTH_LIMIT} levels")
    return _plain_object(value, levels) if isinstance(value, dict) else _plain_list(value, levels)


def _plain_text(text: str) -> str:
    # A subclass, such as a StrEnum, counts as the text it holds.
    text = str.__str__(text)
    if not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError:
            raise NotPlain("holds half a character (a lone surrogate)") from None
    return text


def _plain_object(value: dict[Any, Any], levels: int) -> dict[str, Any]:
    result = {}
    for key, item in value.items():
        if not isinstance(key, str):
            raise NotPlain(f"has a key of type {type(key).__name__}")
        try:
            result[_plain_text(key)] = _plain(item, levels - 1)
        except NotPlain as problem:
            problem.path.append(str.__str__(key))
            raise
    return result


def _plain_list(value: Sequence[Any], levels: int) -> list[Any]:
    result = []
    for index, item in enumerate(value):
        try:
            result.append(_plain(item, levels - 1))
        except NotPlain as problem:
            problem.path.append(index)
            raise
    return result


class Worker:
    """Makes one call after the other. What coroutines need lives as long as the worker."""

    def __init__(self, roots: Sequence[str]) -> None:
        self._roots = roots
        self._process = os.getpid()
        self._functions: dict[str, Callable[..., Any]] = {}
        self._finish: Callable[[Awaitable[Any]], Any] | None = None

    def serve(self, requests: BinaryIO, answers: BinaryIO) -> None:
        """Answer the requests until there are no more."""
        for line in requests:
            request = json.loads(line)
            try:
                function = self._load(request["call"])
                answers.write(b"+")
                answers.flush()
                given = arguments(function, request["input"], request["offers"])
                answer = self._call(request["call"], function, given)
            except Failed as failure:
                answer = {"failure": failure.failure, "message": failure.message}
                if failure.detail is not None:
                    answer["detail"] = failure.detail
            if os.getpid() != self._process:
                os._exit(0)  # a fork that came back from the function answers nobody
            answered = _line(request, answer)
            if len(answered) > ANSWER_LIMIT:
                answered = _line(request, _too_long(answer))
            answers.write(answered)
            answers.flush()
            os.chdir(self._roots[0])

    def _load(self, call: str) -> Callable[..., Any]:
        if call not in self._functions:
            self._functions[call] = load(call, self._roots)
        return self._functions[call]

    def _call(
        self, call: str, function: Callable[..., Any], given: dict[str, Any]
    ) -> dict[str, Any]:
        try:
            value = function(**given)
            if isinstance(value, Awaitable):
                value = self._wait_for(value)
        except BaseException as error:  # sys.exit() is only a failed call, too
            raise failed(call, error, self._roots) from error
        return {"value": plain(value)}

    def _wait_for(self, value: Awaitable[Any]) -> Any:
        if self._finish is None:
            import asyncio  # 40 ms that only coroutines need

            async def finish(value: Awaitable[Any]) -> Any:
                return await value

            runner = asyncio.Runner()
            self._finish = lambda value: runner.run(finish(value))
        return self._finish(value)


def _line(request: dict[str, Any], answer: dict[str, Any]) -> bytes:
    return _json({"id": request["id"], **answer}) + b"\n"


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def _too_long(answer: dict[str, Any]) -> dict[str, Any]:
    """What goes in the place of an answer that is too long, with what the log keeps of it."""
    from hashlib import sha256  # which few workers need

    whole = _json(answer["value"])
    return {
        "failure": "invalid_output",
        "message": f"answered more than {ANSWER_LIMIT // 10**6} MB",
        "beginning": whole[:BEGINNING].decode(errors="ignore"),
        "bytes": len(whole),
        "sha256": sha256(whole).hexdigest(),
    }


def main(folder: str, root: str) -> None:
    """Serve on what are now stdin and stdout, and put both out of the reach of the functions."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    sys.path[:0] = [folder, root]
    Worker((folder, root)).serve(requests, answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
