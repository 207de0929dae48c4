"""Agents of kind `mcp`, against real servers: one on a port, and programs of their own."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from agentflow.agents.protocol import AttemptError, Connection, Examined, Host, Reply
from agentflow.errors import ToolChanged
from agentflow.plan.definitions import Definition
from agentflow.plan.servers import Found, ServerPlan
from agentflow.spec.model import Secret, Server

from ..processes import alive, ends, has_text
from .calls import HOST, ROOT, attempt, call, connected, cut_short, failure, options, under_way
from .tool_server import SCRIPT
from .web_server import Answer, WebServer

ECHO = Definition("echo", "Gives back what it is given.", {"type": "object"}, {"type": "object"})


def host_of(server: Server, *pinned: Definition, **pins: str) -> Host:
    """A place with one server, called `tools`."""
    known = {each.name: each for each in pinned}
    pins = {**{each.name: each.pin for each in pinned}, **pins}
    return replace(HOST, servers={"tools": ServerPlan(server, known or None, pins)})


def program(mode: str = "", **env: Any) -> Server:
    """The test server as a program."""
    return Server(command=sys.executable, args=[str(SCRIPT)], env={"MCP_TEST": mode, **env})


def tool(name: str) -> dict[str, Any]:
    return {"server": "tools", "tool": name}


async def called(connection: Connection, name: str, **given: Any) -> Reply:
    return await connection.call(options("mcp", **tool(name)), call(**given))


async def refused(connection: Connection, name: str, **given: Any) -> AttemptError:
    with pytest.raises(AttemptError) as caught:
        await called(connection, name, **given)
    return caught.value


def said(error: AttemptError) -> tuple[str, str]:
    return error.failure.value, error.message


def in_session(server: Server, use: Callable[[Connection], Awaitable[Any]]) -> Any:
    return connected("mcp", use, host_of(server))


def outcome(server: Server) -> Reply | tuple[str, str]:
    """What a call of `echo` comes to."""

    async def use(connection: Connection) -> Reply | tuple[str, str]:
        try:
            return await called(connection, "echo")
        except AttemptError as error:
            return said(error)

    result: Reply | tuple[str, str] = in_session(server, use)
    return result


# --- what a call comes to --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "given", "reply"),
    [
        ("echo", {"z": "Zürich 🚂", "n": [1, 2.5, None, True, {"a": {}}]}, Reply({"z": "Zürich 🚂", "n": [1, 2.5, None, True, {"a": {}}]})),
        ("value", {"value": 3}, Reply(3)),
        ("says", {"parts": ['{"a":', "1}"]}, Reply(text='{"a":\n1}')),
        ("says", {"parts": []}, Reply(None)),
    ],
)  # fmt: skip
def test_an_answer(tool_server: Server, name: str, given: dict[str, Any], reply: Reply) -> None:
    assert attempt("mcp", tool(name), **given) == reply


def test_text_is_the_value_where_only_texts_are_taken(tool_server: Server) -> None:
    made = call({"type": "string"}, parts=["Dear Ada,", "thank you."])
    reply = connected("mcp", lambda c: c.call(options("mcp", **tool("says")), made))
    assert reply == Reply("Dear Ada,\nthank you.")


@pytest.mark.parametrize(
    ("name", "given", "failed", "message"),
    [
        ("fails", {}, "server_error", "tool 'fails' of server 'tools' failed: no such order at all"),
        ("image", {}, "invalid_output", "tool 'image' of server 'tools' answered with content of type 'image', which is no output"),
        ("asks", {}, "rejected", "tool 'asks' of server 'tools' asks for more than its input, and there is nobody to ask"),
        ("refuses", {}, "rejected", "tool 'refuses' of server 'tools' was refused: there is no such order"),
        ("breaks", {}, "server_error", "tool 'breaks' of server 'tools' failed: a bug"),
        ("value", {"value": {"code": "E17"}, "fail": True}, "server_error", "tool 'value' of server 'tools' failed: {\"code\": \"E17\"}"),
        ("value", {"value": None, "fail": True}, "server_error", "tool 'value' of server 'tools' failed and does not say why"),
        ("nowhere", {}, "rejected", "server 'tools' has no tool 'nowhere'"),
        ("big", {"size": 9_000_000}, "invalid_output", "server 'tools' answered more than 8 MB"),
    ],
)  # fmt: skip
def test_what_goes_wrong(
    tool_server: Server, name: str, given: dict[str, Any], failed: str, message: str
) -> None:
    assert failure("mcp", tool(name), **given) == (failed, message)


def test_all_that_a_server_says_of_a_failure_is_kept(tool_server: Server) -> None:
    async def use(connection: Connection) -> None:
        long = "no such order\n" + "x" * 5_000
        said = {
            "fails": ({}, "no such order\nat all"),
            "refuses": ({}, "there is no such\norder"),
            "breaks": ({}, 'a bug\n{"line": 17}'),
            "value": ({"value": {"why": long}, "fail": True}, json.dumps({"why": long})[:4_000]),
        }
        for name, (given, kept) in said.items():
            assert (await refused(connection, name, **given)).detail == kept

    connected("mcp", use)


def test_the_key_of_the_step_goes_along(tool_server: Server) -> None:
    keyed = replace(call(), idempotency_key="order/17 ü")
    reply = connected("mcp", lambda c: c.call(options("mcp", **tool("sees")), keyed))
    assert reply.value == {
        "agentflow/run-id": "run_1",
        "agentflow/step": "extract",
        "agentflow/idempotency-key": "order/17 ü",
    }


# --- a server that is a program --------------------------------------------------------------


def test_the_life_of_a_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One server, with all that it lives through: it would cost a second to start each time."""
    monkeypatch.setenv("TOOLS_TOKEN", "s3cr3t-value")
    monkeypatch.setenv("OTHER_TOKEN", "not for this one")
    cancelled = tmp_path / "cancelled"
    env = {"TOKEN": Secret(secret="TOOLS_TOKEN"), "MCP_TEST_CANCELLED": str(cancelled)}

    async def use(connection: Connection) -> None:
        # Lines that are no messages are passed over.
        assert await called(connection, "echo", n=1) == Reply({"n": 1})
        # It has what the spec gives it, and not what the run has.
        names = ["TOKEN", "OTHER_TOKEN", "HOME"]
        assert (await called(connection, "env", names=names)).value == {
            "TOKEN": "s3cr3t-value",
            "OTHER_TOKEN": None,
            "HOME": os.environ.get("HOME"),
        }
        # A call that is given up is cancelled there, and the others go on.
        begun = tmp_path / "begun"
        pending = called(connection, "hangs", note=str(begun))
        process = await cut_short(pending, begun)
        while not cancelled.exists():
            await asyncio.sleep(0.01)
        assert alive(process)
        error = await refused(connection, "fails")
        assert error.detail == "no such order\nat all\nwaiting for a lock"
        # What it writes is bounded; it is ended then, and started again for the next call.
        error = await refused(connection, "big", size=9_000_000)
        assert said(error) == ("server_error", "server 'tools' wrote a message of more than 8 MB")
        assert error.reply is not None
        assert error.reply.text is not None
        assert (error.reply.text[:8], len(error.reply.text)) == ('{"jsonrp', 16 * 1024)
        assert await called(connection, "echo", n=2) == Reply({"n": 2})
        assert ends(process)

    in_session(program("greets", **env), use)


