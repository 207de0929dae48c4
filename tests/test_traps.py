"""Looking at a spec is safe: nothing is imported, started or connected to, nothing read outside.

In one spec every reference leads where nobody may read. In another all is as it should be, and
whatever is named would do harm if it were run. What is allowed to import is said to be, by an
option.
"""

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

import agentflow
from agentflow.findings import Severity
from agentflow.formats import FINDINGS_FORMATS
from agentflow.formats.plans import PLAN_FORMATS
from agentflow.loading import check, load
from tests.audited import watched, watched_all

INSTALLED = (Path(sys.prefix), Path(sys.base_prefix), Path(agentflow.__file__).parent)

# --- references that lead where nobody may read ---------------------------------------------------

#: From the folder of the spec. The last three are in the project, and are no files to be read.
OUTSIDE = (
    *(
        "../secret.json",
        "/etc/passwd",
        "link.json",
        "linked/secret.json",
        "folder/../../secret.json",
    ),
    *("http://127.0.0.1:9/x.json", "https://127.0.0.1:9/x.json", "file:///etc/passwd", "//host/x"),
    *("~/secret.json", "$HOME/secret.json", "C:\\secret.json", "/dev/zero", "/proc/self/environ"),
    *("x\0.json", "fifo", "folder", "nowhere.json"),
)
LEADS_ON = ("chained.json", "chained.json#/$defs/There")
#: A configuration whose patterns lead there, too.
CONFIGURATION = """\
exclude = ["../**", "/etc/*", "linked/*"]
[per_file_ignores]
"../secret.yaml" = ["cycle"]
"/etc/**" = ["cycle"]
"""


def outside_spec(baseline: str = "../secret.yaml", *, classes: bool = False) -> str:
    """A spec in which each key that takes a file, a program or an address is given each of these.

    With `classes` there are contracts from Python, too, without which most commands do not begin.
    """
    lines = ["agentflow: 1", "name: outside", "inputs: {$ref: ../secret.json}", "contracts:"]
    lines += (
        f"  C{n}: {{$ref: {json.dumps(path)}}}" for n, path in enumerate((*OUTSIDE, *LEADS_ON))
    )
    lines += ['  Class: {python: "trap:Model"}', '  Other: {python: "yaml:Loader"}'] * classes
    lines += [f"why_multi_agent: {{bottleneck: isolation, evidence: x, baseline: {baseline}}}"]
    lines += ["models: {m: {model: openai/gpt-5-mini, api_base: http://127.0.0.1:9}}", "servers:"]
    for n, path in enumerate(map(json.dumps, OUTSIDE)):
        lines += [
            f'  s{n}: {{url: "http://127.0.0.1:9/mcp", definitions: {path}}}',
            f"  k{n}: {{command: {path}, args: [{path}], cwd: {path}, env: {{X: {path}}}}}",
        ]
    lines += ["channels:"]
    for n, path in enumerate(map(json.dumps, OUTSIDE)):
        lines += [
            f"  c{n}: {{kind: command, argv: [{path}], env: {{X: {path}, Y: {{secret: NOT_SET}}}}}}",
            f"  w{n}: {{kind: webhook, url: {path}, signing_secret: {{secret: NOT_SET}}}}",
        ]
    lines += ["agents:"]
    for n, path in enumerate(map(json.dumps, OUTSIDE)):
        kinds = {
            "a": f"kind: llm, model: m, instructions: {{file: {path}}}, images: [{path}],"
            f' tools: [{{mcp: k{n}, tool: look}}, {{python: "trap:tool"}}]',
            "m": f"kind: mcp, server: s{n}, tool: look",
            "k": f"kind: mcp, server: k{n}, tool: look",
            "d": f"kind: command, argv: [{path}], cwd: {path}, env: {{X: {path}}}",
            "h": f"kind: http, url: {path}, headers: {{X: {{secret: NOT_SET}}}}",
            "r": f"kind: a2a, url: {path}, card_hosts: [{path}]",
            "y": 'kind: python, call: "trap:work"',
        }
        lines += (
            f"  {name}{n}: {{{said}, input: C{n}, output: C{n}}}" for name, said in kinds.items()
        )
    lines += ["steps:"]
    for n, path in enumerate(OUTSIDE):
        lines += [f"  p{n}: {{pipeline: {json.dumps(path)}, with: {{}}}}"]
        lines += (f"  {kind}{n}: {{agent: {kind}{n}, with: {{}}}}" for kind in "amkdhry")
        lines += (
            f"  {kind}{n}: {{human: {{ask: x, answer: {{}}, channel: {kind}{n}}}, timeout: 1h}}"
            for kind in "cw"
        )
    lines += ["outputs: {}", "tests:"]
    lines += (f"  t{n}: {{recording: {json.dumps(path)}}}" for n, path in enumerate(OUTSIDE))
    return "\n".join(lines) + "\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with traps in and around it."""
    folder = tmp_path / "project"
    (folder / "folder").mkdir(parents=True)
    for name in ("secret.json", "secret.yaml"):
        (tmp_path / name).write_text('{"type": "object"}')
    (folder / "agentflow.toml").write_text(CONFIGURATION)
    (folder / "link.json").symlink_to(tmp_path / "secret.json")
    (folder / "linked").symlink_to(tmp_path)
    (folder / "chained.json").write_text(
        '{"$ref": "../secret.json", "$defs": {"There": {"$ref": "link.json"}}}'
    )
    os.mkfifo(folder / "fifo")
    for name in ("trap", "yaml", "orjson", "sitecustomize", "conftest"):
        (folder / f"{name}.py").write_text("open('sprung', 'w').close()\n")
    (folder / "trap.sh").write_text("#!/bin/sh\ntouch sprung\n")
    (folder / "trap.sh").chmod(0o755)
    return folder


