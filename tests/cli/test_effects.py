"""What the world sees of a write, whatever happens: a service that books, and then breaks.

Without a key it is asked at most once. With one, every request carries the same key and the same
bytes, and a service that honours the key books once.
"""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .shell import Done, Project, later, wait_until
from .test_people import questions

SPEC = """
agentflow: 1
name: payments
agents:
  payer:
    kind: http
    url: http://127.0.0.1:PORT/pay
    effects: write
    timeout: 5m
    retry: {max_attempts: 3, backoff: {initial: 1ms}}
    input: {type: object, required: [to, amount], properties: {to: {type: string}, amount: {type: number}}}
    output: {type: object, required: [receipt], properties: {receipt: {type: string}}}
steps:
  pay:
    agent: payer
    with: {to: Ada & Söhne, amount: 12.50, lines: {z: 1, a: [2, 1]}}
    KEY
outputs: {receipt: "${{ steps.pay.output.receipt }}"}
"""
AMBIGUOUS = ["drop", "reset", "half", "500", "hang", "die"]
#: Seconds that are more than the timeout.
TOO_LONG = 301.0


class Ledger:
    """The service, and what it wrote down.

    Its socket is ours, so that nobody can take the port while it is being started again; whoever
    connects meanwhile waits.
    """

    def __init__(self, folder: Path, listening: socket.socket) -> None:
        self.folder = folder
        self.port = listening.getsockname()[1]
        self._listening = listening
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, *behaviours: str, honours: bool = False) -> None:
        """Start the service; it may have run before."""
        self.stop()
        script = Path(__file__).with_name("ledger.py")
        how = "honours" if honours else "forgets"
        number = self._listening.fileno()
        arguments = [str(self.folder), str(number), how, *behaviours]
        self._process = subprocess.Popen(
            [sys.executable, str(script), *arguments], pass_fds=[number]
        )

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def requests(self) -> list[dict[str, Any]]:
        return self._lines("requests")

    def booked(self) -> list[dict[str, Any]]:
        return self._lines("booked")

    def _lines(self, name: str) -> list[dict[str, Any]]:
        path = self.folder / name
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    folder = tmp_path / "ledger"
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        service = Ledger(folder, listening)
        yield service
        service.stop()


def write_spec(project: Project, port: int, key: str | None) -> None:
    written = f'idempotency_key: "{key}"' if key is not None else ""
    project.write("payments.yaml", SPEC.replace("PORT", str(port)).replace("KEY", written))


def run(project: Project, ledger: Ledger, behaviour: str, code: int = 0) -> Any:
    """A run whose time is up whenever the service hangs."""
    hanging = later(TOO_LONG, with_each=ledger.folder / "hanging")
    by = hanging if behaviour == "hang" else ()
    return project.json("run", "payments.yaml", code=code, by=by)


@pytest.mark.parametrize("behaviour", AMBIGUOUS)
def test_a_write_without_a_key_is_asked_for_once(
    project: Project, ledger: Ledger, behaviour: str
) -> None:
    ledger.start(behaviour)
    write_spec(project, ledger.port, None)
    done = run(project, ledger, behaviour, code=4)
    (asked,) = questions(project)
    assert (asked["run"], asked["step"], asked["channel"]) == (done["run"], "pay", "inbox")
    assert asked["answers"] == ["replace", "retry", "abort"]
    failure = asked["failure"]
    assert failure["kind"] == "unknown_effect"
    assert failure["cause"] == ("timeout" if behaviour == "hang" else "server_error")
    assert len(ledger.requests()) == len(ledger.booked()) == 1


def test_a_person_who_has_looked_says_what_came_of_it(project: Project, ledger: Ledger) -> None:
    ledger.start("drop")
    write_spec(project, ledger.port, None)
    run_id = run(project, ledger, "drop", code=4)["run"]
    wrong = project.agentflow("answer", run_id, "pay", "replace", "--value", '{"id": 1}')
    assert wrong == Done(1, "refused: the value breaks its contract: missing 'receipt'\n", "")
    said = ("answer", run_id, "pay", "replace", "--value", '{"receipt": "R-1"}', "--by", "kim")
    assert project.json(*said)["taken"] is True
    assert project.agentflow("tick") == Done(0, f"{run_id}  succeeded\n", "")
    assert project.json("show", run_id)["outputs"] == {"receipt": "R-1"}
    assert len(ledger.requests()) == len(ledger.booked()) == 1
    assert project.agentflow("replay", run_id, "--quiet").code == 0


def test_a_person_who_has_looked_has_it_made_again(project: Project, ledger: Ledger) -> None:
    ledger.start("reset", "ok")
    write_spec(project, ledger.port, None)
    run_id = run(project, ledger, "reset", code=4)["run"]
    assert project.json("answer", run_id, "pay", "retry")["taken"] is True
    assert project.json("resume", run_id)["outputs"] == {"receipt": "R-1"}
    first, second = ledger.requests()
    assert first["body"] == second["body"]


def test_where_nobody_is_there_the_spec_says_that_it_fails(
    project: Project, ledger: Ledger
) -> None:
    ledger.start("drop")
    write_spec(project, ledger.port, None)
    project.edit("payments.yaml", "outputs:", "    catch: {unknown_effect: fail}\noutputs:")
    done = run(project, ledger, "drop", code=1)
    assert (done["failure"]["kind"], questions(project)) == ("unknown_effect", [])