def test_a_program_that_dies_takes_its_calls_along(tmp_path: Path) -> None:
    async def use(connection: Connection) -> None:
        begun = tmp_path / "begun"
        hangs = asyncio.ensure_future(refused(connection, "hangs", note=str(begun)))
        while not has_text(begun):
            await asyncio.sleep(0.01)
        error = await refused(connection, "dies")
        how = "server 'tools' ended with exit code 9: out of\x1b[1m memory"
        assert said(error) == said(await hangs) == ("server_error", how)
        assert error.detail == "waiting for a lock\nout of\x1b[1m memory"

    in_session(program(), use)


@pytest.mark.parametrize(
    ("server", "failed", "message"),
    [
        (program("fails"), "not_sent", "server 'tools' ended with exit code 1: no\x1b[31m licence"),
        (replace(program("dumb"), start_timeout="100ms"), "not_sent", "server 'tools' was not ready within 100ms"),
        (Server(command="nowhere_at_all"), "rejected", "program 'nowhere_at_all' not found: it is not in PATH; a path from the spec's folder has a slash in it"),
        (Server(command="bin/nowhere"), "rejected", "program 'bin/nowhere' not found: paths are relative to the spec's folder"),
        (Server(command="sh", args=["a\0b"]), "rejected", "program 'sh' cannot be started: embedded null byte"),
        (Server(command="sh", cwd="nowhere"), "rejected", "folder 'nowhere' of server 'tools' not found"),
        (Server(command="sh", env={"T": Secret(secret="NOT_SET")}), "rejected", "the environment variable 'NOT_SET' is not set"),
        (Server(url="http://127.0.0.1:1/mcp"), "not_sent", "server 'tools' cannot be reached at http://127.0.0.1:1: All connection attempts failed"),
        (Server(url="http://169.254.169.254/mcp"), "rejected", "server 'tools' 169.254.169.254 leads to 169.254.169.254, which is refused: credentials of machines are handed out at such addresses"),
        (Server(url="ftp://127.0.0.1/mcp"), "rejected", "server 'tools' is reached by http or https"),
        (Server(url="http://nowhere.invalid/mcp"), "not_sent", None),
    ],
    ids=range(11),
)  # fmt: skip
def test_a_server_that_cannot_be_used(server: Server, failed: str, message: str | None) -> None:
    found = failure("mcp", tool("echo"), host_of(server), n=1)
    assert found[0] == failed
    assert message is None or found[1] == message