def opened(events: dict[str, list[str]]) -> set[Path]:
    """What was opened besides what is installed."""
    paths = {Path(path) for path in events.pop("open")}
    return {path for path in paths if not any(map(path.is_relative_to, INSTALLED))}


def looked(folder: Path, commands: Mapping[tuple[str, ...], str]) -> set[str]:
    """What is there of what commands opened in a folder.

    They end with these exit codes, and do nothing else that counts.
    """
    before = set(folder.rglob("*"))
    read: set[Path] = set()
    for command, events in zip(commands, watched_all(folder, list(commands)), strict=True):
        assert "trap" not in events.pop("modules"), command
        read |= opened(events)
        assert events == {"exit": [commands[command]]}, command
    assert set(folder.rglob("*")) == before
    assert {path for path in read if not path.is_relative_to(folder)} == set()
    return {str(path.relative_to(folder)) for path in read if path.exists()}


#: In the project, and found out to be no files only when they are opened; neither is read.
NO_FILES = {"fifo", "folder"}


def test_nothing_is_read_outside(folder: Path) -> None:
    (folder / "outside.yaml").write_text(outside_spec())
    (folder / "link.yaml").symlink_to(folder.parent / "secret.yaml")
    (folder / "other.yaml").write_text(outside_spec("link.yaml", classes=True))
    (folder / "outside.drill.json").symlink_to(folder.parent / "secret.json")
    commands: dict[tuple[str, ...], str] = {
        ("validate", "outside.yaml"): "1",
        ("validate", "."): "1",
        ("validate", "--drilled", "outside.yaml"): "1",
        ("validate", "--config", "agentflow.toml", "other.yaml"): "1",
        ("drill", "--check", "outside.yaml"): "1",
        ("validate", "--format", "sarif", "outside.yaml"): "1",
        ("validate", "--unsafe-fixes", "--diff", "outside.yaml"): "1",
        **{("plan", "-f", name, "outside.yaml"): "1" for name in PLAN_FORMATS},
        ("test", "outside.yaml"): "1",
        ("run", "--simulate", "outside.yaml"): "1",
        ("schema", "contracts", "outside.yaml"): "1",
    }
    read = looked(folder, commands)
    assert read == {"outside.yaml", "other.yaml", "agentflow.toml", "chained.json", *NO_FILES}
    assert not (folder / "sprung").exists()


def test_every_one_of_them_is_told_of(folder: Path) -> None:
    """Or the test above would prove nothing."""
    (folder / "outside.yaml").write_text(outside_spec())
    found = check(load(folder / "outside.yaml"))
    told = [one.message for one in found if one.severity is Severity.ERROR]
    for path in OUTSIDE:
        what = "zero byte" if "\0" in path else path
        assert any(what in message for message in told), path


# --- a sound spec whose every part is a trap ------------------------------------------------------

