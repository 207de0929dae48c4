"""What hurts readers of YAML, of JSON Schema and of expressions, each as a spec of its own.

`BROKEN` cannot be run, and `validate` has to say where it is wrong. `SOUND` only looks dangerous.
"""

import json
from collections.abc import Iterable, Mapping

HEAD = "agentflow: 1\nname: hostile\n"
AGENT = """\
agents:
  do: {kind: command, argv: [./do], effects: none, input: {type: object}, output: {type: object}}
"""
STEP = "steps:\n  a: {agent: do, with: {}}\n"
GOOD = HEAD + AGENT + STEP + "outputs: {}\n"


def contract(schema: object) -> str:
    """A sound spec, but that a step is given a value of a contract."""
    return (
        f"{HEAD}contracts: {{C: {json.dumps(schema)}}}\n"
        "agents:\n  do: {kind: command, argv: [./do], effects: none, input: {type: object}, output: C}\n"
        "steps:\n  a: {agent: do, with: {}}\n"
        '  b: {agent: do, with: {x: "${{ steps.a.output }}"}}\noutputs: {}\n'
    )


def handed(given: object, taken: object) -> str:
    """A sound spec, but that a value of one schema is given to what takes another."""
    asked = {"type": "object", "properties": {"x": taken}, "required": ["x"]}
    return (
        f"{HEAD}agents:\n"
        "  do: {kind: command, argv: [./do], effects: none, input: {type: object},"
        f" output: {json.dumps(given)}}}\n"
        f"  take: {{kind: command, argv: [./take], effects: none, input: {json.dumps(asked)},"
        " output: {type: object}}\n"
        "steps:\n  a: {agent: do, with: {}}\n"
        '  b: {agent: take, with: {x: "${{ steps.a.output }}"}}\noutputs: {}\n'
    )


def lengths(count: int, width: int) -> object:
    """A union of texts, each of which may be so much longer than its shortest."""
    texts = [{"type": "string", "minLength": n, "maxLength": n + width} for n in range(count)]
    return {"anyOf": texts}


def chained(count: int, last: object) -> str:
    """Contracts of which each refers to the next."""
    contracts: dict[str, object] = {
        f"C{n}": {"$ref": f"#/contracts/C{n + 1}"} for n in range(count)
    }
    return contract({"$ref": "C0"}).replace(
        "contracts: {C:", f"contracts: {json.dumps({**contracts, f'C{count}': last})[:-1]}, C:"
    )


def expression(text: str) -> str:
    """A sound spec, but for a condition."""
    return (
        HEAD
        + AGENT
        + f"steps:\n  a: {{agent: do, with: {{}}, when: {json.dumps(text)}}}\noutputs: {{}}\n"
    )


def given(text: str) -> str:
    """A sound spec, but for what a step is given."""
    return (
        HEAD
        + AGENT
        + f"steps:\n  a: {{agent: do, with: {{x: {json.dumps(text)}}}}}\noutputs: {{}}\n"
    )


def with_budget(amount: str) -> str:
    return GOOD + f"budget: {{calls: {amount}}}\n"


def _numbered(count: int, line: str) -> str:
    return "".join(line.format(n=n, before=n - 1, after=n + 1) for n in range(count))


def _after(number: int, most: int) -> str:
    """A step that runs if those before it have run, of which it asks a few at most."""
    asked = (f"steps.s{n}.status == 'succeeded'" for n in range(max(0, number - most), number))
    return f'  s{number}: {{agent: do, with: {{}}, when: "{" && ".join(asked)}"}}\n'


def _nested(count: int) -> str:
    """Groups in groups, as flow."""
    step = "{agent: do, with: {}}"
    for _ in range(count):
        step = f"{{steps: {{a: {step}}}}}"
    return f"{HEAD}{AGENT}steps: {{a: {step}}}\noutputs: {{}}\n"


def _doubling(levels: int, start: str) -> str:
    lines = [f"x0: &x0 {start}"]
    lines += (f"x{n}: &x{n} [{', '.join([f'*x{n - 1}'] * 10)}]" for n in range(1, levels))
    return "\n".join(lines) + "\n"


