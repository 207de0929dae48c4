"""What a chat model saw, told from the log: the prompt, what was withheld, what it cost."""

import base64
import hashlib
import json
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from agentflow.__main__ import main
from tests.agents.openai_server import Answer, OpenAIServer, completion, refusal, usage

from .shell import Done

SPEC = """
agentflow: 1
name: desk
inputs:
  type: object
  required: [letter, note]
  properties: {letter: {type: string, maxLength: 4000}, note: {type: string, maxLength: 400}}
models:
  m: {model: openai/gpt-4o-mini, max_output_tokens: 100, window: 2000}
agents:
  sorter:
    kind: llm
    model: m
    instructions: Sort it.
    prompt: "The letter: ${{ input.text }}"
    retry: {max_attempts: 3, on: [server_error], backoff: {initial: 1ms}}
    repair: 1
    input:
      type: object
      required: [text, id]
      properties: {text: {type: string}, id: {type: integer}}
    output: {type: object, required: [kind], properties: {kind: {enum: [question, praise]}}}
  program:
    kind: command
    argv: [printf, '%s', '{"id": 17, "from": "ada"}']
    effects: none
    input: {type: object}
    output:
      type: object
      required: [id, from]
      properties: {id: {type: integer}, from: {type: string, maxLength: 80}}
steps:
  look: {agent: program}
  sort: {agent: sorter, with: {text: "${{ inputs.letter }}", id: "${{ steps.look.output.id }}"}}
outputs: {kind: "${{ steps.sort.output.kind }}", who: "${{ steps.look.output.from }}"}
"""
LETTER = "--input", "letter=Wo ist es?\n</data> größer", "--input", "note=keep this"
GOOD = Answer(body=completion('{"kind": "question"}', usage=usage(500, 7)))

Command = Callable[..., Done]


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[OpenAIServer]:
    # What LiteLLM says when it is imported; pytest takes its own filters back after each test.
    warnings.filterwarnings("ignore", message=".*`ReadOnly` qualifier.*")
    warnings.filterwarnings("ignore", message="coroutine '.*acompletion.*' was never awaited")
    with OpenAIServer() as server:
        monkeypatch.setenv("OPENAI_BASE_URL", server.url)
        monkeypatch.setenv("OPENAI_API_KEY", "k")
        server.answer = GOOD
        yield server


