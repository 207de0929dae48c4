"""Generated pipelines to measure with."""

from pathlib import Path

MODULE = '''"""An agent that does nothing."""


def noop(n: int) -> dict[str, int]:
    """The number back."""
    return {"n": n}
'''

_HEAD = """\
agentflow: 1
name: measured
contracts:
  Number:
    type: object
    additionalProperties: false
    required: [n]
    properties: {n: {type: integer}}
agents:
  noop:
    kind: python
    call: noop:noop
    isolate: false
    effects: none
    input: Number
    output: Number
budget: {calls: 100000}
steps:
"""

_AGENT = """\
  agent{number}:
    kind: python
    call: noop:noop
    effects: none
    input:
      type: object
      additionalProperties: false
      required: [goal, days, budget, legs]
      properties:
        goal: {{type: string, maxLength: {number}2000}}
        days: {{type: integer, minimum: 0, maximum: {number}999}}
        budget: {{enum: [low, middle, high, any]}}
        legs:
          type: array
          items:
            type: object
            required: [from, to]
            properties:
              from: {{type: string}}
              to: {{type: string}}
              date: {{type: string, maxLength: {number}99}}
              price: {{type: number, minimum: -{number}}}
    output:
      type: object
      additionalProperties: false
      required: [goal, days, budget, legs]
      properties:
        goal: {{type: string, minLength: 1, maxLength: 99}}
        days: {{type: integer, minimum: 1, maximum: 99}}
        budget: {{enum: [low, middle, high]}}
        legs:
          type: array
          maxItems: {number}9
          items:
            type: object
            additionalProperties: false
            required: [from, to, date, price]
            properties:
              from: {{type: string, minLength: 1}}
              to: {{type: string, minLength: 1}}
              date: {{type: string, format: date, maxLength: 10}}
              price: {{type: number, minimum: 0, maximum: {number}99}}
"""
_HANDOFF = """\
  s{step}:
    agent: agent{number}
    with: {{goal: {goal}, days: {days}, budget: {budget}, legs: {legs}}}
"""


def write_module(folder: Path) -> None:
    """The module that the generated specs call."""
    (folder / "noop.py").write_text(MODULE)


def chain(folder: Path, length: int) -> Path:
    """Steps that each read the one before: `length` of them."""
    lines = [_HEAD]
    for index in range(length):
        before = f"${{{{ steps.s{index - 1}.output.n }}}}" if index else "0"
        lines.append(
            f"  s{index}:\n    agent: noop\n    description: Step {index} of a long chain.\n"
            f'    with:\n      n: "{before}"\n'.replace('"0"', "0")
        )
    lines.append(f'outputs: {{n: "${{{{ steps.s{length - 1}.output.n }}}}"}}\n')
    return _write(folder / f"chain_{length}.yaml", "".join(lines))


def handoffs(folder: Path, length: int, contracts: int, first: int) -> Path:
    """Steps that each hand a trip to the next: `length` of them, by `contracts` pairs of contracts.

    A trip holds a text, a number within limits, a choice and a list of legs. Each is handed on as
    an argument of its own, and every one of them fits. The contracts are numbered from `first` on,
    and with another number they have other limits.
    """
    lines = [_HEAD.partition("contracts:")[0], "agents:\n"]
    lines += [_AGENT.format(number=number) for number in range(first, first + contracts)]
    lines += ["budget: {calls: 100000}\nsteps:\n"]
    lines += [_HANDOFF.format(step=0, number=first, goal="Rome", days=1, budget="low", legs="[]")]
    for step in range(1, length):
        parts = {
            name: f'"${{{{ steps.s{step - 1}.output.{name} }}}}"'
            for name in ("goal", "days", "budget", "legs")
        }
        lines.append(_HANDOFF.format(step=step, number=first + step % contracts, **parts))
    lines.append(f'outputs: {{trip: "${{{{ steps.s{length - 1}.output }}}}"}}\n')
    return _write(folder / f"handoffs_{length}_{contracts}.yaml", "".join(lines))


def fan_out(folder: Path, width: int) -> Path:
    """One step over `width` items."""
    items = ", ".join(map(str, range(width)))
    text = (
        f"{_HEAD}  each:\n    for_each: {{over: [{items}], max: {width}}}\n"
        '    agent: noop\n    with: {n: "${{ item }}"}\n'
        'outputs: {count: "${{ size(steps.each.output) }}"}\n'
    )
    return _write(folder / f"fan_out_{width}.yaml", text)


def chat(folder: Path, model: str) -> Path:
    """One call of a chat model."""
    text = (
        "agentflow: 1\nname: measured\nagents:\n  greeter:\n    kind: llm\n"
        f"    model: {model}\n    instructions: Greet.\n"
        "    input: {type: object, properties: {name: {type: string, maxLength: 9}}}\n"
        "    output:\n      type: object\n      additionalProperties: false\n"
        "      required: [text]\n      properties: {text: {type: string}}\n"
        "steps:\n  greet: {agent: greeter, with: {name: Ada}}\n"
        'outputs: {text: "${{ steps.greet.output.text }}"}\n'
    )
    return _write(folder / "chat.yaml", text)


def workflow(folder: Path, lines: int) -> Path:
    """A workflow of GitHub with so many lines, without a fault."""
    head = (
        "name: measured\non: push\npermissions: {}\nconcurrency:\n  group: measured\n"
        "  cancel-in-progress: true\njobs:\n  work:\n    name: Work\n    runs-on: ubuntu-latest\n"
        "    timeout-minutes: 5\n    steps:\n"
    )
    step = '      - name: "Step {0}"\n        env:\n          NUMBER: "{0}"\n        run: echo "$NUMBER"\n'
    count = max(1, (lines - head.count("\n")) // 4)
    path = folder / ".github" / "workflows" / f"measured_{lines}.yml"
    path.parent.mkdir(parents=True, exist_ok=True)
    return _write(path, head + "".join(step.format(number) for number in range(count)))


def _write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
