"""What a configuration says without effect: patterns that fit no spec, and names that take nothing away.

That shows only where all specs of its project are checked.
"""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from agentflow.cli.configuration import Configured, fits
from agentflow.lint.selection import FAMILIES


def covers(paths: Sequence[str], found: Configured) -> bool:
    """Does what is named on the command line stand for the whole project of a configuration?"""
    root = found.file.parent.resolve()
    folders = (Path(path).resolve() for path in paths if Path(path).is_dir())
    return any(root.is_relative_to(folder) for folder in folders)


def without_effect(
    found: Configured, specs: Sequence[str], ignored: Mapping[str, frozenset[str]]
) -> Iterator[str]:
    """What to say of a configuration; `ignored` are the rules that it silences, spec by spec."""
    configuration = found.configuration
    for pattern in configuration.exclude:
        if not any(fits(spec, pattern, found) for spec in specs):
            yield f"'exclude' of '{found.file}' has '{pattern}', which fits no spec"
    every = frozenset[str]().union(*ignored.values())
    for name in configuration.ignore:
        if not _takes(name, every):
            yield f"'ignore' of '{found.file}' has '{name}', which finds nothing"
    for pattern, names in configuration.per_file_ignores.items():
        fitting = [spec for spec in specs if fits(spec, pattern, found)]
        if not fitting:
            yield f"'per_file_ignores' of '{found.file}' has '{pattern}', which fits no spec"
            continue
        here = frozenset[str]().union(*(ignored.get(spec, frozenset()) for spec in fitting))
        for name in names:
            if not _takes(name, here):
                yield (
                    f"'per_file_ignores' of '{found.file}' has '{name}' for '{pattern}', which finds"
                    " nothing there"
                )


def _takes(name: str, rules: frozenset[str]) -> bool:
    return name in rules or any(FAMILIES[rule] == name for rule in rules)
