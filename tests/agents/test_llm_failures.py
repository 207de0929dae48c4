"""What goes wrong with a chat model, as a failure class: exceptions, statuses, waits."""

import asyncio
import json
import socket
import time
from typing import Any

import httpx
import pytest
from msgspec.structs import replace

from agentflow.agents.protocol import AttemptError, Connection, Host
from agentflow.spec.model import FailureClass, Model

from ..cli.inprocess import pass_over_litellm
from .calls import HOST, attempt, call, connected, failure, options, put_forward
from .openai_server import Answer, OpenAIServer, completion, refusal
from .responses import CODEX, response, said

MODEL, CLAUDE = "openai/gpt-4o-mini", "anthropic/claude-haiku-4-5"
#: Whether an answer is to come as a whole or as a stream.
WAYS = {"whole": HOST, "streamed": replace(HOST, watcher=lambda _step: lambda _piece: None)}
GOOD = '{"a": 1}'
#: LiteLLM's exceptions that no call of a model comes to: those of its proxy (budgets, guardrails,
#: routes), of its vector stores and mocks, one that nothing raises any more, and the one that
#: stands around another, which is the one that is looked at.
LEFT_OUT = {
    "BlockedPiiEntityError",
    "BudgetExceededError",
    "GuardrailRaisedException",
    "InvalidRequestError",
    "MidStreamFallbackError",
    "MockException",
    "ModelNotMappedError",
    "ModifyResponseException",
    "SensitiveDataRouteException",
    "VectorStoreSearchError",
}
CLASSES = {
    "APIConnectionError": "server_error",
    "APIError": "server_error",
    "APIResponseValidationError": "server_error",
    "AuthenticationError": "rejected",
    "BadGatewayError": "server_error",
    "BadRequestError": "rejected",
    "ContentPolicyViolationError": "rejected",
    "ContextWindowExceededError": "context_overflow",
    "ImageFetchError": "rejected",
    "InternalServerError": "server_error",
    "JSONSchemaValidationError": "server_error",
    "LiteLLMUnknownProvider": "rejected",
    "NotFoundError": "rejected",
    "OpenAIError": "server_error",
    "PaymentRequiredError": "rejected",
    "PermissionDeniedError": "rejected",
    "RateLimitError": "rate_limited",
    "RejectedRequestError": "rejected",
    "ServiceUnavailableError": "server_error",
    "Timeout": "timeout",
    "UnprocessableEntityError": "rejected",
    "UnsupportedParamsError": "rejected",
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("answer", "failed", "message"),
    [
        (Answer(400, refusal("bad")), "rejected", " answered 400: bad"),
        (Answer(401, refusal("Incorrect API key provided")), "rejected", " answered 401: Incorrect API key provided; '{host}' was sent the key in 'OPENAI_API_KEY'"),
        (Answer(403, refusal("not yours", "forbidden")), "rejected", " answered 403: not yours; '{host}' was sent the key in 'OPENAI_API_KEY'"),
        (Answer(404, refusal("no model", code="model_not_found")), "rejected", " answered 404: no model; asked for 'gpt-4o-mini' at '{url}/chat/completions'"),
        (Answer(400, refusal("The model `x` does not exist")), "rejected", " answered 400: The model `x` does not exist; asked for 'gpt-4o-mini' at '{url}/chat/completions'"),
        (Answer(422, refusal("odd", "odd")), "rejected", " answered 422: odd"),
        (Answer(400, refusal("This model's maximum context length is 10 tokens.")), "context_overflow", " answered 400: This model's maximum context length is 10 tokens."),
        (Answer(408, refusal("late", "late")), "timeout", " answered 408: late"),
        (Answer(429, refusal("slow", "rate")), "rate_limited", " answered 429: slow"),
        (Answer(529, refusal("overloaded", "busy")), "rate_limited", " answered 529: overloaded"),
        (Answer(500, refusal("oh", "server")), "server_error", " answered 500: oh"),
        (Answer(502, "<html>\n</html>"), "server_error", " answered 502 with a page: '<html> </html>'"),
        (Answer(502, "<html>\n" + "x" * 1000), "server_error", " answered 502 with a page: '<html> " + "x" * 153 + "'"),
        (Answer(503, refusal("down", "server")), "server_error", " answered 503: down"),
        (Answer(504, refusal("gateway", "server")), "server_error", " answered 504: gateway"),
        (Answer(cut="reset"), "server_error", " broke the connection off before it answered"),
        (Answer(cut="close"), "server_error", " broke the connection off before it answered"),
        (Answer(body=completion(choices=[])), "server_error", " sent nothing that is an answer"),
        (Answer(body=completion(None, None)), "server_error", " sent nothing that is an answer"),
        (Answer(body=completion(GOOD, None)), "truncated", " answered without saying that the answer is complete"),
        (Answer(body=completion(GOOD, "length")), "truncated", " stopped at the limit of its output tokens"),
        (Answer(body=completion(GOOD, "content_filter")), "rejected", " withheld its answer: content filter"),
        (Answer(body=completion(GOOD, "novelty")), "server_error", " stopped with 'novelty'"),
        (Answer(body=completion(None)), "invalid_output", " answered nothing"),
        (Answer(body=completion(" \n")), "invalid_output", " answered nothing"),
        (Answer(body=completion("x" * 8_000_001)), "invalid_output", " answered more than 8 MB"),
    ],
)  # fmt: skip
def test_a_fault_is_the_same_however_the_answer_is_to_come(
    answer: Answer, failed: str, message: str, way: str, server: OpenAIServer
) -> None:
    server.answer = answer
    said = message.format(url=server.url, host=server.host)
    assert failure("llm", {"model": MODEL}, WAYS[way]) == (failed, MODEL + said)
    assert len(server.requests) == 1


