"""What whoever is called at night sees of a run: what happened, what to check, what to type
next."""

import hashlib
import json
import os
import shlex
import shutil
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.formats.goldens import SCHEMAS

from .inprocess import lines_of
from .shell import AGENTFLOW, Done, Project

HEAD = """\
agentflow: 1
name: night
agents:
  fine: {kind: command, argv: [echo, "7"], effects: none, input: {}, output: {type: integer}}
  sick:
    kind: command
    argv: [sh, -c, exit 3]
    effects: none
    retry: {max_attempts: 2, backoff: {initial: 1ms, jitter: none}}
    input: {}
    output: {type: integer}
  payer:
    kind: command
    argv: [sh, -c, exit 3]
    effects: write
    retry: {max_attempts: 2}
    input: {}
    output: {type: integer}
"""
#: A person is asked when a payment is in doubt.
ASKED = """\
budget: {wall: 3d}
escalations:
  desk: {levels: [{human: {ask: "Is it paid?", channel: inbox}, within: 1d}], on_exhausted: fail}
steps:
  pay: {agent: payer, catch: {unknown_effect: {escalate: desk}}}
outputs: {paid: "${{ steps.pay.output }}"}
"""
DOUBT = "program 'sh' ended with exit code 3; its effects are 'write' and may have happened"
CHECK = "nobody knows whether these had their effect; check it:"


def run(project: Project, rest: str, *options: str, code: int) -> tuple[str, Done]:
    """Run a spec that begins with `HEAD`; gives the id of its run and what was printed."""
    project.write("night.yaml", HEAD + rest)
    done = project.agentflow("run", "night.yaml", *options)
    assert done.code == code, done.err
    run_ids = [path.name for path in project.folder.glob("*/runs/*")]
    return max(run_ids, default="none"), done


def after(done: Done | str, line: str) -> list[str]:
    """The lines that were printed after this one."""
    lines = (done if isinstance(done, str) else done.out).splitlines()
    return lines[lines.index(line) + 1 :]


def obeyed(project: Project, line: str) -> Done:
    """What the command prints that a line names."""
    return project.agentflow(*shlex.split(line.partition("agentflow ")[2]))


# --- why it failed ---------------------------------------------------------------------------


def test_a_failed_run_names_the_command_that_tells_why(project: Project) -> None:
    run_id, done = run(project, "steps: {well: {agent: fine}, ill: {agent: sick}}\n", code=1)
    assert done.out.splitlines()[-5:] == [
        "  no retry: attempt 2 of 2 failed",
        "",
        f"stored in {project.folder}/.agentflow/runs/{run_id}",
        f"see why with: agentflow show {run_id} --step ill",
        f"replay with: agentflow replay {run_id}",
    ]
    shown = lines_of(project.agentflow("show", run_id))
    assert shown[-3:] == [
        "failed: server_error: step 'ill' failed: program 'sh' ended with exit code 3",
        "  no retry: attempt 2 of 2 failed",
        f"see why with: agentflow show {run_id} --step ill",
    ]
    assert obeyed(project, shown[-1]).out.startswith("ill\n")


def test_the_line_of_a_failure_says_why_there_was_no_retry(project: Project) -> None:
    _, done = run(project, "steps: {ill: {agent: sick}}\n", code=1)
    (line,) = (line for line in done.out.splitlines() if "  ill  failed after" in line)
    assert line.endswith(
        "server_error: program 'sh' ended with exit code 3 (no retry: attempt 2 of 2 failed)"
    )


def test_the_step_inside_that_failed_first_is_named_as_a_shell_takes_it(project: Project) -> None:
    each = "{over: [1, 2], max: 2, parallel: 1}"
    steps = f"steps: {{all: {{for_each: {each}, steps: {{ill: {{agent: sick}}}}}}}}\n"
    run_id, done = run(project, steps, "--quiet", code=1)
    assert done.out == ""
    last = done.err.splitlines()[-1]
    assert last == f"see why with: agentflow show {run_id} --step 'all[0]/ill'"
    assert obeyed(project, last).out.startswith("all[0]/ill\n")


