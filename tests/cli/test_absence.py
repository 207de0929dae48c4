"""Runs that nobody works on: what is answered meanwhile, what is told of them, what a tick looks
at."""

import signal
from concurrent.futures import ThreadPoolExecutor

import pytest

from agentflow.channels.protocol import Response
from agentflow.core.events import Entry, ProcessDied, RunResumed, StartAttempt
from agentflow.engines.letters import write_letter
from agentflow.eventlog import Store
from agentflow.formats import answer_text
from agentflow.history import read_run
from agentflow.waiting import answer

from ..audited import watched
from .shell import AGENTFLOW, Done, Project, later, wait_until
from .test_people import OUTPUTS, folder, questions, start, step

BROKEN = 'the value breaks its contract: approved: expected boolean, found string "yes"'
YES = ("--value", '{"approved": "yes"}')
HOUR = 3600
#: A write beside the question, and another one after the answer.
BESIDE = """
agentflow: 1
name: beside
budget: {wall: 3d}
agents:
  writer:
    kind: python
    call: desk:note
    effects: write
    timeout: 5m
    input: {type: object, required: [name], properties: {name: {type: string}}}
    output: {type: object, required: [text], properties: {text: {type: string}}}
steps:
  approve: {human: {ask: May it?, answer: {type: boolean}}, timeout: 2d, catch: {timeout: fail}}
  book: {agent: writer, with: {name: book}, catch: {unknown_effect: fail}}
  pay: {agent: writer, with: {name: pay}, when: steps.approve.output}
"""


@pytest.fixture
def crashed(project: Project) -> str:
    """A run that asked somebody, and whose process was killed."""
    with project.start("run", "approval.yaml", "--wait") as process:
        run_id = project.wait_for_question()
        project.wait_for_call("look")
        process.kill()
        assert process.wait() == -signal.SIGKILL
    return run_id


def entries(project: Project, run_id: str) -> tuple[Entry, ...]:
    return read_run(Store(project.folder / ".agentflow"), run_id).entries


def status(project: Project) -> str:
    (listed,) = project.json("runs")["runs"]
    return str(listed["status"])


# --- answers to a run whose process died ---------------------------------------------------


def test_an_answer_to_a_crashed_run_is_judged_at_once(project: Project, crashed: str) -> None:
    say = ("answer", crashed, "approve")
    assert project.agentflow(*say, "replace", *YES) == Done(1, f"refused: {BROKEN}\n")
    assert len(questions(project)) == 1
    assert project.agentflow(*say, "approve", "--by", "kim") == Done(
        0, f"taken: 'approve' by kim\ngo on with: agentflow resume {crashed}\n"
    )
    assert project.json(*say, "abort", "--by", "lee", code=1)["reason"] == (
        "the question is no longer open: it was answered by kim"
    )
    # All that is told of it is the same, and nothing is done before somebody resumes it.
    assert questions(project) == []
    assert list(folder(project, crashed, "questions").iterdir()) == []
    assert status(project) == "crashed"
    shown = project.agentflow("show", crashed).out
    assert shown.endswith(f"its process died; go on with: agentflow resume {crashed}\n")
    assert "pay" not in project.calls()
    assert project.agentflow("tick") == Done(
        3,
        f"{crashed}  not taken up: its process died, and something in it is due; "
        f"'agentflow resume {crashed}' goes on with it\n",
    )
    resumed = project.agentflow("resume", crashed).out
    assert "  approve  answered meanwhile: 'approve' by kim\n" in resumed
    assert project.json("show", crashed)["outputs"] == OUTPUTS
    assert len(project.json("show", crashed)["refused"]) == 2
    deaths = [one for one in entries(project, crashed) if isinstance(one.fact, ProcessDied)]
    assert len(deaths) == 1
    assert project.agentflow("replay", crashed, "--quiet").code == 0


def test_what_was_lost_is_looked_at_before_an_answer_has_an_effect(project: Project) -> None:
    """A write that may have happened fails the run, so the one behind the answer is not begun."""
    project.write("beside.yaml", BESIDE)
    project.hold("book")
    with project.start("run", "beside.yaml") as process:
        project.wait_for_call("book")
        run_id = project.wait_for_question()
        process.kill()
        process.wait()
    assert project.json("answer", run_id, "approve", "approve")["taken"] is True
    failed = project.json("resume", run_id, code=1)["failure"]
    assert (failed["kind"], project.calls()) == ("unknown_effect", ["book"])
    assert step(project, run_id, "book")["status"] == "unknown"
    begun = [
        decision.step
        for entry in entries(project, run_id)
        for decision in entry.decisions
        if isinstance(decision, StartAttempt)
    ]
    assert begun == ["book"]
    assert project.agentflow("replay", run_id, "--quiet").code == 0


