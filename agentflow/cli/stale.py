"""Settings without effect: patterns that match no spec, and names that remove nothing.

That shows only where all specs of its project are checked.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from agentflow.cli.configuration import Configured, fits, place_of
from agentflow.findings import Note
from agentflow.lint.selection import FAMILIES


def covers(paths: Sequence[str], found: Configured) -> bool:
    """Does what is named on the command line stand for the whole project of a configuration?"""
    root = found.file.parent.resolve()
    folders = (Path(path).resolve() for path in paths if os.path.isdir(path))
    return any(root.is_relative_to(folder) for folder in folders)


def without_effect(
    found: Configured, specs: Sequence[str], ignored: Mapping[str, frozenset[str]]
) -> Iterator[Note]:
    """What to say of a configuration; `ignored` are the rules that it silences, spec by spec."""
    configuration = found.configuration
    for pattern in configuration.exclude:
        if not any(fits(spec, pattern, found) for spec in specs):
            yield _note(found, f"has '{pattern}', which fits no spec", "exclude")
    every = frozenset[str]().union(*ignored.values())
    for name in configuration.ignore:
        if not _takes(name, every):
            yield _note(found, f"has '{name}', which finds nothing", "ignore")
    for pattern, names in configuration.per_file_ignores.items():
        fitting = [spec for spec in specs if fits(spec, pattern, found)]
        if not fitting:
            said = f"has '{pattern}', which fits no spec"
            yield _note(found, said, "per_file_ignores", pattern)
            continue
        here = frozenset[str]().union(*(ignored.get(spec, frozenset()) for spec in fitting))
        for name in names:
            if not _takes(name, here):
                said = f"has '{name}' for '{pattern}', which finds nothing there"
                yield _note(found, said, "per_file_ignores", pattern)


def _note(found: Configured, said: str, *path: str) -> Note:
    return Note(f"'{path[0]}' of '{found.file}' {said}", place_of(found.file, path))


def _takes(name: str, rules: frozenset[str]) -> bool:
    return name in rules or any(FAMILIES[rule] == name for rule in rules)
