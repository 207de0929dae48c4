"""The specs that a command line means."""

import os
import re
import stat
import sys
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator, Sequence
from glob import glob, has_magic
from pathlib import Path

from agentflow.errors import AgentflowError, FileProblem, UsageError
from agentflow.findings import STDIN
from agentflow.loading import Spec, load, load_bytes, runnable
from agentflow.plan.steps import Plan
from agentflow.project import read_bytes
from agentflow.spec.document import MAX_BYTES
from agentflow.spec.nearest import nearest

SUFFIXES = (".yaml", ".yml")
#: Folders with what others have written, besides the hidden ones and virtual environments.
_FOREIGN = frozenset({"node_modules", "__pycache__"})
#: The first bytes of a file are enough to tell a spec; its head stands behind comments at most.
_HEAD = 64 * 1024
_UTF_16 = (BOM_UTF16_LE, BOM_UTF16_BE)
_MARK = rb"(?:\xef\xbb\xbf)?"
_HEADER = re.compile(rb"^" + _MARK + rb"(?:\{[ \t]*)?[\"']?agentflow[\"']?[ \t]*:", re.MULTILINE)
#: The first line that is no comment and no mark of a document may be indented, by a tab even.
_FIRST_KEY = re.compile(_MARK + rb"(?:[ \t]*(?:[#%].*|---[ \t]*)?\r?\n)*[ \t]*([A-Za-z_]+)[ \t]*:")


def read_spec(path: str, *, imports: bool, stdin_name: str | None = None) -> Spec:
    """The spec at a path, or on stdin for `-`; see `loading.load` for `imports`.

    What is on stdin may be the file `stdin_name`, as an editor has it.

    Raises:
        FileProblem: it cannot be read.
    """
    if path == "-":
        data = sys.stdin.buffer.read(MAX_BYTES + 1)
        if stdin_name is not None:
            return load_bytes(data, stdin_name, Path(stdin_name).parent, imports=imports)
        return load_bytes(data, STDIN, Path.cwd(), imports=imports)
    return load(path, imports=imports)


def sound_spec(path: str, *, imports: bool) -> tuple[Spec, Plan]:
    """A spec and its plan, as they are needed by what looks further than `validate`.

    Raises:
        FileProblem: it cannot be read.
        UsageError: it has contracts from Python, and nothing may be imported.
        SpecError: it has errors.
    """
    spec = seen(read_spec(path, imports=imports))
    return spec, runnable(spec)


def seen(spec: Spec) -> Spec:
    """A spec all of whose contracts were looked at.

    Raises:
        UsageError: it has contracts from Python, and nothing may be imported.
    """
    if spec.unseen:
        raise UsageError(
            f"'{spec.file}' has contracts from Python",
            help="'--allow-imports' imports the modules of their classes",
        )
    return spec


def spec_paths(
    paths: Sequence[str],
    *,
    only_specs: bool = False,
    missing: list[tuple[str, AgentflowError]] | None = None,
) -> tuple[str, ...]:
    """The specs that files, folders and patterns mean: each file once, in the order of the names.

    Of several names of one file the shortest is taken, whatever order they are given in. A file
    that is named is a spec, whatever it says; with `only_specs` it has to say so, as in a folder.
    With `missing`, what means nothing is put there, with the reason.

    Raises:
        UsageError: there are none in a folder, nothing fits a pattern, or a name is empty.
    """
    names: dict[str, str] = {}
    for name in _told(paths, missing):
        if only_specs and name != "-" and os.path.isfile(name) and not _is_spec(name):
            continue
        file = name if name == "-" else os.path.realpath(name)
        known = names.get(file)
        if known is None or (len(name), name) < (len(known), known):
            names[file] = name
    return tuple(sorted(names.values()))


def _told(paths: Sequence[str], missing: list[tuple[str, AgentflowError]] | None) -> Iterator[str]:
    """All paths; what means nothing is put with the others that do not."""
    for path in paths:
        try:
            yield from _all_paths([path])
        except UsageError as error:
            if missing is None:
                raise
            missing.append((path, error))


def _all_paths(paths: Sequence[str]) -> Iterator[str]:
    for path in paths:
        if not path:
            raise UsageError("an empty name is that of no file", help="'.' is the current folder")
        if path == "-":
            yield path
        elif os.path.isdir(path):
            yield from _of_folder(path)
        elif has_magic(path) and not os.path.exists(path):
            found = [name for name in glob(path, recursive=True) if not os.path.isdir(name)]
            if not found:
                raise UsageError(
                    f"no file fits '{path}'", help="** stands for folders, * for any part of a name"
                )
            yield from (str(Path(name)) for name in found)
        else:
            yield str(Path(path))


def _of_folder(folder: str) -> Iterator[str]:
    closed: list[str] = []
    found = [file for file in _files(folder, closed) if _is_spec(file)]
    found += closed  # there may be specs in them: that they cannot be read is told
    if not found:
        raise UsageError(
            f"there are no specs in the folder '{folder}'",
            help="a spec is a file that ends in .yaml or .yml and has a line 'agentflow: 1'",
        )
    yield from found


def _files(top: str, closed: list[str]) -> Iterator[str]:
    """The files of YAML below a folder. Links to folders are not followed, nor out of it.

    The folders that cannot be read are added to `closed`.
    """
    root = os.path.realpath(top)

    def note(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):  # it has gone meanwhile
            closed.append(str(Path(error.filename)))

    for folder, folders, files in os.walk(top, onerror=note):
        folders[:] = [name for name in folders if _is_own(os.path.join(folder, name), name)]
        for name in files:
            file = str(Path(folder, name))
            if name.startswith(".") or not name.endswith(SUFFIXES):
                continue
            if os.path.commonpath([root, os.path.realpath(file)]) == root:
                yield file


def _is_own(path: str, name: str) -> bool:
    """May a folder hold specs of the project's own?"""
    if name.startswith(".") or name in _FOREIGN:
        return False
    return not os.path.exists(os.path.join(path, "pyvenv.cfg"))


def _is_spec(file: str) -> bool:
    """Does a file say that it is a spec, or nearly so? The others may be anything in YAML."""
    try:
        head = read_bytes(Path(file), _HEAD)
    except FileProblem:
        return _may_be_a_file(file)
    if head.startswith(_UTF_16):  # it is told that it has to be UTF-8
        head = head.decode("utf-16", "ignore").encode("utf-8", "ignore")
    if _HEADER.search(head):
        return True
    first = _FIRST_KEY.match(head)
    return first is not None and nearest(first[1].decode(), ["agentflow"]) is not None


def _may_be_a_file(path: str) -> bool:
    """What cannot be read may be a spec, and is told. A pipe is none, nor what a link does not find."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except PermissionError:
        return True
    except OSError:
        return False