DEEP = '{"jsonrpc": "2.0", "id": ID, "result": {"content": [], "structuredContent": %s}}' % (
    "[" * 9_999 + "]" * 9_999
)


@pytest.mark.parametrize(
    "line",
    [
        '{"jsonrpc": "2.0", "id": ID}',
        '{"jsonrpc":"2.0","id":ID,"result":17}',
        '{"result":17,"jsonrpc":"2.0","id":ID}',
        '{"jsonrpc":"2.0","id":ID,"error":',
        DEEP,
    ],
    ids=["nothing", "no result", "backwards", "half", "deep"],
)
def test_whoever_waits_for_an_answer_that_nobody_can_read_is_told(line: str) -> None:
    async def use(connection: Connection) -> None:
        error = await refused(connection, "garbles", line=line)
        what = "tool 'garbles' of server 'tools' answered with what is no message of the protocol"
        assert said(error) == ("invalid_output", what)
        assert error.detail is not None
        assert error.detail[:9] == line[:9]
        # Other lines are nobody's answer.
        for other in ('{"id": ID, "result": 17}', '{"jsonrpc":"2.0","id":ID,"method":7}', "{"):
            assert await called(connection, "garbles", line=other) == Reply(text="too late")

    in_session(program(), use)


def test_a_call_that_is_given_up_tells_what_the_server_has_said(tmp_path: Path) -> None:
    async def use(connection: Connection) -> None:
        note = tmp_path / "begun"
        task = await under_way(called(connection, "hangs", note=str(note)), note)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as given_up:
            await task
        assert given_up.value.args == ("waiting for a lock",)

    in_session(program(), use)


def test_a_killed_run_leaves_no_server(tmp_path: Path) -> None:
    script = f"""
import asyncio
from tests.agents.test_mcp import called, in_session, program
in_session(program(), lambda c: called(c, "hangs", note={str(tmp_path / "note")!r}))
"""

    async def main() -> int:
        run = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, cwd=ROOT.parents[2], start_new_session=True
        )
        note = tmp_path / "note"
        try:
            while not has_text(note):
                assert run.returncode is None
                await asyncio.sleep(0.01)
            server = int(note.read_text())
            assert alive(server)
        finally:
            os.kill(run.pid, signal.SIGKILL)
            await run.wait()
        return server

    assert ends(asyncio.run(main()))


