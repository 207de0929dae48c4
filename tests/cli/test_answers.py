"""Answers that are not accepted at once: asked again, held back, counted, shown, replayed."""

from typing import Any

from .shell import Project

SPEC = """
agentflow: 1
name: judged
contracts:
  Verdict:
    type: object
    required: [text, sure]
    properties: {text: {type: string}, sure: {type: number, minimum: 0, maximum: 1}}
agents:
  judge:
    kind: command
    argv: [python3, judge.py]
    effects: none
    repair: 1
    confidence: {field: sure, min: 0.5}
    input: {type: object, required: [text], properties: {text: {type: string}}}
    output: Verdict
steps:
  look:
    for_each: {over: [learns, doubts, knows, never], max: 9, as: text, parallel: 1}
    agent: judge
    with: {text: "${{ text }}"}
    catch: {any: skip}
outputs: {verdicts: "${{ steps.look.output }}"}
"""
#: Answers in prose, without `sure` until it is told that it is missing.
JUDGE = """
import json, os, sys
text = json.load(sys.stdin)["text"]
told = json.loads(os.environ.get("AGENTFLOW_VIOLATIONS", "[]"))
if text == "never" or text == "learns" and not any("sure" in violation for violation in told):
    print(json.dumps({"text": text}))
else:
    sure = 0.2 if text == "doubts" else 0.9
    print("Here you are:\\n```json\\n" + json.dumps({"text": text, "sure": sure}) + "\\n```")
"""


def judged(project: Project) -> Any:
    project.write("judged.yaml", SPEC)
    project.write("judge.py", JUDGE)
    return project.json("run", "judged.yaml")


def test_answers_are_repaired_and_held_back_and_nobody_reads_the_others(project: Project) -> None:
    run = judged(project)
    assert run["outputs"] == {
        "verdicts": [{"text": "learns", "sure": 0.9}, {"text": "knows", "sure": 0.9}]
    }
    assert (run["calls"], run["retries"]) == (6, 0)
    shown = project.json("show", run["run"])
    assert shown["repairs"] == 2
    assert shown["gates"] == [
        {"agent": "judge", "field": "sure", "min": 0.5, "answers": 3, "fired": 1}
    ]


def test_the_log_tells_what_was_wrong_and_what_was_left_out(project: Project) -> None:
    run = judged(project)["run"]
    learned = project.agentflow("show", run, "--step", "look[0]").out
    assert "→ Repair (attempt 2): repair 1 of 1: the value breaks its contract: " in learned
    assert "left out: 21 before and 3 characters after the value" in learned
    doubtful = project.agentflow("show", run, "--step", "look[1]").out
    assert "→ RejectOutput: 'sure' is 0.2, less than 0.5 [agents.judge.confidence]" in doubtful
    tree = project.agentflow("show", run).out
    assert "confidence of judge: 1 of 3 answers below 0.5 in 'sure'\n" in tree
    assert " · 6 calls · 2 repairs" in tree
    assert project.agentflow("replay", run, "--quiet").code == 0