def test_a_run_that_no_step_has_failed_names_none(project: Project) -> None:
    outputs = "steps: {well: {agent: fine}}\noutputs: {n: '${{ [1][steps.well.output] }}'}\n"
    _, done = run(project, outputs, code=1)
    assert "see why with" not in done.out


def test_commands_name_the_store_that_was_named(project: Project) -> None:
    _, done = run(project, "steps: {ill: {agent: sick}}\n", "--store", "the store", code=1)
    line = done.out.splitlines()[-2]
    assert line.endswith(" --step ill --store 'the store'")
    assert obeyed(project, line).out.startswith("ill\n")


# --- what has to be checked ------------------------------------------------------------------


@pytest.mark.parametrize("passed_over", ["skip", "{use: 3}"])
def test_what_catch_passes_over_may_have_had_its_effect(project: Project, passed_over: str) -> None:
    steps = f"steps: {{pay: {{agent: payer, catch: {{any: {passed_over}}}}}}}\n"
    run_id, done = run(project, steps, code=0)
    assert "  pay  nobody knows whether it had its effect; it has to be checked" in done.out
    to_check = [
        CHECK,
        f"  pay: {DOUBT}",
        f"see why with: agentflow show {run_id} --step pay",
    ]
    assert done.out.splitlines()[-4:-1] == to_check
    shown = lines_of(project.agentflow("show", run_id))
    assert shown[-3:] == to_check
    assert "outcome unknown" in shown[1]
    unknown = [{"step": "pay", "why": DOUBT, "idempotency_key": None}]
    assert project.json("show", run_id)["unknown"] == unknown
    assert project.json("run", "night.yaml")["unknown"] == unknown
    quiet = project.agentflow("run", "night.yaml", "--quiet")
    assert quiet.out == "outputs: none\n"
    assert quiet.err.splitlines()[:2] == to_check[:2]


def test_its_key_is_told_too(project: Project) -> None:
    steps = "steps: {pay: {agent: payer, idempotency_key: k-1, catch: {any: skip}}}\n"
    run_id, done = run(project, steps, code=0)
    assert after(done, CHECK)[0].startswith("  pay (idempotency key 'k-1'): program 'sh' ended")
    (unknown,) = project.json("show", run_id)["unknown"]
    assert unknown["idempotency_key"] == "k-1"


def test_what_was_stopped_beside_a_failure_is_not_why_it_failed(project: Project) -> None:
    slow = "  slow: {kind: command, argv: [sleep, '600'], effects: write, input: {}, output: {}}\n"
    steps = "fail_fast: true\nsteps: {pay: {agent: slow}, ill: {agent: sick}}\n"
    run_id, done = run(project, slow + steps, code=1)
    assert "failed: unknown_effect: step 'ill' failed: " in done.out
    (checked, why, *_) = after(done, CHECK)
    assert checked.startswith("  pay: step 'ill' failed: ")
    assert why == f"see why with: agentflow show {run_id} --step ill"


def test_of_a_group_only_the_call_inside_is_to_be_checked(project: Project) -> None:
    steps = "steps: {all: {steps: {pay: {agent: payer}}, catch: {any: skip}}}\n"
    run_id, _ = run(project, steps, code=0)
    assert [one["step"] for one in project.json("show", run_id)["unknown"]] == ["all/pay"]


def test_of_many_the_first_are_named(project: Project) -> None:
    each = "{over: [1, 2, 3, 4, 5, 6, 7], max: 7}"
    steps = f"steps: {{pay: {{agent: payer, for_each: {each}, catch: {{any: skip}}}}}}\n"
    run_id, done = run(project, steps, code=0)
    named = [line.partition(":")[0] for line in after(done, CHECK)[:5]]
    assert len({*named}) == 5
    assert after(done, CHECK)[5] == f"  … 2 more: agentflow show {run_id} --json"


def test_what_has_no_effect_is_not_to_be_checked(project: Project) -> None:
    run_id, done = run(project, "steps: {ill: {agent: sick, catch: {any: skip}}}\n", code=0)
    assert CHECK not in done.out
    assert project.json("show", run_id)["unknown"] == []