# --- a server with an address ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "failed", "what"),
    [
        (Answer(429, headers={"Retry-After": "7"}), "rate_limited", "answered 429"),
        (Answer(503), "not_sent", "answered 503"),
        (Answer(401, b"no\ntoken"), "rejected", "answered 401: no token"),
        (Answer(404, b"<h1>no</h1>"), "rejected", "answered 404: <h1>no</h1>"),
        (Answer(200, b"<html>", {"Content-Type": "text/html"}), "not_sent", "cannot be used: Unexpected content type: text/html"),
        (Answer(302, headers={"Location": "http://127.0.0.2/mcp"}), "not_sent", "cannot be used: Redirect to http://127.0.0.2/mcp not followed; use that URL as the endpoint if it is the intended server"),
        (Answer(silent=True, cut="reset"), "not_sent", "broke off before its answer was complete"),
        (Answer(body=b"{}", headers={"Content-Encoding": "gzip", "Content-Type": "application/json"}), "invalid_output", "answered in an encoding that it was not asked for"),
    ],
    ids=range(8),
)  # fmt: skip
def test_an_address_where_no_such_server_is(
    web: WebServer, answer: Answer, failed: str, what: str
) -> None:
    web.answer = answer
    found = failure("mcp", tool("echo"), host_of(Server(url=f"{web.url}/mcp")), n=1)
    assert found == (failed, f"server 'tools' {what}")


def scripted(calls: list[Answer]) -> Callable[[Any], Answer]:
    """A server of the protocol of 2025, which answers calls of its one tool as it is told."""

    def answer(request: Any) -> Answer:
        if request.method != "POST":
            return Answer(405)
        asked = json.loads(request.body)
        match asked["method"]:
            case "initialize":
                info = {"protocolVersion": "2025-06-18", "capabilities": {"tools": {}}}
                done: dict[str, Any] = {**info, "serverInfo": {"name": "old", "version": "1"}}
                sessions = {"Mcp-Session-Id": f"session-{len(calls)}"}
                return Answer(body=respond(asked, done), headers=sessions | JSON)
            case "tools/list":
                echo = {"name": "echo", "inputSchema": {"type": "object"}}
                return Answer(body=respond(asked, {"tools": [echo]}), headers=JSON)
            case "tools/call":
                next_one = calls.pop(0)
                if next_one.body == "done":
                    content = {"content": [{"type": "text", "text": "1"}]}
                    return Answer(body=respond(asked, content), headers=JSON)
                return next_one
            case "server/discover":
                error = {"code": -32601, "message": "Method not found"}
                return Answer(
                    body={"jsonrpc": "2.0", "id": asked["id"], "error": error}, headers=JSON
                )
            case _:
                return Answer(202)

    return answer


JSON = {"Content-Type": "application/json"}
DONE = Answer(body="done")


def respond(asked: Any, result: dict[str, Any]) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": asked["id"], "result": result}


@pytest.mark.parametrize(
    ("answer", "failed", "what"),
    [
        (Answer(500), "server_error", "answered 500"),
        (Answer(529, headers={"Retry-After": "9"}), "rate_limited", "answered 529"),
        (Answer(body=b'{"half":', headers={"Content-Length": "99"} | JSON, cut="close"), "server_error", "broke off before its answer was complete"),
        (Answer(silent=True, cut="reset"), "server_error", "broke off before its answer was complete"),
        (Answer(body=b": nothing\n\n", headers={"Content-Type": "text/event-stream"}), "server_error", "broke off before its answer was complete"),
        (Answer(500, b"<h1>\n" + b"x" * 5_000), "server_error", f"answered 500: <h1> {'x' * 295}"),
    ],
    ids=range(6),
)  # fmt: skip
def test_what_goes_wrong_on_the_wire(
    web: WebServer, answer: Answer, failed: str, what: str
) -> None:
    web.answer = scripted([answer, DONE])

    async def use(connection: Connection) -> None:
        error = await refused(connection, "echo", n=1)
        assert said(error) == (failed, f"server 'tools' {what}")
        assert error.retry_after == (9.0 if failed == "rate_limited" else None)
        assert error.detail == ("<h1>\n" + "x" * 3_995 if "<h1>" in what else None)
        # No other call is touched by that.
        assert await called(connection, "echo", n=2) == Reply(text="1")

    in_session(Server(url=f"{web.url}/mcp"), use)
    sent = [json.loads(each.body).get("method") for each in web.requests if each.method == "POST"]
    assert sent.count("initialize") == 1
    assert sent.count("tools/call") == 2


