"""Agents of kind `python`, with real worker processes."""

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from agentflow.agents.pool import Pool
from agentflow.agents.protocol import AttemptError, Connection, Reply
from agentflow.core.events import Complaint
from agentflow.spec.model import Json

from ..processes import ends
from .calls import (
    HOST,
    ROOT,
    asked_again,
    attempt,
    call,
    connected,
    cut_short,
    failure,
    options,
)

both = pytest.mark.parametrize("isolate", [True, False])


def keys(function: str, isolate: bool = True) -> dict[str, Any]:
    return {"call": f"authored:{function}", "isolate": isolate}


@both
@pytest.mark.parametrize("function", ["echo", "echo_later"])
def test_fields_are_keyword_arguments(function: str, isolate: bool) -> None:
    given: dict[str, Any] = {"body": "Zürich 🚂\n\u2028", "n": [1, 2.5, None, True, {"a": {}}]}
    assert attempt("python", keys(function, isolate), **given) == Reply(given)


@both
@pytest.mark.parametrize(
    ("function", "key", "given", "answer"),
    [
        ("keyed", "k/1", {"order": 7}, [7, "k/1"]),
        ("keyed_at_will", "k/1", {"order": 7}, [7, "k/1"]),
        ("keyed_at_will", None, {"order": 7}, [7, None]),
        ("keyed_at_will", "k/1", {"order": 7, "idempotency_key": "a field"}, [7, "a field"]),
        ("extract", "k/1", {"body": "abc"}, {"length": 3}),
        ("echo", "k/1", {"order": 7}, {"order": 7}),
    ],
)
def test_a_function_gets_the_key_if_it_has_a_place_for_it(
    function: str, key: str | None, given: dict[str, Any], answer: Json, isolate: bool
) -> None:
    made = replace(call(**given), idempotency_key=key)
    called = options("python", **keys(function, isolate))
    assert connected("python", lambda c: c.call(called, made)) == Reply(answer)


def test_a_function_that_blocks_the_run_beyond_its_time_has_no_answer() -> None:
    made = replace(call(), timeout=0.01)
    called = options("python", **keys("dawdles", isolate=False))
    with pytest.raises(AttemptError) as caught:
        connected("python", lambda c: c.call(called, made))
    assert (caught.value.failure.value, caught.value.message) == (
        "timeout",
        "no answer within 10ms",
    )


@both
def test_a_function_that_needs_a_key_says_so(isolate: bool) -> None:
    failed, message = failure("python", keys("keyed", isolate), order=7)
    assert failed == "rejected"
    assert message == (
        "'authored:keyed' does not take this input: "
        "keyed() missing 1 required positional argument: 'idempotency_key'"
    )


@both
def test_modules_are_found_in_the_folder_and_in_the_root(isolate: bool) -> None:
    for name in ("authored", "desk.authored"):
        reply = attempt("python", {"call": f"{name}:extract", "isolate": isolate}, body="abc")
        assert reply == Reply({"length": 3})


@both
@pytest.mark.parametrize(
    ("target", "failed", "message"),
    [
        ("nowhere:f", "rejected", "cannot import 'nowhere': ModuleNotFoundError: No module named 'nowhere'"),
        ("broken:f", "rejected", "cannot import 'broken': RuntimeError: not configured (desk/broken.py:3 in <module>)"),
        ("authored:extrac", "rejected", "module 'authored' has no function 'extrac', did you mean 'extract'?"),
        ("authored:zzz", "rejected", "module 'authored' has no function 'zzz'"),
        ("authored:not_a_function", "rejected", "'authored:not_a_function' is no function but of type int"),
        ("authored:extract", "rejected", "'authored:extract' does not take this input: extract() missing 1 required positional argument: 'body'"),
        ("authored:fails", "server_error", "ValueError: no such order: 17 (desk/authored.py:54 in fails)"),
        ("authored:fails_later", "server_error", "ValueError: no such order: 17 (desk/authored.py:59 in fails_later)"),
        ("authored:fails_to_say_why", "server_error", "MuteError (desk/authored.py:71 in fails_to_say_why)"),
        ("authored:type_error_inside", "server_error", "TypeError: object of type 'int' has no len() (desk/authored.py:30 in extract)"),
        ("authored:leaves", "server_error", "SystemExit: 4 (desk/authored.py:79 in leaves)"),
    ],
)  # fmt: skip
def test_what_goes_wrong_in_a_call(target: str, failed: str, message: str, isolate: bool) -> None:
    assert failure("python", {"call": target, "isolate": isolate}) == (failed, message)


