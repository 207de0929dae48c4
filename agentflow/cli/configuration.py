"""Finding and reading the configuration of a project: the nearest `agentflow.toml` above a spec, or the
table `[tool.agentflow]` of a `pyproject.toml`.
"""

import os
import re
import sys
from collections.abc import Mapping
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from agentflow.cli.report import report_error
from agentflow.errors import FileProblem, UsageError
from agentflow.findings import Location, Span
from agentflow.project import read_bytes

if TYPE_CHECKING:
    from agentflow.lint.configuration import Configuration, Problem

_MAX_BYTES = 1024 * 1024
_PYPROJECT = "pyproject.toml"
_TABLE = ("tool", "agentflow")
#: Beyond a folder with one of these is no configuration looked for.
_ENDS = ("agentflow.toml", ".git")
#: A table's head, or a key with what follows; as TOML is mostly written, which is enough to point.
_PART = r"""(?:[\w-]+|"[^"]*"|'[^']*')"""
_DOTTED = rf"{_PART}(?:\s*\.\s*{_PART})*"
_LINE = re.compile(rf"\s*(?:\[\s*(?P<table>{_DOTTED})\s*\]|(?P<key>{_DOTTED})\s*=)")
_TOML_PLACE = re.compile(
    r"(?P<message>.*) \(at (?:line (?P<line>\d+), column \d+|end of document)\)"
)


class Configured(Struct, frozen=True):
    """A configuration, and the file that it stands in; the patterns in it start at its folder."""

    file: Path
    configuration: "Configuration"


class Configurations:
    """The configurations of the specs of one command: those of their projects, or a given file."""

    def __init__(self, given: Path | None = None) -> None:
        self._given = given
        self._known: dict[Path, Configured | None] = {}

    def of(self, spec: str) -> Configured | None:
        """The configuration for a spec, `-` for stdin; None if there is none.

        Raises:
            UsageError: something is wrong with it.
            FileProblem: it cannot be read.
        """
        if self._given is not None:
            if self._given not in self._known:
                self._known[self._given] = _read_given(self._given)
            return self._known[self._given]
        return self._above(Path.cwd() if spec == "-" else Path(spec).parent.resolve())

    def _above(self, folder: Path) -> Configured | None:
        """The nearest configuration in a folder and those above it.

        A `pyproject.toml` may be that of one package of many, and has no say if it says nothing of us.
        """
        if folder not in self._known:
            found = _of_project(folder)
            ends = any(os.path.exists(folder / name) for name in _ENDS) or folder == folder.parent
            self._known[folder] = found if found or ends else self._above(folder.parent)
        return self._known[folder]


def _read_given(file: Path) -> Configured:
    found = _read(file)
    if found is None:
        raise UsageError(
            f"there is no [tool.agentflow] in '{file}'"
            if file.name == _PYPROJECT
            else f"'{file}' is empty",
            help="name a file that has a configuration",
        )
    return found


def _of_project(root: Path) -> Configured | None:
    """What is configured in a folder; None if nothing is."""
    found = [
        each
        for name in ("agentflow.toml", _PYPROJECT)
        if os.path.isfile(root / name) and (each := _read(_near(root / name))) is not None
    ]
    if len(found) == 2:
        first, second = (each.file for each in found)
        raise UsageError(
            f"'{first}' and '{second}' both configure agentflow",
            help="keep the configuration in one of the two",
        )
    return found[0] if found else None


def _read(file: Path) -> Configured | None:
    """The configuration in a file; None if there is none in it."""
    data = read_bytes(file, _MAX_BYTES)
    in_pyproject = file.name == _PYPROJECT
    # The parser and the model are loaded where there is something to read.
    if not data.strip() or (in_pyproject and b"agentflow" not in data):
        return None
    if len(data) > _MAX_BYTES:
        raise FileProblem(f"'{file}' has more than {_MAX_BYTES // 1024} KiB")
    text, table = _parse(file, data)
    if in_pyproject:
        for part in _TABLE:
            table = table.get(part, {}) if isinstance(table, dict) else {}
        if not table:
            return None
    from agentflow.lint.configuration import ConfigurationProblem, parse_configuration

    try:
        return Configured(file, parse_configuration(table))
    except ConfigurationProblem as error:
        placed = [_pointed(file, text, in_pyproject, each) for each in error.problems]
        *others, last = (problem for _, problem in sorted(placed, key=itemgetter(0)))
        for problem in others:
            report_error(problem, sys.stderr)
        raise last from None