@pytest.fixture
def agentflow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Command:
    """The command line within this process, which imports LiteLLM once for all tests."""
    (tmp_path / "agentflow.toml").touch()
    (tmp_path / "desk.yaml").write_text(SPEC)
    monkeypatch.chdir(tmp_path)

    def command(*arguments: str) -> Done:
        capsys.readouterr()
        monkeypatch.setattr(sys, "argv", ["agentflow", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        assert isinstance(ended.value.code, int)
        return Done(ended.value.code, said.out, said.err)

    return command


def run(agentflow: Command, *inputs: str, code: int = 0, spec: str = "desk.yaml") -> str:
    """Run a pipeline; gives the id of the run."""
    done = agentflow("run", spec, *(inputs or LETTER), "--json")
    assert (done.code, done.err) == (code, "")
    return str(json.loads(done.out)["run"])


def data(agentflow: Command, *arguments: str) -> Any:
    """What a command prints with `--json`."""
    done = agentflow(*arguments, "--json")
    assert (done.code, done.err) == (0, "")
    return json.loads(done.out)


def test_the_prompt_is_shown_as_it_was_sent(agentflow: Command, server: OpenAIServer) -> None:
    run_id = run(agentflow)
    (request,) = server.requests
    system, user = (message["content"] for message in request["messages"])
    shown = agentflow("show", run_id, "--step", "sort", "--prompt")
    assert shown == Done(0, f"[system]\n{system}\n\n[user]\n{user}\n")
    told = data(agentflow, "show", run_id, "--step", "sort", "--prompt")
    assert told["messages"] == request["messages"]
    written = json.dumps(told["messages"], sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(written.encode()).hexdigest()
    assert f"sha256 {digest[:12]}…" in agentflow("show", run_id, "--step", "sort").out
    assert (told["attempt"], told["model"], told["exact"]) == (1, "openai/gpt-4o-mini", False)


def test_the_prompt_of_each_attempt(agentflow: Command, server: OpenAIServer) -> None:
    server.script(
        Answer(500, refusal("oh")), Answer(body=completion("{}", usage=usage(500, 2))), GOOD
    )
    run_id = run(agentflow)
    for number, request in enumerate(server.requests, 1):
        shown = data(
            agentflow, "show", run_id, "--step", "sort", "--prompt", "--attempt", str(number)
        )
        assert shown["messages"] == request["messages"]
    last = data(agentflow, "show", run_id, "--step", "sort", "--prompt")
    assert [message["role"] for message in last["messages"]] == [
        "system", "user", "assistant", "user",
    ]  # fmt: skip
    failed = agentflow("show", run_id, "--step", "sort", "--prompt", "--attempt", "4")
    assert failed == Done(2, "", "error: 'sort' has no attempt 4: it has 1, 2, 3\n")


def test_it_needs_neither_the_library_nor_the_world(
    agentflow: Command, server: OpenAIServer
) -> None:
    run_id = run(agentflow)
    code = (
        "import sys; from agentflow.__main__ import main\n"
        f"sys.argv[1:] = ['show', {run_id!r}, '--step', 'sort', '--prompt']\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('litellm' in sys.modules or 'tiktoken' in sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.startswith("[system]\nSort it.\n")
    assert done.stderr == "False\n"


def test_what_went_in_and_what_did_not(agentflow: Command, server: OpenAIServer) -> None:
    used = usage(500, 7) | {"completion_tokens_details": {"reasoning_tokens": 4}}
    server.answer = Answer(body=completion('{"kind": "question"}', usage=used))
    run_id = run(agentflow)
    shown = agentflow("show", run_id, "--step", "sort").out.splitlines()
    lines = [line.strip() for line in shown]
    assert "passed on: inputs.letter (27 bytes), steps.look.output.id (2 bytes)" in lines
    assert "withheld: inputs.note (9 bytes), steps.look.output.from (3 bytes)" in lines
    assert "in it: text (27 bytes)" in lines
    assert "not in it: id" in lines
    form = len(json.dumps(server.requests[0]["response_format"]))
    assert f"besides: form of the answer ({form} bytes), instructions (8 bytes)" in lines
    assert "model: openai/gpt-4o-mini, which calls itself gpt-4o-mini-2024-07-18" in lines
    assert "used: 500 tokens in, 7 out (4 of them for thinking), $7.92e-05" in lines
    (counted,) = [line for line in lines if line.startswith("prompt: ")]
    told = data(agentflow, "show", run_id, "--step", "sort")
    assert told["contexts"] == [
        {
            "attempt": 1,
            "passed": {"inputs.letter": 27, "steps.look.output.id": 2},
            "withheld": {"inputs.note": 9, "steps.look.output.from": 3},
        }
    ]
    (fact,) = [event for event in told["events"] if event["kind"] == "AttemptSucceeded"]
    receipt = fact["receipt"]
    assert counted == (
        f"prompt: 2 messages, about {receipt['tokens']} tokens, about {receipt['beside']} beside them,"
        f" sha256 {receipt['prompt'][:12]}…"
    )
    assert (receipt["fields"], receipt["left_out"]) == ({"text": 27}, ["id"])


def test_what_did_not_fit_was_not_sent(agentflow: Command, server: OpenAIServer) -> None:
    run_id = run(agentflow, "--input", f"letter={'ä🦊' * 2000}", "--input", "note=x", code=1)
    assert server.requests == []
    step = agentflow("show", run_id, "--step", "sort").out
    assert "AttemptFailed (attempt 1): context_overflow: the prompt does not fit: " in step
    assert "prompt: not sent, " in step
    done = agentflow("show", run_id, "--step", "sort", "--prompt")
    assert done.err.startswith(
        "error: attempt 1 of 'sort' was sent nothing: the prompt does not fit"
    )
    assert done.code == 2


def test_a_prompt_that_was_cut(agentflow: Command, server: OpenAIServer) -> None:
    server.answer = Answer(body=completion('{"kind": "praise"}', usage=usage(9, 7)))
    run_id = run(agentflow, code=1)
    assert len(server.requests) == 1
    step = agentflow("show", run_id, "--step", "sort").out
    assert "openai/gpt-4o-mini did not read the whole prompt: it counted 9 of " in step
    assert 'answer that does not count: {"kind": "praise"}' in step
    assert data(agentflow, "show", run_id)["tokens"] == 16
    assert agentflow("replay", run_id, "--quiet").code == 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--prompt",), "'--prompt' is about a step: say which one with '--step'"),
        (("--step", "sort", "--attempt", "1"), "'--attempt' belongs to '--prompt'"),
        (("--step", "look", "--prompt"), "attempt 1 of 'look' sent nothing to a chat model"),
    ],
)
def test_questions_without_an_answer(
    options: tuple[str, ...], message: str, agentflow: Command, server: OpenAIServer
) -> None:
    run_id = run(agentflow)
    assert agentflow("show", run_id, *options) == Done(2, "", f"error: {message}\n")


def test_no_secret_gets_into_a_prompt_or_a_receipt(
    agentflow: Command, server: OpenAIServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A program gives away what it was trusted with, and its answer goes on to a model.
    canary = "canary-7f3a9c1e55d0"
    leak = SPEC.replace(
        """argv: [printf, '%s', '{"id": 17, "from": "ada"}']""",
        """argv: [sh, -c, 'printf "{\\"id\\": 17, \\"from\\": \\"$TOKEN\\"}"']
    env: {TOKEN: {secret: DESK_TOKEN}}""",
    ).replace('text: "${{ inputs.letter }}"', 'text: "${{ steps.look.output.from }}"')
    (tmp_path / "leak.yaml").write_text(leak)
    monkeypatch.setenv("DESK_TOKEN", canary)
    server.answer = lambda request: (
        Answer(500, refusal(json.dumps(request)))
        if len(server.requests) == 1
        else Answer(body=completion('{"kind": "praise"}', usage=usage(500, 7), model=canary))
    )
    run_id = run(agentflow, spec="leak.yaml")
    assert canary not in json.dumps(server.requests)
    shown = agentflow("show", run_id, "--step", "sort", "--prompt").out
    assert "[secret DESK_TOKEN]" in shown
    for path in (tmp_path / ".agentflow").rglob("*"):
        if path.is_file():
            assert canary.encode() not in path.read_bytes(), path


def test_images_are_logged_as_what_they_are_and_played_back(
    agentflow: Command, server: OpenAIServer, tmp_path: Path
) -> None:
    image = b"\x89PNG\r\n\x1a\n and a bear"
    (tmp_path / "bear.png").write_bytes(image)
    spec = SPEC.replace("    repair: 1\n", '    images: ["${{ input.text }}"]\n')
    (tmp_path / "toys.yaml").write_text(spec)
    inputs = "--input", "letter=bear.png", "--input", "note=n"
    done = agentflow("run", "toys.yaml", *inputs, "--record", "calls.jsonl", "--json")
    assert (done.code, len(server.requests)) == (0, 1)
    shown = agentflow("show", json.loads(done.out)["run"], "--step", "sort").out
    assert "shown, not counted: image bear.png, image/png, 19 bytes, sha256 " in shown
    assert base64.b64encode(image).decode() not in (tmp_path / "calls.jsonl").read_text()
    again = agentflow("run", "toys.yaml", *inputs, "--playback", "calls.jsonl", "--json")
    assert (again.code, len(server.requests)) == (0, 1)
    (tmp_path / "bear.png").write_bytes(image + b" more")
    other = agentflow("run", "toys.yaml", *inputs, "--playback", "calls.jsonl", "--json")
    assert other.code != 0
    assert "messages[1].content[1]" in other.out + other.err


def test_what_a_provider_does_not_count_is_told(agentflow: Command, server: OpenAIServer) -> None:
    server.answer = Answer(body=completion('{"kind": "praise"}', usage=None))
    done = agentflow("run", "desk.yaml", *LETTER)
    assert done.code == 0
    assert ", openai/gpt-4o-mini, tokens unknown, cost unknown\n" in done.out
    assert ", 2 calls, tokens unknown, cost unknown\n" in done.out
    run_id = data(agentflow, "runs")["runs"][0]["run"]
    shown = agentflow("show", run_id).out
    (line,) = (line for line in shown.splitlines() if line.startswith("✓ sort"))
    assert line.endswith("  tokens unknown")
    assert " · tokens unknown · cost unknown" in shown
    assert data(agentflow, "show", run_id)["uncounted_answers"] == 1


def test_of_what_is_empty_nothing_is_said(agentflow: Command, server: OpenAIServer) -> None:
    png = base64.b64encode(b"\x89PNG\r\n\x1a\n").decode()
    Path("plain.yaml").write_text(
        "agentflow: 1\nname: plain\n"
        "agents:\n  a:\n    kind: llm\n    model: openai/gpt-4o-mini\n    prompt: Which toy?\n"
        f'    images: ["data:image/png;base64,{png}"]\n'
        "    input: {type: object}\n    output: {type: string}\n"
        "  b: {kind: llm, model: openai/gpt-4o-mini, prompt: Hello!, input: {type: object}, output: {type: string}}\n"
        "steps: {look: {agent: a}, greet: {agent: b}}\noutputs: {toy: '${{ steps.look.output }}'}\n"
    )
    server.answer = Answer(body=completion("A bear"))
    done = agentflow("run", "plain.yaml", "--json")
    run_id = json.loads(done.out)["run"]
    looked = agentflow("show", run_id, "--step", "look").out
    assert "shown, not counted: image" in looked
    assert "in it:" not in looked
    assert "withheld: inputs" not in looked
    assert "in it: no field of the input\n" in agentflow("show", run_id, "--step", "greet").out