@both
def test_messages_are_bounded_and_keep_the_place(isolate: bool) -> None:
    _, message = failure("python", keys("fails_at_length", isolate))
    assert message.startswith("ValueError: xxx")
    assert message.endswith("x (desk/authored.py:63 in fails_at_length)")
    assert len(message) <= 500


@both
@pytest.mark.parametrize(
    ("what", "value"), [("tuple", {"a": [1, 2]}), ("enum", {"color": "red"}), ("none", None)]
)
def test_answers_become_plain_data(what: str, value: Any, isolate: bool) -> None:
    reply = attempt("python", keys("answers", isolate), what=what)
    assert reply == Reply(value)
    if what == "enum":
        assert type(reply.value["color"]) is str


@both
@pytest.mark.parametrize(
    ("what", "message"),
    [
        ("nan", "the answer is not JSON: output.scores[1] is nan"),
        ("infinite", "the answer is not JSON: output is inf"),
        ("object", "the answer is not JSON: output.found[0].when is of type PosixPath"),
        ("bytes", "the answer is not JSON: output is of type bytes"),
        ("set", "the answer is not JSON: output.a is of type set"),
        ("key", "the answer is not JSON: output.counts has a key of type int"),
        ("surrogate", "the answer is not JSON: output.body holds half a character (a lone surrogate)"),
        ("big", "the answer is not JSON: output.n is an integer of more than 64 bits"),
    ],
)  # fmt: skip
def test_answers_that_are_not_json(what: str, message: str, isolate: bool) -> None:
    assert failure("python", keys("answers", isolate), what=what) == ("invalid_output", message)


@both
def test_answers_that_are_too_deep(isolate: bool) -> None:
    failed, message = failure("python", keys("answers", isolate), what="deep")
    assert failed == "invalid_output"
    assert message.endswith("… is nested deeper than 200 levels")
    assert len(message) <= 500


def test_an_answer_that_is_too_large() -> None:
    given = keys("answers")
    assert failure("python", given, what="large") == ("invalid_output", "answered more than 8 MB")


def test_a_function_in_process_gets_a_copy() -> None:
    found = [1, 2, 3]
    assert attempt("python", keys("mutate", isolate=False), found=found) == Reply([1, 2, 3, 4])
    assert found == [1, 2, 3]


def test_nothing_printed_gets_into_an_answer() -> None:
    assert attempt("python", keys("chatty"), body="x") == Reply({"body": "x"})
    assert attempt("python", keys("read_stdin")) == Reply({"read": ""})


def test_a_function_in_process_does_not_print_to_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    attempt("python", keys("chatty", isolate=False), body="x")
    assert capsys.readouterr() == ("", "a word of the author's\n")


def test_a_worker_leads_its_own_group_in_the_folder_of_the_spec() -> None:
    assert attempt("python", keys("where")).value == {
        "cwd": str(HOST.folder),
        "path": [str(HOST.folder), str(HOST.root)],
        "leader": True,
    }


def test_the_path_of_this_process_is_left_as_it_was() -> None:
    before = list(sys.path)
    attempt("python", keys("echo", isolate=False))
    assert sys.path == before


def test_workers_are_used_again() -> None:
    async def use(connection: Connection) -> list[Any]:
        count = options("python", **keys("count"))
        return [(await connection.call(count, call())).value for _ in range(3)]

    first, second, third = connected("python", use)
    assert first["pid"] == second["pid"] == third["pid"]
    assert [first["calls"], second["calls"], third["calls"]] == [1, 2, 3]


@pytest.mark.parametrize("isolate", [True, False])
def test_a_function_that_is_asked_again_is_told_what_was_wrong_if_it_wants_to_know(
    isolate: bool,
) -> None:
    wrong = Complaint("no", ("id: is missing",))

    def said(function: str, **given: Any) -> Json:
        keys = {"call": f"authored:{function}", "isolate": isolate}
        return asked_again("python", keys, wrong, **given).value

    assert said("learns", body="x") == {"body": "x", "violations": ["id: is missing"]}
    assert said("learns", body="x", violations=["ours"])["violations"] == ["ours"]
    assert said("extract", body="x") == {"length": 1}
    first = attempt("python", {"call": "authored:learns", "isolate": isolate}, body="x")
    assert first.value == {"body": "x", "violations": None}