BROKEN: Mapping[str, str | bytes] = {
    # --- nothing, or nothing of the kind
    "empty": "",
    "blank": " \n\t\n",
    "a comment": "# nothing\n",
    "a list": "- a\n",
    "a word": "agentflow\n",
    "null": "~\n",
    "documents": "---\na: 1\n" * 10_000,
    "directives": "%YAML 1.1\n%TAG ! tag:x:\n---\n" + GOOD,
    "tag directives": "".join(f"%TAG !{n}! tag:x{n}:\n" for n in range(20_000)) + "---\n" + GOOD,
    # --- bytes
    "zero byte": GOOD.replace("hostile", "hos\0tile"),
    "utf-16": GOOD.encode("utf-16"),
    "utf-16 without mark": GOOD.encode("utf-16-le"),
    "utf-32": GOOD.encode("utf-32"),
    "latin-1": GOOD.replace("hostile", "h\xf6stile").encode("latin-1"),
    "overlong": GOOD.encode().replace(b"hostile", b"h\xc0\xafstile"),
    "surrogate": GOOD.encode().replace(b"hostile", b"h\xed\xa0\x80stile"),
    "beyond unicode": GOOD.encode().replace(b"hostile", b"h\xf4\x90\x80\x80"),
    "escape sequences": GOOD.replace("hostile", "\x1b]0;owned\x07"),
    "c1 controls": GOOD.replace("hostile", "\x9b31m"),
    "nine megabytes": GOOD + "# " + "x" * (9 * 2**20),
    # --- size and depth
    "deep lists": "[" * 100_000,
    "deep lists, closed": "a: " + "[" * 20_000 + "]" * 20_000 + "\n",
    "deep mappings": "{a: " * 20_000,
    "deep blocks": "".join(" " * n + "a:\n" for n in range(2_000)),
    "deep dashes": "- " * 50_000 + "a\n",
    "deep groups": _nested(300),
    "question marks": "? " * 20_000 + "a\n",
    "many keys": GOOD + _numbered(100_000, "key_{n}: {n}\n"),
    "many steps that are none": HEAD + "steps:\n" + _numbered(20_000, "  s{n}: {n}\n"),
    "long line": GOOD + "x: [" + "1, " * 100_000 + "1]\n",
    "a long line of findings": GOOD + "x: {" + _numbered(30_000, "a{n}: some text, more of it, ") + "b: 1}\n",
    "a long line without blanks": GOOD + "x: {" + _numbered(60_000, "a{n}:b{n}, ") + "c: 1}\n",
    "long text": GOOD + f"description: {{x: {'y' * 5_000_000}}}\n",
    "long key": GOOD + "x" * 1_000_000 + ": 1\n",
    "long explicit key": GOOD + "? " + "x" * 1_000_000 + "\n: 1\n",
    "long name": GOOD.replace("hostile", "x" * 1_000_000),
    "one key many times": GOOD + "name: x\n" * 20_000,
    "folded": GOOD + "x: >\n" + " a\n\n" * 200_000,
    "quotes": GOOD + 'x: "' + "\\u0041" * 300_000 + '"\n',
    "unclosed quote": GOOD + 'x: "' + "a\n " * 300_000,
    # --- what YAML can do
    "alias bomb": _doubling(12, "[lol]") + GOOD,
    "alias of itself": "x: &x [*x]\n" + GOOD,
    "aliases": "x: &x 1\ny: [" + "*x, " * 100_000 + "*x]\n" + GOOD,
    "anchors": _numbered(50_000, "x{n}: &x{n} 1\n") + GOOD,
    "alias of nothing": GOOD + "x: *nowhere\n",
    "merge keys": "x: &x {a: 1}\ny:\n  <<: [" + "*x, " * 10_000 + "*x]\n" + GOOD,
    "python objects": GOOD + 'x: !!python/object/apply:os.system ["touch sprung"]\n',
    "python names": GOOD + "x: !!python/name:os.system\n",
    "java": GOOD + "x: !!javax.script.ScriptEngineManager [!!java.net.URL ['http://127.0.0.1:9/']]\n",
    "binary": GOOD + "x: !!binary " + "A" * 1_000_000 + "\n",
    "own tags": GOOD + "x: !boom {a: 1}\n",
    "sets": GOOD + "x: !!set {a, b}\ny: !!omap [a: 1]\n",
    "tabs": HEAD + "agents:\n\tdo: {kind: command}\n",
    "bidi keys": GOOD.replace("outputs", "out\u202eputs"),
    "invisible keys": GOOD.replace("outputs", "out\u200bputs"),
    "confusable keys": GOOD.replace("outputs", "\u043eutputs"),
    "null keys": GOOD + "~: 1\n",
    "list as key": GOOD + "[a, b]: 1\n",
    # --- numbers
    **{f"calls: {number}": with_budget(number) for number in ("1_000", ".inf", "-.inf", ".nan")},
    **{f"calls: {number}": with_budget(number) for number in ("1e9999", "-1", "1.5", "2026-01-01", "1:30", "yes")},
    "calls of 5,000 digits": with_budget("9" * 5_000),
    "version of 5,000 digits": GOOD.replace("agentflow: 1", "agentflow: " + "1" * 5_000),
    # --- contracts
    "a type that is none": contract({"type": "x" * 100_000}),
    "a pattern that is none": contract({"type": "string", "pattern": "(" * 5_000}),
    "a pattern with much room": contract({"type": "string", "pattern": "(x{1,1000}){1,1000}{1,1000}"}),
    "a contract of itself": chained(0, {"$ref": "#/contracts/C0"}),
    "contracts in a circle": chained(300, {"$ref": "#/contracts/C0"}),
    "deep contracts": contract(json.loads('{"allOf": [' * 200 + "{}" + "]}" * 200)),
    "contracts that all refer to all": HEAD + "contracts:\n" + _numbered(150, "  C{n}: {{type: object, properties: {{"
    + ", ".join(f"p{n}: {{{{$ref: '#/contracts/C{n}'}}}}" for n in range(150)) + "}}}}\n") + AGENT + STEP,
    "contracts that refer to none": HEAD + "contracts:\n"
    + _numbered(2_000, "  Contract{n}: {{properties: {{a: {{$ref: '#/contracts/Contrct{n}'}}}}}}\n") + AGENT + STEP,
    "a longer enum than there may be": contract({"enum": [f"v{n}" for n in range(100_000)]}),
    "references up": contract({"$ref": "../" * 10_000 + "etc/passwd"}),
    "a pointer of 100,000 parts": contract({"$ref": "#" + "/a" * 100_000}),
    # --- expressions and templates
    "deep brackets": expression("(" * 20_000 + "1" + ")" * 20_000),
    "deep denial": expression("!" * 20_000 + "true"),
    "deep choice": expression("true ? " * 5_000 + "1" + " : 1" * 5_000),
    "deep calls": expression("size(" * 5_000 + "''" + ")" * 5_000),
    "a long sum": expression(" + ".join(["1"] * 20_000) + " == 1"),
    "a long way": expression("inputs" + ".a" * 20_000),
    "a long text in an expression": expression("'" + "x" * 1_000_000),
    "openings": given("${{ " * 50_000),
    "expressions in a text": given("y${{ 1 }}" * 400_000),
    "references": given(" ".join(f"${{{{ steps.s{n}.output }}}}" for n in range(3_000))),
    "long names that are nearly right": HEAD + AGENT + "steps:\n"
    + _numbered(1_000, "  a_" + "x" * 50 + "{n}: {{agent: do, with: {{}}, needs: [a_" + "x" * 49 + "y{n}]}}\n"),
    "more references than there may be": HEAD + AGENT + "steps:\n"
    + _numbered(3_000, '  a{n}: {{agent: do, with: {{x: "${{{{ [' + "run.id, " * 40 + 'run.id] }}}}"}}}}\n') + "outputs: {}\n",
    "models that are tools of each other": HEAD + "agents:\n"
    + _numbered(200, "  a{n}: {{kind: llm, model: openai/gpt-5-mini, instructions: Do it., description: Does it, max_turns: 3,"
    " tools: [" + ", ".join(f"{{{{agent: a{k}}}}}" for k in range(20)) + "], input: {{type: object}}, output: {{type: object}}}}\n")
    + "steps: {a: {agent: a50, with: {}}}\noutputs: {}\n",
    "steps in a circle": HEAD + AGENT + "steps:\n" + _numbered(1_000, "  s{n}: {{agent: do, with: {{}}, needs: [s{after}]}}\n")
    + "  s1000: {agent: do, with: {}, needs: [s0]}\noutputs: {}\n",
    "a clique": HEAD + AGENT + "steps:\n" + _numbered(60, "  s{n}: {{agent: do, with: {{}}, needs: ["
    + ", ".join(f"s{n}" for n in range(60)) + "]}}\n") + "outputs: {}\n",
    "itself as a step": HEAD + "steps: {a: {pipeline: spec.yaml}}\noutputs: {}\n",
    "tests that are like each other": GOOD + "tests:\n"
    + _numbered(5_000, "  t{n}: {{like: t{after}, answers: {{a: {{value: {{}}}}}}}}\n") + "  t5000: {answers: {a: {value: {}}}}\n",
    # --- comments
    "suppressions": HEAD + "# agentflow: ignore[nothing]\n" * 5_000 + AGENT + "steps: {a: {agent: du}}\n",
    "suppressions above many steps": HEAD + AGENT + "steps:\n"
    + _numbered(5_000, "  # agentflow: ignore[unknown-agent] it comes\n  s{n}: {{agent: du, with: {{}}}}\n"),
    "a suppression of everything": HEAD + AGENT + "steps: {a: {agent: du}} # agentflow: ignore[" + "a, " * 100_000 + "a] x\n",
}  # fmt: skip

