"""Taking a run up again: who may, with which spec, and what signals leave to be taken up."""

import re
import signal
import socket

import pytest

from .shell import Done, Project, read_until
from .test_crashes import ALL, OUTPUTS, crash
from .test_people import questions


@pytest.fixture
def crashed(project: Project) -> str:
    """A run that died while `second` was being called; by now it may come back."""
    project.hold("second")
    run_id = crash(project, "second", "run", "chain.yaml")
    project.release("second")
    return run_id


def test_the_beginning_of_an_id_is_enough(project: Project, crashed: str) -> None:
    done = project.agentflow("resume", crashed[:8], "--quiet")
    assert done == Done(0, f"outputs:\n  all: {OUTPUTS['all']}\n")


def test_a_run_has_one_process_at_a_time(project: Project) -> None:
    project.hold("second")
    with project.start("run", "chain.yaml") as process:
        project.wait_for_call("second")
        (run_id,) = project.run_ids()
        done = project.agentflow("resume", run_id)
        project.release("second")
        assert process.wait() == 0
    assert (done.code, done.out) == (3, "")
    assert re.fullmatch(
        rf"error: run '{run_id}' is in use by process {process.pid} on "
        rf"'{re.escape(socket.gethostname())}' since \S+\n"
        "help: wait until that process ends, or stop it; then try again\n",
        done.err,
    )
    assert sorted(project.calls()) == sorted(ALL)


def test_a_run_that_has_ended_stays_ended(project: Project) -> None:
    run_id = project.json("run", "hello.yaml", "-i", "name=Ada")["run"]
    assert project.agentflow("resume", run_id) == Done(
        2, "", f"error: run '{run_id}' has ended: succeeded\n"
    )


def test_a_simulated_run_is_run_again_instead(project: Project) -> None:
    run_id = project.json("run", "hello.yaml", "-i", "name=Ada", "--simulate")["run"]
    assert project.agentflow("resume", run_id).code == 2


def test_an_edited_spec_is_refused(project: Project, crashed: str) -> None:
    project.edit("chain.yaml", '"green"', '"yellow"')
    assert project.agentflow("resume", crashed) == Done(
        2,
        "",
        f"error: the spec of run '{crashed}' is not what it was: 'chain.yaml' has changed\n"
        "help: '--as-started' goes on with the spec as the run recorded it\n",
    )
    assert project.calls() == ["first", "second"]
    assert project.json("resume", crashed, "--as-started")["outputs"] == OUTPUTS
    assert "yellow" not in project.calls()


def test_a_spec_that_is_gone_is_refused(project: Project, crashed: str) -> None:
    (project.folder / "chain.yaml").unlink()
    done = project.agentflow("resume", crashed)
    assert done == Done(
        2,
        "",
        f"error: the spec of run '{crashed}' is not what it was: "
        "there is no file 'chain.yaml'\n"
        "help: '--as-started' goes on with the spec as the run recorded it\n",
    )
    assert project.json("resume", crashed, "--as-started")["outputs"] == OUTPUTS


# --- signals -------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_run_in_order(project: Project, number: signal.Signals) -> None:
    project.hold("second")
    with project.start("run", "chain.yaml") as process:
        project.wait_for_call("second")
        process.send_signal(number)
        out, err = process.communicate()
    assert (process.returncode, err) == (128 + number, "")
    (run_id,) = project.run_ids()
    assert out.splitlines()[-5:] == [
        f"interrupted by {number.name}",
        "",
        f"stored in {project.folder}/.agentflow/runs/{run_id}",
        f"go on with: agentflow resume {run_id}",
        f"replay with: agentflow replay {run_id}",
    ]
    project.wait_for_processes()
    (listed,) = project.json("runs")["runs"]
    assert listed["status"] == "interrupted"

    project.release("second")
    done = project.json("resume", run_id)
    assert (done["status"], done["outputs"]) == ("succeeded", OUTPUTS)
    assert project.calls().count("first") == 1
    assert project.agentflow("replay", run_id, "--quiet").code == 0


def test_an_ignored_signal_stays_ignored(project: Project) -> None:
    project.hold("second")
    with project.start("run", "chain.yaml", "--quiet", launcher=("nohup",)) as process:
        project.wait_for_call("second")
        process.send_signal(signal.SIGHUP)
        project.release("second")
        assert process.wait() == 0


def test_a_write_cut_short_by_a_signal_is_unknown(project: Project) -> None:
    project.hold("send")
    with project.start("run", "chain.yaml") as process:
        project.wait_for_call("send")
        process.terminate()
        assert process.wait() == 128 + signal.SIGTERM
    project.release("send")
    (run_id,) = project.run_ids()
    assert project.json("resume", run_id, code=4)["status"] == "waiting"
    (asked,) = questions(project)
    assert (asked["step"], asked["failure"]["kind"]) == ("send", "unknown_effect")
    assert project.calls().count("send") == 1


def test_the_second_signal_ends_the_process_at_once(project: Project) -> None:
    # An agent that cannot be cancelled keeps the run from ending in order for some seconds.
    project.edit("stubborn.yaml", "timeout: 1s", "timeout: 5m")
    with project.start("run", "stubborn.yaml") as process:
        read_until(process, "started, agent 'stubborn'")
        process.send_signal(signal.SIGINT)
        read_until(process, "run interrupted by SIGINT")
        process.send_signal(signal.SIGINT)
        assert process.wait() == -signal.SIGINT
