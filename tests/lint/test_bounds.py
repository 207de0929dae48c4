"""Specs that try to make the linter slow: the answer is less help, never a wrong one."""

from tests.lint.linting import findings_of

HEAD = """\
agentflow: 1
name: large
agents:
  a:
    kind: python
    call: work:do
    effects: none
    input: {type: object}
    output: {type: object, additionalProperties: false, required: [x], properties: {x: {enum: [p, q]}}}
steps:
"""


def test_of_many_unknown_names_the_first_get_a_suggestion() -> None:
    steps = "".join(f"  step_{n}: {{agent: a, needs: [stepp_{n}]}}\n" for n in range(2_000))
    found = [f for f in findings_of(HEAD + steps) if f.rule == "unknown-step"]
    assert len(found) == 2_000
    assert found[0].help == "did you mean 'step_0'?"
    assert found[-1].help == "no step in reach has this name"


def test_a_long_chain_of_outputs_that_hand_each_other_on_is_left_open() -> None:
    groups = "".join(
        f'  g{n}: {{steps: {{t: {{agent: a, effects: write}}}}, output: "${{{{ steps.g{n - 1}.output }}}}"}}\n'
        for n in range(1, 400)
    )
    first = '  g0: {steps: {t: {agent: a}}, output: "${{ steps.t.output }}"}\n'
    outputs = 'outputs: {far: "${{ steps.g399.output.y }}"}\n'
    assert findings_of(HEAD + first + groups + outputs) == ()


def test_of_very_many_cases_some_are_looked_at() -> None:
    cases = "".join(f"      c{n}: {{output: {{y: 1}}}}\n" for n in range(500))
    switch = f'  one: {{agent: a}}\n  act:\n    switch: "${{{{ steps.one.output.x }}}}"\n    cases:\n{cases}'
    outputs = 'outputs: {x: "${{ steps.act.output.z }}", y: "${{ steps.act.output.y }}"}\n'
    found = [f for f in findings_of(HEAD + switch + outputs) if f.rule != "unreachable-case"]
    assert [f.message for f in found] == [
        "no case for 'p' or 'q', and no 'default'",
        "'steps.act.output.z' may be absent: case 'c0' does not give it",
    ]
