"""Deciding again over a log: what calls nothing, what differs and where, and what cannot be
read."""

import sqlite3
from pathlib import Path

import pytest

from .shell import Done, Project

POLICY = "{max_attempts: 2, on: [server_error], backoff: {initial: 1ms, factor: 1, max: 1ms, jitter: none}}"


@pytest.fixture
def flaky(project: Project) -> str:
    """A run whose only step failed once and was retried."""
    project.edit("chain.yaml", "desk:note, effects: read", "raising:busy_at_first, effects: read")
    text = (project.folder / "chain.yaml").read_text().partition("steps:\n")[0]
    project.write(
        "flaky.yaml",
        f"{text}retries:\n  once: {POLICY}\n"
        "steps:\n  call: {agent: reader, with: {name: call}, retry: once}\n"
        "outputs: {text: '${{ steps.call.output.text }}'}\n",
    )
    done = project.json("run", "flaky.yaml")
    assert (done["outputs"], done["retries"]) == ({"text": "call"}, 1)
    run_id: str = done["run"]
    return run_id


def test_a_replay_decides_the_same_and_calls_nothing(project: Project, flaky: str) -> None:
    done = project.agentflow("replay", flaky)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"chain  run {flaky}\n✓ call  reader  ")
    assert done.out.splitlines()[-1] == "replayed 4 entries: 5 decisions, all the same"
    assert project.json("replay", flaky) == {
        "format": 1,
        "run": flaky,
        "pipeline": "chain",
        "decided_by": "chain",
        "entries": 4,
        "decisions": 5,
        "other_reasons": 0,
        "same": True,
        "divergence": None,
    }
    assert project.calls() == ["call", "call"]


def test_a_replay_needs_neither_spec_nor_agents(project: Project, flaky: str) -> None:
    (project.folder / "flaky.yaml").unlink()
    (project.folder / "desk.py").unlink()
    done = project.agentflow("replay", flaky, "--quiet")
    assert done == Done(0, "replayed 4 entries: 5 decisions, all the same\n")


def test_another_condition_that_comes_out_the_same_is_no_difference(project: Project) -> None:
    spec = """\
agentflow: 1
name: steps
inputs: {type: object, required: [n], properties: {n: {type: integer}}}
agents:
  e: {kind: command, argv: [echo, "1"], effects: none, input: {}, output: {type: integer}}
steps:
  one: {when: inputs.n > 5, agent: e}
  two: {needs: [one], agent: e, when: inputs.n > 30}
outputs: {n: "${{ inputs.n }}"}
"""
    project.write("steps.yaml", spec)
    assert project.agentflow("run", "steps.yaml", "-i", "n=10", "--quiet").code == 0
    (run_id,) = project.run_ids()
    tried = ("replay", run_id, "--spec", "steps.yaml")
    project.edit("steps.yaml", "n > 5", "n > 6")
    same = "replayed 2 entries: 5 decisions, all the same, 1 for another reason\n"
    assert project.agentflow(*tried, "--quiet") == Done(0, same)
    assert project.json(*tried)["other_reasons"] == 1
    project.edit("steps.yaml", "n > 30", "n > 8")
    done = project.agentflow(*tried, "--quiet")
    assert done.code == 1
    assert "  now    BeginStep\n" in done.out
    assert done.out.endswith("\nbefore that: 3 decisions, all the same, 1 for another reason\n")


def test_another_policy_is_found_to_decide_otherwise(project: Project, flaky: str) -> None:
    project.edit("flaky.yaml", "max_attempts: 2", "max_attempts: 1")
    done = project.agentflow("replay", flaky, "--quiet", "--spec", "flaky.yaml")
    assert (done.code, done.err) == (1, "")
    lines = done.out.splitlines()
    assert lines[0].startswith("the replay differs at entry 1, +")
    busy = "OSError: the line is busy (raising.py:17 in busy_at_first)"
    assert lines[0].endswith(f"s: attempt 1 of 'call' failed: server_error: {busy}")
    figures = (
        '{"failed": 1, "max_attempts": 1, "retries_used": 0, "no_retry": "attempt 1 of 1 failed"}'
    )
    assert lines[1:] == [
        "  step   call",
        "  then   Retry: attempt 2, delay 0.001, counted true",
        "         because 'server_error' in attempt 1 of 2 [call.retry]",
        '         figures {"delay": 0.001, "failed": 1, "max_attempts": 2, "retries_used": 0}',
        f"  now    FailStep: status 'failed', failure server_error: {busy}",
        f"         because {busy} [language.failure]",
        f"         figures {figures}",
        "  why    another decision is made now",
        "before that: 1 decision, all the same",
    ]


def test_a_spec_with_errors_decides_nothing(project: Project, flaky: str) -> None:
    project.edit("flaky.yaml", "agent: reader", "agent: raeder")
    done = project.agentflow("replay", flaky, "--spec", "flaky.yaml")
    assert (done.code, done.out) == (1, "")
    assert done.err.endswith("error: 'flaky.yaml' has an error and cannot run\n")


def test_a_run_can_be_looked_at_while_it_goes_on(project: Project) -> None:
    project.hold("second")
    with project.start("run", "chain.yaml", "--quiet") as process:
        project.wait_for_call("second")
        (run_id,) = project.run_ids()
        shown = project.json("show", run_id)
        (listed,) = project.json("runs")["runs"]
        replayed = project.json("replay", run_id)
        project.release("second")
        assert process.wait() == 0
    assert (shown["status"], listed["status"], replayed["same"]) == ("running", "running", True)
    assert [(step["name"], step["status"]) for step in shown["steps"]] == [
        ("first", "succeeded"),
        ("second", "running"),
        ("each", "pending"),
        ("send", "pending"),
    ]


# --- logs that cannot be trusted ---------------------------------------------------------------


def flip_a_byte(run: Path, entry: int) -> None:
    """Change one byte of an entry where it is stored."""
    with sqlite3.connect(run / "cache.db") as database:
        (data,) = database.execute("SELECT value FROM Cache WHERE key = ?", (entry,)).fetchone()
        changed = data.replace(b"line is busy", b"line is bust")
        assert changed != data
        database.execute("UPDATE Cache SET value = ? WHERE key = ?", (changed, entry))
    database.close()


def test_a_changed_log_is_located_and_not_believed(project: Project, flaky: str) -> None:
    flip_a_byte(project.folder / ".agentflow" / "runs" / flaky, 1)
    for command in ("show", "replay", "resume"):
        done = project.agentflow(command, flaky)
        assert (done.code, bool(done.out)) == (3, command == "show")
        assert done.err.splitlines()[0] == (
            f"error: the log of run '{flaky}' is damaged: the bytes of entry 1 were changed"
        )
    (listed,) = project.json("runs")["runs"]
    assert (listed["run"], listed["status"]) == (flaky, "damaged")


def test_a_pipeline_of_another_name_is_told(project: Project, flaky: str) -> None:
    done = project.agentflow("replay", flaky, "--spec", "hello.yaml", "--quiet")
    assert done.code == 1
    recorded = project.json("show", flaky)["pipeline"]
    assert done.out.splitlines()[0] == (
        f"note: decided by pipeline 'hello'; the run is of '{recorded}'"
    )
    same = project.agentflow("replay", flaky, "--quiet")
    assert "note:" not in same.out