SOUND = """\
agentflow: 1
name: sound
inputs: {$ref: inputs.json}
models: {m: {model: openai/gpt-5-mini, api_base: "http://127.0.0.1:9", max_output_tokens: 100}}
servers:
  starts: {command: ./trap.sh, env: {TOKEN: {secret: NOT_SET}}, definitions: tools.json}
  connects: {url: "http://127.0.0.1:9/mcp", headers: {Authorization: {secret: NOT_SET}}, definitions: tools.json}
channels:
  hook: {kind: webhook, url: "http://127.0.0.1:9/hook", signing_secret: {secret: NOT_SET}}
  runs: {kind: command, argv: [./trap.sh]}
agents:
  starts: {kind: mcp, server: starts, tool: look, effects: read, output: *t}
  connects: {kind: mcp, server: connects, tool: look, effects: read, output: *t}
  imports: {kind: python, call: "trap:work", effects: none, input: {type: object}, output: &t {type: object, required: [x], properties: {x: {type: string, maxLength: 9}}}}
  within: {kind: python, call: "trap:work", isolate: false, effects: none, input: {type: object}, output: *t}
  spawns: {kind: command, argv: [./trap.sh], effects: none, input: {type: object}, output: *t}
  asks: {kind: http, url: "http://127.0.0.1:9/x", effects: read, input: {type: object}, output: *t}
  talks: {kind: a2a, url: "http://127.0.0.1:9/a", headers: {Authorization: {secret: NOT_SET}}, effects: read, input: {type: object}, output: *t}
  chats:
    kind: llm
    model: m
    instructions: {file: told.md}
    images: [picture.png]
    tools: [{python: "trap:tool", input: {type: object}, output: *t, effects: none}, {agent: spawns}]
    input: {type: object}
    output: *t
steps:
  a: {agent: imports, with: {x: "${{ inputs.x }}"}}
  b: {agent: within, with: {x: "${{ steps.a.output.x }}"}}
  c: {agent: spawns, with: {x: "${{ steps.b.output.x }}"}}
  d: {agent: asks, with: {x: "$(touch sprung)", y: "${{ steps.c.output.x }}"}}
  e: {agent: chats, with: {x: "${{ steps.d.output.x }}"}, timeout: 1m}
  f: {agent: starts, with: {q: "${{ steps.e.output.x }}"}}
  g: {agent: connects, with: {q: "${{ steps.k.output.x }}"}}
  k: {agent: talks, with: {q: "${{ steps.f.output.x }}"}}
  h:
    human: {ask: "Well?", answer: {type: boolean}, channel: hook}
    needs: [g]
    timeout: 1h
    catch: {timeout: {use: false}}
  j: {human: {ask: "So?", answer: {type: boolean}, channel: runs}, timeout: 1h, catch: {timeout: {use: false}}}
  i: {pipeline: child.yaml, with: {x: "${{ steps.c.output.x }}"}}
outputs: {x: "${{ steps.i.output.x }}", y: "${{ steps.h.output && steps.j.output }}"}
tests:
  all: {unscripted: simulate, inputs: {x: a}, expect: {status: succeeded}}
"""
CHILD = """\
agentflow: 1
name: child
inputs: {$ref: inputs.json}
agents:
  imports: {kind: python, call: "trap:work", effects: none, input: {type: object}, output: {type: object, required: [x], properties: {x: {type: string}}}}
steps: {a: {agent: imports, with: {x: "${{ inputs.x }}"}}}
outputs: {x: "${{ steps.a.output.x }}"}
"""
FILES = {
    "inputs.json": json.dumps(
        {
            "type": "object",
            "required": ["x"],
            "properties": {"x": {"type": "string", "maxLength": 9}},
        }
    ),
    "tools.json": json.dumps(
        {
            "format": 1,
            "tools": {"look": {"description": "Look.", "inputSchema": {"type": "object"}}},
        }
    ),
    "told.md": "Answer.\n",
    "picture.png": "no picture\n",
    "child.yaml": CHILD,
}


@pytest.fixture
def sound(folder: Path) -> Path:
    output = re.search(r"output: &t (\{.*\})\}\n", SOUND)
    assert output is not None
    written = SOUND.replace("&t ", "").replace("*t", output[1])
    (folder / "sound.yaml").write_text(written)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


