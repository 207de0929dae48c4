"""kill -9 in the middle: resume ends as if nothing had happened, and repeats only what it may."""

import signal

import pytest

from .shell import Done, Project
from .test_people import questions

ALL = ["first", "second", "red", "green", "blue", "send"]
OUTPUTS = {"all": "first second red first second green first second blue send "}


def crash(project: Project, call: str, *command: str, times: int = 1) -> str:
    """Kill a command while a call is being made; gives the run's id."""
    with project.start(*command) as process:
        project.wait_for_call(call, times)
        process.kill()
        assert process.wait() == -signal.SIGKILL
    (run_id,) = project.run_ids()
    return run_id


def test_an_uncrashed_run(project: Project) -> None:
    done = project.json("run", "chain.yaml")
    assert (done["status"], done["outputs"], done["calls"]) == ("succeeded", OUTPUTS, 6)
    assert sorted(project.calls()) == sorted(ALL)


@pytest.mark.parametrize("call", ["first", "second", "green"])
def test_a_crashed_run_ends_like_an_uncrashed_one(project: Project, call: str) -> None:
    project.hold(call)
    run_id = crash(project, call, "run", "chain.yaml")
    (listed,) = project.json("runs")["runs"]
    assert (listed["run"], listed["status"]) == (run_id, "crashed")
    project.release(call)

    done = project.json("resume", run_id)
    assert (done["run"], done["status"], done["outputs"]) == (run_id, "succeeded", OUTPUTS)
    # The call that was in flight is made again, as a read may be; so may be its neighbours,
    # whose answers the killed process can have missed. Nothing else is.
    lost = {"red", "green", "blue"} if call == "green" else {call}
    calls = project.calls()
    assert set(calls) == set(ALL)
    assert calls.count(call) == 2
    assert all(calls.count(other) == 1 for other in set(ALL) - lost)
    assert project.agentflow("replay", run_id, "--quiet").code == 0


def test_a_run_survives_crashes_of_its_resumption(project: Project) -> None:
    project.hold("second")
    run_id = crash(project, "second", "run", "chain.yaml")
    crash(project, "second", "resume", run_id, times=2)
    crash(project, "second", "resume", run_id, times=3)
    project.release("second")
    assert project.json("resume", run_id)["outputs"] == OUTPUTS
    assert project.calls().count("first") == 1
    assert project.calls().count("second") == 4
    shown = project.json("show", run_id)
    assert (shown["status"], shown["resumed"]) == ("succeeded", 3)


def test_a_write_in_flight_that_has_a_key_is_repeated_with_it(project: Project) -> None:
    project.hold("book")
    run_id = crash(project, "book", "run", "keyed.yaml", "-i", "orders=[a, b]", times=2)
    crash(project, "book", "resume", run_id, times=4)
    project.release("book")

    done = project.json("resume", run_id)
    assert (done["status"], done["outputs"]) == (
        "succeeded",
        {"booked": [{"text": "a"}, {"text": "b"}]},
    )
    bookings = (project.folder / "bookings").read_text().splitlines()
    assert sorted(bookings) == [f"{run_id}/0 a"] * 3 + [f"{run_id}/1 b"] * 3
    shown = project.json("show", run_id)
    assert [item["idempotency_key"] for item in shown["steps"][0]["steps"]] == [
        f"{run_id}/0",
        f"{run_id}/1",
    ]
    step = project.agentflow("show", run_id, "--step", "book[1]").out
    assert step.count(f"             key: {run_id}/1\n") == 3
    assert project.agentflow("replay", run_id, "--quiet").code == 0


def test_a_write_in_flight_is_unknown_and_not_repeated(project: Project) -> None:
    project.hold("send")
    run_id = crash(project, "send", "run", "chain.yaml")
    project.release("send")

    done = project.json("resume", run_id, code=4)
    assert (done["status"], done["outputs"], done["failure"]) == ("waiting", None, None)
    (asked,) = questions(project)
    lost = "the process ended before the outcome was known; effects are 'write'"
    assert asked["failure"] == {"kind": "unknown_effect", "message": lost, "cause": None}

    project.json("answer", run_id, "send", "abort", "--by", "kim")
    done = project.json("resume", run_id, code=1)
    assert done["failure"] == {
        "kind": "unknown_effect",
        "message": f"step 'send' failed: {lost}; aborted by kim",
        "cause": None,
    }
    assert project.calls().count("send") == 1
    send = project.json("show", run_id)["steps"][-1]
    assert (send["name"], send["status"], send["attempts"]) == ("send", "unknown", 1)
    assert send["notes"] == [
        "attempt 1: lost with its process",
        f"unknown_effect: {lost}",
        "a person is to say whether it happened",
        "answered: 'abort' by kim",
    ]
    assert project.agentflow("resume", run_id) == Done(
        2, "", f"error: run '{run_id}' has ended: failed\n"
    )


def test_a_crash_leaves_no_process_behind(project: Project) -> None:
    project.hold("second")
    run_id = crash(project, "second", "run", "chain.yaml")
    # The fixture looks whether they end, the worker among them.
    assert project.json("show", run_id)["status"] == "running"


PLACES = ["read0", "write0", "read1", "write1", "look", "act", *ALL]


@pytest.mark.parametrize("call", ["read1", "look", "second"])
def test_a_crash_in_a_round_among_tasks_or_in_a_pipeline_inside(
    project: Project, call: str
) -> None:
    project.hold(call)
    run_id = crash(project, call, "run", "places.yaml")
    project.release(call)
    assert project.json("resume", run_id)["outputs"] == {
        "all": f"read0 write0 read1 write1 act {OUTPUTS['all']}"
    }
    assert sorted(project.calls()) == sorted([*PLACES, call])


@pytest.mark.parametrize("call", ["write1", "act", "send"])
def test_a_write_in_any_of_these_places_is_made_once(project: Project, call: str) -> None:
    project.hold(call)
    run_id = crash(project, call, "run", "places.yaml")
    project.release(call)
    assert project.json("resume", run_id, code=4)["status"] == "waiting"
    (asked,) = questions(project)
    assert asked["failure"]["kind"] == "unknown_effect"
    assert sorted(project.calls()) == sorted(PLACES[: PLACES.index(call) + 1])