def test_a_file_that_answers_a_crashed_run_is_taken_in_by_a_tick(
    project: Project, crashed: str
) -> None:
    (path,) = folder(project, crashed, "questions").iterdir()
    asked = questions(project)[0]
    said = write_letter(asked, Response("approve", by="kim", via="a test"))
    Store(project.folder / ".agentflow").mailbox(crashed).drop(said)
    assert path.exists()
    (waits,) = questions(project)
    assert waits["answered"] is True
    assert "    answered, and the run has not taken that in yet" in (
        project.agentflow("inbox").out.splitlines()
    )
    (ticked,) = project.json("tick", code=3)["runs"]
    assert ticked["status"] is None
    assert questions(project) == []
    assert project.json("resume", crashed)["outputs"] == OUTPUTS


def test_a_question_whose_time_is_up_is_told_of_and_left_to_resume(
    project: Project, crashed: str
) -> None:
    goes_on = f"'agentflow resume {crashed}' goes on with it\n"
    died = f"{crashed}  not taken up: its process died"
    for _ in range(2):  # first its death is noted, then HEAD says so
        assert project.agentflow("tick") == Done(3, f"{died}; {goes_on}")
    late = later(50 * HOUR)
    told = project.agentflow("tick", by=late)
    assert told == Done(3, f"{died}, and something in it is due; {goes_on}")
    assert project.json("resume", crashed, code=1, by=late)["failure"]["kind"] == "timeout"
    assert project.agentflow("tick", by=late) == Done(0, "nothing is due\n")


def test_a_tick_ends_a_crashed_run_that_somebody_wants_to_end(
    project: Project, crashed: str
) -> None:
    (folder(project, crashed, "cancel.json")).write_text('{"format": 1, "by": "kim"}')
    assert project.json("tick", code=1)["runs"] == [
        {"run": crashed, "status": "cancelled", "problem": None}
    ]


# --- answers to a process that is halted ---------------------------------------------------


def test_a_process_that_is_halted_has_not_taken_an_answer_in(project: Project) -> None:
    with project.start("run", "approval.yaml", "--wait") as process:
        run_id = project.wait_for_question()
        store = Store(project.folder / ".agentflow")
        process.send_signal(signal.SIGSTOP)
        try:
            broken = Response("replace", {"approved": "yes"}, by="kim", via="a test")
            refused = answer(store, run_id, "approve", broken, patience=0)
            fine = Response("approve", by="kim", via="a test")
            handed = answer(store, run_id, "approve", fine, patience=0)
        finally:
            process.send_signal(signal.SIGCONT)
        process.communicate()
    # What breaks the contract is refused although nobody has taken it in; the log has it later.
    assert (refused.taken, refused.reason, refused.status) == (False, BROKEN, "running")
    assert (handed.taken, handed.reason) == (None, "")
    assert handed.busy is not None
    told = answer_text.render(handed).splitlines()
    assert told == [
        "not taken in yet; the process that works on the run takes it in when it can",
        handed.busy,
    ]
    assert handed.busy.startswith(f"run '{run_id}' is in use by process {process.pid} on ")
    assert process.returncode == 0
    assert [one["why"] for one in project.json("show", run_id)["refused"]] == [BROKEN]


# --- runs that wait ------------------------------------------------------------------------


def test_a_run_that_was_answered_waits_for_nobody_and_says_so(project: Project) -> None:
    run_id = start(project)
    assert status(project) == "waiting"
    project.json("answer", run_id, "approve", "approve", "--by", "kim")
    assert status(project) == "due"
    assert list(folder(project, run_id, "questions").iterdir()) == []
    shown = project.agentflow("show", run_id).out.splitlines()
    assert [line.partition(" after ")[0] for line in shown if " after " in line] == ["answered"]
    assert shown[-2:] == [
        "answered",
        f"go on with: agentflow resume {run_id}",
    ]
    assert project.json("tick")["runs"] == [{"run": run_id, "status": "succeeded", "problem": None}]
    assert status(project) == "succeeded"