# --- what people said ------------------------------------------------------------------------


def answer(project: Project, run_id: str, *said: str, code: int = 0) -> None:
    assert project.agentflow("answer", run_id, "pay", *said).code == code


def test_show_tells_who_ordered_a_retry_and_which_answers_were_refused(project: Project) -> None:
    run_id, done = run(project, ASKED, code=4)
    assert done.out.splitlines()[-2] == (
        f"once that is answered, go on with: agentflow resume {run_id}"
    )
    (question,) = project.json("inbox")["questions"]
    answer(project, run_id, "replace", "--value", '"x"', "--by", "joe", code=1)
    answer(project, run_id, "retry", "--by", "kim", "--reason", "the bank is back")
    late = ("--question", str(question["question"]))
    answer(project, run_id, "abort", "--by", "joe", *late, code=1)
    assert project.agentflow("resume", run_id).code == 4
    answer(project, run_id, "abort", "--by", "kim", "--reason", "enough")
    assert project.agentflow("resume", run_id).code == 1

    shown = lines_of(project.agentflow("show", run_id))
    tree = shown[: shown.index("started by " + project.json("show", run_id)["by"])]
    assert [line for line in tree if "answered" in line] == [
        "    answered: 'retry' by kim: the bank is back",
        "    answered: 'abort' by kim: enough",
    ]
    refused = after("\n".join(shown), "2 answers were refused:")[:2]
    assert [(one.partition(",")[0], one.partition(" UTC: ")[2]) for one in refused] == [
        ("  pay of joe", 'the value breaks its contract: expected integer, found string "x"'),
        ("  pay of joe", "the question is no longer open: it was answered by kim"),
    ]
    no_retry = (
        "  no retry: the agent may have acted, its effects are 'write', "
        "and there is no idempotency key"
    )
    assert no_retry in shown
    asked: list[dict[str, Any]] = project.json("show", run_id)["steps"][0]["asked"]
    assert [one["said"] for one in asked] == [
        "'retry' by kim: the bank is back",
        "'abort' by kim: enough",
    ]


# --- a request to cancel ---------------------------------------------------------------------


def test_show_tells_of_a_request_to_cancel_that_nobody_has_taken_in(project: Project) -> None:
    run_id, _ = run(project, ASKED, code=4)
    request = project.folder / ".agentflow" / "runs" / run_id / "cancel.json"
    request.write_text(json.dumps({"format": 1, "by": "kim", "reason": "withdrawn"}))
    shown = lines_of(project.agentflow("show", run_id))
    (line,) = (line for line in shown if line.startswith("asked to cancel"))
    assert line.startswith("asked to cancel by kim, ")
    assert line.endswith(" UTC: withdrawn")
    assert after("\n".join(shown), line)[0] == f"end it with: agentflow cancel {run_id}"
    pending = project.json("show", run_id)["cancel_requested"]
    assert pending == {
        "at": pytest.approx(request.stat().st_mtime),
        "by": "kim",
        "why": "withdrawn",
    }
    assert obeyed(project, after("\n".join(shown), line)[0]).code == 0
    assert project.json("show", run_id)["cancel_requested"] is None


# --- a damaged log ---------------------------------------------------------------------------

#: An answer that lies beside the log, since it is long.
LONG = """\
agentflow: 1
name: long
agents:
  fine: {kind: command, argv: [echo, "7"], effects: none, input: {}, output: {type: integer}}
  long: {kind: command, argv: [cat, answer], effects: none, input: {}, output: {type: string}}
steps:
  first: {agent: fine}
  second: {agent: long, needs: [first]}
  third: {agent: fine, needs: [second]}
outputs: {n: "${{ steps.third.output }}"}
"""


def damaged(project: Project) -> tuple[str, str]:
    """A run in whose log the answer of its second step is gone; its id, and what is wrong with
    it."""
    project.write("answer", json.dumps("x" * 40_000))
    project.write("long.yaml", LONG)
    run_id = str(project.json("run", "long.yaml")["run"])
    (blob,) = (project.folder / ".agentflow" / "runs" / run_id / "blobs").iterdir()
    blob.unlink()
    return run_id, f"the log of run '{run_id}' is damaged: '{blob}' is missing"