@pytest.mark.parametrize(
    ("size", "pages", "failed"),
    [
        (10, 100, None),
        (10, 101, ("rejected", "server 'tools' has more than 100 pages of tools")),
        (3_000_000, 2, None),
        (3_000_000, 3, ("rejected", "the definitions of server 'tools' have more than 8 MB")),
    ],
    ids=["pages", "one too many", "large", "too large"],
)
def test_the_list_of_tools_has_a_bound(
    web: WebServer, size: int, pages: int, failed: tuple[str, str] | None
) -> None:
    others = scripted([DONE])

    def answer(request: Any) -> Answer:
        asked = json.loads(request.body) if request.body else {}
        if asked.get("method") != "tools/list":
            return others(request)
        page = int((asked.get("params") or {}).get("cursor") or 0) + 1
        tool = {"description": "x" * size, "inputSchema": {"type": "object"}}
        more = {"nextCursor": str(page)} if page < pages else {}
        listed = {"tools": [{"name": "echo" if page == pages else f"t{page}", **tool}], **more}
        return Answer(body=respond(asked, listed), headers=JSON)

    web.answer = answer
    found = outcome(Server(url=f"{web.url}/mcp"))
    assert found == (Reply(text="1") if failed is None else failed)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(body=b'{"half":', headers=JSON),
        Answer(body=b'{"jsonrpc": "2.0", "id": 1, "result": 17}', headers=JSON),
        Answer(body=b'data: {"half":\n\n', headers={"Content-Type": "text/event-stream"}),
    ],
    ids=["half", "no result", "event"],
)
def test_an_answer_that_nobody_can_read_is_no_refusal(web: WebServer, answer: Answer) -> None:
    """The tool has done its work by then: whoever takes that for a refusal would do it again."""
    web.answer = scripted([answer, DONE])

    async def use(connection: Connection) -> None:
        error = await refused(connection, "echo")
        what = "tool 'echo' of server 'tools' answered with what is no message of the protocol"
        assert said(error) == ("invalid_output", what)
        assert error.detail is not None
        assert await called(connection, "echo", n=2) == Reply(text="1")

    in_session(Server(url=f"{web.url}/mcp"), use)


def test_a_session_that_was_forgotten_is_begun_again(web: WebServer) -> None:
    web.answer = scripted([DONE, Answer(404), DONE, Answer(404), Answer(404)])

    async def use(connection: Connection) -> None:
        assert await called(connection, "echo") == Reply(text="1")
        assert await called(connection, "echo") == Reply(text="1")
        error = await refused(connection, "echo")
        told = "server 'tools' does not know the session that it began"
        assert said(error) == ("not_sent", told)

    in_session(Server(url=f"{web.url}/mcp"), use)


