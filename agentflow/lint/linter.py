"""Runs the rules over one spec."""

from bisect import bisect_right
from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from agentflow.findings import START_OF_FILE, Finding, Location, Severity, Suppressed
from agentflow.lint.pages import only_with
from agentflow.lint.rule import Context, Rule
from agentflow.lint.rules import (
    RULES,
    ambiguous_scalar,
    comma_in_text,
    curly_quotes,
    wrong_type,
)
from agentflow.lint.settling import settle
from agentflow.spec.yaml.collector import collector_paused

_READ_OTHERWISE = frozenset({"ambiguous-scalar", "bad-number"})
_OF_VALUES = frozenset({"incompatible-argument", "invalid-contract", "wrong-default"})
_WEIGHT = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.ADVICE: 2}


class Outcome(Struct, frozen=True):
    """What came of a spec: `findings` in file order, at the same place the gravest first.

    `crashed` are the rules that are broken themselves; each has a finding that says so. `fatal` are
    the errors that leave nothing to run, whatever anybody wants to look at.
    """

    findings: tuple[Finding, ...]
    suppressed: tuple[Suppressed, ...] = ()
    crashed: frozenset[str] = frozenset()
    fatal: frozenset[Finding] = frozenset()


def examine(context: Context, rules: Sequence[Rule] = RULES) -> Outcome:
    """All that there is to say about a spec.

    The pipelines that it runs are looked at before, each once. A rule that crashes is a bug of
    ours: it is reported under its name and the others go on.
    """
    return _examine(context, rules, {})


def _examine(
    context: Context, rules: Sequence[Rule], known: dict[str, tuple[Finding, ...]]
) -> Outcome:
    crashed: set[str] = set()
    bugs: set[Finding] = set()
    for child in context.plan.children.values() if context.plan else ():
        if child.file not in known:
            inner = replace(
                context,
                document=child.document,
                pipeline=child.pipeline,
                plan=child.plan,
                problems=child.problems,
                drilled=None,  # it has a receipt of its own
            )
            outcome = _examine(inner, rules, known)
            known[child.file] = outcome.findings
            crashed |= outcome.crashed
    context = replace(context, of_children=known)
    findings: set[Finding] = set()
    with collector_paused():
        for rule in rules:
            try:
                findings.update(rule.check(context))
            except Exception as error:  # noqa: BLE001 - one broken rule must not hide the others
                bugs.add(_crash(context, rule, error))
                crashed.add(rule.NAME)
    findings = _of_curled_texts(_of_parted_texts(_without_echoes(findings)))
    silent = [rule.NAME for rule in rules if only_with(rule) and context.drilled is None]
    settled = settle(context, findings, {rule.NAME: rule.FAMILY for rule in rules}, silent)
    order = tuple(sorted(settled.findings | bugs, key=_position))
    return Outcome(order, settled.suppressed, frozenset(crashed), settled.fatal)


def _without_echoes(findings: set[Finding]) -> set[Finding]:
    """Leave out what a contract has against a value that YAML has read otherwise than it looks.

    Of one that cannot stand there anyway, it is not told that others would read it otherwise.
    """
    read = {finding.location for finding in findings if finding.rule in _READ_OTHERWISE}
    unfit = {finding.location for finding in findings if finding.rule == wrong_type.NAME}
    return {
        finding
        for finding in findings
        if not (finding.rule in _OF_VALUES and finding.location in read)
        and not (finding.rule == ambiguous_scalar.NAME and finding.location in unfit)
    }


def _of_parted_texts(findings: set[Finding]) -> set[Finding]:
    """Leave out what is said of keys that are the rest of a text behind a comma.

    What is said of the comma is then as grave as that.
    """
    parted = sorted((each for each in findings if each.rule == comma_in_text.NAME), key=_start)
    if not parted:
        return findings
    starts = [_start(each) for each in parted]
    kept = findings.difference(parted)
    severities = [each.severity for each in parted]
    for finding in findings - set(parted):
        at = bisect_right(starts, _start(finding)) - 1
        if at < 0 or not _is_inside(finding.location, parted[at].location):
            continue
        kept.discard(finding)
        severities[at] = min(severities[at], finding.severity, key=_WEIGHT.__getitem__)
    return kept.union(map(_with_severity, parted, severities))


def _of_curled_texts(findings: set[Finding]) -> set[Finding]:
    """Leave out the errors of a text in quotes that are none to YAML: they are due to the quotes.

    What is said of those is then an error, and they are safely mended: as it is, it cannot stand there.
    """
    curled = {each.location: each for each in findings if each.rule == curly_quotes.NAME}
    if not curled:
        return findings
    echoes = {
        each for each in findings if each.severity is Severity.ERROR and each.location in curled
    }
    unfit = {curled[each.location] for each in echoes}
    return (findings - echoes - unfit).union(map(_unfit, unfit))


def _unfit(finding: Finding) -> Finding:
    fix = None if finding.fix is None else replace(finding.fix, safe=True)
    return replace(finding, severity=Severity.ERROR, fix=fix)


def _start(finding: Finding) -> tuple[str, int, int]:
    return (finding.location.file, finding.location.span.line, finding.location.span.column)


def _is_inside(place: Location, whole: Location) -> bool:
    """Does a place that starts no higher than another also start before the end of that?"""
    end = (whole.span.end_line, whole.span.end_column)
    return place.file == whole.file and (place.span.line, place.span.column) <= end


def _with_severity(finding: Finding, severity: Severity) -> Finding:
    return replace(finding, severity=severity)


def _position(finding: Finding) -> tuple[object, ...]:
    return (finding.location.span, _WEIGHT[finding.severity], finding.rule, finding.message)


def _crash(context: Context, rule: Rule, error: Exception) -> Finding:
    return Finding(
        rule=rule.NAME,
        severity=Severity.ERROR,
        message=f"bug in rule '{rule.NAME}': {type(error).__name__}: {_told(error)}",
        location=Location(context.document.file, START_OF_FILE),
        help="please report this with the spec that caused it",
    )


def _told(error: Exception) -> str:
    """What an error says, on one line."""
    try:
        return " ".join(str(error).split())
    except Exception as another:  # noqa: BLE001 - it is broken, too, as whatever the rule has done
        return f"it cannot be told ({type(another).__name__})"
