"""Which findings are suppressed, and what is wrong with the suppressions."""

from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import islice

from msgspec import Struct, field

from agentflow.findings import Edit, Finding, Fix, Location, Severity, Span, Suppressed
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family
from agentflow.lint.suppressions import FORM, Suppression, lost_suppressions
from agentflow.spec.fixes import replaced
from agentflow.spec.wording import quoted

BAD = "bad-suppression"
UNUSED = "unused-suppression"

#: How many letters of the beginning of a rule's name identify it.
_TELLING = 5
#: Families whose errors cannot be suppressed: there would be nothing to run.
_GROUND = frozenset({Family.SPEC, Family.REFERENCE, Family.GRAPH})
#: What is written like a suppression in texts and is looked at.
_MOST_LOST = 100


class Settled(Struct, frozen=True):
    """The findings that stay, those of the suppressions among them, and those taken back.

    `fatal` are the errors that leave nothing to run.
    """

    findings: frozenset[Finding]
    suppressed: tuple[Suppressed, ...]
    fatal: frozenset[Finding]


def settle(
    context: Context,
    findings: Iterable[Finding],
    families: Mapping[str, Family],
    silent: Collection[str] = (),
) -> Settled:
    """Apply the suppressions of a spec to its findings. `families` has the family of each rule.

    Suppressions of rules that are `silent`, because they did not run, may be needed another time.
    """
    file = context.document.file
    kept: set[Finding] = set()
    suppressed: list[Suppressed] = []
    used: set[tuple[Span, str]] = set()
    suggestions, reaches = Suggestions(), _reaches(context.suppressions)
    found_all, early = tuple(findings), frozenset(context.problems)
    fatal = frozenset(each for each in found_all if _is_fatal(each, early, families))
    for finding in found_all:
        found = _about(finding, context, reaches)
        if found is None:
            kept.add(finding)
            continue
        used.add((found.comment.span, finding.rule))
        if finding in fatal:
            kept.add(finding)
            kept.add(_refused(found, finding, file))
        else:
            suppressed.append(Suppressed(finding, found.reason, Location(file, found.comment.span)))
    for suppression in context.suppressions:
        kept.update(_problems(suppression, context, families, suggestions))
        # After an error that leaves nothing to run, rules find less: what is idle may be needed.
        if suppression.problem is None and context.plan is not None and not fatal:
            used.update((suppression.comment.span, name) for name in silent)
            kept.update(_unused(suppression, context, families, used))
    kept.update(_lost(context, found_all))
    order = sorted(suppressed, key=lambda each: (each.finding.location.span, each.finding.rule))
    return Settled(frozenset(kept), tuple(order), fatal)


class _Reach(Struct):
    """The suppressions of one rule in file order, with the furthest line reached so far."""

    suppressions: list[Suppression] = field(default_factory=list)
    furthest: list[int] = field(default_factory=list)


def _reaches(suppressions: Iterable[Suppression]) -> dict[str, _Reach]:
    found: dict[str, _Reach] = {}
    for each in suppressions:
        for name in dict.fromkeys(name for name, _ in each.names) if each.problem is None else ():
            reach = found.setdefault(name, _Reach())
            reach.suppressions.append(each)
            reach.furthest.append(max([each.last, *reach.furthest[-1:]]))
    return found


def _about(finding: Finding, context: Context, reaches: Mapping[str, _Reach]) -> Suppression | None:
    """The first suppression that covers a finding."""
    reach = reaches.get(finding.rule)
    if reach is None or finding.location.file != context.document.file:
        return None
    line = finding.location.span.line
    # The first that reaches the line; later ones do not start any higher.
    first = bisect_left(reach.furthest, line)
    if first == len(reach.furthest) or reach.suppressions[first].first > line:
        return None
    return reach.suppressions[first]


def _is_fatal(finding: Finding, early: Collection[Finding], families: Mapping[str, Family]) -> bool:
    """Is it an error that leaves nothing to run? `early` are those found before there are rules."""
    if finding.severity is not Severity.ERROR:
        return False
    return families[finding.rule] in _GROUND or finding in early


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
    suppression: Suppression,
    context: Context,
    families: Mapping[str, Family],
    suggestions: Suggestions,
) -> Iterator[Finding]:
    """What is wrong with the way a suppression is written."""
    file = context.document.file
    if suppression.problem is not None:
        whole = Location(file, suppression.comment.span)
        yield Finding(BAD, Severity.WARNING, suppression.problem, whole, FORM)
    for name, span in suppression.names:
        if name in families:
            continue
        place = Location(file, span)
        if name in set(families.values()):
            message = f"{quoted(name)} is a family, and a comment names rules"
            yield Finding(BAD, Severity.WARNING, message, place, "'agentflow rules' lists them")
            continue
        begun = [rule for rule in families if rule.startswith(name) and len(name) >= _TELLING]
        yield Finding(
            BAD,
            Severity.WARNING,
            f"there is no rule {quoted(name)}",
            place,
            f"did you mean {quoted(begun[0])}?"
            if len(begun) == 1
            else suggestions.near(name, families) or "'agentflow rules' lists them",
            fix=replaced(context.document, place, name, begun[0])
            if len(begun) == 1
            else suggestions.fix(context.document, place, name, families),
        )


def _lost(context: Context, findings: Iterable[Finding]) -> Iterator[Finding]:
    """What looks like a suppression of something that is found, and is a part of a text."""
    document = context.document
    own = [each for each in findings if each.location.file == document.file]
    for lost in islice(lost_suppressions(document), _MOST_LOST) if own else ():
        names = {name for name, _ in lost.names}
        for each in own:
            if each.rule in names and lost.first <= each.location.span.line <= lost.last:
                yield Finding(
                    BAD,
                    Severity.WARNING,
                    f"{quoted(lost.comment.text)} is a part of the text here, and suppresses nothing",
                    Location(document.file, lost.comment.span),
                    "put it above the key of the text, or with less indentation above what it is about",
                )
                break


def _unused(
    suppression: Suppression,
    context: Context,
    families: Mapping[str, Family],
    used: set[tuple[Span, str]],
) -> Iterator[Finding]:
    """The names that take nothing back, each with a fix that removes it."""
    known = [(name, place) for name, place in suppression.names if name in families]
    here = suppression.comment.span
    idle = [(name, place) for name, place in known if (here, name) not in used]
    alone = len(idle) == len(suppression.names)
    for name, place in idle:
        edit = _without_comment(suppression, context) if alone else _without_name(suppression, name)
        yield Finding(
            UNUSED,
            Severity.WARNING,
            f"{quoted(name)} finds nothing here that could be suppressed",
            Location(context.document.file, place),
            "take it out",
            # It may stand in the wrong place, and its reason is nowhere else.
            fix=Fix("take it out", (edit,), safe=False),
        )


def _without_comment(suppression: Suppression, context: Context) -> Edit:
    """Remove the comment, with its line if it is alone there."""
    span = suppression.comment.span
    if suppression.comment.alone:
        return Edit(Span(span.line, 1, span.line + 1, 1), "")
    before = context.document.between(span.line, 1, span.column).rstrip()
    return Edit(Span(span.line, len(before) + 1, span.line, span.end_column), "")


def _without_name(suppression: Suppression, name: str) -> Edit:
    """Remove one name, and leave the others."""
    first, last = suppression.names[0][1], suppression.names[-1][1]
    others = ", ".join(other for other, _ in suppression.names if other != name)
    return Edit(Span(first.line, first.column, last.line, last.end_column), others)