SOUND: Mapping[str, str | bytes] = {
    "plain": GOOD,
    "a mark": b"\xef\xbb\xbf" + GOOD.encode(),
    "carriage returns and line feeds": GOOD.replace("\n", "\r\n"),
    "carriage returns": GOOD.replace("\n", "\r"),
    "yes, no and dates as texts": GOOD + "description: yes no on off 2026-01-01 1_000 0o17 1:30\n",
    "catastrophic patterns": contract({"type": "string", "pattern": "^(([a-z])+.)+[A-Z]([a-z])+$"}),
    "wide unions": contract({"anyOf": [{"const": n} for n in range(3_000)]}),
    "nothing can satisfy it": contract({"allOf": [{"minimum": n, "maximum": n} for n in range(300)], "type": "number"}),
    "loops of macros": expression("[1, 2, 3].all(a, " * 12 + "true" + ")" * 12),
    "octal and hexadecimal": GOOD + "budget: {calls: 0o17, retries: 0x10}\n",
    "a ring of references": contract({"$defs": {f"d{n}": {"properties": {"a": {"$ref": f"#/contracts/C/$defs/d{(n + 1) % 500}"}}}
    for n in range(500)}, "$ref": "#/contracts/C/$defs/d0"}),
    "many required": contract({"type": "object", "required": [f"k{n}" for n in range(40_000)]}),
    "long enums": contract({"enum": [f"v{n}" for n in range(10_000)]}),
    "unions held against each other": handed(lengths(400, 1), lengths(400, 0)),
    "objects with many fields held against each other": handed(
    *({"type": "object", "required": [f"k{n}" for n in range(first, 3_000)],
    "properties": {f"k{n}": {"type": "string"} for n in range(first, 3_000)}} for first in (0, 1))),
    "long enums held against each other": handed({"enum": [f"v{n}" for n in range(10_000)]},
    {"enum": [f"v{n}" for n in range(1, 10_001)]}),
    "inputs that nobody reads": HEAD + "inputs: " + json.dumps({"type": "object", "properties": {f"k{n}": {} for n in range(5_000)}})
    + "\n" + AGENT + STEP + "outputs: {}\n",
    "a loop with a large state": HEAD + AGENT + "steps:\n  a:\n    loop:\n      max: 5\n      until: loop.index > 3\n"
    "      state: {" + _numbered(1_000, "x{n}: 0, ") + "x1000: 0}\n"
    "      next: {" + _numbered(1_000, 'x{n}: "${{{{ loop.state.x{after} + 1 }}}}", ') + 'x1000: "${{ loop.state.x0 + 1 }}"}\n'
    "      steps: {b: {agent: do, with: {}}}\noutputs: {}\n",
    "loops in loops, many times": HEAD + AGENT + "steps:\n" + _numbered(400,
    "  a{n}: {{loop: {{max: 2, until: loop.index > 0, steps: {{b: {{loop: {{max: 2, until: loop.index > 0,"
    " steps: {{c: {{agent: do, with: {{}}}}}}}}}}}}}}}}\n") + "outputs: {}\n",
    "many words to a model": HEAD + "agents:\n  ask: {kind: llm, model: openai/gpt-5-mini, input: {type: object},"
    " output: {type: object}, instructions: '" + "sent a `mail` to, " * 150_000 + "'}\nsteps: {a: {agent: ask, with: {}}}\noutputs: {}\n",
    "many amounts asked of a model": HEAD + "agents:\n  ask: {kind: llm, model: openai/gpt-5-mini, input: {type: object},"
    " output: {type: object, properties: {steps: {type: array}}}, instructions: '" + "list at most 10 words, exactly 3 steps " * 9_000
    + "'}\nsteps: {a: {agent: ask, with: {}}}\noutputs: {}\n",
    "the same reference many times": HEAD + AGENT + "steps:\n"
    + _numbered(150, '  a{n}: {{agent: do, with: {{x: "${{{{ [' + "run.id, " * 50 + 'run.id] }}}}"}}}}\n') + "outputs: {}\n",
    "a long list of conditions": expression(" || ".join(f"(size(run.id) > {n} && size(run.id) < {n + 2})" for n in range(50))),
    "conditions on many steps before": HEAD + AGENT + "steps:\n  s0: {agent: do, with: {}, when: size(run.id) > 3}\n"
    + "".join(_after(n, 20) for n in range(1, 200)) + "outputs: {}\n",
    "deep denials": contract(json.loads('{"not": ' * 40 + "{}" + "}" * 40)),
    "many steps": HEAD + AGENT + "steps:\n" + _numbered(800, "  s{n}: {{agent: do, with: {{n: {n}}}}}\n") + "outputs: {}\n",
    "much text": given("x" * 200_000),
    "suppressions in a text": GOOD + "description: |\n" + "  # agentflow: ignore[dead-step] x\n" * 50_000,
    "comments": GOOD + "# a comment\n" * 100_000,
    "blank lines": GOOD + "\n" * 500_000,
}  # fmt: skip


def names(cases: Iterable[str]) -> list[str]:
    """The names of files for cases, in their order."""
    return [f"{number}.yaml" for number, _ in enumerate(cases)]
