"""Models that call tools, in real processes against a real server: crashes, people, what is
shown."""

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from ..agents.claude import CLAUDE, SIGNED, message_of_claude
from ..agents.openai_server import Answer, OpenAIServer, completion, tool_calls
from ..agents.tool_server import tool_server_at
from .inprocess import agentflow
from .shell import Done, Project, dying

DESK = """
agentflow: 1
name: desk
servers: {{tools: {{url: "{url}", definitions: tools.json}}}}
agents:
  clerk:
    kind: llm
    model: openai/gpt-4o-mini
    tools: [{{mcp: tools, tool: [echo, env], effects: read, output: {{}}}}]
    input: {{type: object}}
    output: {{type: string}}
steps: {{serve: {{agent: clerk}}}}
outputs: {{said: "${{{{ steps.serve.output }}}}"}}
"""
RUN = ("run", "clerk.yaml", "-i", "text=Hi")


def said(server: OpenAIServer) -> list[list[str]]:
    """The roles of the messages of each request."""
    return [[message["role"] for message in request["messages"]] for request in server.requests]


def done_json(*arguments: str, code: int = 0) -> Any:
    """What a command prints with `--json`, run in this process: it has LiteLLM imported already."""
    done = agentflow(*arguments, "--json")
    assert done == Done(code, done.out)
    return json.loads(done.out)


@pytest.fixture(autouse=True)
def _in_the_project(
    project: Project, server: OpenAIServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.folder)


def test_a_crash_repeats_no_turn_and_no_call_that_has_ended(
    project: Project, server: OpenAIServer
) -> None:
    server.script(
        Answer(body=tool_calls(("note", {"name": "first"}), ("note", {"name": "second"}))),
        Answer(body=completion('"done"')),
    )
    project.hold("second")
    with project.start(*RUN, env=server.environment) as process:
        project.wait_for_call("second")
        project.wait_for_call("first")
        project.wait_for_end("serve/note[@1.1]")
        process.kill()
        assert process.wait() == -signal.SIGKILL
    (run_id,) = project.run_ids()
    project.release("second")

    done = done_json("resume", run_id)
    assert (done["status"], done["outputs"]) == ("succeeded", {"said": "done"})
    assert sorted(project.calls()) == ["first", "second", "second"]
    assert said(server) == [["system", "user"], ["system", "user", "assistant", "tool", "tool"]]
    assert agentflow("replay", run_id, "--quiet").code == 0
    line = agentflow("show", run_id).out.splitlines()[1]
    assert line.startswith("✓ serve  clerk  1 turn with tools  openai/gpt-4o-mini  ")
    assert line.endswith("  4,036 tokens  $0.0006")
    shown = done_json("show", run_id)
    (serve,) = shown["steps"]
    assert (serve["attempts"], serve["turns"]) == (2, 1)
    assert [(one["address"], one["attempts"]) for one in serve["steps"]] == [
        ("serve/note[@1.1]", 1),
        ("serve/note[@1.2]", 2),
    ]


@pytest.mark.parametrize(
    ("decision", "step"),
    [("CallTools", "serve"), ("AcceptOutput", "serve/note[@1.1]"), ("NextTurn", "serve")],
    ids=["before its calls", "after one of them", "before the next turn"],
)
def test_a_kill_between_two_steps_of_a_talk(
    project: Project, server: OpenAIServer, decision: str, step: str
) -> None:
    """What is stored and not yet performed: no turn is asked for again, no call that ended is made
    again."""
    server.script(
        Answer(body=tool_calls(("note", {"name": "first"}), ("note", {"name": "second"}))),
        Answer(body=completion('"done"')),
    )
    killed = project.agentflow(*RUN, env=server.environment, by=dying(decision, step))
    assert killed.code == -signal.SIGKILL
    assert len(server.requests) == 1
    (run_id,) = project.run_ids()
    assert ("first" in project.calls()) == (decision != "CallTools")

    done = done_json("resume", run_id)
    assert (done["status"], done["outputs"]) == ("succeeded", {"said": "done"})
    assert said(server) == [["system", "user"], ["system", "user", "assistant", "tool", "tool"]]
    assert project.calls().count("first") == 1
    # The other one may have been in flight, and only reads.
    assert project.calls().count("second") in ((1, 2) if decision == "AcceptOutput" else (1,))
    assert agentflow("replay", run_id, "--quiet").code == 0
    # An attempt that was lost before anything was sent has no prompt. Whether the turn was over
    # when the process was killed is a matter of luck where the other call was in flight.
    last = done_json("show", run_id)["steps"][0]["attempts"]
    assert last in {"CallTools": (2,), "AcceptOutput": (2, 3), "NextTurn": (3,)}[decision]
    for attempt, messages in ((1, 2), (last, 5)):
        prompt = ("show", run_id, "--step", "serve", "--prompt", "--attempt", str(attempt))
        assert len(done_json(*prompt)["messages"]) == messages


