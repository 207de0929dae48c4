"""A model that fails has another one in its place, with real calls."""

from tests.agents.openai_server import Answer, OpenAIServer, completion, refusal

from .shell import Project

SPEC = """
agentflow: 1
name: chats
budget: {usd: 1}
models:
  small: {model: openai/small, max_output_tokens: 9, price: {input: 1, output: 1}, fallbacks: [large, none]}
  large: {model: openai/large, max_output_tokens: 9, price: {input: 100, output: 1}}
  none: {model: openai/none, max_output_tokens: 9, price: {input: 1, output: 1}}
agents:
  chat: {kind: llm, model: small, input: {type: object}, output: {type: object}}
steps: {ask: {agent: chat}}
outputs: {said: "${{ steps.ask.output }}"}
"""


def busy_if_small(request: dict[str, object]) -> Answer:
    if request["model"] == "small":
        return Answer(429, refusal("slow down", "rate"), {"Retry-After": "60"})
    return Answer(body=completion("{}", model=str(request["model"])))


def test_the_log_says_which_model_answered_and_why(project: Project) -> None:
    project.write("chats.yaml", SPEC)
    with OpenAIServer() as server:
        server.answer = busy_if_small
        env = {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": server.url, "OPENAI_API_BASE": server.url}
        done = project.agentflow("run", "chats.yaml", "--record", "calls.jsonl", env=env)
        assert [request["model"] for request in server.requests] == ["small", "large"]
    assert done.code == 0
    assert (
        "  ask  falls back to 'large': rate_limited: openai/small answered 429: slow down\n"
        in done.out
    )
    (run_id,) = project.run_ids()
    (step,) = project.json("show", run_id)["steps"]
    assert (step["model"], step["attempts"]) == ("openai/large", 2)
    shown = project.agentflow("show", run_id, "--step", "ask").out
    assert "FallBack (attempt 2, to 'large'): rate_limited: " in shown
    # Each call reserves what its own model may cost.
    told = project.json("show", run_id, "--step", "ask")["events"]
    held_up = ("AttemptWaits", "AttemptAdmitted")  # if LiteLLM was not there yet
    events = [each for each in told if each["kind"] not in held_up]
    small, _, moved, large, *_ = events
    assert moved["kind"] == "FallBack"
    assert 50 < large["held"]["usd"] / small["held"]["usd"] < 100
    assert project.agentflow("replay", run_id, "--quiet").code == 0
    played = project.json("run", "chats.yaml", "--playback", "calls.jsonl")
    assert (played["outputs"], played["calls"]) == ({"said": {}}, 2)
