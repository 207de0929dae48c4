"""Applying fixes: edits of the text at the places that findings name, and nothing else.

    look at the text  →  the fixes that do not touch each other  →  apply them  →  look again

until nothing is left to apply, the most severe problems first. A set of fixes is kept only if every
finding afterwards was there before, and there are fewer of them: a fix that causes a new problem is
left to a person. So mending a mended text changes nothing.

There are two exceptions. An error keeps rules from looking at its surroundings: if the agent of a
step is unknown, nobody asks who reads the step. Findings that appear once such an error is mended
are allowed if they are less severe and would have been there without it. And of a text that cannot
be parsed, rules see only a part. If fixes make it readable, whatever else is wrong with it appears
for the first time, and is not caused by them.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence

from msgspec import Struct, field

from agentflow.findings import Edit, Finding, Fix, Severity
from agentflow.spec.yaml.source import Source

#: How often a text is looked at: far more often than needed unless many fixes are refused.
MAX_LOOKS = 100
#: How many fixes in a row may be useless before the others are left to a person.
PATIENCE = 12
_RANK = {severity: rank for rank, severity in enumerate(Severity)}


class Sight(Struct, frozen=True):
    """What is found in a text. A greater `depth` means that more of it was understood.

    `early` names the rules whose findings do not depend on the depth, `late` those that skip
    whatever has errors.
    """

    findings: Sequence[Finding]
    depth: int
    early: Collection[str] = ()
    late: Collection[str] = ()


Look = Callable[[str], Sight]


class Refused(Struct, frozen=True):
    """A finding whose fix was left out, and the first finding it `brings`, if any."""

    finding: Finding
    brings: Finding | None


class Mended(Struct, frozen=True):
    """What became of a text, and which fixes were left out.

    `untried` counts those that were not tried because too many before them were refused.
    """

    text: str
    fixed: tuple[Finding, ...]
    refused: tuple[Refused, ...]
    untried: int = 0


class _Work(Struct):
    """A text being mended: what is found in it, and which fixes were useless so far."""

    text: str
    sight: Sight
    fixed: list[Finding] = field(default_factory=list)
    refused: dict[tuple[object, ...], Refused] = field(default_factory=dict)


def mend(text: str, look: Look, wanted: Callable[[Finding], bool]) -> Mended:
    """Apply the fixes of the findings that are wanted. `look` gives all findings of a text."""
    work = _Work(text, look(text))
    at_most, in_vain = 1 << 30, 0
    for _ in range(MAX_LOOKS):
        batch = _apart(work, wanted)[:at_most]
        if not batch or in_vain == PATIENCE:
            break
        changed = apply(work.text, [edit for _, fix in batch for edit in fix.edits])
        sight = look(changed)
        new = _new(sight, work.sight, batch[0][0].severity)
        if not new and _is_less(sight, work.sight):
            work.fixed += (finding for finding, _ in batch)
            work.text, work.sight = changed, sight
            work.refused.clear()  # what stood in their way may be gone
            at_most, in_vain = 2 * at_most, 0
        elif len(batch) > 1:
            at_most = len(batch) // 2
        else:
            ((finding, _),) = batch
            work.refused[_identity(finding)] = Refused(finding, new[0] if new else None)
            in_vain += 1
    left = len(_mendable(work, wanted))
    return Mended(work.text, tuple(work.fixed), tuple(work.refused.values()), left)


def apply(text: str, edits: Iterable[Edit]) -> str:
    """The text with all edits applied; they do not touch each other. It keeps its line ends."""
    source = Source(text)
    line_end = "\r\n" if "\r\n" in text else "\n"
    parts: list[str] = []
    done = 0
    for start, end, new in sorted((*_offsets(source, edit), edit.text) for edit in edits):
        parts += (text[done:start], new.replace("\n", line_end))
        done = end
    return "".join((*parts, text[done:]))


def _offsets(source: Source, edit: Edit) -> tuple[int, int]:
    span = edit.span
    start = source.offset(span.line, span.column)
    return start, max(start, source.offset(span.end_line, span.end_column))


def _apart(work: _Work, wanted: Callable[[Finding], bool]) -> list[tuple[Finding, Fix]]:
    """Fixes of the gravest findings that have any, in file order, none touching another."""
    source = Source(work.text)
    mendable = _mendable(work, wanted)
    gravest = min((_RANK[finding.severity] for finding in mendable), default=0)
    taken: list[tuple[int, int]] = []
    chosen: list[tuple[Finding, Fix]] = []
    for finding in mendable:
        fix = finding.fix
        if fix is None or _RANK[finding.severity] > gravest:
            continue
        spans = [_offsets(source, edit) for edit in fix.edits]
        if all(_is_free(span, taken) for span in spans):
            taken += spans
            chosen.append((finding, fix))
    return chosen


def _mendable(work: _Work, wanted: Callable[[Finding], bool]) -> list[Finding]:
    """The findings with a fix that is wanted and not yet refused."""
    return [
        finding
        for finding in work.sight.findings
        if finding.fix is not None and wanted(finding) and _identity(finding) not in work.refused
    ]


def _is_free(span: tuple[int, int], taken: Sequence[tuple[int, int]]) -> bool:
    start, end = span
    return all(end < first or last < start for first, last in taken)


def _new(after: Sight, before: Sight, mended: Severity) -> list[Finding]:
    """The findings that are new, apart from those that could not be seen before."""
    then = Counter(map(_said, before.findings))
    found: list[Finding] = []
    for finding in after.findings:
        said = _said(finding)
        then[said] -= 1
        hidden = finding.rule in after.late and _RANK[finding.severity] > _RANK[mended]
        deeper = after.depth > before.depth and finding.rule not in after.early
        if then[said] < 0 and not hidden and not deeper:
            found.append(finding)
    return found


def _is_less(after: Sight, before: Sight) -> bool:
    """Has a finding gone?"""
    return bool(Counter(map(_said, before.findings)) - Counter(map(_said, after.findings)))


def _said(finding: Finding) -> tuple[str, Severity, str]:
    """What a finding says, apart from its place."""
    return finding.rule, finding.severity, finding.message


def _identity(finding: Finding) -> tuple[object, ...]:
    return (*_said(finding), finding.location.span)
