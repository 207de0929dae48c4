"""`agentflow plan`: what a person sees of a pipeline before it runs."""

import json
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from .inprocess import agentflow
from .shell import Done

SCHEMA = Path(__file__).parent.parent.parent / "schemas" / "plan.v1.schema.json"
SPEC = """\
agentflow: 1
name: desk
why_multi_agent: {bottleneck: isolation, evidence: Only pay may pay., baseline: alone.yaml}
inputs:
  type: object
  additionalProperties: false
  required: [body, orders]
  properties:
    body: {type: string, maxLength: 100}
    orders: {type: array, maxItems: 9, items: {type: string, maxLength: 6}}
models:
  small: {model: openai/gpt-5-mini, max_output_tokens: 100, price: {input: 1, output: 10}}
agents:
  reader:
    kind: llm
    model: small
    retry: {max_attempts: 2}
    input: &text {type: object, required: [text], properties: {text: {type: string, maxLength: 100}}}
    output: {type: object, required: [kind], properties: {kind: {enum: [refund, question]}}}
  looker: {kind: python, call: "desk.looks:look", effects: read, input: {}, output: {type: object}}
  payer:
    kind: http
    url: https://payments.example/refunds
    headers: {Authorization: {secret: PAY_TOKEN}}
    effects: idempotent
    input: {}
    output: {type: object}
budget: {calls: 12}
steps:
  read: {agent: reader, with: {text: "${{ inputs.body }}"}, timeout: 10s}
  look: {agent: looker, with: {}, timeout: 30s}
  pay:
    switch: "${{ steps.read.output.kind }}"
    cases:
      refund:
        steps:
          one:
            for_each: {over: "${{ inputs.orders }}", max: 9, as: order, parallel: 3}
            agent: payer
            with: {order: "${{ order }}", seen: "${{ steps.look.output }}"}
            timeout: 20s
        output: {done: "${{ size(steps.one.output) }}"}
    default: {output: {done: 0}}
outputs: {done: "${{ steps.pay.output.done }}"}
""".replace("&text ", "")
ALONE = """\
agentflow: 1
name: alone
models:
  small: {model: openai/gpt-5-mini, max_output_tokens: 100, price: {input: 1, output: 10}}
agents:
  one:
    {kind: llm, model: small, prompt: Do it., input: {type: object, maxProperties: 0}, output: {type: object}}
steps: {do: {agent: one, with: {}}}
outputs: {done: "${{ steps.do.output }}"}
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("desk.yaml").write_text(SPEC)
    Path("alone.yaml").write_text(ALONE)


def shown(format: str, spec: str = "desk.yaml") -> str:
    done = agentflow("plan", spec, "-f", format)
    assert done == Done(0, done.out, "")
    return done.out


def as_json(spec: str = "desk.yaml") -> Any:
    found = json.loads(shown("json", spec))
    jsonschema.validate(found, json.loads(SCHEMA.read_text()))
    return found


def test_the_tree() -> None:
    out = shown("tree")
    assert out.startswith("desk  4 steps in 2 levels\n\n1   read  agent 'reader'\n")
    assert "    context proven for 'reader': at most " in out
    assert " tokens a call, of the 272,000 of 'small'\n    contract " in out
    assert (
        "2 * pay  switch\n"
        "    at most 9 calls · 1m00s\n"
        '    gives {done: integer} | {"done": 0}\n'
        "    1 * one  agent 'payer', for each of at most 9 · case 'refund' · idempotent\n"
        "        at most 9 calls · 1m00s\n"
        "        takes {order: string, seen: object}\n"
        "        gives [object]\n"
    ) in out
    for line in (
        "order         read, look → pay",
        "longest way   look → pay",
        "modules       desk.looks",
        "hosts         payments.example",
        "models        openai/gpt-5-mini",
        "variables     PAY_TOKEN, OPENAI_API_KEY",
        "dearest       read: 2 attempts (by money)",
    ):
        assert f"\n{line}\n" in out
    assert "compared      " in out
    assert " times the money of 'alone.yaml', at most\n" in out


def test_the_same_for_machines() -> None:
    found = as_json()
    assert found["levels"] == [["read", "look"], ["pay"]]
    assert found["critical_path"] == ["look", "pay"]
    read, look, pay = found["steps"]
    assert (read["level"], look["critical"], pay["needs"]) == (1, True, ["read", "look"])
    assert look["effects"] == "read"
    assert read["takes"]["properties"]["text"] == {"type": "string", "maxLength": 100}
    assert read["gives"]["properties"]["kind"] == {"enum": ["refund", "question"]}
    (context,) = read["context"]
    assert (context["agent"], context["verdict"]) == ("reader", "proven")
    assert (context["window"], look["context"], pay["context"]) == (272_000, [], [])
    (one,) = pay["steps"]
    assert (one["address"], one["times"], one["at_most"]["calls"]["amount"]) == (
        "pay/refund/one",
        9,
        9,
    )
    assert (one["budget"]["held_by"], one["run"]) == ({}, None)
    worst = found["worst_case"]
    assert worst["held_by"] == {}
    assert worst["dearest"] == {"by": "money", "path": ["read"]}
    assert worst["within_budget"]["calls"] == {"amount": 12, "unbounded": None}
    assert worst["unbudgeted"]["tokens_out"] == {"amount": 200, "unbounded": None}
    assert worst["unbudgeted"]["seconds"] == worst["within_budget"]["seconds"] == 90
    compared = found["compared"]
    assert (compared["baseline"], compared["of"]) == ("alone.yaml", "money")
    many, alone = worst["within_budget"]["usd"]["amount"], compared["at_most"]["usd"]["amount"]
    assert compared["times"] == pytest.approx(many / alone)


RUNS = """\
agentflow: 1
name: letters
inputs: {type: object, required: [letters], properties: {letters: {type: array, items: {type: string}}}}
budget: {calls: 90, wall: 1h, meters: {postage: 50}}
agents:
  looker:
    kind: command
    argv: [./look]
    effects: none
    input: {type: object, required: [text], properties: {text: {type: string}}}
    output: {type: string}
  writer:
    kind: command
    argv: [./write]
    effects: write
    timeout: 1m
    input: {type: object, required: [text], properties: {text: {type: string}}}
    output: {type: string}
    charges: {postage: "${{ size(input.text) > 2000 ? 2 : 1 }}"}
