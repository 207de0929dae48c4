"""`validate --fix`, `--unsafe-fixes` and `--diff`: specs mended in place, or what would be done."""

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from msgspec import Struct

from agentflow.errors import CouldNot, FileProblem
from agentflow.findings import STDIN, Finding
from agentflow.formats.masking import without_credentials
from agentflow.formats.safe import safe, without_commands
from agentflow.lint.mending import Mended, Sight, mend
from agentflow.lint.rule import Family
from agentflow.lint.rules import dead_step, unused_definition
from agentflow.lint.selection import FAMILIES, Selection, counts
from agentflow.lint.settling import BAD, UNUSED
from agentflow.loading import Spec, examine_spec, load_bytes
from agentflow.project import find_root, read_bytes, replace_file
from agentflow.spec.document import MAX_BYTES

#: Suppressions are held against what all others find.
EARLY = frozenset(name for name, family in FAMILIES.items() if family == Family.SPEC) - {
    BAD,
    UNUSED,
}
#: What nobody uses is told where everything else of it is right.
LATE = frozenset({dead_step.NAME, unused_definition.NAME})
_WRITABLE = stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH
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
    of_stdin: bool,
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

    before = spec.document.text.encode() if of_stdin else read_bytes(Path(spec.file), MAX_BYTES)
    text = before.removeprefix(_BOM).decode("utf-8", "replace")
    if text != spec.document.text:  # no text, too large, or changed in this moment
        return Changed(spec.file, before, before, Mended(text, (), ()))
    done = mend(text, look, wanted)
    mark = _BOM if before.startswith(_BOM) else b""
    return Changed(spec.file, before, mark + done.text.encode(), done)


def write(changed: Changed) -> None:
    """Put a mended spec in the place of the old one: all of it or nothing, with its
    mode and its owner.

    A link stays one, and what it leads to is changed.

    Raises:
        FileProblem: it leads out of the project, or has been changed meanwhile.
        CouldNot: it is read-only, or cannot be written.
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
    if not file.stat().st_mode & _WRITABLE or not os.access(file, os.W_OK):
        raise CouldNot(f"cannot write '{changed.path}': it is read-only")
    try:
        replace_file(file, changed.after)
    except OSError as error:
        raise CouldNot(f"cannot write '{changed.path}': {error.strerror}") from error


def diff(changed: Changed, *, for_people: bool) -> tuple[str, bool]:
    """The change as a unified diff, and whether `git apply` takes it, line ends and all.

    It does unless the diff has a line that looks like a credential, of which the beginning is
    shown, or like a command to the log of a CI system, which is spelled out. `for_people` spells
    out too what would act on a terminal.
    """
    lines = tuple(_diff(changed, for_people))
    return "\n".join(line for line, _ in lines), all(same for _, same in lines)


def _diff(changed: Changed, for_people: bool) -> Iterator[tuple[str, bool]]:
    """The lines of a diff, and whether each is as it stands in the files."""
    from difflib import unified_diff

    before, after = (data.decode("utf-8") for data in (changed.before, changed.after))
    one, other = (_header(side, changed.path) for side in ("a", "b"))
    hidden = {
        line: shown
        for text in (before, after)
        for line, shown in zip(_lines(text), _lines(without_credentials(text)), strict=True)
    }
    found = unified_diff(_lines(before), _lines(after), one, other, lineterm="")
    for number, line in enumerate(found):
        if number < 2 or line.startswith("@@"):
            yield line, True
            continue
        sign, text = line[0], line[1:]
        bare = text.removesuffix("\n")
        shown = _shown(hidden[text].removesuffix("\n"), for_people)
        yield sign + shown, shown == bare
        if bare == text:
            yield "\\ No newline at end of file", True


def start_of(path: str) -> Path:
    """The folder from which a file is named in a patch: this one, or the project's root if it is elsewhere."""
    here = Path.cwd()
    file = Path(os.path.abspath(path))
    return here if path == STDIN or file.is_relative_to(here) else find_root(file.parent)


def _header(side: str, path: str) -> str:
    """The name of a file in a patch, from where `start_of` says; as git writes one that is not plain."""
    start = start_of(path)
    file = Path("stdin") if path == STDIN else Path(os.path.abspath(path)).relative_to(start)
    name = f"{side}/{file}"
    if name.isascii() and name.isprintable() and not set(name) & set('"\\'):
        return f"{name}\t" if " " in name else name
    signs = (chr(byte) for byte in os.fsencode(name))
    quoted = (
        sign if " " <= sign <= "~" and sign not in '"\\' else f"\\{ord(sign):03o}" for sign in signs
    )
    return f'"{"".join(quoted)}"'


def _shown(line: str, for_people: bool) -> str:
    """A line of a diff; the mark at the beginning of a file and half of a line end do no harm."""
    start = 1 if line.startswith("\ufeff") else 0
    end = len(line) - line.endswith("\r")
    inner = line[start:end]
    return line[:start] + (safe(inner) if for_people else without_commands(inner)) + line[end:]


def _lines(text: str) -> list[str]:
    """Lines as a patch counts them, by line feeds alone."""
    *lines, last = text.split("\n")
    return [f"{line}\n" for line in lines] + [last] * bool(last)