@pytest.mark.parametrize("behaviour", AMBIGUOUS[:-1])
def test_with_a_key_all_attempts_are_one_piece_of_work(
    project: Project, ledger: Ledger, behaviour: str
) -> None:
    ledger.start(behaviour, behaviour, "ok", honours=True)
    write_spec(project, ledger.port, "${{ run.id }}/pay")
    done = run(project, ledger, behaviour)
    assert done["outputs"] == {"receipt": "R-1"}
    requests = ledger.requests()
    assert len(requests) == 3
    assert {request["key"] for request in requests} == {f"{done['run']}/pay"}
    assert {request["body"] for request in requests} == {
        '{"amount": 12.5, "lines": {"a": [2, 1], "z": 1}, "to": "Ada & Söhne"}'
    }
    assert len(ledger.booked()) == 1


@pytest.mark.parametrize("behaviour", ["drop", "500", "429", "503"])
def test_what_the_spec_says_is_all_that_is_sent(
    project: Project, ledger: Ledger, behaviour: str
) -> None:
    """No layer below retries too: three attempts are three requests."""
    ledger.start(behaviour)
    write_spec(project, ledger.port, "k")
    done = project.json("run", "payments.yaml", code=1 if behaviour == "429" else 4)
    assert len(ledger.requests()) == 3
    assert done["calls"] == 3
    asked = [question["failure"]["kind"] for question in questions(project)]
    assert asked == ([] if behaviour == "429" else ["unknown_effect"])


def test_a_refusal_is_not_asked_again(project: Project, ledger: Ledger) -> None:
    ledger.start("400")
    write_spec(project, ledger.port, "k")
    done = project.json("run", "payments.yaml", code=1)
    assert done["failure"]["kind"] == "rejected"
    assert done["failure"]["message"].endswith('/pay answered 400: {"error": "as ordered"}')
    assert len(ledger.requests()) == 1


def killed(project: Project, ledger: Ledger, *command: str, requests: int) -> str:
    """Kill a command while the service holds its request back; gives the run's id."""
    with project.start(*command) as process:
        wait_until(lambda: len(ledger.requests()) == requests or process.poll() is not None)
        assert process.poll() is None
        process.kill()
    (run_id,) = project.run_ids()
    return run_id


def test_kill_and_resume_repeat_a_keyed_write_byte_for_byte(
    project: Project, ledger: Ledger
) -> None:
    ledger.start("hang", "hang", "ok", honours=True)
    write_spec(project, ledger.port, "${{ run.id }}/pay")
    run_id = killed(project, ledger, "run", "payments.yaml", requests=1)
    killed(project, ledger, "resume", run_id, requests=2)
    assert project.json("resume", run_id)["outputs"] == {"receipt": "R-1"}
    first, *others = ledger.requests()
    assert others == [first, first]
    assert first["key"] == f"{run_id}/pay"
    assert ledger.booked() == [{"key": f"{run_id}/pay"}]
    assert project.agentflow("replay", run_id, "--quiet").code == 0


def test_kill_and_resume_do_not_repeat_a_write_without_a_key(
    project: Project, ledger: Ledger
) -> None:
    ledger.start("hang", "ok")
    write_spec(project, ledger.port, None)
    run_id = killed(project, ledger, "run", "payments.yaml", requests=1)
    assert project.json("resume", run_id, code=4)["failure"] is None
    (asked,) = questions(project)
    assert asked["failure"]["message"] == (
        "the process ended before the outcome was known; effects are 'write'"
    )
    # It is asked once, whoever takes the run up, and nothing is sent meanwhile.
    assert project.json("resume", run_id, code=4)["failure"] is None
    assert questions(project) == [asked]
    assert len(ledger.requests()) == len(ledger.booked()) == 1
    assert project.json("cancel", run_id)["unknown"] == ["pay"]
    assert questions(project) == []


def test_the_service_dies_and_comes_back(project: Project, ledger: Ledger) -> None:
    """Killed after the work and before its answer, started again on the same port meanwhile."""
    ledger.start("die", honours=True)
    write_spec(project, ledger.port, "${{ run.id }}/pay")
    with project.start("run", "payments.yaml", "--quiet") as process:
        wait_until(lambda: len(ledger.requests()) == 1)
        ledger.start("ok", honours=True)
        assert process.wait() == 0
    first, second = ledger.requests()
    assert first == second
    assert len(ledger.booked()) == 1


def test_nobody_there_is_no_write(project: Project) -> None:
    with socket.socket() as taken:  # and nobody else can have it
        taken.bind(("127.0.0.1", 0))
        write_spec(project, taken.getsockname()[1], None)
        done = project.json("run", "payments.yaml", code=1)
    assert done["failure"]["kind"] == "not_sent"
    assert done["calls"] == 3


def test_every_item_has_its_own_key(project: Project, ledger: Ledger) -> None:
    ledger.start("drop", "drop", "ok", honours=True)
    write_spec(project, ledger.port, "${{ run.id }}/${{ index }}")
    project.edit("payments.yaml", "    agent: payer\n", "    agent: payer\n    for_each: {over: [1, 2], max: 2, parallel: 1}\n")  # fmt: skip
    project.edit("payments.yaml", "steps.pay.output.receipt", "steps.pay.output[1].receipt")
    done = project.json("run", "payments.yaml")
    run_id = done["run"]
    assert [request["key"] for request in ledger.requests()] == [f"{run_id}/0"] * 3 + [
        f"{run_id}/1"
    ]
    assert ledger.booked() == [{"key": f"{run_id}/0"}, {"key": f"{run_id}/1"}]
