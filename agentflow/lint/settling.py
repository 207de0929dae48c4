"""What suppressions take back, and what is wrong with the suppressions themselves."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from agentflow.findings import Edit, Finding, Fix, Location, Severity, Span, Suppressed
from agentflow.lint.rule import Context, Family
from agentflow.lint.suppressions import FORM, Suppression
from agentflow.spec.fixes import renamed
from agentflow.spec.nearest import nearest
from agentflow.spec.wording import quoted

BAD = "bad-suppression"
UNUSED = "unused-suppression"

#: Families whose errors nothing takes back: there would be nothing to run.
_GROUND = frozenset({Family.SPEC, Family.REFERENCE, Family.GRAPH})


@dataclass(frozen=True, slots=True)
class Settled:
    """The findings that stay, those of the suppressions among them, and those taken back.

    `fatal` are the errors that leave nothing to run.
    """

    findings: frozenset[Finding]
    suppressed: tuple[Suppressed, ...]
    fatal: frozenset[Finding]


def settle(
    context: Context, findings: Iterable[Finding], families: Mapping[str, Family]
) -> Settled:
    """Hold the findings of a spec against its suppressions. `families` has those of all rules."""
    file = context.document.file
    kept: set[Finding] = set()
    suppressed: list[Suppressed] = []
    used: set[tuple[Suppression, str]] = set()
    found_all = tuple(findings)
    fatal = frozenset(each for each in found_all if _is_fatal(each, context, families))
    for finding in found_all:
        found = _about(finding, context)
        if found is None:
            kept.add(finding)
            continue
        used.add((found, finding.rule))
        if finding in fatal:
            kept.add(finding)
            kept.add(_refused(found, finding, file))
        else:
            suppressed.append(Suppressed(finding, found.reason, Location(file, found.comment.span)))
    for suppression in context.suppressions:
        kept.update(_problems(suppression, context, families))
        # Where an error leaves nothing to run, rules say less, and what is idle now may be needed.
        if suppression.problem is None and context.plan is not None and not fatal:
            kept.update(_unused(suppression, context, families, used))
    order = sorted(suppressed, key=lambda each: (each.finding.location.span, each.finding.rule))
    return Settled(frozenset(kept), tuple(order), fatal)


def _about(finding: Finding, context: Context) -> Suppression | None:
    """The first suppression that is about a finding."""
    if finding.location.file != context.document.file:
        return None
    line = finding.location.span.line
    for each in context.suppressions:
        here = each.problem is None and each.first <= line <= each.last
        if here and any(name == finding.rule for name, _ in each.names):
            return each
    return None


def _is_fatal(finding: Finding, context: Context, families: Mapping[str, Family]) -> bool:
    """Is it an error that leaves nothing to run?"""
    if finding.severity is not Severity.ERROR:
        return False
    return families[finding.rule] in _GROUND or finding in context.problems


def _refused(suppression: Suppression, finding: Finding, file: str) -> Finding:
    place = next(place for name, place in suppression.names if name == finding.rule)
    return Finding(
        BAD,
        Severity.WARNING,
        f"an error of {quoted(finding.rule)} cannot be suppressed: the pipeline could not run",
        Location(file, place),
        "mend it, and take the suppression out",
    )


def _problems(
    suppression: Suppression, context: Context, families: Mapping[str, Family]
) -> Iterator[Finding]:
    """What is wrong with a suppression as it is written."""
    file = context.document.file
    if suppression.problem is not None:
        whole = Location(file, suppression.comment.span)
        yield Finding(BAD, Severity.WARNING, suppression.problem, whole, FORM)
    for name, span in suppression.names:
        if name not in families:
            near = nearest(name, families)
            place = Location(file, span)
            yield Finding(
                BAD,
                Severity.WARNING,
                f"there is no rule {quoted(name)}",
                place,
                f"did you mean {quoted(near)}?" if near else "'agentflow rules' lists them",
                fix=renamed(context.document, place, name, families),
            )


def _unused(
    suppression: Suppression,
    context: Context,
    families: Mapping[str, Family],
    used: set[tuple[Suppression, str]],
) -> Iterator[Finding]:
    """The names that take nothing back, each with a fix that takes them out."""
    known = [(name, place) for name, place in suppression.names if name in families]
    idle = [(name, place) for name, place in known if (suppression, name) not in used]
    alone = len(idle) == len(suppression.names)
    for name, place in idle:
        edit = _without_comment(suppression, context) if alone else _without_name(suppression, name)
        yield Finding(
            UNUSED,
            Severity.WARNING,
            f"{quoted(name)} finds nothing here that could be suppressed",
            Location(context.document.file, place),
            "take it out",
            fix=Fix("take it out", (edit,)),
        )


def _without_comment(suppression: Suppression, context: Context) -> Edit:
    """Take the comment out, with its line if it has one of its own."""
    span = suppression.comment.span
    if suppression.comment.alone:
        return Edit(Span(span.line, 1, span.line + 1, 1), "")
    before = context.document.line(span.line)[: span.column - 1].rstrip()
    return Edit(Span(span.line, len(before) + 1, span.line, span.end_column), "")


def _without_name(suppression: Suppression, name: str) -> Edit:
    """Leave the other names."""
    first, last = suppression.names[0][1], suppression.names[-1][1]
    others = ", ".join(other for other, _ in suppression.names if other != name)
    return Edit(Span(first.line, first.column, last.line, last.end_column), others)