def test_show_shows_what_is_intact_of_a_damaged_log(project: Project) -> None:
    run_id, wrong = damaged(project)
    done = project.agentflow("show", run_id)
    assert (done.code, done.err.splitlines()[0]) == (3, f"error: {wrong}")
    lines = [line.split() for line in done.out.splitlines()]
    assert lines[1][:3] == ["✓", "first", "fine"]
    assert " ".join(lines[2]).startswith("● second long what became of it is not known")
    assert " ".join(lines[3]) == "· third fine"
    assert done.out.splitlines()[4].startswith("nothing is known from entry 2 on, ")
    assert "resume" not in done.out

    as_json = project.agentflow("show", run_id, "--json")
    assert (as_json.code, as_json.err) == (3, done.err)
    shown = json.loads(as_json.out)
    assert (shown["damage"], shown["entries"]) == ({"entry": 2, "message": wrong}, 2)


def test_show_step_shows_what_is_intact_of_a_damaged_log(project: Project) -> None:
    run_id, wrong = damaged(project)
    done = project.agentflow("show", run_id, "--step", "first")
    assert (done.code, done.err.splitlines()[0]) == (3, f"error: {wrong}")
    assert "answer: 7" in done.out
    shown = json.loads(project.agentflow("show", run_id, "--step", "second", "--json").out)
    assert [event["kind"] for event in shown["events"]] == ["StartAttempt"]
    assert shown["damage"] == {"entry": 2, "message": wrong}
    later = project.agentflow("show", run_id, "--step", "third")
    assert later == Done(3, "", done.err)


def test_nothing_is_concluded_from_a_damaged_log(project: Project) -> None:
    run_id, wrong = damaged(project)
    for command in ("replay", "resume", "cancel"):
        done = project.agentflow(command, run_id)
        assert (done.code, done.out, done.err.splitlines()[0]) == (3, "", f"error: {wrong}")


# --- a log that cannot be written any more ---------------------------------------------------

#: The store is removed, or the disk is full as far as the log is concerned, while a payment is
#: made.
BROKEN = """\
agentflow: 1
name: broken
agents:
  fine: {kind: command, argv: [echo, "7"], effects: write, input: {}, output: {type: integer}}
  payer: {kind: command, argv: [sh, -c, COMMAND], effects: write, input: {}, output: {}}
steps:
  first: {agent: fine, idempotency_key: k-1}
  pay: {agent: payer, needs: [first], idempotency_key: k-2}
  never: {agent: fine, needs: [pay]}
"""


GONE_FOR_GOOD = (
    "if it was moved, put it back and resume the run; else it cannot be resumed,"
    " and a new run does again what this one has done: check that first"
)


def lost(step: str, agent: str, key: str, outcome: str) -> dict[str, Any]:
    about = {"step": step, "attempt": 1, "agent": agent, "effects": "write"}
    return {**about, "idempotency_key": key, "outcome": outcome}


