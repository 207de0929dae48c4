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

#: How many findings of one rule about one spec are listed; nobody reads more.
MOST_LISTED = 1_000
#: The most severe first.
SEVERITIES = (Severity.ERROR, Severity.WARNING, Severity.ADVICE)
FAMILIES: Mapping[str, str] = {rule.NAME: str(rule.FAMILY) for rule in RULES}
#: What a selection can name: every rule, and every family that has one.
NAMES: tuple[str, ...] = (*dict.fromkeys(FAMILIES.values()), *FAMILIES)


class UnknownName(Exception):
    """A name of neither a rule nor a family; `help` has the nearest."""

    def __init__(self, name: str) -> None:
        super().__init__(f"there is no rule and no family {quoted(name)}")
        near = nearest(name, NAMES)
        self.help = f"did you mean {quoted(near)}?" if near else "'agentflow rules' lists them"


class Selection(Struct, frozen=True):
    """Which findings count, by names of rules and families.

    Without `select` all rules count, except those in `ignore`. `severities` replaces the severity
    that a rule gives its findings; an entry for a rule precedes one for its family.
    """

    select: frozenset[str] | None = None
    ignore: frozenset[str] = frozenset()
    severities: Mapping[str, Severity] = field(default_factory=dict)


def known(names: Iterable[str]) -> frozenset[str]:
    """The names as a set.

    Raises:
        UnknownName: one of them names neither a rule nor a family.
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
    """The severity that is configured for a rule, if it is not the rule's own."""
    return selection.severities.get(rule) or selection.severities.get(FAMILIES[rule])


def selected(outcome: Outcome, selection: Selection) -> Iterator[Finding]:
    """The findings that count, with their configured severities.

    Errors that leave nothing to run always count as errors: a spec without findings can run.
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
    """The first `MOST_LISTED` findings of each rule, and one that counts the rest."""
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
    """Is a finding at least this severe?"""
    return SEVERITIES.index(finding.severity) <= SEVERITIES.index(floor)
