"""Several people and processes at the same moment: one is heard, the others are refused and
recorded."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from agentflow.core.events import CancelRequested, PersonAnswered, RunResumed, TakeAnswer
from agentflow.eventlog import Store
from agentflow.history import read_run
from tests.agents.web_server import Answer, WebServer

from .shell import AGENTFLOW, Done, Project
from .terminal import Terminal
from .test_console import LADDER, asked
from .test_people import OUTPUTS, folder, questions, start, step
from .test_webhooks import ENV, Receiver, hooked, letter

YES = "approve"


def at_once(*acts: Callable[[], Any]) -> list[Any]:
    """Do several things at the same moment; gives what came of each."""
    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result() for future in [pool.submit(act) for act in acts]]


def saying(project: Project, run_id: str, by: str, what: str = YES) -> Callable[[], Done]:
    return lambda: project.agentflow(
        "answer", run_id, "approve", what, "--by", by, "--json", by=AGENTFLOW
    )


def taken(done: Done) -> bool:
    told = json.loads(done.out)
    assert done.code == (0 if told["taken"] else 1)
    assert told["taken"] is not None
    return bool(told["taken"])


def facts(project: Project, run_id: str) -> list[Any]:
    return [entry.fact for entry in read_run(Store(project.folder / ".agentflow"), run_id).entries]


def heard(project: Project, run_id: str) -> int:
    """How many answers counted."""
    entries = read_run(Store(project.folder / ".agentflow"), run_id).entries
    return sum(isinstance(one, TakeAnswer) for entry in entries for one in entry.decisions)


def settled(project: Project, run_id: str) -> None:
    """Nothing lies in the mailbox, and deciding again gives the same."""
    for name in ("answers", "questions"):
        assert not list(folder(project, run_id, name).glob("*"))
    assert project.agentflow("replay", run_id, "--quiet").code == 0


def test_several_answer_while_a_process_works_on_the_run(project: Project) -> None:
    with project.start("run", "approval.yaml", "--wait", "--json") as process:
        run_id = project.wait_for_question()
        people = ("kim", "lee", "max")
        counted = [taken(done) for done in at_once(*(saying(project, run_id, by) for by in people))]
        out, _ = process.communicate()
    assert sorted(counted) == [False, False, True]
    assert json.loads(out)["outputs"] == OUTPUTS
    assert len(project.json("show", run_id)["refused"]) == 2
    settled(project, run_id)


def test_somebody_answers_while_others_resume_the_run(project: Project) -> None:
    run_id = start(project)
    said, *resumed = at_once(
        saying(project, run_id, "kim"),
        *[lambda: project.agentflow("resume", run_id, "--quiet", by=AGENTFLOW)] * 2,
    )
    assert taken(said)
    # Whoever was refused has done nothing; whoever came before the answer waits on.
    assert {done.code for done in resumed} <= {0, 2, 3, 4}
    for done in resumed:
        assert "Traceback" not in done.err
    if project.json("show", run_id)["status"] == "waiting":
        project.json("resume", run_id)
    assert project.json("show", run_id)["outputs"] == OUTPUTS
    assert sorted(project.calls()) == ["look", "pay"]
    assert heard(project, run_id) == 1
    settled(project, run_id)


@pytest.mark.parametrize("at_work", [False, True], ids=["nobody at work", "a process at work"])
def test_somebody_answers_while_somebody_else_cancels(project: Project, at_work: bool) -> None:
    def cancel() -> Done:
        return project.agentflow("cancel", run_id, "--by", "lee", by=AGENTFLOW)

    if at_work:
        process = project.start("run", "approval.yaml", "--wait")
        run_id = project.wait_for_question()
    else:
        run_id = start(project)
    said, cancelled = at_once(saying(project, run_id, "kim"), cancel)
    if at_work:
        process.communicate()
    shown = project.json("show", run_id)
    if cancelled.code == 0:
        assert shown["status"] == "cancelled"
    else:  # it was answered, and had ended before
        assert (shown["status"], taken(said)) == ("succeeded", True)
    assert heard(project, run_id) == taken(said)
    assert len(shown["refused"]) == (0 if taken(said) else 1)
    assert sum(isinstance(fact, CancelRequested) for fact in facts(project, run_id)) == (
        shown["status"] == "cancelled"
    )
    settled(project, run_id)


def test_two_cancel_at_once(project: Project) -> None:
    run_id = start(project)

    def cancelling(by: str) -> Callable[[], Done]:
        return lambda: project.agentflow("cancel", run_id, "--by", by, by=AGENTFLOW)

    done = at_once(cancelling("kim"), cancelling("lee"))
    assert {one.code for one in done} <= {0, 2}
    (request,) = [one for one in facts(project, run_id) if isinstance(one, CancelRequested)]
    assert request.by in ("kim", "lee")
    assert not folder(project, run_id, "cancel.json").exists()


def test_a_run_is_asked_about_at_one_terminal_at_a_time(project: Project) -> None:
    project.write("ladder.yaml", LADDER)
    with terminal(project, "run", "ladder.yaml") as first:
        first.read_until(asked(first, prompt="replace, retry or abort> "))
        (run_id,) = project.run_ids()
        with terminal(project, "resume", run_id) as second:
            refused = second.read_to_end()
        assert second.process.returncode == 3
        assert refused.startswith(f"error: run '{run_id}' is in use by process {first.process.pid}")
        first.type('replace "it"\n')
        first.read_to_end()
    assert first.process.returncode == 0
    assert not any(isinstance(fact, RunResumed) for fact in facts(project, run_id))


def test_an_answer_at_the_terminal_and_one_by_command(project: Project) -> None:
    project.edit("approval.yaml", "who: support}", "who: support, channel: console}")
    with terminal(project, "run", "approval.yaml") as shown:
        shown.read_until(asked(shown))
        (run_id,) = project.run_ids()
        typed, said = at_once(lambda: shown.type("approve\n"), saying(project, run_id, "kim"))
        assert typed is None
        errors = shown.read_to_end()
    assert shown.process.returncode == 0, errors
    assert heard(project, run_id) == 1
    assert sum(isinstance(fact, PersonAnswered) for fact in facts(project, run_id)) in (1, 2)
    (question,) = step(project, run_id)["asked"]
    assert (question["by"] == "kim") == taken(said)
    settled(project, run_id)


def test_an_answer_over_http_and_one_by_command(project: Project) -> None:
    with WebServer(Answer(204)) as server:
        hooked(project, server.url)
        run_id = str(project.json("run", "hooked.yaml", code=4, env=ENV)["run"])
        (request,) = server.requests
        with Receiver(project) as receiver:
            posted, said = at_once(
                lambda: receiver.say(letter(request, by="lee"), "m1"),
                saying(project, run_id, "kim"),
            )
    status, counted, _ = posted
    assert (status, counted) in ((200, True), (409, False))
    assert counted != taken(said)
    assert heard(project, run_id) == 1
    (refused,) = project.json("show", run_id)["refused"]
    assert refused["by"] == ("kim" if counted else "lee")
    assert questions(project) == []
    settled(project, run_id)


def test_the_same_answer_over_http_several_times_at_once(project: Project) -> None:
    """Whoever sends it again before they know that it has arrived is told so, and it counts
    once."""
    with WebServer(Answer(204)) as server:
        hooked(project, server.url)
        run_id = str(project.json("run", "hooked.yaml", code=4, env=ENV)["run"])
        (request,) = server.requests
        with Receiver(project) as receiver:
            said = at_once(*[lambda: receiver.say(letter(request), "m1")] * 3)
    again = (409, False, "it was received before")
    assert sorted(said, reverse=True) == [again, again, (200, True, "'approve' by kim")]
    assert heard(project, run_id) == 1
    settled(project, run_id)


def terminal(project: Project, *arguments: str) -> Terminal:
    return Terminal(
        [*AGENTFLOW, *arguments], columns=100, rows=30, folder=project.folder, **project.env()
    )