steps:
  look:
    for_each: {over: "${{ inputs.letters }}", max: 20, as: letter}
    agent: looker
    with: {text: "${{ letter }}"}
    retry: {max_attempts: 4, backoff: {initial: 1s, jitter: none}}
    timeout: 10s
    budget: {retries: 30}
  each:
    for_each: {over: "${{ steps.look.output }}", max: 20, as: text}
    pipeline: child.yaml
    with: {text: "${{ text }}"}
  write:
    for_each: {over: "${{ steps.each.output }}", max: 20, as: found}
    agent: writer
    with: {text: "${{ found.text }}"}
outputs: {answers: "${{ steps.write.output }}"}
"""
CHILD = """\
agentflow: 1
name: child
inputs: {type: object, required: [text], properties: {text: {type: string}}}
budget: {retries: 0, wall: 5s}
agents:
  looker:
    kind: command
    argv: [./look]
    effects: none
    input: {type: object, required: [text], properties: {text: {type: string}}}
    output: {type: string}
steps:
  look: {agent: looker, with: {text: "${{ inputs.text }}"}, retry: {max_attempts: 2}, timeout: 10s}
outputs: {text: "${{ steps.look.output }}"}
"""


def test_what_budgets_keep_a_step_a_pipeline_inside_and_the_run_from_is_told() -> None:
    Path("letters.yaml").write_text(RUNS)
    Path("child.yaml").write_text(CHILD)
    out = shown("tree", "letters.yaml")
    assert (
        "    at most 50 calls · 30 retries · 1m34s\n"
        "    would be 80 calls · 60 retries, held by budget.retries (30)\n"
    ) in out
    assert "dearest       look: 20 items \u00d7 4 attempts (by calls)\n" in out
    assert (
        "    at most 20 calls · 10s\n"
        "    each run would be 2 calls · 1 retry · 21s, held by budget.retries (0), budget.wall (5s)\n"
    ) in out
    assert "at most       90 calls · 30 retries · 40 of meter 'postage' · 3m44s\n" in out
    found = as_json("letters.yaml")
    look, each, write = found["steps"]
    assert (look["budget"]["held_by"], look["run"]) == ({"retries": 30}, None)
    assert look["budget"]["unbudgeted"]["calls"]["amount"] == 80
    assert (each["budget"]["held_by"], each["run"]["held_by"]) == ({}, {"retries": 0, "wall": 5})
    assert write["at_most"]["meters"] == {"postage": {"amount": 40, "unbounded": None}}


def test_without_a_baseline_it_is_a_single_call() -> None:
    text = SPEC.replace(", baseline: alone.yaml", "")
    Path("desk.yaml").write_text(text)
    compared = as_json()["compared"]
    assert (compared["baseline"], compared["at_most"]["calls"]["amount"]) == (None, 1)
    assert " times the money of a single call, at most\n" in shown("tree")


def test_the_single_call_is_that_of_the_dearest_model_that_a_run_may_call() -> None:
    """One that takes over, in a pipeline inside; a run of it makes both calls."""
    fallback = (
        "dear: {model: openai/gpt-5, max_output_tokens: 100, price: {input: 100, output: 900}}"
    )
    models = ALONE.replace("price: {", "fallbacks: [dear], price: {", 1)
    Path("alone.yaml").write_text(models.replace("models:", f"models:\n  {fallback}"))
    outer = "agentflow: 1\nname: outer\nsteps: {in: {pipeline: alone.yaml}}\noutputs: {}\n"
    Path("desk.yaml").write_text(outer + "inputs: {type: object, maxProperties: 0}\n")
    found = as_json()
    single = found["compared"]["at_most"]["usd"]["amount"]
    assert single > 900 * 100 / 1_000_000
    both = found["worst_case"]["within_budget"]["usd"]["amount"]
    assert found["compared"]["times"] == pytest.approx(both / single)
    assert both / single < 1.1


def test_what_has_no_bound_is_a_word_and_a_field() -> None:
    Path("desk.yaml").write_text(
        SPEC.replace(", maxLength: 100", "").replace(", baseline: alone.yaml", "")
    )
    assert "tokens in unbounded (agents.reader.input.text.maxLength)" in shown("tree")
    (context,) = as_json()["steps"][0]["context"]
    assert context["verdict"] == "unbounded"
    assert context["unbounded"] == "agents.reader.input.text.maxLength"
    found = as_json()
    bound = found["worst_case"]["within_budget"]["tokens_in"]
    assert bound == {"amount": None, "unbounded": "agents.reader.input.text.maxLength"}
    assert found["compared"]["of"] == "calls"


@pytest.mark.parametrize("format", ["mermaid", "dot"])
def test_graphs_name_every_step_once_and_draw_every_line(format: str) -> None:
    out = shown(format)
    for number, step in enumerate(["read", "look", "pay", "one"], 1):
        assert out.count(f'"{step}') == 1
        assert f"n{number}" in out
    lines = {"mermaid": ["n1 --> n3", "n2 ==> n3"], "dot": ["n1 -> n4", "n2 -> n4"]}[format]
    for line in lines:
        assert line in out
    assert out.count("->" if format == "dot" else "> n") == 2


def test_the_picture_is_well_formed_and_holds_every_step() -> None:
    root = ET.fromstring(shown("svg"))
    space = "{http://www.w3.org/2000/svg}"
    texts = [element.text for element in root.iter(f"{space}text") if element.get("class") == "id"]
    assert texts == [
        "read",
        "look",
        "pay",
        "one",
    ]
    assert len(list(root.iter(f"{space}path"))) == 2
    assert [path.get("class") for path in root.iter(f"{space}path")] == [None, "critical"]


def test_nothing_a_spec_says_is_markup() -> None:
    evil = 'x"]; </text><script>alert(1)</script> --> {'
    text = SPEC.replace(
        "url: https://payments.example/refunds", f"url: {json.dumps('https://' + evil)}"
    )
    Path("desk.yaml").write_text(text)
    assert agentflow("plan", "desk.yaml").code == 1  # no url: it says so, as validate does
    Path("child.yaml").write_text(ALONE)
    Path("<b>.yaml").write_text(ALONE)
    Path("desk.yaml").write_text(
        "agentflow: 1\nname: evil\nsteps: {a: {pipeline: '<b>.yaml', with: {}}}\n"
        'outputs: {x: "${{ steps.a.output }}"}\n'
    )
    svg = shown("svg")
    assert "&lt;b&gt;.yaml" in svg
    assert "<b>" not in svg
    assert "#60;b#62;.yaml" in shown("mermaid")


def test_errors_are_those_of_validate() -> None:
    Path("desk.yaml").write_text(SPEC.replace("agent: looker", "agent: loker"))
    done = agentflow("plan", "desk.yaml")
    assert (done.code, done.out) == (1, "")
    assert "did you mean 'looker'?" in done.err
    Path("desk.yaml").write_text(SPEC)
    Path("alone.yaml").unlink()
    assert "error[unreadable-file]" in agentflow("validate", "desk.yaml").out
    assert agentflow("plan", "desk.yaml").code == 1


CASES = """\
agentflow: 1
name: cases
inputs: {type: object, required: [k], properties: {k: {type: string}}}
agents:
  pay: {kind: command, argv: ["true"], effects: irreversible, input: {type: object}, output: {type: string}}
  note: {kind: command, argv: ["true"], effects: write, input: {type: object}, output: {type: string}}
  look: {kind: command, argv: ["true"], effects: read, input: {type: object}, output: {type: string}}
