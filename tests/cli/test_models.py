"""Chat models from the command line: keys that are missing, and answers that are watched."""

import sys
from pathlib import Path

from tests.agents.openai_server import Answer, Json, OpenAIServer, completion
from tests.agents.responses import CODEX, THOUGHT, response, said, stream_of

from .shell import AGENTFLOW, Done, Project
from .terminal import Terminal

SPEC = """
agentflow: 1
name: letters
models:
  small: {model: openai/gpt-4o-mini, max_output_tokens: 100}
  other: {model: gemini/gemini-2.5-flash}
escalations:
  again: {levels: [{model: other, within: 1m}], on_exhausted: fail}
agents:
  writer:
    kind: llm
    model: small
    input: {type: object}
    output: {type: object, properties: {greeting: {type: string}}}
steps:
  write: {agent: writer, timeout: 60s, catch: {rejected: {escalate: again}}}
outputs: {letter: "${{ steps.write.output }}"}
"""


def test_a_missing_key_is_found_before_the_run_starts(project: Project) -> None:
    project.write("letters.yaml", SPEC)
    assert project.agentflow("run", "letters.yaml") == Done(
        3,
        "",
        "error: agent 'writer' calls 'openai/gpt-4o-mini', and there is no key for it:"
        " 'OPENAI_API_KEY' is not set\n"
        "help: set it, or try the pipeline with '--simulate'\n",
    )
    done = project.agentflow("run", "letters.yaml", env={"OPENAI_API_KEY": "sk-of-the-operator"})
    assert (done.code, done.err) == (
        3,
        (
            "error: agent 'writer' calls 'gemini/gemini-2.5-flash', and there is no key for it:"
            " 'GEMINI_API_KEY' or 'GOOGLE_API_KEY' is not set\n"
            "help: set it, or try the pipeline with '--simulate'\n"
        ),
    )
    assert project.run_ids() == []
    assert project.agentflow("run", "letters.yaml", "--simulate", "--quiet").code == 0
    assert project.agentflow("validate", "letters.yaml").err == ""


def test_an_answer_is_watched_while_it_comes(tmp_path: Path) -> None:
    spec = tmp_path / "letters.yaml"
    spec.write_text(SPEC)
    said = '{"greeting": "hello\\u001b]0;owned\\u0007, world"}'
    with OpenAIServer() as server:
        server.answer = Answer(body=completion(said), ending="silent")
        env = {**server.environment, "GEMINI_API_KEY": "sk-of-the-operator"}
        command = [sys.executable, "-m", "agentflow", "run", str(spec), "--store", str(tmp_path)]
        with Terminal(command, columns=100, rows=20, **env) as terminal:
            terminal.read_until(lambda: '… {"greeting": "hello' in terminal.text())
            server.release()
            terminal.read_to_end()
            # It broke off: what was seen is no answer, and is nowhere any more.
            assert "greeting" not in terminal.text()
            assert (
                "truncated: openai/gpt-4o-mini answered without saying that the answer is complete"
                in terminal.text()
            )
            assert terminal.process.wait() == 1
        assert len(server.requests) == 1


LIBRARIES = f"""
agentflow: 1
name: letters
models:
  whole: {{model: {CODEX}, stream: false}}
  stream: {{model: {CODEX}, stream: true}}
  odd: {{model: openai/gpt-4o-mini}}
agents:
  whole: {{kind: llm, model: whole, input: {{type: object}}, output: {{type: object}}}}
  stream: {{kind: llm, model: stream, input: {{type: object}}, output: {{type: object}}}}
  odd: {{kind: llm, model: odd, input: {{type: object}}, output: {{type: object}}}}
steps:
  whole: {{agent: whole}}
  stream: {{agent: stream}}
  odd: {{agent: odd}}
outputs: {{said: ["${{{{ steps.whole.output }}}}", "${{{{ steps.stream.output }}}}", "${{{{ steps.odd.output }}}}"]}}
"""


def test_what_libraries_warn_of_reaches_nobody(project: Project) -> None:
    """LiteLLM puts answers into objects of pydantic that they do not fit, of which pydantic
    complains."""

    def answer(request: Json) -> Answer:
        if "input" not in request:
            return Answer(body=completion("{}", service_tier=["odd"], system_fingerprint=7))
        body = response(THOUGHT, said("{}"))
        return stream_of(body) if request.get("stream") else Answer(body=body)

    project.write("letters.yaml", LIBRARIES)
    with OpenAIServer() as server:
        server.answer = answer
        done = project.agentflow(
            "run", "letters.yaml", "--quiet", by=AGENTFLOW, env=server.environment
        )
        assert done == Done(0, "outputs:\n  said: [{}, {}, {}]\n")