def _parse(file: Path, data: bytes) -> tuple[str, Any]:
    """The text of a file of TOML, and its content."""
    import tomllib

    try:
        text = data.decode("utf-8")
        return text, tomllib.loads(text)
    except UnicodeDecodeError as error:
        raise UsageError(
            f"'{file}' is not UTF-8 text (byte {error.start})", help="save it as UTF-8"
        ) from None
    except tomllib.TOMLDecodeError as error:
        said = _TOML_PLACE.fullmatch(str(error))
        line = f":{said['line']}" if said and said["line"] else ""
        message = (said["message"] if said else str(error)).lower()
        raise UsageError(
            f"{file}{line}: not TOML: {message}", help="mend it, or pass it over with '--no-config'"
        ) from None


def _pointed(
    file: Path, text: str, in_pyproject: bool, problem: "Problem"
) -> tuple[int, UsageError]:
    """The line of a problem, 0 where that cannot be told, and it with its file and line."""
    path = tuple(str(part) for part in problem.path if isinstance(part, str))
    line = line_of(text, (*_TABLE, *path) if in_pyproject else path)
    if line and problem.item:
        line = _line_of_item(text, line, problem.item)
    where = f"{file}{f':{line}' if line else ''}"
    return line or 0, UsageError(f"{where}: {problem.message}", help=problem.help)


def _line_of_item(text: str, start: int, item: str) -> int:
    """The line on which an item of a list stands whose key stands on line `start`; that one if in doubt."""
    bare = item.strip('"')
    quote = "[\"']" if bare != item else ""
    spelled = re.compile(rf"(?<![\w.-]){quote}{re.escape(bare)}{quote}(?![\w.-])")
    for number, line in enumerate(text.splitlines()[start - 1 :], start):
        if number > start and _LINE.match(line):
            break
        if spelled.search(line):
            return number
    return start


def place_of(file: Path, path: tuple[str, ...]) -> Location:
    """Where a key of a configuration stands, as far as that can be told."""
    try:
        text = read_bytes(file, _MAX_BYTES).decode("utf-8")
    except (FileProblem, UnicodeDecodeError):
        text = ""  # it was there, and is gone
    line = line_of(text, (*_TABLE, *path) if file.name == _PYPROJECT else path) or 1
    return Location(str(file), Span(line, 1, line, 1))


def line_of(text: str, path: tuple[str, ...]) -> int | None:
    """The line on which a key of TOML stands; that of a key above it where it has no line.

    `tomllib` gives no places. Texts over several lines can look like keys, so this is good for
    pointing at a line and for nothing else.
    """
    best: tuple[int, int] | None = None
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), 1):
        found = _LINE.match(line)
        if found is None:
            continue
        keys = tuple(
            part.strip("\"'") for part in re.findall(_PART, found["table"] or found["key"])
        )
        if found["table"]:
            table = here = keys
        else:
            here = (*table, *keys)
        shared = min(len(here), len(path))
        depth = shared if here[:shared] == path[:shared] else 0
        if depth and (best is None or depth > best[0]):
            best = depth, number
    return best[1] if best else None


def _near(file: Path) -> Path:
    """A path as short as the current folder allows, for messages."""
    here = Path.cwd()
    return file.relative_to(here) if file.is_relative_to(here) else file


def passed_over(spec: str, found: Configured | None) -> bool:
    """Does a pattern of `exclude` fit a spec's file, or a folder that it is in?"""
    return found is not None and any(
        fits(spec, pattern, found) for pattern in found.configuration.exclude
    )


def ignored_in(spec: str, found: Configured) -> frozenset[str]:
    """The rules and families that do not count in a spec's file."""
    ignores = found.configuration.per_file_ignores.items()
    return frozenset(
        name for pattern, names in ignores if fits(spec, pattern, found) for name in names
    )


def fits(spec: str, pattern: str, found: Configured) -> bool:
    """Does a pattern of a configuration fit a spec's file, or a folder that it is in?"""
    from fnmatch import fnmatchcase

    root = found.file.parent.resolve()
    path = Path(spec).resolve()
    if spec == "-" or not path.is_relative_to(root):
        return False
    parts = path.relative_to(root).parts
    whole = ["/".join(parts[: n + 1]) for n in range(len(parts))]
    pattern = pattern.removeprefix("./").removesuffix("/")
    return any(fnmatchcase(each, pattern) for each in (whole if "/" in pattern else parts))


def wants_drills(found: Configured | None) -> bool:
    """Are receipts of drills to be held against specs?"""
    return found is not None and found.configuration.drilled


def numbers_of(found: Configured | None) -> Mapping[str, Mapping[str, int]]:
    """The numbers of rules that are configured."""
    return found.configuration.thresholds if found is not None else {}
