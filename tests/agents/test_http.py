"""Agents of kind `http`, against servers that run on this machine."""

import asyncio
import functools
import json
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from agentflow.agents.http_addresses import Address, Refused, addresses_of
from agentflow.agents.protocol import AttemptError, Call, Connection, Reply
from agentflow.agents.wire import CONNECT
from agentflow.core.events import Excess

from .calls import attempt, call, connected, failure, options, put_forward
from .web_server import Answer, Received, WebServer

CERTIFICATE = Path(__file__).with_name("tls") / "localhost.pem"


async def send(asked: Any, made: Call, connection: Connection) -> Reply:
    """Make one call."""
    return await connection.call(asked, made)


def refused(keys: dict[str, Any], **given: Any) -> AttemptError:
    """How a call fails."""
    with pytest.raises(AttemptError) as caught:
        attempt("http", keys, **given)
    return caught.value


@pytest.fixture
def other() -> Iterator[WebServer]:
    """Another host: it is called `localhost` and has another port."""
    with WebServer(Answer(body={"from": "the other"})) as running:
        yield running


# --- what is sent ----------------------------------------------------------------------------


def test_the_input_is_the_json_body(web: WebServer) -> None:
    given: dict[str, Any] = {"z": "Zürich 🚂", "a": [1, 2.5, None, True, {"b": {}}]}
    web.answer = lambda request: Answer(body=json.loads(request.body))
    assert attempt("http", {"url": f"{web.url}/x"}, **given) == Reply(given)
    (request,) = web.requests
    assert (request.method, request.path) == ("POST", "/x")
    assert request.body.decode() == '{"a": [1, 2.5, null, true, {"b": {}}], "z": "Zürich 🚂"}'
    sent = request.headers
    assert sent["content-type"] == sent["accept"] == "application/json"
    assert sent["host"] == f"127.0.0.1:{web.port}"
    assert sent["accept-encoding"] == "identity"
    assert "idempotency-key" not in sent


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_methods_without_a_body_send_a_query(web: WebServer, method: str) -> None:
    web.answer = Answer(body={})
    keys = {"url": f"{web.url}/x?v=1", "method": method}
    attempt("http", keys, q="a&b=c", n=[1, True], z=2.5)
    (request,) = web.requests
    assert (request.method, request.body) == (method, b"")
    assert request.path == "/x?v=1&n=1&n=true&q=a%26b%3Dc&z=2.5"
    assert "content-type" not in request.headers


@pytest.mark.parametrize("value", [None, {"a": 1}, [[1]]])
def test_what_has_no_text_cannot_go_into_a_query(web: WebServer, value: Any) -> None:
    failed, message = failure("http", {"url": web.url, "method": "GET"}, q=value)
    assert failed == "rejected"
    assert message.startswith("field 'q' cannot go into a query: ")
    assert web.requests == []


def test_expressions_in_the_url_are_percent_encoded(web: WebServer) -> None:
    web.answer = Answer(body={})
    url = f"{web.url}/orders/${{{{ input.id }}}}/lines?kind=${{{{ input.sort }}}}"
    attempt("http", {"url": url}, id="a/../b?x#ü", sort="p&q=1", note="n")
    (request,) = web.requests
    assert request.path == "/orders/a%2F..%2Fb%3Fx%23%C3%BC/lines?kind=p%26q%3D1"
    assert json.loads(request.body) == {"note": "n"}


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ("..", "in the url: a part of the path came to '.' or '..'"),
        (".", "in the url: a part of the path came to '.' or '..'"),
        ("", "in the url: an expression came to nothing, which would make it another url"),
        (
            [1],
            "in the url: only a string, a number or a bool goes into text, found list; json(x) writes any value",
        ),
        ("x" * 70_000, None),
    ],
)
def test_a_value_cannot_make_it_another_url(
    web: WebServer, value: Any, message: str | None
) -> None:
    url = f"{web.url}/orders/${{{{ input.id }}}}/lines"
    failed, said = failure("http", {"url": url}, id=value)
    assert failed == "rejected"
    assert message is None or said == message
    assert len(said) < 600
    assert web.requests == []