def test_no_trap_is_sprung(sound: Path) -> None:
    commands: dict[tuple[str, ...], str] = {
        ("validate", "sound.yaml"): "0",
        ("validate", "--unsafe-fixes", "--diff", "."): "0",
        **{("validate", "-f", name, "sound.yaml"): "0" for name in FINDINGS_FORMATS},
        **{("plan", "-f", name, "sound.yaml"): "0" for name in PLAN_FORMATS},
        ("test", "sound.yaml"): "0",
        ("drill", "--check", "sound.yaml"): "1",
        ("validate", "--drilled", "sound.yaml"): "1",
        ("schema", "contracts", "sound.yaml"): "0",
        ("rules",): "0",
        ("explain", "cycle"): "0",
        ("schema",): "0",
        ("schema", "config"): "0",
    }
    assert looked(sound, commands) == {"agentflow.toml", "sound.yaml", *FILES} - {"picture.png"}


def test_a_drill_writes_its_receipt_and_springs_no_trap(sound: Path) -> None:
    before = set(sound.iterdir())
    events = watched(sound, "drill", "sound.yaml")
    assert events.pop("exit") == ["0"]
    assert "trap" not in events.pop("modules")
    assert set(sound.iterdir()) - before == {sound / "sound.drill.json"}
    assert {path for path in opened(events) if not path.is_relative_to(sound)} == set()
    # the receipt is written beside its place, with the mode of a new file, and put there as a whole
    assert events.keys() == {"tempfile.mkstemp", "os.chmod", "os.rename"}


def test_a_run_is_looked_at_without_a_trap_being_sprung(sound: Path) -> None:
    """Simulated, shown, listed and decided again; the log is all that is read and written.

    `doctor` looks at the machine besides, and starts nothing either.
    """
    made = watched(sound, "run", "sound.yaml", "-i", "x=a", "--simulate", "--by", "me")
    assert made["exit"] == ["0"]
    assert not [name for name in made if name.startswith(("subprocess.", "socket."))]
    (run,) = (sound / ".agentflow" / "runs").iterdir()
    before = {path: path.read_bytes() for path in run.iterdir() if path.is_file()}
    commands = [
        ("show", run.name),
        ("show", run.name, "--step", "e"),
        ("replay", run.name),
        ("runs",),
        ("inbox",),
    ]
    for command, events in zip(commands, watched_all(sound, commands), strict=True):
        assert {path for path in opened(events) if not path.is_relative_to(sound)} == set()
        assert "trap" not in events.pop("modules"), command
        assert events.pop("exit") == ["0"], command
        assert events.keys() <= {"sqlite3.connect", "sqlite3.connect/handle"}, command
    examined = watched(sound, "doctor", "sound.yaml")
    assert not [name for name in examined if name.startswith(("subprocess.", "socket."))]
    assert {path: path.read_bytes() for path in run.iterdir() if path.is_file()} == before
    assert not (sound / "sprung").exists()


# --- the leave to import --------------------------------------------------------------------------

IMPORTS = """\
agentflow: 1
name: imports
inputs: {python: "trap:Model"}
contracts: {Model: {python: "trap:Model"}}
agents:
  worker: {kind: command, argv: [cat], effects: none, input: Model, output: {python: "trap:Model"}}
steps: {work: {agent: worker, with: {x: "${{ inputs.x }}"}}}
outputs: {x: "${{ steps.work.output.x }}"}
"""


def test_only_the_leave_to_import_imports_and_in_another_process(tmp_path: Path) -> None:
    (tmp_path / "agentflow.toml").touch()
    (tmp_path / "imports.yaml").write_text(IMPORTS)
    (tmp_path / "trap.py").write_text(
        "from pydantic import BaseModel\nopen('sprung', 'w').close()\nclass Model(BaseModel): x: int\n"
    )
    for command in (
        ("validate", "imports.yaml"),
        ("validate", "--format", "json", "imports.yaml"),
    ):
        events = watched(tmp_path, *command)
        assert "trap" not in events.pop("modules")
        assert str(tmp_path / "trap.py") not in events.pop("open")
        assert events == {"exit": ["0"]}
        assert not (tmp_path / "sprung").exists()

    events = watched(tmp_path, "validate", "--allow-imports", "imports.yaml")
    assert events["exit"] == ["0"]
    assert "trap" not in events["modules"]
    (started,) = events["subprocess.Popen"]
    assert "child.py" in started
    assert (tmp_path / "sprung").exists()