@pytest.mark.parametrize("as_json", [False, True])
def test_a_store_that_is_removed_meanwhile(project: Project, as_json: bool) -> None:
    project.write("broken.yaml", BROKEN.replace("COMMAND", "rm -rf .agentflow; echo 1"))
    done = project.agentflow("run", "broken.yaml", "--json" if as_json else "--quiet")
    assert done.code == 3
    error, *lines = done.err.splitlines()
    assert error.startswith(f"error: '{project.folder}/.agentflow/runs/")
    assert (
        "' was removed or moved while the run was going on, and its log with it (cannot " in error
    )
    assert lines == [
        "calls that were made, and whose outcome is not in the log:",
        "  pay  attempt 1, agent 'payer', effects 'write', idempotency key 'k-2': it was answered",
        "  first  attempt 1, agent 'fine', effects 'write', idempotency key 'k-1': succeeded",
        f"help: {GONE_FOR_GOOD}",
    ]
    if as_json:
        shown = json.loads(done.out)
        jsonschema.validate(shown, json.loads((SCHEMAS / "run.v1.schema.json").read_text()))
        assert (shown["status"], shown["outputs"]) == ("crashed", None)
        assert f"error: {shown['problem']['message']}" == error
        assert shown["lost"] == [
            lost("pay", "payer", "k-2", "it was answered"),
            lost("first", "fine", "k-1", "succeeded"),
        ]


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        ("mv .agentflow away", "no such file or directory"),
        ("cd .agentflow/runs/*; cp cache.db new; mv new cache.db", "another file is in its place"),
    ],
    ids=["moved", "replaced"],
)
def test_a_store_that_is_changed_meanwhile(project: Project, spoil: str, why: str) -> None:
    """Nothing is called any more, also if it could be called again at any time."""
    spec = BROKEN.replace("COMMAND", f"{spoil} >&2; echo 1").replace("write", "read")
    project.write("broken.yaml", spec.replace('[echo, "7"]', "[sh, -c, echo 7 >> called; echo 7]"))
    done = project.agentflow("run", "broken.yaml", "--quiet")
    assert (done.code, (project.folder / "called").read_text()) == (3, "7\n")
    assert why in done.err.splitlines()[0]


def test_a_store_that_was_moved_and_is_put_back(project: Project) -> None:
    move = "test -e moved || mv .agentflow away; touch moved; echo 1"
    project.write("broken.yaml", BROKEN.replace("COMMAND", move))
    told = json.loads(project.agentflow("run", "broken.yaml", "--json").out)
    assert "' was removed or moved while the run was going on" in told["problem"]["message"]
    assert told["problem"]["help"] == GONE_FOR_GOOD
    (project.folder / "away").rename(project.folder / ".agentflow")
    assert project.json("resume", told["run"])["status"] == "succeeded"


def test_a_log_that_cannot_be_written_any_more(project: Project) -> None:
    # A folder in the place of the file that every change of HEAD goes through.
    spoil = "mkdir $(echo .agentflow/runs/*)/HEAD.new; echo 1"
    project.write("broken.yaml", BROKEN.replace("COMMAND", spoil))
    done = project.agentflow("run", "broken.yaml", "--json")
    assert (done.code, project.run_ids()) == (3, [json.loads(done.out)["run"]])
    shown = json.loads(done.out)
    place = f"{project.folder}/.agentflow/runs/{shown['run']}/HEAD.new"
    assert shown["problem"] == {
        "message": f"cannot open '{place}': is a directory",
        "help": "check the disk, then resume the run",
    }
    # Its answer is in the log: only HEAD could not be renewed.
    assert shown["lost"] == []
    (project.folder / ".agentflow" / "runs" / shown["run"] / "HEAD.new").rmdir()
    # So is the intent of the next step, and nobody can know that it was not acted on.
    assert project.json("resume", shown["run"], code=4)["waiting"][0]["step"] == "never"


def test_calls_that_change_nothing_are_only_counted(project: Project) -> None:
    spec = BROKEN.replace("effects: write", "effects: none")
    project.write("broken.yaml", spec.replace("COMMAND", "rm -rf .agentflow; echo 1"))
    done = project.agentflow("run", "broken.yaml", "--quiet")
    assert done.code == 3
    assert "calls that were made" not in done.err


# --- a store that cannot be read, or not be written -------------------------------------------


def without_root(*command: str | Path) -> tuple[str | Path, ...]:
    """A command that is bound to the modes of files, also if root runs it."""
    if os.geteuid() != 0:
        return command
    rights = "-dac_override,-dac_read_search"
    return ("setpriv", f"--bounding-set={rights}", f"--inh-caps={rights}", "--", *command)


@pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root reads everything"
)
def test_a_run_that_may_not_be_read_hides_no_other(project: Project) -> None:
    hidden, _ = run(project, "steps: {well: {agent: fine}}\n", code=0)
    shown = str(project.json("run", "night.yaml")["run"])
    folder = project.folder / ".agentflow" / "runs" / hidden
    folder.chmod(0)
    try:
        done = project.program(*without_root(*AGENTFLOW, "runs", "--json"))
    finally:
        folder.chmod(0o700)
    assert (done.code, done.err) == (0, "")
    listed = {one["run"]: (one["status"], one["problem"]) for one in json.loads(done.out)["runs"]}
    assert listed == {
        shown: ("succeeded", None),
        hidden: ("unreadable", f"cannot use '{folder / 'HEAD'}': permission denied"),
    }