def test_parallel_calls_share_the_pool() -> None:
    async def main() -> list[Any]:
        pool = Pool(HOST.folder, ROOT, size=2)
        try:
            return await asyncio.gather(*(pool.call("authored:count", {}, {}) for _ in range(20)))
        finally:
            await pool.close()

    answers = asyncio.run(main())
    assert 1 <= len({answer["pid"] for answer in answers}) <= 2
    assert len({(answer["pid"], answer["calls"]) for answer in answers}) == 20


def test_a_worker_that_dies_in_a_call() -> None:
    ended = "the worker process that ran 'authored:"
    assert failure("python", keys("dies")) == (
        "server_error",
        ended + "dies' ended with exit code 3: last words",
    )
    assert failure("python", keys("is_killed")) == (
        "server_error",
        ended + "is_killed' was killed by SIGKILL",
    )


def test_a_worker_that_dies_between_calls_is_replaced() -> None:
    async def use(connection: Connection) -> None:
        count = options("python", **keys("count"))
        first = (await connection.call(count, call())).value
        os.kill(first["pid"], signal.SIGKILL)
        second = (await connection.call(count, call())).value
        assert second == {"pid": second["pid"], "calls": 1}
        assert second["pid"] != first["pid"]

    connected("python", use)


def test_a_call_after_one_that_killed_its_worker() -> None:
    async def use(connection: Connection) -> None:
        with pytest.raises(AttemptError):
            await connection.call(options("python", **keys("dies")), call())
        assert await connection.call(options("python", **keys("echo")), call(a=1)) == Reply(
            {"a": 1}
        )

    connected("python", use)


@pytest.mark.parametrize(
    "function", ["hangs", "hangs_on", "hangs_later", "hangs_in_c", "leaves_child", "leaves_session"]
)
def test_a_hung_call_is_killed_with_its_group_and_nothing_else(
    function: str, tmp_path: Path
) -> None:
    async def use(connection: Connection) -> None:
        # The other worker is in the middle of a call.
        other = tmp_path / "other"
        going_on = asyncio.ensure_future(
            connection.call(options("python", **keys("hangs")), call(note=str(other)))
        )
        begun = tmp_path / "begun"
        hung = connection.call(options("python", **keys(function)), call(note=str(begun)))
        assert ends(await cut_short(hung, begun))
        assert not going_on.done()
        assert ends(await cut_short(going_on, other))
        assert await connection.call(options("python", **keys("echo")), call(a=1)) == Reply(
            {"a": 1}
        )

    connected("python", use)


def test_a_coroutine_in_process_can_be_cancelled(tmp_path: Path) -> None:
    async def use(connection: Connection) -> None:
        begun = tmp_path / "begun"
        hung = options("python", **keys("hangs_later", isolate=False))
        assert await cut_short(connection.call(hung, call(note=str(begun))), begun) == os.getpid()

    connected("python", use)


@pytest.mark.parametrize("target", ["a", "a.b", "a:b.c", "a/b:c", ":f", "a:", "a b:c", "1a:b"])
def test_what_is_no_function_reference_is_refused(target: str) -> None:
    with pytest.raises(ValueError, match=r"^pattern: \('call',\)$"):
        options("python", call=target)


def in_turn(*calls: tuple[str, dict[str, Json]]) -> list[Json]:
    """The answers of calls that one worker makes one after the other; failures as their class."""

    async def main() -> list[Json]:
        pool = Pool(HOST.folder, ROOT, size=1)
        answers: list[Json] = []
        for name, given in calls:
            try:
                answers.append(await pool.call(f"odd:{name}", given, {}))
            except AttemptError as error:
                answers.append(f"{error.failure}: {error.message}")
        await pool.close()
        return answers

    return asyncio.run(main())


def test_a_fork_that_comes_back_answers_nobody() -> None:
    calls = [("forks", 1), ("plain", 2), ("plain", 3), ("plain", 4)]
    assert in_turn(*((name, {"n": n}) for name, n in calls)) == [
        "parent of 1",
        "plain 2",
        "plain 3",
        "plain 4",
    ]


@pytest.mark.parametrize("text", ["hello world garbage", "\xff", "{}\n", '{"id": 7, "value": 1}\n'])
def test_what_a_function_writes_where_answers_go_is_no_answer(text: str) -> None:
    failed = (
        "server_error: the process that ran 'odd:writes' wrote something else where its answer goes"
    )
    assert in_turn(("writes", {"text": text}), ("plain", {"n": 2})) == [failed, "plain 2"]


def test_each_call_begins_in_the_folder_of_the_spec() -> None:
    assert in_turn(("moves", {}), ("moves", {})) == [str(HOST.folder)] * 2