def test_headers_come_from_the_spec_and_the_environment(
    web: WebServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOOLS_TOKEN", "s3cr3t-value")
    web.answer = scripted([DONE])
    headers: dict[str, str | Secret] = {
        "Authorization": Secret(secret="TOOLS_TOKEN", prefix="Bearer "),
        "X-Shop": "books",
    }
    server = Server(url=f"{web.url}/mcp", headers=headers)
    assert attempt("mcp", tool("echo"), host_of(server)) == Reply(text="1")
    assert {each.headers["authorization"] for each in web.requests} == {"Bearer s3cr3t-value"}
    assert {each.headers["x-shop"] for each in web.requests} == {"books"}
    assert {each.headers["accept-encoding"] for each in web.requests} == {"identity"}


# --- pins ------------------------------------------------------------------------------------


def test_a_tool_that_is_as_pinned(tool_server: Server) -> None:
    assert attempt("mcp", tool("echo"), host_of(tool_server, ECHO), n=1) == Reply({"n": 1})
    assert attempt("mcp", tool("echo"), host_of(tool_server, echo=ECHO.pin), n=1) == Reply({"n": 1})


@pytest.mark.parametrize(
    ("pinned", "what"),
    [
        (replace(ECHO, description=None), "its description"),
        (replace(ECHO, input={}, output=None), "its input schema and output schema"),
    ],
    ids=["description", "schemas"],
)
def test_a_changed_tool_is_not_called(tool_server: Server, pinned: Definition, what: str) -> None:
    message = f"tool 'echo' of server 'tools' has changed: {what}"
    assert failure("mcp", tool("echo"), host_of(tool_server, pinned), n=1) == ("rejected", message)


def test_a_hash_alone_does_not_say_what_has_changed(tool_server: Server) -> None:
    other = f"sha256:{'0' * 64}"
    message = f"tool 'echo' of server 'tools' has changed: its definition is {ECHO.pin}, pinned is {other}"
    assert failure("mcp", tool("echo"), host_of(tool_server, echo=other)) == ("rejected", message)


def test_a_tool_that_changes_while_the_server_runs() -> None:
    async def use(connection: Connection) -> None:
        assert await called(connection, "echo", n=1) == Reply({"n": 1})
        await called(connection, "changes")
        message = "tool 'echo' of server 'tools' has changed: its description"
        assert said(await refused(connection, "echo", n=1)) == ("rejected", message)

    connected("mcp", use, host_of(program(), ECHO))


def test_what_was_found_at_the_start_holds_for_all_calls() -> None:
    """Whether pinned or not: what a model reads in a description that has changed is not what was
    looked at."""

    async def use(connection: Connection) -> None:
        assert isinstance(connection, Examined)
        other = replace(ECHO, description="Another echo.")
        with pytest.raises(ToolChanged, match="tool 'echo' of server 'tools' has changed"):
            await connection.examine({"tools": ["echo"]}, {"tools": {"echo": other}}, False)
        accepted = await connection.examine({"tools": ["echo"]}, {"tools": {"echo": other}}, True)
        assert accepted.accepted == {"tools": {"echo": other.pin}}
        found = await connection.examine({"tools": ["echo"]}, {}, None)
        assert found.tools["tools"]["echo"].pin == ECHO.pin
        assert await called(connection, "echo", n=1) == Reply({"n": 1})
        await called(connection, "changes")
        message = "tool 'echo' of server 'tools' has changed: its description"
        assert said(await refused(connection, "echo", n=1)) == ("rejected", message)

    in_session(program(), use)


def test_a_server_that_is_away_at_the_start_is_left_to_its_calls() -> None:
    async def use(connection: Connection) -> None:
        assert isinstance(connection, Examined)
        assert await connection.examine({"tools": ["echo"]}, {}, None) == Found({}, {})

    in_session(Server(url="http://127.0.0.1:1/mcp"), use)


# --- the SDK ---------------------------------------------------------------------------------

WAITING = """
import asyncio, json, sys, threading
from agentflow.agents import AGENT_KINDS
from tests.agents.calls import HOST

importers = set()

class Finder:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "mcp":
            importers.add(threading.current_thread().name.rpartition("_")[0])

async def main():
    sys.meta_path.insert(0, Finder())
    connection = AGENT_KINDS["mcp"].connect(HOST)
    waiting, turns = asyncio.ensure_future(connection.ready()), 0
    while not waiting.done():
        await asyncio.sleep(0)
        turns += 1
    await connection.close()
    print(json.dumps([sorted(importers), turns > 1]))

asyncio.run(main())
"""


def test_the_sdk_is_imported_while_others_go_on() -> None:
    done = subprocess.run([sys.executable, "-c", WAITING], capture_output=True, text=True)
    assert json.loads(done.stdout) == [["import of mcp"], True], done.stderr