def test_headers_of_the_spec_replace_those_that_every_request_has(web: WebServer) -> None:
    web.answer = Answer(body={})
    headers = {"accept": "application/vnd.x+json", "X-Version": "2"}
    attempt("http", {"url": web.url, "headers": headers})
    sent = web.requests[0].headers
    assert (sent["accept"], sent["x-version"]) == ("application/vnd.x+json", "2")


@pytest.mark.parametrize(
    ("key", "header"),
    [
        ("run/17?a=b", "run/17?a=b"),
        ("50 % für ü", "50%20%25%20f%C3%BCr%20%C3%BC"),
        ("%20", "%2520"),
    ],
)
def test_the_key_is_a_header(web: WebServer, key: str, header: str) -> None:
    web.answer = Answer(body={})
    made = replace(call(n=1), idempotency_key=key)
    connected("http", lambda c: c.call(options("http", url=web.url), made))
    assert web.requests[0].headers["idempotency-key"] == header


def test_secrets_come_from_the_environment(web: WebServer, monkeypatch: pytest.MonkeyPatch) -> None:
    web.answer = Answer(body={})
    headers = {"Authorization": {"secret": "PAY_TOKEN", "prefix": "Bearer "}}
    monkeypatch.setenv("PAY_TOKEN", "s3cr3t-value")
    attempt("http", {"url": web.url, "headers": headers})
    assert web.requests[0].headers["authorization"] == "Bearer s3cr3t-value"
    monkeypatch.setenv("PAY_TOKEN", "two\nlines-of-it")
    assert failure("http", {"url": web.url, "headers": headers}) == (
        "rejected",
        "the value of header 'Authorization' has characters that no header can have",
    )
    monkeypatch.delenv("PAY_TOKEN")
    assert failure("http", {"url": web.url, "headers": headers}) == (
        "rejected",
        "the environment variable 'PAY_TOKEN' is not set",
    )


