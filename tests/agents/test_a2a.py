"""Agents of kind `a2a`, against a server of the SDK, and against one that misbehaves."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from agentflow.agents.protocol import AttemptError, Connection, Reply

from ..processes import comes_true
from .calls import attempt, call, connected, cut_short, failure, options
from .remote_agents import Remote
from .web_server import Answer, Received, WebServer

CARD = "/.well-known/agent-card.json"


# --- what a call comes to --------------------------------------------------------------------

GIVEN = {"z": "Zürich 🚂\n", "n": [1, 2.5, None, True, {"a": {}}], "most": 2**53}


@pytest.mark.parametrize(
    ("name", "given", "reply"),
    [
        ("echo", GIVEN, Reply(GIVEN)),
        ("old", GIVEN, Reply(GIVEN)),
        ("rest", GIVEN, Reply(GIVEN)),
        ("plain", {"question": "Why?"}, Reply(text="an echo\nWhy?")),
        ("plain", {"b": 1, "a": "ü"}, Reply(text='an echo\n{"a": "ü", "b": 1}')),
        ("says", {}, Reply(text="no such\norder")),
        ("parts", {}, Reply(text='{"a":\n1}')),
        ("speaks", {}, Reply(text="at once")),
        ("nothing", {}, Reply(None)),
    ],
)
def test_an_answer(remote: Remote, name: str, given: dict[str, Any], reply: Reply) -> None:
    assert attempt("a2a", remote.keys(name), **given) == reply


def test_whole_numbers_stay_whole(remote: Remote) -> None:
    reply = attempt("a2a", remote.keys("echo"), one=1, half=0.5)
    assert json.dumps(reply.value, sort_keys=True) == '{"half": 0.5, "one": 1}'


def test_text_is_the_value_where_only_texts_are_taken(remote: Remote) -> None:
    speaks = options("a2a", **remote.keys("speaks"))
    reply = connected("a2a", lambda c: c.call(speaks, call({"type": "string"})))
    assert reply == Reply("at once")


@pytest.mark.parametrize(
    ("name", "failed", "what"),
    [
        ("fails", "server_error", "failed: no such order"),
        ("breaks", "server_error", "failed"),
        ("gives_up", "server_error", "has cancelled the task"),
        ("rejects", "rejected", "refused: no such order"),
        ("refuses", "rejected", "refused: no such thing, please"),
        ("asks", "rejected", "asks for more than its input, and there is nobody to ask: no such order"),
        ("wants", "rejected", "asks for credentials that the request does not have"),
        ("twice", "invalid_output", "answered with 2 pieces of data, and an output is one"),
        ("file", "invalid_output", "answered with a file, which is no output"),
        ("nowhere", "rejected", "asked for its card, answered 404: Not Found"),
    ],
)  # fmt: skip
def test_what_goes_wrong(remote: Remote, name: str, failed: str, what: str) -> None:
    comma = "," if name == "nowhere" else ""
    said = f"the agent at {remote.url}/{name}{comma} {what}"
    assert failure("a2a", remote.keys(name)) == (failed, said)


def test_a_number_that_would_become_another_is_not_sent(remote: Remote) -> None:
    said = "cannot be told input.a.b[1]: the protocol has no such number as 9007199254740993"
    assert failure("a2a", remote.keys("echo"), a={"b": [0, 2**53 + 1]}) == (
        "rejected",
        f"the agent at {remote.url}/echo {said}",
    )


def test_the_id_of_a_message(remote: Remote) -> None:
    """It is the key of the step, by which an agent can tell a repeat from new work."""

    async def use(connection: Connection) -> None:
        echo = options("a2a", **remote.keys("echo"))
        await connection.call(echo, replace(call(n=1), idempotency_key="order/17 ü"))
        await connection.call(echo, replace(call(n=1), attempt=3))

    connected("a2a", use)
    assert remote.calls[-2:] == [
        ["echo", "order/17 ü", {"n": 1.0}],
        ["echo", "run_1/extract/3", {"n": 1.0}],
    ]


def test_a_task_that_nobody_waits_for_is_cancelled(remote: Remote, tmp_path: Path) -> None:
    async def use(connection: Connection) -> Reply:
        begun = tmp_path / "begun"
        hangs = options("a2a", **remote.keys("hangs"))
        await cut_short(connection.call(hangs, call(note=str(begun))), begun)
        return await connection.call(options("a2a", **remote.keys("echo")), call(n=1))

    assert connected("a2a", use) == Reply({"n": 1})
    assert comes_true(lambda: remote.cancelled.exists() and "hangs" in remote.cancelled.read_text())


# --- a server that misbehaves ----------------------------------------------------------------


class Play:
    """Answers by method: `card` for the card, then each answer of `script`, the last one for
    good."""

    def __init__(self, url: str, *script: Any, **card: Any) -> None:
        interface = {"url": f"{url}/rpc", "protocolBinding": "JSONRPC", "protocolVersion": "1.0"}
        self.card: Any = {"name": "a", "supportedInterfaces": [interface], **card}
        self.script = list(script)
        self.asked: list[Any] = []

    def __call__(self, request: Received) -> Answer:
        if request.method == "GET":
            return self.card if isinstance(self.card, Answer) else Answer(body=self.card)
        asked = json.loads(request.body)
        self.asked.append(asked)
        turn = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(turn, Answer):
            return turn
        return Answer(body={"jsonrpc": "2.0", "id": asked["id"], **turn})


def task(state: str, **more: Any) -> dict[str, Any]:
    return {"id": "t1", "contextId": "c1", "status": {"state": f"TASK_STATE_{state}"}, **more}


def sent(state: str, **more: Any) -> dict[str, Any]:
    return {"result": {"task": task(state, **more)}}


def seen(state: str, **more: Any) -> dict[str, Any]:
    return {"result": task(state, **more)}


DONE = {"artifacts": [{"artifactId": "a", "parts": [{"data": {"n": 1}}]}]}


def test_a_task_is_asked_after_until_it_has_ended(web: WebServer) -> None:
    """What goes wrong meanwhile is no end of it, and the message is sent once."""
    web.answer = play = Play(
        web.url,
        sent("SUBMITTED"),
        seen("WORKING"),
        Answer(503, b"soon"),
        Answer(cut="reset", silent=True),
        seen("COMPLETED", **DONE),
    )
    assert attempt("a2a", {"url": web.url}) == Reply({"n": 1})
    assert [each["method"] for each in play.asked] == ["SendMessage", *["GetTask"] * 4]
    assert play.asked[0]["params"]["configuration"] == {
        "acceptedOutputModes": ["application/json", "text/plain"],
        "returnImmediately": True,
    }


def test_the_card_is_read_once(web: WebServer) -> None:
    web.answer = Play(web.url, sent("COMPLETED", **DONE))

    async def use(connection: Connection) -> list[Reply]:
        agent = options("a2a", url=web.url)
        first = await asyncio.gather(*(connection.call(agent, call()) for _ in range(3)))
        return [*first, await connection.call(agent, call())]

    assert connected("a2a", use) == [Reply({"n": 1})] * 4
    assert [each.path for each in web.requests if each.method == "GET"] == [CARD]


def test_who_asks_otherwise_may_see_another_card(web: WebServer) -> None:
    web.answer = Play(web.url, sent("COMPLETED", **DONE))

    async def use(connection: Connection) -> None:
        for who in ("a", "b", "a"):
            agent = options("a2a", url=web.url, headers={"Authorization": who})
            await connection.call(agent, call())

    connected("a2a", use)
    read = [each.headers["authorization"] for each in web.requests if each.path == CARD]
    assert read == ["a", "b"]


def test_the_address_of_a_card_itself(web: WebServer) -> None:
    web.answer = Play(web.url, sent("COMPLETED", **DONE))
    assert attempt("a2a", {"url": f"{web.url}/cards/a.json"}) == Reply({"n": 1})
    assert web.requests[0].path == "/cards/a.json"


def test_headers_go_along(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RESEARCH_TOKEN", "s3cr3t")
    web.answer = Play(web.url, sent("COMPLETED", **DONE))
    secret = {"secret": "RESEARCH_TOKEN", "prefix": "Bearer "}
    attempt("a2a", {"url": web.url, "headers": {"Authorization": secret}})
    assert [each.headers["authorization"] for each in web.requests] == ["Bearer s3cr3t"] * 2


UNKNOWN = "answered with what the protocol does not know: "
ERROR = {"jsonrpc": "2.0", "id": None, "error": {"code": -32602, "message": "no such skill"}}


@pytest.mark.parametrize(
    ("answer", "failed", "what"),
    [
        (Answer(429, b"slow down", {"Retry-After": "7"}), "rate_limited", "answered 429: slow down"),
        (Answer(500, b"<h1>oh</h1>"), "server_error", "answered 500: <h1>oh</h1>"),
        (Answer(401, b""), "rejected", "answered 401"),
        (Answer(400, ERROR), "rejected", "refused: no such skill"),
        (Answer(307, b"", {"Location": "/other"}), "rejected", "answered 307 to '/other', and no redirect is followed"),
        (Answer(cut="reset", silent=True), "server_error", "broke off before its answer was complete"),
        (Answer(body=b"<html>"), "invalid_output", UNKNOWN + "JSON Decode Error: Expecting value: line 1 column 1 (char 0)"),
        (Answer(body=b"[]"), "invalid_output", UNKNOWN + "Invalid JSON-RPC response: expected an object, got list"),
        (Answer(body=b" " * 8_000_001), "invalid_output", "answered more than 8 MB"),
        (Answer(headers={"Content-Encoding": "gzip"}), "invalid_output", "answered in an encoding that it was not asked for"),
        ({"result": {}}, "invalid_output", UNKNOWN + "Response has neither task nor message"),
        ({"error": {"code": -32603, "message": "a bug"}}, "server_error", "failed: a bug"),
        ({"result": {"task": {"id": ""}}}, "invalid_output", "answered with a task that has no id"),
    ],
    ids=[
        "limited", "error", "unauthorized", "refused", "redirect", "reset", "html", "list", "big",
        "packed", "empty", "bug", "nameless",
    ],
)  # fmt: skip
def test_an_answer_that_is_none(web: WebServer, answer: Any, failed: str, what: str) -> None:
    web.answer = play = Play(web.url, answer)
    assert failure("a2a", {"url": web.url}) == (failed, f"the agent at {web.url} {what}")
    assert len(play.asked) == 1


@pytest.mark.parametrize(
    ("card", "failed", "what"),
    [
        (Answer(503, b"later"), "not_sent", ", asked for its card, answered 503: later"),
        (Answer(cut="reset", silent=True), "not_sent", ", asked for its card, broke off before its answer was complete"),
        (Answer(403, b"who?"), "rejected", ", asked for its card, answered 403: who?"),
        (Answer(body=b" " * 8_000_001), "rejected", ", asked for its card, answered more than 8 MB"),
        (Answer(body={"name": "a"}), "rejected", " speaks no protocol by its card, and not JSONRPC or HTTP+JSON"),
    ],
    ids=["later", "reset", "forbidden", "big", "speechless"],
)  # fmt: skip
def test_a_card_that_is_none(web: WebServer, card: Answer, failed: str, what: str) -> None:
    """Nothing was asked of the agent, so another attempt can do no harm."""
    web.answer = play = Play(web.url, {})
    play.card = card
    assert failure("a2a", {"url": web.url}) == (failed, f"the agent at {web.url}{what}")
    assert play.asked == []


def test_a_card_that_cannot_be_read(web: WebServer) -> None:
    web.answer = Play(web.url, {})
    web.answer.card = Answer(body=b"<html>")
    failed, said = failure("a2a", {"url": web.url})
    assert failed == "rejected"
    assert said.startswith(f"the agent at {web.url} has no card that can be read: Failed to parse")


def test_a_card_that_could_not_be_read_is_read_again(web: WebServer) -> None:
    web.answer = play = Play(web.url, sent("COMPLETED", **DONE))
    good, play.card = play.card, Answer(503)

    async def use(connection: Connection) -> Reply:
        agent = options("a2a", url=web.url)
        with pytest.raises(AttemptError):
            await connection.call(agent, call())
        play.card = good
        return await connection.call(agent, call())

    assert connected("a2a", use) == Reply({"n": 1})


def test_messages_go_nowhere_that_only_the_card_names(web: WebServer) -> None:
    with WebServer() as other:
        there = other.url.replace("127.0.0.1", "localhost")
        web.answer = Play(there, sent("COMPLETED", **DONE))
        other.answer = Play(there, sent("COMPLETED", **DONE))
        said = (
            f"the card of the agent at {web.url} sends messages to {there}/rpc, which is another"
            " place: 'card_hosts' would have to name its host"
        )
        assert failure("a2a", {"url": web.url}) == ("rejected", said)
        assert other.requests == []
        keys = {"url": web.url, "card_hosts": ["localhost"]}
        assert attempt("a2a", keys) == Reply({"n": 1})


def test_where_nobody_listens() -> None:
    with WebServer() as gone:
        url = gone.url
    failed, said = failure("a2a", {"url": url})
    assert failed == "not_sent"
    assert said.startswith(f"the agent at {url}, asked for its card, cannot be reached at {url}")


def test_the_credentials_of_the_machine_are_out_of_reach() -> None:
    failed, said = failure("a2a", {"url": "http://169.254.169.254"})
    assert failed == "rejected"
    assert "credentials of machines are handed out at such addresses" in said


@pytest.mark.parametrize("state", ["INPUT_REQUIRED", "AUTH_REQUIRED"])
def test_a_task_whose_question_nobody_answers_is_cancelled(state: str, web: WebServer) -> None:
    """It would wait over there for ever. What it asked is in the message and, as it was, in the
    log."""
    asks = {
        "message": {"messageId": "m", "role": "ROLE_AGENT", "parts": [{"text": "Which\nsize?"}]}
    }
    waits = {"task": task(state) | {"status": {"state": f"TASK_STATE_{state}", **asks}}}
    web.answer = play = Play(web.url, sent("WORKING"), {"result": waits["task"]}, sent("CANCELED"))
    with pytest.raises(AttemptError) as caught:
        attempt("a2a", {"url": web.url})
    assert caught.value.failure.value == "rejected"
    assert caught.value.message.endswith(": Which size?")
    assert caught.value.detail == "Which\nsize?"
    assert [each["method"] for each in play.asked] == ["SendMessage", "GetTask", "CancelTask"]


def test_what_is_known_of_a_task_that_took_too_long(web: WebServer) -> None:
    """It is cancelled over there, and the log tells which one it was."""
    web.answer = play = Play(web.url, sent("WORKING"), Answer(503, b"busy"))

    async def use(connection: Connection) -> tuple[Any, ...]:
        pending = asyncio.ensure_future(connection.call(options("a2a", url=web.url), call()))
        while len(play.asked) < 3:
            await asyncio.sleep(0.01)
        pending.cancel()
        with pytest.raises(asyncio.CancelledError) as stopped:
            await pending
        return stopped.value.args

    busy = f"when it was asked after: the agent at {web.url} answered 503: busy"
    assert connected("a2a", use) == (f"its task t1 was working; {busy}",)
    assert play.asked[-1]["method"] == "CancelTask"
