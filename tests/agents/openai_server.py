"""A chat server on this machine that speaks the OpenAI protocol and misbehaves on order.

It is scripted: `server.answer` is what it does with every request, a function of the request, or
`server.script(first, second, …)` one answer after the other. The same answer serves a client that
wants it whole and one that wants it as a stream. What came is kept, so that a test can count it.
"""

import json
import os
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from agentflow.contracts.sample import sample

from .listening import Listening

Json = dict[str, Any]

#: How a stream can end, and its answer:
#:
#:     done           complete, as the protocol has it
#:     no_done        the reason came; the closing `[DONE]` did not
#:     no_reason      `[DONE]` came; the reason did not
#:     nothing        an orderly end of the connection after some of the content, and no more
#:     half           the same in the middle of an event
#:     broken         the connection is closed within the transfer
#:     reset          it is reset after some of the content
#:     reset_late     it is reset after the reason, before the usage
#:     error          an error comes in the place of the rest
#:     garbage        what is not JSON comes in the place of the rest
#:     silent         nothing more comes, and the connection stays open
Ending: TypeAlias = Literal[
    "done", "no_done", "no_reason", "nothing", "half", "broken", "reset", "reset_late",
    "error", "garbage", "silent",
]  # fmt: skip
ENDINGS: tuple[Ending, ...] = get_args(Ending)


@dataclass(frozen=True)
class Answer:
    """What the server does with a request.

    A body that is text is sent as HTML, any other as JSON, or as a stream if one is asked for and
    the body is a completion; `ending` says how that ends. `cut` ends the connection instead, with
    a reset or politely, in the middle of the body if `half` is set. `hang` holds the answer back
    until it is released, `delay` for so many seconds, `until` for as long as that takes: other
    requests are looked at meanwhile, which they are not while it is decided what to answer. A text
    that is `spoilt` is sent as a byte that is no UTF-8.
    """

    status: int = 200
    body: Json | str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: Literal["reset", "close"] | None = None
    half: bool = False
    hang: bool = False
    delay: float = 0.0
    until: Callable[[], None] | None = None
    ending: Ending = "done"
    spoilt: str = ""

    def encode(self, text: str) -> bytes:
        """What is sent for a text."""
        data = text.encode()
        return data.replace(self.spoilt.encode(), b"\xff") if self.spoilt else data


def completion(content: str | None = "{}", reason: str | None = "stop", **changes: Any) -> Json:
    """The body of a good answer, with `changes` at its top level.

    It has counted more tokens than the prompts of most tests have: fewer are a prompt that was cut.
    """
    message = {"role": "assistant", "content": content}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "gpt-4o-mini-2024-07-18",
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
        "usage": usage(2011, 7),
        **changes,
    }


def tool_calls(*calls: tuple[str, Json | str], content: str | None = None, **changes: Any) -> Json:
    """The body of an answer that calls tools, each `(name, arguments)`; a text is sent as it is."""
    made = [
        {
            "id": f"call_{number}",
            "type": "function",
            "function": {"name": name, "arguments": given if isinstance(given, str) else json.dumps(given)},
        }
        for number, (name, given) in enumerate(calls, 1)
    ]  # fmt: skip
    message = {"role": "assistant", "content": content, "tool_calls": made}
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls"}
    return completion(**{"choices": [choice], **changes})


