"""Agents of kind `command`, with real programs."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from agentflow.agents.protocol import Connection, Host, Reply
from agentflow.core.events import Complaint

from ..processes import ends
from .calls import asked_again, attempt, call, connected, cut_short, failure, options

ECHO = "import sys; sys.stdout.write(sys.stdin.read())"


def python(script: str, *arguments: str) -> dict[str, Any]:
    """A program of one line."""
    return {"argv": [sys.executable, "-c", script, *arguments]}


def executable(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o755)
    return path


def test_input_and_output_are_json() -> None:
    given: dict[str, Any] = {"body": "Zürich 🚂\n\u2028", "n": [1, 2.5, None, True, {"a": {}}]}
    reply = attempt("command", python(ECHO), **given)
    assert reply.text == json.dumps(given, ensure_ascii=False) + "\n"
    assert reply.value is None


def test_half_a_character_is_sent_as_its_escape() -> None:
    assert attempt("command", python(ECHO), body="\ud800").text == '{"body": "\\ud800"}\n'


def test_a_large_answer_arrives_whole() -> None:
    reply = attempt("command", python("print('\"' + 'é' * 3_500_000 + '\"')"))
    assert reply.text == '"' + "é" * 3_500_000 + '"\n'


def test_a_program_need_not_read_its_input() -> None:
    assert attempt("command", python("print(1)"), body="x" * 3_000_000).text == "1\n"
    closes = "import os, sys; os.close(0); print(1)"
    assert attempt("command", python(closes), body="x" * 3_000_000).text == "1\n"


def test_arguments_are_literal() -> None:
    literal = ["$HOME", "`id`", "; exit 1", "${{ input.x }}", "*", "a b", ""]
    reply = attempt(
        "command", python("import json, sys; print(json.dumps(sys.argv[1:]))", *literal)
    )
    assert json.loads(reply.text or "") == literal


def test_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPERATOR", "o")
    monkeypatch.setenv("OVERRIDDEN", "o")
    names = ["OPERATOR", "OVERRIDDEN", "AGENTFLOW_RUN_ID", "AGENTFLOW_STEP", "AGENTFLOW_ATTEMPT"]
    script = f"import json, os; print(json.dumps([os.environ[n] for n in {names}]))"
    env = {"OVERRIDDEN": "ours", "AGENTFLOW_RUN_ID": "not this"}
    reply = attempt("command", {**python(script), "env": env})
    assert json.loads(reply.text or "") == ["o", "ours", "run_1", "extract", "1"]


def test_a_program_that_is_asked_again_is_told_what_was_wrong() -> None:
    script = "import json, os; print(os.environ.get('AGENTFLOW_VIOLATIONS', 'null'))"
    wrong = Complaint("no", ('expected object, found string "no"', "id: is missing"))
    reply = asked_again("command", python(script), wrong)
    assert json.loads(reply.text or "") == list(wrong.violations)
    assert attempt("command", python(script)).text == "null\n"


def test_a_key_is_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    # A run can be a program of another run; its key is not that of its steps.
    monkeypatch.setenv("AGENTFLOW_IDEMPOTENCY_KEY", "that of another run")
    name = "AGENTFLOW_IDEMPOTENCY_KEY"
    shown = options("command", **python(f"import os; print(repr(os.environ.get('{name}')))"))
    keyed = replace(call(), idempotency_key="order/17 ü")
    assert connected("command", lambda c: c.call(shown, keyed)).text == "'order/17 ü'\n"
    assert connected("command", lambda c: c.call(shown, call())).text == "None\n"


def test_the_bytes_of_an_input_do_not_depend_on_the_order_of_its_fields() -> None:
    first = attempt("command", python(ECHO), a={"x": 1, "y": 2}, b=1).text
    assert attempt("command", python(ECHO), b=1, a={"y": 2, "x": 1}).text == first


def test_paths_are_relative_to_the_folder_of_the_spec(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "data").mkdir()
    executable(tmp_path / "bin" / "where", '#!/bin/sh\nprintf \'"%s"\' "$PWD"\n')
    host = Host(root=tmp_path, folder=tmp_path, models={}, texts={})
    assert attempt("command", {"argv": ["bin/where"]}, host).text == f'"{tmp_path}"'
    keys = {"argv": ["bin/where"], "cwd": "data"}
    assert attempt("command", keys, host).text == f'"{tmp_path}/data"'


@pytest.mark.parametrize(
    ("script", "failed", "message"),
    [
        ("pass", "invalid_output", "printed nothing"),
        ("print(' \\n')", "invalid_output", "printed nothing"),
        ("import sys; sys.stdout.buffer.write(b'ab\\xff')", "invalid_output", "printed what is not UTF-8, at byte 2"),
        ("while True: print('x' * 100_000)", "invalid_output", "printed more than 8 MB"),
        ("print('x' * 50_000_000)", "invalid_output", "printed more than 8 MB"),
        ("raise SystemExit(3)", "server_error", "ended with exit code 3"),
        ("print(1); raise SystemExit('no such\\norder\\n')", "server_error", "ended with exit code 1: order"),
        ("import os; os.kill(os.getpid(), 9)", "server_error", "was killed by SIGKILL"),
        ("import os; os.kill(os.getpid(), 40)", "server_error", "was killed by signal 40"),
    ],
)  # fmt: skip
def test_what_goes_wrong_in_a_program(script: str, failed: str, message: str) -> None:
    assert failure("command", python(script)) == (failed, f"program '{sys.executable}' {message}")


def test_what_is_not_json_is_for_the_orchestrator_to_refuse() -> None:
    assert attempt("command", python("print('{\"half\": ')")).text == '{"half": \n'


def test_last_words_are_bounded() -> None:
    script = "import sys; sys.stderr.write('y' * 1_000_000); sys.exit(1)"
    _, message = failure("command", python(script))
    assert message == f"program '{sys.executable}' ended with exit code 1: {'y' * 300}"


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"argv": ["nowhere_at_all"]}, "program 'nowhere_at_all' not found: it is not in PATH; a path from the spec's folder has a slash in it"),
        ({"argv": ["bin/nowhere"]}, "program 'bin/nowhere' not found: paths are relative to the spec's folder"),
        ({"argv": ["./plain"]}, "program './plain' not started: it is not executable; chmod +x makes it so"),
        ({"argv": ["./headless"]}, "program './headless' not started: its first line has to name an interpreter, such as #!/bin/sh"),
        ({"argv": ["./orphan"]}, "program './orphan' not started: its first line names an interpreter that does not exist"),
        ({"argv": ["./plain/x"]}, "program './plain/x' not started: Not a directory"),
        ({"argv": ["sh", "x" * 3_000_000]}, "program 'sh' not started: Argument list too long"),
        ({"argv": ["sh", "a\0b"]}, "program 'sh' cannot be started: embedded null byte"),
        ({"argv": ["sh"], "env": {"A=B": "c"}}, "program 'sh' cannot be started: illegal environment variable name"),
        ({"argv": ["sh"], "cwd": "nowhere"}, "folder 'nowhere' not found"),
    ],
)  # fmt: skip
def test_a_program_that_cannot_be_started(
    keys: dict[str, Any], message: str, tmp_path: Path
) -> None:
    (tmp_path / "plain").write_text("#!/bin/sh\n")
    executable(tmp_path / "headless", "echo 1\n")
    executable(tmp_path / "orphan", "#!/nowhere/sh\n")
    host = Host(root=tmp_path, folder=tmp_path, models={}, texts={})
    assert failure("command", keys, host) == ("rejected", message)


@pytest.mark.parametrize("output", ["1", "2"])
def test_a_grandchild_that_holds_a_pipe_holds_nobody_up(output: str, tmp_path: Path) -> None:
    note = tmp_path / "note"
    other = {"1": "2", "2": "1"}[output]
    script = f"sleep 3600 {other}>/dev/null & echo $! >{note}; echo '\"done\"'"
    assert attempt("command", {"argv": ["sh", "-c", script]}).text == '"done"\n'
    assert ends(int(note.read_text()))


HANGS = "import os, sys, pathlib; pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))\n"


@pytest.mark.parametrize(
    "script",
    [
        HANGS + "while True: pass",
        HANGS + "sys.stdin.read(); import time; time.sleep(3600)",
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n" + HANGS + "while True: pass",
    ],
)  # fmt: skip
def test_a_hung_program_is_killed(script: str, tmp_path: Path) -> None:
    async def use(connection: Connection) -> None:
        begun = tmp_path / "begun"
        pending = connection.call(options("command", **python(script, str(begun))), call())
        assert ends(await cut_short(pending, begun))
        assert await connection.call(options("command", **python(ECHO)), call()) == Reply(
            text="{}\n"
        )

    connected("command", use)


def test_cancelling_at_any_moment_does_not_wait_for_grandchildren() -> None:
    async def use(connection: Connection) -> None:
        held = options("command", argv=["sh", "-c", "sleep 3600 & wait"])
        for turns in range(25):
            task = asyncio.ensure_future(connection.call(held, call()))
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            assert task.cancelled()

    connected("command", use)


def test_grandchildren_are_killed_with_their_program(tmp_path: Path) -> None:
    async def use(connection: Connection) -> None:
        begun = tmp_path / "begun"
        script = f"trap '' TERM; sh -c 'trap \"\" TERM; while :; do sleep 1; done' & echo $! >{begun}; wait"
        pending = connection.call(options("command", argv=["sh", "-c", script]), call())
        assert ends(await cut_short(pending, begun))

    connected("command", use)
