"""Which findings count, and how severe they are: rules and families by name."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from agentflow.findings import Finding, Severity
from agentflow.lint.linter import Outcome
from agentflow.lint.rules import RULES
from agentflow.spec.nearest import nearest
from agentflow.spec.wording import quoted

#: Findings of one rule about one spec that are listed; nobody reads as many.
MOST_LISTED = 1_000
#: From the gravest to the slightest.
SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.ADVICE)
FAMILIES: Mapping[str, str] = {rule.NAME: str(rule.FAMILY) for rule in RULES}
#: What a selection can name: every rule, and every family that has one.
NAMES: tuple[str, ...] = (*dict.fromkeys(FAMILIES.values()), *FAMILIES)


class UnknownName(Exception):
    """A name of no rule and no family; `help` has the nearest."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no rule and no family {quoted(name)}")
        near = nearest(name, NAMES)
        self.help = f"did you mean {quoted(near)}?" if near else "'agentflow rules' lists them"


class Selection(Struct, frozen=True):
    """What of the findings counts. Names are of rules and families.

    Without `select` every rule does. `ignore` takes away from it. `severities` gives findings
    another severity than their rule does; what is said of a rule goes before what is said of its
    family.
    """

    select: frozenset[str] | None = None
    ignore: frozenset[str] = frozenset()
    severities: Mapping[str, Severity] = field(default_factory=dict)


def known(names: Iterable[str]) -> frozenset[str]:
    """The names as a set.

    Raises:
        UnknownName: one of them is that of no rule and no family.
    """
    found = frozenset(names)
    for name in sorted(found.difference(NAMES)):
        raise UnknownName(name)
    return found


def counts(rule: str, selection: Selection) -> bool:
    """Do findings of a rule count?"""
    chosen = selection.select is None or is_named(rule, selection.select)
    return chosen and not is_named(rule, selection.ignore)


def is_named(rule: str, names: frozenset[str]) -> bool:
    """Is a rule, or its family, among names?"""
    return not names.isdisjoint({rule, FAMILIES[rule]})


def foregone(selection: Selection) -> tuple[str, ...]:
    """The names that are selected although none of their rules counts."""
    counting = {
        name for rule in FAMILIES if counts(rule, selection) for name in (rule, FAMILIES[rule])
    }
    return tuple(sorted((selection.select or frozenset()) - counting))


def severity_of(rule: str, selection: Selection) -> Severity | None:
    """The severity that findings of a rule are given, if that is another one than its own."""
    return selection.severities.get(rule) or selection.severities.get(FAMILIES[rule])


def selected(outcome: Outcome, selection: Selection) -> Iterator[Finding]:
    """The findings that count, with the severities that they are given.

    Errors that leave nothing to run always count, as they are: what is found fine can run.
    """
    for finding in outcome.findings:
        if finding in outcome.fatal:
            yield finding
            continue
        if not counts(finding.rule, selection):
            continue
        severity = severity_of(finding.rule, selection)
        yield finding if severity is None else replace(finding, severity=severity)


def bounded(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Of each rule the first `MOST_LISTED` findings, and one that says how many more there are."""
    listed = Counter[str]()
    more: dict[str, list[Finding]] = {}
    for finding in findings:
        listed[finding.rule] += 1
        if listed[finding.rule] <= MOST_LISTED:
            yield finding
        else:
            more.setdefault(finding.rule, []).append(finding)
    for rule, left_out in more.items():
        gravest = min(left_out, key=lambda finding: SEVERITIES.index(finding.severity))
        yield Finding(
            rule,
            gravest.severity,
            f"{len(left_out):,} more findings of {quoted(rule)} are not listed",
            left_out[0].location,
            "mend the first ones and look again",
        )


def at_least(finding: Finding, floor: Severity) -> bool:
    """Is a finding as grave as that, or graver?"""
    return SEVERITIES.index(finding.severity) <= SEVERITIES.index(floor)