@pytest.mark.skipif(
    os.geteuid() == 0 and shutil.which("setpriv") is None, reason="root writes everywhere"
)
def test_in_a_store_that_may_not_be_written_nothing_is_called(project: Project) -> None:
    called = "steps: {mark: {agent: marker}}\n"
    marker = (
        "  marker: {kind: command, argv: [touch, called], effects: none, input: {}, output: {}}\n"
    )
    run(project, "steps: {well: {agent: fine}}\n", code=0)
    project.write("night.yaml", HEAD + marker + called)
    runs = project.folder / ".agentflow" / "runs"
    runs.chmod(0o500)
    try:
        done = project.program(*without_root(*AGENTFLOW, "run", "night.yaml"))
        shown = project.program(*without_root(*AGENTFLOW, "show", project.run_ids()[0]))
    finally:
        runs.chmod(0o700)
    assert (done.code, done.out) == (3, "")
    error, advice = done.err.splitlines()[-2:]
    assert error.startswith(f"error: cannot make '{runs}/.new-")
    assert error.endswith("': permission denied")
    assert advice == f"help: make '{runs}' writable for you, then try again"
    assert not (project.folder / "called").exists()
    assert (shown.code, shown.err) == (0, "")


# --- an answer that cannot be taken ------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "message", "head"),
    [
        (b"x" * 20_000_000, "program 'cat' printed more than 8 MB", "x" * 16_384),
        (b"ok \xff!", "program 'cat' printed what is not UTF-8, at byte 3", "ok \\xff!"),
    ],
    ids=["too long", "no text"],
)
def test_of_an_answer_that_cannot_be_taken_the_beginning_is_kept(
    project: Project, answer: bytes, message: str, head: str
) -> None:
    project.write("answer", answer)
    project.write("long.yaml", LONG.replace("needs: [first]", "catch: {invalid_output: {use: no}}"))
    run_id = str(project.json("run", "long.yaml")["run"])
    (failed,) = (
        event
        for event in project.json("show", run_id, "--step", "second")["events"]
        if event["kind"] == "AttemptFailed"
    )
    digest = hashlib.sha256(answer).hexdigest()
    assert (failed["message"], failed["text"]) == (message, head)
    assert failed["excess"] == {"bytes": len(answer), "sha256": digest, "whole": True}
    shown = project.agentflow("show", run_id, "--step", "second").out
    said = f"only its beginning is kept: it had {len(answer):,} bytes, sha256 {digest}"
    assert f"             {said}\n" in shown
    assert f"answer that does not count: {head[:100]}" in shown
    assert project.agentflow("replay", run_id, "--quiet").code == 0


def test_a_program_that_prints_without_end_is_stopped(project: Project) -> None:
    spec = LONG.replace("needs: [first]", "catch: {invalid_output: {use: no}}")
    project.write("long.yaml", spec.replace("[cat, answer]", "[cat, /dev/zero]"))
    run_id = str(project.json("run", "long.yaml")["run"])
    events = project.json("show", run_id, "--step", "second")["events"]
    (failed,) = (event for event in events if event["kind"] == "AttemptFailed")
    assert failed["message"] == "program 'cat' printed more than 8 MB"
    assert failed["excess"]["bytes"] > 64_000_000
    assert not failed["excess"]["whole"]


def test_a_step_that_the_run_has_not_come_to(project: Project) -> None:
    steps = """\
steps:
  ill: {agent: sick}
  after: {agent: fine, needs: [ill]}
outputs: {n: "${{ steps.after.output }}"}
"""
    run_id, _ = run(project, steps, code=1)
    assert project.agentflow("show", run_id, "--step", "after") == Done(
        2, "", f"error: run '{run_id}' has not come to step 'after'\n"
    )
