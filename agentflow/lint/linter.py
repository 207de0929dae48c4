"""Runs the rules over one spec."""

from collections.abc import Sequence
from dataclasses import replace

from agentflow.findings import START_OF_FILE, Finding, Location, Severity
from agentflow.lint.rule import Context, Rule
from agentflow.lint.rules import RULES
from agentflow.spec.yaml.collector import collector_paused

_WEIGHT = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.ADVICE: 2}


def lint(context: Context, rules: Sequence[Rule] = RULES) -> tuple[Finding, ...]:
    """All findings of a spec, in file order; at the same place the gravest comes first.

    The pipelines that it runs are looked at before, each once. A rule that crashes is a bug of
    ours: it is reported under its name and the others go on.
    """
    return _lint(context, rules, {})


def _lint(
    context: Context, rules: Sequence[Rule], known: dict[str, tuple[Finding, ...]]
) -> tuple[Finding, ...]:
    for child in context.plan.children.values() if context.plan else ():
        if child.file not in known:
            inner = Context(
                child.document, child.pipeline, child.plan, child.problems, known=context.known
            )
            known[child.file] = _lint(inner, rules, known)
    context = replace(context, of_children=known)
    findings: set[Finding] = set()
    with collector_paused():
        for rule in rules:
            try:
                findings.update(rule.check(context))
            except Exception as error:  # noqa: BLE001 - one broken rule must not hide the others
                findings.add(_crash(context, rule, error))
    return tuple(sorted(findings, key=_position))


def _position(finding: Finding) -> tuple[object, ...]:
    return (finding.location.span, _WEIGHT[finding.severity], finding.rule, finding.message)


def _crash(context: Context, rule: Rule, error: Exception) -> Finding:
    return Finding(
        rule=rule.NAME,
        severity=Severity.ERROR,
        message=f"bug in rule '{rule.NAME}': {type(error).__name__}: {error}",
        location=Location(context.document.file, START_OF_FILE),
        help="please report this with the spec that caused it",
    )
