"""`validate --fix`, `--unsafe-fixes` and `--diff`: specs mended in place, or what would be done."""

import os
import stat
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from msgspec import Struct

from agentflow.errors import CouldNot, FileProblem
from agentflow.findings import Finding
from agentflow.formats.masking import without_credentials
from agentflow.formats.safe import safe
from agentflow.lint.mending import Mended, Sight, mend
from agentflow.lint.rule import Family
from agentflow.lint.rules import dead_step, unused_definition
from agentflow.lint.selection import FAMILIES, Selection, counts
from agentflow.lint.settling import BAD, UNUSED
from agentflow.loading import Spec, examine_spec, load_bytes
from agentflow.project import find_root, read_bytes
from agentflow.spec.document import MAX_BYTES

#: Suppressions are held against what all others find.
EARLY = frozenset(name for name, family in FAMILIES.items() if family == Family.SPEC) - {
    BAD,
    UNUSED,
}
#: What nobody uses is told where everything else of it is right.
LATE = frozenset({dead_step.NAME, unused_definition.NAME})
_BOM = b"\xef\xbb\xbf"


class Changed(Struct, frozen=True):
    """A spec that fixes have changed, or would change: what is on the disk, and what is to be."""

    path: str
    before: bytes
    after: bytes
    mended: Mended


def mended(
    spec: Spec,
    selection: Selection,
    thresholds: Mapping[str, Mapping[str, int]],
    *,
    unsafe: bool,
    imports: bool,
) -> Changed:
    """What the fixes of the findings that count make of a spec.

    Raises:
        FileProblem: the file cannot be read any more.
    """

    def look(text: str) -> Sight:
        again = load_bytes(text.encode(), spec.file, spec.folder, imports=imports)
        depth = sum(part is not None for part in (again.document.root, again.pipeline, again.plan))
        return Sight(examine_spec(again, thresholds).findings, depth, EARLY, LATE)

    def wanted(finding: Finding) -> bool:
        fix = finding.fix
        return fix is not None and (unsafe or fix.safe) and counts(finding.rule, selection)

    before = read_bytes(Path(spec.file), MAX_BYTES)
    text = before.removeprefix(_BOM).decode("utf-8", "replace")
    if text != spec.document.text:  # no text, too large, or changed in this moment
        return Changed(spec.file, before, before, Mended(text, (), ()))
    done = mend(text, look, wanted)
    mark = _BOM if before.startswith(_BOM) else b""
    return Changed(spec.file, before, mark + done.text.encode(), done)


def write(changed: Changed) -> None:
    """Put a mended spec in the place of the old one: all of it or nothing, with its mode.

    A link stays one, and what it leads to is changed.

    Raises:
        FileProblem: it leads out of the project, or has been changed meanwhile.
        CouldNot: it cannot be written.
    """
    named = Path(changed.path)
    file = named.resolve()
    root = find_root(named.parent.resolve())
    if not file.is_relative_to(root):
        raise FileProblem(
            f"'{changed.path}' leads to '{file}', outside the project '{root}'",
            help="only files of the project are changed",
        )
    if changed.after == changed.before:
        return
    if read_bytes(file, MAX_BYTES) != changed.before:
        raise FileProblem(f"'{changed.path}' has been changed by somebody else", help="try again")
    try:
        _replace(file, changed.after)
    except OSError as error:
        raise CouldNot(f"cannot write '{changed.path}': {error.strerror}") from error


def _replace(file: Path, data: bytes) -> None:
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=".agentflow-")
    try:
        with os.fdopen(handle, "wb") as temporary:
            temporary.write(data)
            temporary.flush()
            os.fchmod(temporary.fileno(), stat.S_IMODE(file.stat().st_mode))
            os.fsync(temporary.fileno())
        os.replace(name, file)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def diff(changed: Changed) -> str:
    """The change as a unified diff, which `git apply` takes, line ends and byte order mark included.

    What would act on a terminal or a log is spelled out, and of what looks like a credential the
    beginning is shown; a line with any of that is for people only.
    """
    return "\n".join(_diff(changed))


def _diff(changed: Changed) -> Iterator[str]:
    from difflib import unified_diff

    texts = (data.decode("utf-8") for data in (changed.before, changed.after))
    before, after = (_lines(without_credentials(text)) for text in texts)
    one, other = (_header(side, changed.path) for side in ("a", "b"))
    for number, line in enumerate(unified_diff(before, after, one, other, lineterm="")):
        if number < 2:
            yield line
            continue
        yield _shown(line.removesuffix("\n"))
        if not line.endswith("\n") and line[:1] in "+- ":
            yield "\\ No newline at end of file"


def _header(side: str, path: str) -> str:
    """The name of a file in a patch, from here on; as git writes one that is not plain."""
    file = Path(path)
    if file.is_absolute() and file.is_relative_to(Path.cwd()):
        file = file.relative_to(Path.cwd())
    name = f"{side}/{file}"
    if name.isascii() and name.isprintable() and not set(name) & set('"\\'):
        return f"{name}\t" if " " in name else name
    signs = (chr(byte) for byte in os.fsencode(name))
    quoted = (
        sign if " " <= sign <= "~" and sign not in '"\\' else f"\\{ord(sign):03o}" for sign in signs
    )
    return f'"{"".join(quoted)}"'


def _shown(line: str) -> str:
    """A line of a diff; the mark at the beginning of a file and half of a line end do no harm."""
    start = 2 if line[1:2] == "\ufeff" else 1
    end = len(line) - line.endswith("\r")
    return line[:start] + safe(line[start:end], oneline=False) + line[end:]


def _lines(text: str) -> list[str]:
    """Lines as a patch counts them, by line feeds alone."""
    *lines, last = text.split("\n")
    return [f"{line}\n" for line in lines] + [last] * bool(last)