def usage(tokens_in: int, tokens_out: int) -> Json:
    """What the provider counted. Few tokens that go in are a prompt that was silently cut."""
    total = tokens_in + tokens_out
    return {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": total}


def refusal(message: str, kind: str = "invalid_request_error", code: str | None = None) -> Json:
    """The body of an error, as OpenAI words it."""
    return {"error": {"message": message, "type": kind, "param": None, "code": code}}


def too_long(window: int = 8192, found: int = 9000) -> Answer:
    """The answer to a prompt that does not fit, as OpenAI words it."""
    message = (
        f"This model's maximum context length is {window} tokens. However, your messages resulted"
        f" in {found} tokens. Please reduce the length of the messages."
    )
    return Answer(400, refusal(message, code="context_length_exceeded"))


def data(request: Json) -> Any:
    """The JSON between the delimiters of a request's user message."""
    lines = request["messages"][-1]["content"].split("\n")
    return json.loads("\n".join(lines[1:-1]))


def by_model(request: Json) -> Answer:
    """Model `echo` answers its input, `fails` never succeeds, `hangs` leaves a note and waits."""
    match request["model"]:
        case "echo":
            return Answer(body=completion(json.dumps(data(request))))
        case "hangs":
            Path(data(request)["note"]).write_text(str(os.getpid()))
            return Answer(hang=True)
        case _:
            return Answer(400, refusal("no such model"))


def obedient(request: Json) -> Answer:
    """An answer that satisfies the schema of the request, or `{}` where it has none.

    A schema that is called strict and is not is refused, as OpenAI does.
    """
    wanted = (request.get("response_format") or {}).get("json_schema")
    if wanted is None:
        return Answer(body=completion())
    wrong = _not_strict(wanted["schema"]) if wanted.get("strict") else None
    if wrong:
        return Answer(400, refusal(f"Invalid schema for response_format 'output': {wrong}"))
    return Answer(body=completion(json.dumps(sample(wanted["schema"], 0))))


def _not_strict(schema: Any) -> str | None:
    """What OpenAI would object to, as its guide on structured outputs has it."""
    if isinstance(schema, list):
        return next(filter(None, map(_not_strict, schema)), None)
    if not isinstance(schema, dict):
        return None
    refused = {"allOf", "not", "oneOf", "if", "dependentRequired", "minLength", "maxLength"}
    if found := sorted(refused & schema.keys()):
        return f"'{found[0]}' is not permitted."
    schemas = [*schema.get("properties", {}).values(), *filter(None, [schema.get("items")])]
    if any(not {"$ref", "anyOf", "const", "enum", "type"} & one.keys() for one in schemas):
        return "schema must have a 'type' key."
    if schema.get("type") == "object":
        if schema.get("additionalProperties") is not False:
            return "'additionalProperties' is required to be supplied and to be false."
        if set(schema.get("required", ())) != schema.get("properties", {}).keys():
            return "'required' has to include every key in properties."
    return _not_strict(list(schema.values()))


class OpenAIServer(Listening):
    """`answer` says what to do with a request.

    `requests` are the bodies that came, `headers` and `paths` belong to them, in the same order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.answer: Callable[[Json], Answer] | Answer = by_model
        self.requests: list[Json] = []
        self.headers: list[Mapping[str, str]] = []
        self.paths: list[str] = []
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Where a client finds it."""
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def host(self) -> str:
        """Its host with the port, as messages name it."""
        return f"127.0.0.1:{self.port}"

    @property
    def environment(self) -> dict[str, str]:
        """The variables of an operator who uses this server as that of every provider."""
        return {
            "OPENAI_BASE_URL": self.url,
            "OPENAI_API_KEY": "sk-of-the-operator",
            "ANTHROPIC_API_BASE": self.url,
            "ANTHROPIC_API_KEY": "sk-of-the-operator",
        }

    @property
    def as_openai(self) -> dict[str, str]:
        """The variables that make it OpenAI's own: under a name of theirs, by way of a proxy."""
        proxy = self.url.removesuffix("/v1")
        return {"OPENAI_BASE_URL": "http://api.openai.com/v1", "HTTP_PROXY": proxy, "NO_PROXY": ""}

    def script(self, *answers: Answer) -> None:
        """Give these answers in turn; a request beyond them is refused with 418."""
        left = iter(answers)
        self.answer = lambda _: next(left, Answer(418, refusal("one request too many")))

    def release(self) -> None:
        """Hold no answer back any longer; a stream that was silent ends."""
        self._ended.set()

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        if handler.command != "POST":
            handler.send_error(501)
            return
        request = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        with self._lock:
            self.paths.append(handler.path)
            self.headers.append({name.lower(): text for name, text in handler.headers.items()})
            self.requests.append(request)
            answer = self.answer if isinstance(self.answer, Answer) else self.answer(request)
        if answer.hang:
            self._ended.wait()
        if answer.until is not None:
            answer.until()
        time.sleep(answer.delay)
        with suppress(OSError):  # the client has left
            if answer.cut is None or answer.half:
                if request.get("stream") and _is_completion(answer):
                    self._stream(handler, answer, request)
                else:
                    _send(handler, answer)
        if answer.cut == "reset" or answer.ending.startswith("reset"):
            _reset(handler)
        handler.close_connection = True

    def _stream(self, handler: BaseHTTPRequestHandler, answer: Answer, request: Json) -> None:
        """Send a completion as server-sent events, in the chunks of HTTP."""
        _begin(
            handler, answer, {"Content-Type": "text/event-stream", "Transfer-Encoding": "chunked"}
        )
        assert isinstance(answer.body, dict)
        content, reason, counted = _events(answer.body, request)
        whole = answer.ending in ("done", "no_done", "reset_late")
        sent = (
            content if whole or answer.ending == "no_reason" else content[: len(content) // 2 + 1]
        )
        for event in sent:
            _chunk(handler, answer.encode(_event(event).decode()))
        if whole:
            for event in reason:
                _chunk(handler, _event(event))
        match answer.ending:
            case "reset_late" | "reset" | "broken":
                return
            case "silent":
                self._ended.wait()
            case "done" | "no_done":
                for event in counted:
                    _chunk(handler, _event(event))
            case "half":
                _chunk(handler, _event(content[-1])[: len(_event(content[-1])) // 2])
            case "error":
                _chunk(handler, _event(refusal("The server had an error", "server_error")))
            case "garbage":
                _chunk(handler, b"data: {not json\n\n")
        if answer.ending in ("done", "no_reason"):
            _chunk(handler, b"data: [DONE]\n\n")
        _chunk(handler, b"")


def _is_completion(answer: Answer) -> bool:
    return answer.status == 200 and isinstance(answer.body, dict) and "choices" in answer.body


def _events(body: Json, request: Json) -> tuple[list[Json], list[Json], list[Json]]:
    """The events of a completion's content, of its reason, and of its usage."""
    base = {name: body[name] for name in ("id", "created", "model")}
    base["object"] = "chat.completion.chunk"

    def event(delta: Json, reason: str | None = None) -> Json:
        return {**base, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    if not body["choices"]:
        return [], [], [{**base, "choices": []}]
    choice = body["choices"][0]
    content = [event(delta) for delta in _deltas(choice["message"])]
    reason = [event({}, choice["finish_reason"])] if choice["finish_reason"] else []
    wanted = (request.get("stream_options") or {}).get("include_usage")
    counted = [{**base, "choices": [], "usage": body["usage"]}] if wanted and body["usage"] else []
    return content, reason, counted


def _deltas(message: Json) -> Iterator[Json]:
    """A message in small pieces."""
    yield {"role": "assistant", "content": None if message.get("tool_calls") else ""}
    if message.get("reasoning_content"):
        yield {"reasoning_content": message["reasoning_content"]}
    for detail in message.get("reasoning_details") or ():
        for part in _parts_of_detail(detail):
            yield {"reasoning_details": [part]}
    text = message.get("content") or ""
    step = max(1, len(text) // (200 if 1_000 < len(text) < 10_000 else 8))
    for at in range(0, len(text), step):
        yield {"content": text[at : at + step]}
    for index, call in enumerate(message.get("tool_calls") or ()):
        function = call["function"]
        yield {"tool_calls": [{**call, "index": index, "function": {**function, "arguments": ""}}]}
        middle = len(function["arguments"]) // 2
        for part in (function["arguments"][:middle], function["arguments"][middle:]):
            yield {"tool_calls": [{"index": index, "function": {"arguments": part}}]}


def _parts_of_detail(detail: Json) -> Iterator[Json]:
    """A detail of what a model thought, its text in two pieces."""
    text = detail.get("text")
    if text is None:
        yield detail
        return
    rest = {name: value for name, value in detail.items() if name in ("type", "index")}
    yield {**rest, "text": text[: len(text) // 2]}
    yield {**detail, "text": text[len(text) // 2 :]}


def _event(event: Json) -> bytes:
    return b"data: " + json.dumps(event, ensure_ascii=False).encode() + b"\n\n"


def _chunk(handler: BaseHTTPRequestHandler, data: bytes) -> None:
    handler.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


def _begin(handler: BaseHTTPRequestHandler, answer: Answer, headers: Mapping[str, str]) -> None:
    handler.send_response(answer.status)
    for name, value in {**headers, "Connection": "close", **answer.headers}.items():
        handler.send_header(name, value)
    handler.end_headers()


def _send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    html = isinstance(answer.body, str)
    text = (
        answer.body if isinstance(answer.body, str) else json.dumps(answer.body, ensure_ascii=False)
    )
    body = answer.encode(text)
    kind = "text/html" if html else "application/json"
    _begin(handler, answer, {"Content-Type": kind, "Content-Length": str(len(body))})
    handler.wfile.write(body[: len(body) // 2] if answer.half else body)


def _reset(handler: BaseHTTPRequestHandler) -> None:
    """End the connection with a reset: no lingering, and not the orderly end that comes before."""
    option = struct.pack("ii", 1, 0)
    handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, option)
    os.close(handler.connection.detach())
