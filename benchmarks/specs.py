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


def fan_out(folder: Path, width: int) -> Path:
    """One step over `width` items."""
    items = ", ".join(map(str, range(width)))
    text = (
        f"{_HEAD}  each:\n    for_each: {{over: [{items}], max: {width}}}\n"
        '    agent: noop\n    with: {n: "${{ item }}"}\n'
        'outputs: {count: "${{ size(steps.each.output) }}"}\n'
    )
    return _write(folder / f"fan_out_{width}.yaml", text)


def _write(path: Path, text: str) -> Path:
    path.write_text(text)
    return path