def test_neither_proxies_nor_netrc_of_the_environment_are_used(
    web: WebServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login me password mine\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:1")
    web.answer = Answer(body={})
    attempt("http", {"url": web.url})
    assert "authorization" not in web.requests[0].headers


def test_over_tls_the_certificate_is_that_of_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    with WebServer(Answer(body={"n": 1}), tls=CERTIFICATE) as web:
        keys = {"url": f"https://localhost:{web.port}/x"}
        failed, message = failure("http", keys)
        assert failed == "not_sent"
        assert "CERTIFICATE_VERIFY_FAILED" in message
        monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
        assert attempt("http", keys) == Reply({"n": 1})
        assert web.requests[0].headers["host"] == f"localhost:{web.port}"
        # The same address by a name that the certificate does not have.
        failed, message = failure("http", {"url": f"https://127.0.0.2:{web.port}/x"})
        assert failed == "not_sent"


# --- what comes back -------------------------------------------------------------------------


def after(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize(
    ("answer", "failed", "said"),
    [
        (Answer(429), "rate_limited", "answered 429"),
        (Answer(529), "rate_limited", "answered 529"),
        (Answer(503, headers={"Retry-After": "7"}), "rate_limited", "answered 503"),
        (Answer(503), "server_error", "answered 503"),
        (Answer(500, b"<h1>Oh\nno</h1>"), "server_error", "answered 500: <h1>Oh no</h1>"),
        (Answer(504), "server_error", "answered 504"),
        (Answer(408), "timeout", "answered 408"),
        (Answer(400, {"error": "no id"}), "rejected", 'answered 400: {"error": "no id"}'),
        (Answer(401), "rejected", "answered 401"),
        (Answer(404, b"y" * 100_000), "rejected", f"answered 404: {'y' * 300}"),
        (Answer(304), "rejected", "answered 304"),
        (Answer(404, b"so far", {"Content-Length": "99"}, cut="never"), "rejected", "answered 404: so far"),
        (Answer(silent=True, cut="close"), "server_error", "broke off before its answer was complete"),
        (Answer(silent=True, cut="reset"), "server_error", "broke off before its answer was complete"),
        (Answer(body=[b'{"a":', b"1"], cut="close"), "server_error", "broke off before its answer was complete"),
        (Answer(body=b"{", headers={"Content-Length": "9"}, cut="close"), "server_error", "broke off before its answer was complete"),
        (Answer(body=b"{", headers={"Content-Length": "9"}, cut="reset"), "server_error", "broke off before its answer was complete"),
        (Answer(body=b'{"n": NaN}'), "invalid_output", "answered no JSON that can be read: NaN"),
        (Answer(body=b"<html>5</html>"), "invalid_output", "answered no JSON that can be read: not JSON"),
        (Answer(body=b"```json\n5\n```"), "invalid_output", "answered no JSON that can be read: not JSON"),
        (Answer(body=b'"\xff"'), "invalid_output", "answered what is not UTF-8, at byte 1"),
        (Answer(), "invalid_output", "answered nothing"),
        (Answer(body=b"[" * 201 + b"]" * 201), "invalid_output", "answered no JSON that can be read: nested too deep"),
        (Answer(body=b"\x1f\x8b", headers={"Content-Encoding": "gzip"}), "invalid_output", "answered in encoding 'gzip', which it was not asked for"),
        (Answer(body=[b'"' + b"x" * 5_000_000, b"x" * 5_000_000 + b'"']), "invalid_output", "answered more than 8 MB"),
    ],
)  # fmt: skip
def test_what_goes_wrong(web: WebServer, answer: Answer, failed: str, said: str) -> None:
    web.answer = answer
    kind, message = failure("http", {"url": f"{web.url}/pay?token=x"})
    assert kind == failed
    assert message.startswith(f"POST {web.url}/pay {said}")
    assert len(web.requests) == 1


def test_an_endless_answer_is_not_read_to_its_end(web: WebServer) -> None:
    web.answer = Answer(body=[b"x" * 1_000_000] * 500)
    error = refused({"url": web.url})
    assert error.failure == "invalid_output"
    assert error.reply is not None
    assert error.reply.text == "x" * 16 * 1024
    kept = error.reply.excess
    assert kept is not None
    assert not kept.whole
    assert 8_000_000 < kept.bytes < 20_000_000
    assert kept.sha256 == sha256(b"x" * kept.bytes).hexdigest()


def test_the_beginning_of_what_is_no_text_is_kept(web: WebServer) -> None:
    web.answer = Answer(body=b'"\xff"')
    reply = refused({"url": web.url}).reply
    assert reply is not None
    assert (reply.text, reply.excess) == (
        '"\\xff"',
        Excess(3, sha256(b'"\xff"').hexdigest(), whole=True),
    )


@pytest.mark.parametrize("status", [204, 205])
def test_no_content_is_null(web: WebServer, status: int) -> None:
    web.answer = Answer(status)
    assert attempt("http", {"url": web.url}) == Reply(None)


def test_the_beginning_of_a_refusal_is_kept(web: WebServer) -> None:
    web.answer = Answer(422, b"line one\nline two " + b"z" * 10_000)
    error = refused({"url": web.url})
    assert error.detail is not None
    assert error.detail.startswith("line one\nline two zzz")
    assert len(error.detail) == 4000


@pytest.mark.parametrize("header", ["3600", "date"])
def test_retry_after_is_seconds_or_a_date(web: WebServer, header: str) -> None:
    web.answer = Answer(429, headers={"Retry-After": header if header == "3600" else after(3600)})
    wait = refused({"url": web.url}).retry_after
    assert wait is not None
    assert 3000 < wait <= 3600


@pytest.mark.parametrize(("header", "wait"), [("soon", None), ("date", 0.0)])
def test_a_retry_after_that_says_nothing(web: WebServer, header: str, wait: float | None) -> None:
    web.answer = Answer(429, headers={"Retry-After": header if header == "soon" else after(-99)})
    assert refused({"url": web.url}).retry_after == wait


def test_nobody_listens(web: WebServer) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
        failed, message = failure("http", {"url": f"http://127.0.0.1:{port}/x"})
    assert failed == "not_sent"
    assert message.startswith(f"POST http://127.0.0.1:{port}/x cannot be reached: ")


def test_a_host_that_does_not_exist() -> None:
    failed, message = failure("http", {"url": "http://nowhere.invalid/x"})
    assert failed == "not_sent"
    assert message.startswith("POST http://nowhere.invalid/x: nowhere.invalid was not found: ")


def test_no_answer_in_time(web: WebServer) -> None:
    async def use(connection: Connection) -> None:
        loop = asyncio.get_running_loop()
        hurrying: list[asyncio.Future[None]] = []

        def hang(_request: Received) -> Answer:
            loop.call_soon_threadsafe(lambda: hurrying.append(asyncio.ensure_future(hurry(loop))))
            return Answer(hang=True)

        web.answer = hang
        made = replace(call(), timeout=60)
        try:
            await connection.call(options("http", url=web.url), made)
        finally:
            hurrying[0].cancel()

    with pytest.raises(AttemptError) as caught:
        connected("http", use)
    assert caught.value.failure == "timeout"
    assert caught.value.message == f"POST {web.url} was not answered within 1m"


def test_all_addresses_of_a_host_share_the_time_to_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing was sent, and that has to be known before the time of the attempt is up."""
    addresses = 3 * (Address("127.0.0.1", public=False),)

    async def use(connection: Connection, port: int) -> float:
        loop = asyncio.get_running_loop()
        hurrying: list[asyncio.Future[None]] = []

        async def known(*_: Any, **__: Any) -> tuple[Address, ...]:
            hurrying.append(asyncio.ensure_future(hurry(loop)))
            return addresses

        monkeypatch.setattr("agentflow.agents.wire.addresses_of", known)
        began = loop.time()
        made = replace(call(), timeout=100_000)
        with pytest.raises(AttemptError) as caught:
            await connection.call(options("http", url=f"http://three.example:{port}/x"), made)
        hurrying[0].cancel()
        assert caught.value.failure == "not_sent"
        assert caught.value.message == (
            f"POST http://three.example:{port}/x cannot be reached: no connection in time"
        )
        return loop.time() - began

    with ExitStack() as stack:
        port = _without_room(stack)
        took = connected("http", functools.partial(use, port=port))
    assert CONNECT <= took < len(addresses) * CONNECT


async def hurry(loop: asyncio.AbstractEventLoop) -> None:
    """Have half a second go by in each turn of the loop, however soon what is waited for begins."""
    while True:
        put_forward(loop, 0.5)
        await asyncio.sleep(0.01)


def _without_room(stack: ExitStack) -> int:
    """Listen at a port, with so many who wait to be let in that nobody else gets through."""
    listening = stack.enter_context(socket.socket())
    listening.bind(("127.0.0.1", 0))
    listening.listen(0)
    for _ in range(8):
        waiting = stack.enter_context(socket.socket())
        waiting.setblocking(False)
        waiting.connect_ex(listening.getsockname())
    port: int = listening.getsockname()[1]
    return port


def test_the_next_address_of_a_host_is_tried(web: WebServer) -> None:
    # 'localhost' is ::1 as well, where nobody listens.
    web.answer = Answer(body={})
    assert attempt("http", {"url": f"http://localhost:{web.port}/"}) == Reply({})


# --- redirects -------------------------------------------------------------------------------


def to(url: str, status: int) -> Answer:
    return Answer(status, headers={"Location": url})


def leading(web: WebServer, url: str, status: int) -> None:
    """The server sends everybody from `/` to this url and answers what it is sent elsewhere."""

    def answer(request: Received) -> Answer:
        if request.path == "/":
            return to(url, status)
        return Answer(body={"method": request.method, "body": request.body.decode()})

    web.answer = answer


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_keeps_method_body_and_key(web: WebServer, status: int) -> None:
    leading(web, "/there", status)
    made = replace(call(n=1), idempotency_key="k")
    headers = {"Authorization": "of the spec"}
    reply = connected(
        "http", lambda c: c.call(options("http", url=f"{web.url}/", headers=headers), made)
    )
    assert reply == Reply({"method": "POST", "body": '{"n": 1}'})
    first, second = web.requests
    for name in ("idempotency-key", "authorization", "content-type"):
        assert first.headers[name] == second.headers[name]


def test_see_other_is_a_get_without_body(web: WebServer) -> None:
    leading(web, "there?x=1", 303)
    assert attempt("http", {"url": f"{web.url}/"}, n=1) == Reply({"method": "GET", "body": ""})
    assert web.requests[1].path == "/there?x=1"
    assert "content-type" not in web.requests[1].headers


@pytest.mark.parametrize("status", [301, 302])
def test_found_is_followed_for_a_get_only(web: WebServer, status: int) -> None:
    leading(web, "/there", status)
    reply = attempt("http", {"url": f"{web.url}/", "method": "GET"})
    assert reply == Reply({"method": "GET", "body": ""})
    failed, message = failure("http", {"url": f"{web.url}/"})
    assert failed == "rejected"
    assert message == (
        f"POST {web.url}/ answered {status} to '/there': "
        "that does not say whether to POST again; 307 and 308 do"
    )
    assert len(web.requests) == 3


def test_another_host_is_followed_only_if_it_is_named(web: WebServer, other: WebServer) -> None:
    there = f"http://localhost:{other.port}/x"
    leading(web, there, 307)
    assert failure("http", {"url": f"{web.url}/"}) == (
        "rejected",
        f"POST {web.url}/ answered 307 to '{there}': that is another host, and not in 'redirect_hosts'",
    )
    assert other.requests == []
    keys = {"url": f"{web.url}/", "redirect_hosts": ["localhost"]}
    assert attempt("http", keys) == Reply({"from": "the other"})


def test_another_port_is_another_host(web: WebServer, other: WebServer) -> None:
    leading(web, f"{other.url}/x", 307)
    assert failure("http", {"url": f"{web.url}/"})[0] == "rejected"
    assert other.requests == []


def test_credentials_go_to_their_own_host_only(
    web: WebServer, other: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PAY_TOKEN", "s3cr3t-value")
    headers = {"Authorization": {"secret": "PAY_TOKEN"}, "X-Api-Key": "k", "Cookie": "c"}
    hosts = ["localhost", "127.0.0.1"]
    made = replace(call(n=1), idempotency_key="k")
    for there in (f"http://localhost:{other.port}/x", f"{other.url}/x"):
        leading(web, there, 307)
        asked = options("http", url=f"{web.url}/", redirect_hosts=hosts, headers=headers)
        connected("http", functools.partial(send, asked, made))
        sent = other.requests[-1].headers
        assert not {"authorization", "x-api-key", "cookie"} & sent.keys()
        assert sent["idempotency-key"] == "k"
        assert b"s3cr3t" not in other.requests[-1].body


def test_a_redirect_never_leads_from_https_to_http(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(CERTIFICATE))
    plain = f"http://localhost:{web.port}/x"
    with WebServer(to(plain, 307), tls=CERTIFICATE) as secure:
        url = f"https://localhost:{secure.port}/"
        keys = {"url": url, "redirect_hosts": ["localhost"]}
        assert failure("http", keys) == (
            "rejected",
            f"POST {url} answered 307 to '{plain}': that leads from https to http",
        )
    assert web.requests == []


def test_redirects_have_an_end(web: WebServer) -> None:
    web.answer = to("/again", 307)
    assert failure("http", {"url": f"{web.url}/"}) == (
        "rejected",
        f"POST {web.url}/again answered 307 to '/again': more than 5 redirects",
    )
    assert len(web.requests) == 6


@pytest.mark.parametrize(
    "where", ["", "ftp://127.0.0.1/x", "file:///etc/passwd", "//me:you@127.0.0.1/"]
)  # fmt: skip
def test_a_redirect_to_what_is_no_web_address(web: WebServer, where: str) -> None:
    web.answer = to(where, 307)
    failed, message = failure("http", {"url": web.url})
    assert failed == "rejected"
    assert ": that is no url" in message


def test_work_that_was_done_is_not_called_undone(web: WebServer) -> None:
    """303 says that the work is done and where its result is."""
    leading(web, "http://localhost:1/", 303)
    assert failure("http", {"url": f"{web.url}/"})[0] == "invalid_output"
    keys = {"url": f"{web.url}/", "redirect_hosts": ["localhost"]}
    assert failure("http", keys)[0] == "server_error"
    leading(web, "/there", 303)
    answer = web.answer
    assert callable(answer)
    web.answer = lambda request: answer(request) if request.path == "/" else Answer(404)
    assert failure("http", {"url": f"{web.url}/"})[0] == "server_error"


# --- addresses -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254", "2852039166", "0xA9FEA9FE", "0251.0376.0251.0376", "169.254.43518",
        "[::ffff:169.254.169.254]", "[::ffff:a9fe:a9fe]", "[64:ff9b::a9fe:a9fe]", "[2002:a9fe:a9fe::]",
        "[fe80::1]", "[fd00:ec2::254]", "100.100.100.200", "0.0.0.0", "[::]", "0.1.2.3",
        "255.255.255.255", "224.0.0.1", "[ff02::1]",
    ],
)  # fmt: skip
def test_addresses_where_no_service_is_are_refused(host: str) -> None:
    failed, message = failure("http", {"url": f"http://{host}/latest/meta-data/"})
    assert failed == "rejected"
    assert " leads to " in message or "Invalid IPv4 address" in message


def test_a_redirect_does_not_get_round_that(web: WebServer) -> None:
    web.answer = to("http://2852039166/latest/", 307)
    keys = {"url": web.url, "redirect_hosts": ["2852039166", "169.254.169.254"]}
    failed, message = failure("http", keys)
    assert failed == "rejected"
    assert "credentials of machines are handed out at such addresses" in message


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "10.0.0.1", "192.168.1.1", "fd12::1", "::ffff:10.0.0.1"])  # fmt: skip
def test_from_a_public_host_there_is_no_way_into_the_private_network(host: str) -> None:
    assert asyncio.run(addresses_of(host, 80, only_public=False))
    with pytest.raises(Refused) as caught:
        asyncio.run(addresses_of(host, 80, only_public=True))
    assert str(caught.value).endswith("is not public, and the redirect came from a public host")


def test_a_public_address_is_public() -> None:
    (address,) = asyncio.run(addresses_of("8.8.8.8", 443, only_public=True))
    assert address.public


def test_a_name_is_looked_up_once_for_a_request(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was looked at is what is connected to: a second look-up could give another address."""
    looked_up: list[str] = []
    real = socket.getaddrinfo

    def noting(host: Any, *rest: Any, **more: Any) -> Any:
        looked_up.append(host)
        return real(host, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", noting)
    web.answer = Answer(body={})
    attempt("http", {"url": f"http://localhost:{web.port}/"})
    assert looked_up.count("localhost") == 1


def test_no_connection_is_used_twice(web: WebServer) -> None:
    web.answer = Answer(body={})

    async def use(connection: Connection) -> None:
        for n in range(3):
            await connection.call(options("http", url=web.url), call(n=n))

    connected("http", use)
    assert [request.headers["connection"] for request in web.requests] == ["close"] * 3