steps:
  s:
    switch: "${{ inputs.k }}"
    cases: {a: {steps: {x: {agent: pay}}}, b: {steps: {x: {agent: note}}}}
    default: {steps: {x: {agent: look}}}
"""


def test_a_step_of_a_switch_names_its_case_and_its_effects() -> None:
    Path("cases.yaml").write_text(CASES)
    tree = shown("tree", "cases.yaml")
    for line in (
        "x  agent 'pay' · case 'a' · irreversible",
        "x  agent 'note' · case 'b' · write",
        "x  agent 'look' · default · read",
        "dearest       s / case 'a' / x (by calls)",
    ):
        assert f"{line}\n" in tree
    assert [step["case"] for step in as_json("cases.yaml")["steps"][0]["steps"]] == [
        "a",
        "b",
        "default",
    ]


def test_pictures_tell_by_shape_what_is_done_to_the_world() -> None:
    Path("cases.yaml").write_text(CASES)
    mermaid, dot, svg = (shown(one, "cases.yaml") for one in ("mermaid", "dot", "svg"))
    assert """n2{{"x: agent 'pay' #183; case 'a' #183; irreversible #183; 1 call"}}""" in mermaid
    assert """n3[["x: agent 'note' #183; case 'b' #183; write #183; 1 call"]]""" in mermaid
    assert """n4["x: agent 'look' #183; default #183; read #183; 1 call"]""" in mermaid
    assert 'irreversible · 1 call", shape=octagon, style=bold];' in dot
    assert 'write · 1 call", peripheries=2];' in dot
    assert 'read · 1 call"];' in dot
    assert svg.count('class="second irreversible"') == svg.count('class="second write"') == 1
    assert "case &#x27;a&#x27; · irreversible</text>" in svg


def test_the_picture_leaves_out_lines_that_follow_from_others() -> None:
    do = "{agent: do, with: {}, needs: [%s]}"
    Path("desk.yaml").write_text(
        "agentflow: 1\nname: chain\n"
        "agents: {do: {kind: command, argv: [./do], effects: none, input: {}, output: {}}}\n"
        f"steps: {{a: {do % ''}, b: {do % 'a'}, c: {do % 'a, b'}, d: {do % 'a, c'}, e: {do % 'a'}}}\n"
        "outputs: {}\n"
    )
    assert shown("svg").count("<path ") == 4
    assert shown("dot").count(" -> ") == 6