def test_calls_wait_for_people_and_are_answered_in_any_order(
    project: Project, server: OpenAIServer
) -> None:
    asked = tool_calls(
        ("booker", {"order": "a"}), ("note", {"name": "n"}), ("booker", {"order": "b"})
    )
    server.script(Answer(body=asked), Answer(body=completion('"done"')))
    done = done_json(*RUN, code=4)
    run_id = done["run"]
    assert project.calls() == ["n"]
    questions = done_json("inbox")["questions"]
    assert [(q["step"], q["tool"], q["ask"], q["shown"], q["answers"]) for q in questions] == [
        (
            "serve/booker[@1.1]",
            "booker",
            "Book a?",
            {"order": "a"},
            ["approve", "replace", "abort"],
        ),
        (
            "serve/booker[@1.3]",
            "booker",
            "Book b?",
            {"order": "b"},
            ["approve", "replace", "abort"],
        ),
    ]
    wrong = agentflow("answer", run_id, "serve/booker[@1.3]", "replace", "--value", '{"order": 7}')
    assert wrong.code == 1
    done_json("answer", run_id, "serve/booker[@1.3]", "replace", "--value", '{"order": "c"}')
    done_json("answer", run_id, "serve/booker[@1.1]", "abort", "--reason", "not today")
    done = done_json("resume", run_id)
    assert done["outputs"] == {"said": "done"}
    assert (project.folder / "bookings").read_text() == f"{run_id}/serve/booker[@1.3] c\n"
    told = [m["content"] for m in server.requests[1]["messages"] if m["role"] == "tool"]
    assert "aborted by" in told[0]
    assert "not today" in told[0]
    assert json.loads(told[2].split("\n")[1]) == {
        "note": "before the call was made a person replaced your arguments by these",
        "arguments": {"order": "c"},
        "result": {"text": "c"},
    }
    assert agentflow("replay", run_id, "--quiet").code == 0


def test_signed_thoughts_are_logged_shown_again_and_recorded(
    project: Project, server: OpenAIServer
) -> None:
    project.edit("clerk.yaml", "openai/gpt-4o-mini", CLAUDE)
    asking = {"type": "tool_use", "id": "toolu_1", "name": "note", "input": {"name": "n"}}
    done = {"type": "text", "text": '"done"'}
    server.script(
        Answer(body=message_of_claude(SIGNED, asking)),
        Answer(body=message_of_claude(done, reason="end_turn")),
    )
    ran = done_json(*RUN, "--record", "thoughts.jsonl")
    assert ran["outputs"] == {"said": "done"}
    assert server.requests[1]["messages"][1]["content"] == [SIGNED, asking]
    shown = agentflow("show", ran["run"], "--step", "serve").out
    asked = '[{"arguments": "{\\"name\\": \\"n\\"}", "id": "toolu_1", "tool": "note"}]'
    assert f"             asks for: {asked}\n" in shown
    assert "answer: null" not in shown
    assert '"signature": "c2lnbmVk"' in shown
    assert agentflow("replay", ran["run"], "--quiet").code == 0
    again = done_json(*RUN, "--playback", "thoughts.jsonl")
    assert again["outputs"] == {"said": "done"}
    assert len(server.requests) == 2


