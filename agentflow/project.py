"""The files of a project: the spec, and what it names, never anything outside the root.

The root is the nearest folder above the spec that holds `agentflow.toml`, `pyproject.toml` or
`.git`; without one it is the spec's own folder.
"""

import os
import stat
from contextlib import suppress
from itertools import islice
from pathlib import Path

from agentflow.errors import FileProblem
from agentflow.spec.nearest import nearest

MARKS = ("agentflow.toml", "pyproject.toml", ".git")
#: Bytes of one file that a spec names; the spec itself is capped by `spec.document`.
MAX_FILE_BYTES = 8 * 1024 * 1024
#: Names of a folder that are looked at for one that may have been meant.
_MAX_LISTED = 1_000
#: What the schemas of Python classes are called among the sources of a run: this and the class.
CLASS = "python:"


def find_root(folder: Path) -> Path:
    """The project root for a spec in `folder`."""
    for candidate in (folder, *folder.parents):
        if any(os.path.exists(candidate / mark) for mark in MARKS):
            return candidate
    return folder


def read_bytes(path: Path, limit: int, name: str | None = None) -> bytes:
    """The content of a regular file of at most `limit` bytes; one byte more tells of the excess.

    `name` is what problems call it, if that is not the path.

    Raises:
        FileProblem: there is no such file, or it is a folder, a device or a pipe, or unreadable.
    """
    name = name or str(path)
    try:
        # A pipe would block the open, and a device might do anything when opened.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            mode = os.fstat(handle).st_mode
            if stat.S_ISDIR(mode):
                raise FileProblem(f"'{name}' is a folder")
            if not stat.S_ISREG(mode):
                raise FileProblem(f"'{name}' is not a regular file")
            with os.fdopen(handle, "rb", closefd=False) as file:
                return file.read(limit + 1)
        finally:
            os.close(handle)
    except FileNotFoundError:
        raise FileProblem(f"there is no file '{name}'", help=_nearest_file(path, name)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FileProblem(f"cannot read '{name}': {reason}") from error


def _nearest_file(path: Path, name: str) -> str | None:
    """What may have been meant by a path, called by `name`, at which there is nothing."""
    if not os.path.isdir(path.parent):
        return f"there is no folder '{Path(name).parent}' either"
    try:
        with os.scandir(path.parent) as entries:
            names = [Path(each.name) for each in islice(entries, _MAX_LISTED) if each.is_file()]
    except OSError:
        return None
    # Of files with the same stem, the one with another suffix is the less likely.
    names.sort(key=lambda each: (each.suffix == path.suffix, each))
    stems = {each.stem: each.name for each in names}
    near = nearest(path.stem, stems)
    return None if near is None else f"did you mean '{Path(name).with_name(stems[near])}'?"


class ProjectReader:
    """Reads files by their path relative to the spec, confined to the root.

    `sources` collects what was read, so that a run can keep all it was made of.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.root = find_root(self.folder)
        self.sources: dict[str, str] = {}

    def __call__(self, path: str) -> str:
        """The text of a file.

        Raises:
            FileProblem: it is outside the root, not there, no text, or too large.
        """
        if path not in self.sources:
            self.sources[path] = self._read(path)
        return self.sources[path]

    def _read(self, path: str) -> str:
        if "\0" in path:
            raise FileProblem("a path cannot hold a zero byte")
        if path.startswith(CLASS):
            raise FileProblem(
                f"'{path}' is the name of a class, not of a file", help=f"write './{path}'"
            )
        target = (self.folder / path).resolve()
        if not target.is_relative_to(self.root):
            raise FileProblem(
                f"'{path}' is outside the project '{self.root}'",
                help="a spec reads files of its own project only",
            )
        data = read_bytes(target, MAX_FILE_BYTES, path)
        if len(data) > MAX_FILE_BYTES:
            raise FileProblem(f"'{path}' has more than {MAX_FILE_BYTES // 1024 // 1024} MiB")
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise FileProblem(f"'{path}' is not UTF-8 text (byte {error.start})") from error


def write_text(folder: Path, path: str, text: str) -> None:
    """Write a file of the project by its path relative to a folder, whole or not at all.

    Raises:
        FileProblem: it is outside the root, or cannot be written.
    """
    target = (folder / path).resolve()
    root = find_root(folder.resolve())
    if not target.is_relative_to(root):
        raise FileProblem(f"'{path}' is outside the project '{root}'")
    try:
        replace_file(target, text.encode())
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise FileProblem(f"cannot write '{path}': {reason}") from error


def replace_file(file: Path, data: bytes) -> None:
    """Put `data` into a file: all of it or nothing, by a new file beside it that takes its place.

    Mode and owner stay; a new file has the mode that any other would have. Raises `OSError`.
    """
    import tempfile  # which takes its time, and most commands write no file

    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".agentflow-")
    try:
        with os.fdopen(handle, "wb") as fresh:
            fresh.write(data)
            fresh.flush()
            _take_after(fresh.fileno(), file)
            os.fsync(fresh.fileno())
        os.replace(name, file)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _take_after(handle: int, file: Path) -> None:
    """Give an open file the owner and the mode of another, or those of a new one."""
    try:
        found = file.stat()
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        os.fchmod(handle, 0o666 & ~mask)
        return
    with suppress(PermissionError):  # others' files can be written, not given to them
        os.fchown(handle, found.st_uid, found.st_gid)
    os.fchmod(handle, stat.S_IMODE(found.st_mode))


class RecordedReader:
    """Reads files from the sources that a run recorded."""

    def __init__(self, sources: dict[str, str]) -> None:
        self.sources = sources

    def __call__(self, path: str) -> str:
        """The text of a file.

        Raises:
            FileProblem: the run did not record it.
        """
        try:
            return self.sources[path]
        except KeyError:
            raise FileProblem(f"the run did not record a file '{path}'") from None
