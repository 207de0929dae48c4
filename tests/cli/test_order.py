"""Keys are shown in the order of the spec, by whatever command and before and after a halt."""

import pytest

from .inprocess import agentflow, lines_of
from .shell import Project

SPEC = """\
agentflow: 1
name: order
budget: {wall: 2d}
steps:
  ask:
    human:
      ask: Pay?
      answer: {type: boolean}
    timeout: 1d
    catch: {timeout: fail}
    with: {zone: west, amount: "${{ inputs.amount }}", by: {who: kim, at: noon}}
inputs: {type: object, properties: {amount: {type: integer}}, required: [amount]}
outputs:
  zone: {who: "${{ steps.ask.output }}", at: "${{ inputs.amount }}"}
  amount: "${{ inputs.amount }}"
"""
SHOWN = ['zone: "west"', "amount: 7", 'by: {"who": "kim", "at": "noon"}']
OUTPUTS = ['  zone: {"who": true, "at": 7}', "  amount: 7"]


@pytest.fixture
def asking(project: Project) -> Project:
    project.write("order.yaml", SPEC)
    return project


def shown(lines: list[str]) -> list[str]:
    at = next(at for at, line in enumerate(lines) if line.strip() == "Pay?")
    return [line.strip() for line in lines[at + 1 : at + 4]]


def outputs(lines: list[str]) -> list[str]:
    at = lines.index("outputs:")
    return lines[at + 1 : at + 3]


def test_in_the_order_of_the_spec(asking: Project) -> None:
    run = agentflow("run", "order.yaml", "-i", "amount=7", folder=asking.folder)
    assert run.code == 4
    assert shown(run.out.splitlines()) == SHOWN
    assert shown(lines_of(agentflow("inbox", folder=asking.folder))) == SHOWN
    (run_id,) = asking.run_ids()
    assert shown(lines_of(agentflow("show", run_id, folder=asking.folder))) == SHOWN
    agentflow("answer", run_id, "ask", "approve", folder=asking.folder)
    resumed = lines_of(agentflow("resume", run_id, folder=asking.folder))
    assert outputs(resumed) == OUTPUTS
    assert outputs(lines_of(agentflow("show", run_id, folder=asking.folder))) == OUTPUTS
