"""Budgets of money and of the author's own quantities, with real calls."""

from collections.abc import Iterator

import pytest

from tests.agents.openai_server import Answer, OpenAIServer, completion

from .shell import Project

SPEC = """
agentflow: 1
name: money
budget: {{usd: 0.01, meters: {{letters: 2}}}}
models:
  ours: {{model: openai/ours, max_output_tokens: 100{price}}}
agents:
  writer: {{kind: llm, model: ours, input: {{type: object}}, output: {{type: object}}}}
  post:
    kind: command
    argv: [python3, -c, "print(1)"]
    effects: write
    charges: {{letters: 1}}
    input: {{type: object}}
    output: {{type: integer}}
steps:
  write: {{agent: writer}}
  send:
    for_each: {{over: [1, 2, 3], max: 3, parallel: 1}}
    agent: post
    needs: [write]
    catch: {{budget_exceeded: skip}}
outputs: {{sent: "${{{{ size(steps.send.output) }}}}"}}
"""
PRICE = ", price: {input: 1, output: 10}"


@pytest.fixture
def server() -> Iterator[OpenAIServer]:
    with OpenAIServer() as server:
        server.answer = Answer(body=completion("{}", model="ours"))
        yield server


def environment(server: OpenAIServer) -> dict[str, str]:
    return {"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": server.url, "OPENAI_API_BASE": server.url}


def test_money_and_meters_are_counted(project: Project, server: OpenAIServer) -> None:
    project.write("money.yaml", SPEC.format(price=PRICE))
    run = project.json("run", "money.yaml", env=environment(server))
    assert run["outputs"] == {"sent": 2}
    shown = project.json("show", run["run"])
    # 2,011 tokens in at 1 dollar for a million, 7 out at 10.
    assert shown["spent"] == {"usd": 0.002081, "meters.letters": 2}
    assert " · 2 letters\n" in project.agentflow("show", run["run"]).out
    third = project.agentflow("show", run["run"], "--step", "send[2]").out
    assert "the run's 2 letters (budget.meters.letters) are used up" in third
    first = project.agentflow("show", run["run"], "--step", "send[0]").out
    assert '"meters.letters": 1.0' in first.partition("held back: ")[2]
    assert project.agentflow("replay", run["run"], "--quiet").code == 0


@pytest.mark.parametrize("model", ["openai/ours", "openai/gpt-5-mini"])
def test_the_price_of_the_spec_is_what_a_call_costs(
    project: Project, server: OpenAIServer, model: str
) -> None:
    """Also of a model that LiteLLM has a price for, and wherever costs are told."""
    project.write("money.yaml", SPEC.format(price=PRICE).replace("openai/ours", model))
    run = project.json("run", "money.yaml", env=environment(server))
    # 2,011 tokens in at 1 dollar for a million, 7 out at 10.
    shown = project.json("show", run["run"])
    assert shown["spent"]["usd"] == 0.002081
    assert (shown["tokens"], shown["usd"], shown["unpriced_tokens"]) == (2018, 0.002081, 0)
    assert "$0.0021" in project.agentflow("show", run["run"]).out
    assert "cost unknown" not in project.agentflow("show", run["run"], "--step", "write").out


def test_a_price_that_nobody_knows_is_asked_for_before_anything_is_done(
    project: Project, server: OpenAIServer
) -> None:
    project.write("money.yaml", SPEC.format(price=""))
    done = project.agentflow("run", "money.yaml", env=environment(server))
    said = "'budget.usd' cannot be kept: nobody knows the price of 'openai/ours'"
    assert (done.code, done.err.partition("\n")[0]) == (1, f"error[unknown-price]: {said}")
    assert project.run_ids() == []
    assert server.requests == []


def test_the_prices_of_litellm_are_recorded_with_the_run(
    project: Project, server: OpenAIServer
) -> None:
    project.write("money.yaml", SPEC.format(price="").replace("openai/ours", "openai/gpt-5-mini"))
    run = project.json("run", "money.yaml", env=environment(server))
    held = project.json("show", run["run"], "--step", "write")["events"][0]["held"]
    assert 0 < held["usd"] < 0.002
    assert project.agentflow("replay", run["run"], "--quiet").code == 0
