"""Whatever a spec holds, commands end in findings: soon, within their memory, and without a
crash."""

import json
from collections.abc import Collection
from pathlib import Path

import pytest

from tests.hostile.cases import BROKEN, SOUND, names
from tests.limited import Ended, ended

#: Cases that other commands than `validate` are given too: one of each kind of trouble.
SOME = (
    *("empty", "zero byte", "utf-16", "deep lists", "alias bomb", "python objects", "calls: .inf"),
    *("a pattern that is none", "deep brackets", "itself as a step"),
)
#: Commands that look at a spec, and what they may end with if it is broken.
OTHERS = {
    ("plan",): {1},
    ("run", "--simulate"): {1},
    ("test",): {1, 2},  # it has no tests either
    ("schema", "contracts"): {1},
    ("validate", "--unsafe-fixes", "--diff"): {0, 1},
}


#: Runs may fail: a condition takes too many steps, and for a contract no value is found.
UNLUCKY = {"loops of macros", "nothing can satisfy it", "many required"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with a file for each case."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "agentflow.toml").touch()
    for kind, cases in (("broken", BROKEN), ("sound", SOUND)):
        (folder / kind).mkdir()
        for name, content in zip(names(cases), cases.values(), strict=True):
            data = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
            (folder / kind / name).write_bytes(data)
    return folder


def complaints(name: str, how: Ended, codes: Collection[int]) -> list[str]:
    """What is wrong with the way in which a command has ended."""
    if how.code not in codes:
        return [f"{name}: exit code {how.code}: {(how.err or how.out)[-300:]}"]
    if "Traceback" in how.out + how.err or "bug in rule" in how.out + how.err:
        return [f"{name}: {how.err[-300:]}"]
    return []


def test_what_is_broken_is_told_of_with_a_place(folder: Path) -> None:
    found = ended(folder, [["validate", "-f", "json", f"broken/{name}"] for name in names(BROKEN)])
    wrong: list[str] = []
    for case, how in zip(BROKEN, found, strict=True):
        bad = complaints(case, how, {1})
        wrong += bad
        if not bad:
            places = [one["location"]["line"] for one in json.loads(how.out)["findings"]]
            wrong += [f"{case}: no place"] * (not places or min(places) < 1)
            wrong += [f"{case}: {len(how.out):,} characters"] * (len(how.out) > 12_000_000)
    assert wrong == []


def test_no_command_takes_it(folder: Path) -> None:
    files = dict(zip(BROKEN, names(BROKEN), strict=True))
    pairs = [(command, case) for command in OTHERS for case in SOME]
    found = ended(folder, [[*command, f"broken/{files[case]}"] for command, case in pairs])
    wrong: list[str] = []
    for (command, case), how in zip(pairs, found, strict=True):
        wrong += complaints(f"{command[0]}: {case}", how, OTHERS[command])
    assert wrong == []
    assert not (folder / "sprung").exists()
    assert not list(folder.rglob(".agentflow"))


def test_what_only_looks_dangerous_is_taken(folder: Path) -> None:
    commands = [("validate", "--severity", "error"), ("plan",), ("run", "--simulate", "--quiet")]
    pairs = [(command, case) for command in commands for case in SOUND]
    files = dict(zip(SOUND, names(SOUND), strict=True))
    found = ended(folder, [[*command, f"sound/{files[case]}"] for command, case in pairs])
    wrong: list[str] = []
    for (command, case), how in zip(pairs, found, strict=True):
        codes = {0, 1} if command[0] == "run" and case in UNLUCKY else {0}
        wrong += complaints(f"{command[0]}: {case}", how, codes)
    assert wrong == []