def test_a_run_that_was_interrupted_is_told_of_when_it_was_answered(project: Project) -> None:
    with project.start("run", "approval.yaml", "--wait") as process:
        run_id = project.wait_for_question()
        process.send_signal(signal.SIGTERM)
        process.communicate()
    goes_on = f"'agentflow resume {run_id}' goes on with it"
    assert project.agentflow("tick") == Done(0, f"{run_id}  interrupted: {goes_on}\n")
    (left,) = project.json("inbox")["left"]
    assert left == {"run": run_id, "status": "interrupted"}
    looked = " ".join(project.agentflow("doctor").out.split())
    resume, cancel = f"agentflow resume {run_id}", f"agentflow cancel {run_id}"
    assert f" note {run_id} was interrupted; {resume}, or end it: {cancel} " in looked
    project.json("answer", run_id, "approve", "approve")
    (ticked,) = project.json("tick", code=3)["runs"]
    assert (ticked["status"], ticked["problem"]) == (
        None,
        f"it was interrupted, and something in it is due; {goes_on}",
    )
    assert project.json("resume", run_id)["outputs"] == OUTPUTS


def test_a_run_that_died_in_the_middle_of_a_tick_is_named_until_somebody_resumes_it(
    project: Project,
) -> None:
    """Nobody is asked any more, and a call is in flight: only a person can go on."""
    run_id = start(project)
    project.json("answer", run_id, "approve", "approve")
    project.hold("pay")
    with project.start("tick") as process:
        project.wait_for_call("pay")
        process.kill()
        process.wait()
    project.release("pay")
    goes_on = f"agentflow resume {run_id}"
    assert project.agentflow("inbox") == Done(
        0,
        "nothing waits for an answer\n1 run waits for somebody to resume:\n"
        f"  {run_id}  its process died; go on with: {goes_on}\n",
    )
    assert project.json("inbox")["left"] == [{"run": run_id, "status": "crashed"}]
    told = f"not taken up: its process died; '{goes_on}' goes on with it"
    for _ in range(2):
        assert project.agentflow("tick") == Done(3, f"{run_id}  {told}\n")
    looked = project.agentflow("doctor")
    assert looked.code == 1
    advice = f"{goes_on}, or end it: agentflow cancel {run_id}"
    assert f" PROBLEM {run_id} its process died {advice} " in " ".join(looked.out.split())
    project.json("cancel", run_id)
    assert project.agentflow("tick") == Done(0, "nothing is due\n")
    assert project.agentflow("inbox").out == "nothing waits for an answer\n"
    assert project.agentflow("doctor").code == 0


def test_a_tick_looks_whether_the_logs_of_those_that_wait_are_whole(project: Project) -> None:
    run_id = start(project)
    path = folder(project, run_id, "cache.db")
    for beside in ("cache.db-wal", "cache.db-shm"):
        folder(project, run_id, beside).unlink(missing_ok=True)
    path.write_bytes(path.read_bytes().replace(b"approval", b"approvel"))
    (ticked,) = project.json("tick", code=3)["runs"]
    assert (ticked["run"], ticked["status"]) == (run_id, None)
    assert ticked["problem"].startswith(f"the log of run '{run_id}' is damaged")


def test_a_tick_opens_the_logs_of_those_runs_alone_that_have_not_ended(project: Project) -> None:
    waiting = [start(project) for _ in range(3)]
    answered = waiting.pop()
    project.json("answer", answered, "approve", "approve")
    assert opened(project, "tick") == {*waiting, answered}
    assert opened(project, "tick") == {*waiting}
    with project.start("run", "approval.yaml", "--wait") as process:
        (crashed,) = _new(project, [*waiting, answered])
        process.kill()
        process.wait()
    assert opened(project, "tick") == {*waiting, crashed}
    assert opened(project, "inbox") == {*waiting, crashed}


def _new(project: Project, known: list[str]) -> set[str]:
    """The run that asks and is not known."""

    def asking() -> set[str]:
        found = project.folder.glob(".agentflow/runs/*/questions/*.json")
        return {path.parent.parent.name for path in found} - set(known)

    wait_until(lambda: bool(asking()))
    return asking()


def opened(project: Project, command: str) -> set[str]:
    """The runs whose logs a command opens."""
    events = watched(project.folder, command)
    return {
        run_id
        for run_id in project.run_ids()
        if any(run_id in told for told in events.get("sqlite3.connect", []))
    }


def test_two_ticks_at_once_take_a_run_up_once(project: Project) -> None:
    run_id = start(project)
    project.json("answer", run_id, "approve", "approve")

    def tick(_: int) -> Done:
        return project.agentflow("tick", by=AGENTFLOW)

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(tick, range(4)))
    assert [one.code for one in done] == [0] * 4
    assert sorted(one.out for one in done) == sorted(
        [f"{run_id}  succeeded\n", *["nothing is due\n"] * 3]
    )
    facts = [entry.fact for entry in entries(project, run_id)]
    assert sum(isinstance(fact, RunResumed) for fact in facts) == 1
    assert sorted(project.calls()) == ["look", "pay"]