def test_the_prompts_of_a_long_talk_are_shown_as_they_were(
    project: Project, server: OpenAIServer
) -> None:
    asking = [Answer(body=tool_calls(("note", {"name": f"n{turn}"}))) for turn in range(3)]
    server.script(*asking, Answer(body=completion('"done"')))
    text = "largé " * 1000
    run_id = done_json("run", "clerk.yaml", "-i", f"text={text}")["run"]
    step = ("show", run_id, "--step", "serve", "--prompt")
    for attempt, request in enumerate(server.requests, 1):
        told = done_json(*step, "--attempt", str(attempt))
        # LiteLLM leaves out that the model has said nothing.
        assert told["messages"] == [{"content": None, **sent} for sent in request["messages"]]
    # The text is stored once, whatever the delimiters around it were in each turn.
    (run,) = (project.folder / ".agentflow" / "runs").iterdir()
    blobs = [path for path in (run / "blobs").iterdir() if path.stat().st_size > 5000]
    assert len(blobs) == 1
    assert agentflow("replay", run_id, "--quiet").code == 0


def test_why_calls_were_refused_is_told_in_a_line_each(
    project: Project, server: OpenAIServer
) -> None:
    wrong = [("nota", {}), ("note", {"name": 1}), ("note", {}), ("n" * 500, {})]
    server.script(Answer(body=tool_calls(*wrong)), Answer(body=completion('"done"')))
    done = agentflow(*RUN)
    whys = [
        "'note' refused: the arguments break their contract: name: expected string, found number 1",
        "'note' refused: the arguments break their contract: missing 'name'",
    ]
    assert done.code == 0
    told = [line.partition("  serve  ")[2] for line in done.out.splitlines()]
    at = told.index("turn 1: the model asks for 4 calls, 4 of them refused")
    assert told[at + 1 : at + 4] == ["1 more call refused before", *whys]
    assert told[at + 4].startswith("'nnn")
    assert len(told[at + 4]) < 300
    (run_id,) = project.run_ids()
    rows = [line.strip() for line in agentflow("show", run_id).out.splitlines()]
    assert rows[2:5] == ["1 more call refused before", *(f"turn 1: {why}" for why in whys)]
    assert rows[5].startswith("turn 1: 'nnn")
    notes = done_json("show", run_id)["steps"][0]["notes"]
    assert notes[0] == "turn 1: 'nota' refused: unknown tool 'nota', did you mean 'note'?"
    assert len(notes) == 4


def test_a_simulated_run_asks_for_every_tool_once(project: Project) -> None:
    done = done_json(*RUN, "--simulate")
    assert done["status"] == "succeeded"
    shown = done_json("show", done["run"])
    assert [one["address"] for one in shown["steps"][0]["steps"]] == [
        "serve/note[@1.1]",
        "serve/booker[@1.2]",
    ]


def test_tools_of_a_server_are_offered_as_it_defines_them(
    project: Project, server: OpenAIServer, tmp_path: Path
) -> None:
    with tool_server_at(tmp_path) as url:
        project.write("desk.yaml", DESK.format(url=url))
        assert agentflow("tools", "desk.yaml", "--write").code == 0
        assert agentflow("validate", "desk.yaml").out == "no problems in 1 file\n"
        asked = tool_calls(("echo", {"text": "hi"}), ("env", {"names": ["NOT_SET"]}))
        server.script(Answer(body=asked), Answer(body=completion('"done"')))
        done = done_json("run", "desk.yaml")
    assert done["outputs"] == {"said": "done"}
    offered = server.requests[0]["tools"]
    assert [tool["function"]["name"] for tool in offered] == ["echo", "env"]
    assert offered[0]["function"]["parameters"]["type"] == "object"
    told = [m["content"] for m in server.requests[1]["messages"] if m["role"] == "tool"]
    assert "hi" in told[0]
    assert '{"NOT_SET": null}' in told[1]