def refusing(model: str, *, stream: bool) -> Answer:
    """An answer that is none: it says why there is none, where OpenAI's APIs have that."""
    words = "I cannot help\nwith that."
    if model == CODEX:
        content = [{"type": "refusal", "refusal": words}]
        return Answer(body=response({**said(""), "content": content}))
    message = {"role": "assistant", "content": None, "refusal": words}
    if not stream:
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        return Answer(body=completion(choices=[choice]))
    deltas = (
        {"role": "assistant", "content": None},
        {"refusal": words[:5]},
        {"refusal": words[5:]},
    )
    choices: list[Any] = [{"index": 0, "delta": one, "finish_reason": None} for one in deltas]
    choices.append({"index": 0, "delta": {}, "finish_reason": "stop"})
    base = {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    events = "".join(f"data: {json.dumps({**base, 'choices': [one]})}\n\n" for one in choices)
    headers = {"Content-Type": "text/event-stream"}
    return Answer(body=f"{events}data: [DONE]\n\n", headers=headers)


@pytest.mark.filterwarnings("ignore:Pydantic serializer warnings")
@pytest.mark.parametrize(
    ("model", "way"), [(MODEL, "whole"), (MODEL, "streamed"), (CODEX, "whole")]
)
def test_a_refusal_is_no_answer_that_could_be_mended(
    model: str, way: str, server: OpenAIServer
) -> None:
    server.answer = refusing(model, stream=way == "streamed")
    message = f"{model} refused to answer: I cannot help with that."
    assert failure("llm", {"model": model}, WAYS[way]) == ("rejected", message)


def at(server: OpenAIServer, **keys: Any) -> Host:
    """A host whose model `m` is at an address that the spec says."""
    return replace(HOST, models={"m": Model(model=MODEL, **{"api_base": server.url, **keys})})


def test_who_was_asked_without_a_key(server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> None:
    server.answer = Answer(401, refusal("who are you?"))
    failed, message = failure("llm", {"model": "m"}, at(server))
    assert failed == "rejected"
    assert message == (
        f"{MODEL} answered 401: who are you?; '{server.host}' was sent no key:"
        " 'AGENTFLOW_ALLOWED_HOSTS' does not name it"
    )
    monkeypatch.setenv("AGENTFLOW_ALLOWED_HOSTS", server.host)
    _, message = failure("llm", {"model": "m"}, at(server))
    assert message.endswith(f"; '{server.host}' was sent the key in 'OPENAI_API_KEY'")
    monkeypatch.setenv("OPENAI_API_KEY", "short")
    _, message = failure("llm", {"model": "m"}, at(server))
    assert message.endswith(f"; '{server.host}' was asked")
    monkeypatch.delenv("OPENAI_API_KEY")
    _, message = failure("llm", {"model": "m"}, at(server))
    assert message.endswith(f"; '{server.host}' was sent no key: 'OPENAI_API_KEY' is not set")


def test_a_page_that_gives_back_what_it_was_sent(server: OpenAIServer) -> None:
    page = "<html>" + "x" * 140 + "Authorization: Bearer sk-of-the-operator"
    server.answer = Answer(502, page)
    message = failure("llm", {"model": MODEL})[1]
    assert message == f"{MODEL} answered 502 with a page: '<html>{'x' * 140}Authorization:'"
    server.answer = Answer(502, page.replace("x" * 140, ""))
    message = failure("llm", {"model": MODEL})[1]
    said = "<html>Authorization: Bearer [secret OPENAI_API_KEY]"
    assert message == f"{MODEL} answered 502 with a page: '{said}'"


def test_a_connection_has_its_own_time(monkeypatch: pytest.MonkeyPatch) -> None:
    pass_over_litellm()
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-the-operator")
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        where = f"https://127.0.0.1:{nobody.getsockname()[1]}/v1"  # it never greets
        host = replace(HOST, models={"m": Model(model=MODEL, api_base=where)})
        told: list[str] = []

        async def use(connection: Connection) -> None:
            asked = replace(call(), timeout=60, reached=told.append)
            calling = asyncio.ensure_future(connection.call(options("llm", model="m"), asked))
            greeted, _ = await asyncio.to_thread(nobody.accept)
            with greeted:
                await asyncio.to_thread(greeted.recv, 1)  # its time has begun
                put_forward(asyncio.get_running_loop(), 11)
                await calling

        with pytest.raises(AttemptError) as caught:
            connected("llm", use, host)
    assert caught.value.failure.value == "not_sent"
    assert caught.value.message == f"{MODEL} cannot be reached: no connection within 10s"
    assert told == ["sent"]


@pytest.mark.parametrize("way", WAYS)
def test_how_far_a_call_comes_is_told(way: str, server: OpenAIServer) -> None:
    server.answer = Answer(body=completion(GOOD))
    told: list[str] = []
    asked = replace(call(), reached=told.append)
    connected("llm", lambda c: c.call(options("llm", model=MODEL), asked), WAYS[way])
    assert told == {"whole": ["sent"], "streamed": ["sent", "answering"]}[way]


def test_what_is_given_up_before_it_leaves_never_does(server: OpenAIServer) -> None:
    from agentflow.agents.litellm_wire import WIRE

    server.answer = Answer(body=completion(GOOD))

    async def use(connection: Connection) -> None:
        def give_up(_stage: str) -> None:
            wire = WIRE.get()
            assert wire is not None
            wire.over = True

        asked = replace(call(), reached=give_up)
        await connection.call(options("llm", model=MODEL), asked)

    with pytest.raises(AttemptError):
        connected("llm", use)
    assert server.requests == []


#: What is no answer, by the provider whose protocol it is not: what is said of it, if it was to
#: come whole.
NO_ANSWERS = {
    "a page": (
        Answer(body="<html>hello</html>"),
        {
            MODEL: " answered with what is no JSON: '<html>hello</html>'",
            CLAUDE: " answered with what is no JSON: '<html>hello</html>'",
        },
    ),
    "nothing": (
        Answer(body=""),
        {
            MODEL: ": Empty or invalid response from LLM endpoint. Received: ''.",
            CLAUDE: ": Unable to get json response - Expecting value: line 1 column 1 (char 0)",
        },
    ),
    "other JSON": (
        Answer(body={"ok": True}),
        {
            MODEL: ": LiteLLM: provider returned 'choices' that is not a list (NoneType).",
            CLAUDE: " sent what LiteLLM cannot read: 'content'",
        },
    ),
    "an error": (Answer(body=refusal("busy")), {MODEL: ": busy", CLAUDE: ": {'message': 'busy'"}),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("model", [MODEL, CLAUDE])
def test_no_more_of_a_failure_is_read_than_is_told(
    model: str, way: str, server: OpenAIServer
) -> None:
    server.answer = Answer(500, refusal("E" * 8_000_000), cut="close", half=True)  # it has no end
    failed, message = failure("llm", {"model": model}, WAYS[way])
    assert (failed, len(message)) == ("server_error", len(f"{model} answered 500: ") + 300)
    assert message.startswith(f"{model} answered 500: ")
    assert message.endswith("EEE")


def test_of_an_endless_page_the_beginning_is_looked_at(server: OpenAIServer) -> None:
    from litellm.litellm_core_utils.secret_redaction import redact_string

    from agentflow.agents.litellm_bodies import MOST
    from agentflow.agents.litellm_wire import WIRE, Wire

    server.answer = Answer(body="<html>" + "x" * 1_000_000)

    async def ask() -> Wire:
        wire = Wire(10)
        WIRE.set(wire)
        async with httpx.AsyncClient() as client:
            await client.post(f"{server.url}/chat/completions", json={"model": "x"})
        return wire

    wire = asyncio.run(ask())
    assert wire.body == b"<html>" + b"x" * (MOST - 6)
    assert len(redact_string("x" * 1_000_000)) == MOST
    said = f"{MODEL} answered with what is no JSON: '<html>{'x' * 154}'"
    assert failure("llm", {"model": MODEL}) == ("server_error", said)


@pytest.mark.parametrize("model", [MODEL, CLAUDE])
@pytest.mark.parametrize("what", NO_ANSWERS)
def test_what_is_no_answer_of_a_model(what: str, model: str, server: OpenAIServer) -> None:
    server.answer, said = NO_ANSWERS[what]
    failed, message = failure("llm", {"model": model}, WAYS["whole"])
    assert failed == "server_error"
    assert message.startswith(model + said[model])
    assert "Traceback" not in message
    nothing = ("server_error", f"{model} sent nothing that is an answer")
    assert failure("llm", {"model": model}, WAYS["streamed"]) == nothing
    assert len(server.requests) == 2


@pytest.mark.parametrize("name", CLASSES)
def test_an_exception_has_a_class(name: str, server: OpenAIServer) -> None:
    from agentflow.agents.litellm_failures import failure_of
    from agentflow.agents.litellm_settings import litellm
    from agentflow.agents.litellm_wire import Wire

    kind = getattr(litellm.exceptions, name)
    error = kind.__new__(kind)
    error.message = f"litellm.{name}: so it is"
    failed = failure_of(error, MODEL, Wire(1.0, left=True))
    assert (failed.failure.value, failed.message) == (CLASSES[name], f"{MODEL}: so it is")


def test_every_exception_of_litellm_is_in_the_table_or_left_out(server: OpenAIServer) -> None:
    from agentflow.agents.litellm_failures import BY_EXCEPTION
    from agentflow.agents.litellm_settings import litellm

    defined = {
        name
        for name, value in vars(litellm.exceptions).items()
        if isinstance(value, type)
        and issubclass(value, Exception)
        and value.__module__ == litellm.exceptions.__name__
    }
    rows = tuple(kind for kind, _ in BY_EXCEPTION)
    assert {kind.__name__ for kind in rows} == set(CLASSES) <= defined
    # Newer releases have kinds of what is in the table.
    others = defined - set(CLASSES) - LEFT_OUT
    assert all(issubclass(getattr(litellm.exceptions, name), rows) for name in others)
    assert defined >= LEFT_OUT
    for number, (kind, _) in enumerate(BY_EXCEPTION):
        # A row that comes after that of its base would never be reached.
        assert not any(issubclass(kind, earlier) for earlier, _ in BY_EXCEPTION[:number])


def used_up(*limits: str, **resets: str) -> dict[str, str]:
    """Headers of limits with nothing left, and when each begins anew."""
    left = {f"x-ratelimit-remaining-{what}": "0" for what in limits}
    return left | {f"x-ratelimit-reset-{what}": when for what, when in resets.items()}


def of_google(*details: Any) -> Any:
    return {"error": {"code": 429, "message": "slow", "details": list(details)}}


RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.5s"}


@pytest.mark.parametrize(
    ("headers", "body", "seconds"),
    [
        ({}, None, None),
        ({"Retry-After": "7"}, None, 7.0),
        ({"Retry-After": "0"}, None, 0.0),
        ({"Retry-After": "0.5"}, None, 0.5),
        ({"Retry-After": "9" * 400}, None, 1e9),
        ({"Retry-After": "Fri, 01 Jan 2021 00:00:00 GMT"}, None, 0.0),
        ({"Retry-After": "Fri, 31 Dec 9999 23:59:59 GMT"}, None, 1e9),
        ({"Retry-After": "Fri, 31 Dec 99999 23:59:59 GMT"}, None, None),
        ({"Retry-After": "nan"}, None, None),
        ({"Retry-After": "1e3"}, None, None),
        ({"Retry-After": "-3"}, None, None),
        ({"Retry-After": "soon"}, None, None),
        ({"Retry-After": ""}, None, None),
        ({"retry-after-ms": "1500", "Retry-After": "2"}, None, 1.5),
        ({"retry-after-ms": "0", "Retry-After": "2"}, None, 0.0),
        ({"retry-after-ms": "soon", "Retry-After": "2"}, None, 2.0),
        ({"retry-after-ms": "-1", "Retry-After": "2"}, None, 2.0),
        ({"retry-after-ms": "Fri, 31 Dec 9999 23:59:59 GMT", "Retry-After": "2"}, None, 2.0),
        ({"Retry-After": "2", **used_up("tokens", tokens="6m0s")}, None, 2.0),
        (used_up("requests", requests="6m0s"), None, 360.0),
        (used_up("requests", requests="10"), None, 10.0),
        (used_up(requests="6m0s") | {"x-ratelimit-remaining-requests": "3"}, None, None),
        (used_up("tokens", tokens="1h2m3.5s"), None, 3723.5),
        (used_up("tokens", tokens="20ms"), None, 0.02),
        (used_up("tokens", tokens=f"{'9' * 400}h"), None, 1e9),
        (used_up("tokens", tokens="later"), None, None),
        (used_up("tokens"), None, None),
        (used_up("tokens", "requests", tokens="3s", requests="7s"), None, 7.0),
        (used_up("tokens", "requests", tokens="7s", requests="3s"), None, 7.0),
        ({}, of_google({"reason": "quota"}, RETRY_INFO), 34.5),
        ({}, [of_google(RETRY_INFO)], 34.5),
        ({"Retry-After": "2"}, of_google(RETRY_INFO), 2.0),
        ({}, of_google({"retryDelay": 7}), None),
        ({}, of_google("odd"), None),
        ({}, [], None),
        ({}, "<html>", None),
    ],
)  # fmt: skip
def test_how_long_to_wait(
    headers: dict[str, str], body: Any, seconds: float | None, server: OpenAIServer
) -> None:
    server.answer = Answer(429, refusal("slow", "rate") if body is None else body, headers)
    with pytest.raises(AttemptError) as caught:
        attempt("llm", {"model": MODEL})
    assert caught.value.failure is FailureClass.RATE_LIMITED
    assert caught.value.retry_after == seconds
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "form", ["%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"]
)
def test_a_date_to_come(form: str, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the three forms that there are, of which none is in the time of this machine."""
    monkeypatch.setenv("TZ", "Pacific/Kiritimati")  # 14 hours before
    time.tzset()
    try:
        then = time.strftime(form, time.gmtime(time.time() + 3600))
        server.answer = Answer(429, refusal("slow", "rate"), {"Retry-After": then})
        with pytest.raises(AttemptError) as caught:
            attempt("llm", {"model": MODEL})
    finally:
        monkeypatch.undo()
        time.tzset()
    assert caught.value.retry_after == pytest.approx(3600, abs=600)


@pytest.mark.parametrize("model", [MODEL, "anthropic/claude-haiku-4-5"])
@pytest.mark.parametrize("status", [429, 503])
def test_other_providers_and_statuses(model: str, status: int, server: OpenAIServer) -> None:
    body: Any = refusal("slow", "rate")
    server.answer = Answer(status, body, {"Retry-After": "7"})
    with pytest.raises(AttemptError) as caught:
        attempt("llm", {"model": model})
    assert (caught.value.failure.value, caught.value.retry_after) == ("rate_limited", 7.0)
