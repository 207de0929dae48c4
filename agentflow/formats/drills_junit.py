"""Drills in the XML of JUnit: a suite for each spec, a case for each claim.

A claim that does not hold is a failure, and one that the drill did not reach is skipped. The schema
is junit-10.xsd of Jenkins' xUnit plugin, as in `tests_junit`.
"""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from agentflow.drill.report import FAILED, Outcome
from agentflow.formats import trace_text
from agentflow.formats.drill_words import receipt_in_words, run_in_words
from agentflow.formats.drills_text import ENDS
from agentflow.formats.safe import safe
from agentflow.testing.drills import WRONG, Drilled


def render(suites: Sequence[Drilled], *, unicode: bool = True) -> str:  # noqa: ARG001 (formats take the same; XML is ASCII)
    """One XML document."""
    root = Element("testsuites", {"name": "agentflow", **_counts(suites)})
    for suite in suites:
        _suite(root, suite)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode")


def _counts(suites: Sequence[Drilled]) -> dict[str, str]:
    """How many claims there are. A spec without a drill, or with a wrong receipt, is an error."""
    outcomes = [each for suite in suites if suite.drill for each in suite.drill.outcomes]
    errors = sum(suite.drill is None or suite.filed in WRONG for suite in suites)
    return {
        "tests": str(len(outcomes) + errors),
        "failures": str(sum(each.status in FAILED for each in outcomes)),
        "errors": str(errors),
    }


def _suite(root: Element, suite: Drilled) -> None:
    name = safe(suite.file, oneline=True)
    element = SubElement(root, "testsuite", {"name": name, **_counts([suite])})
    group = name.removesuffix(".yaml").replace("/", ".")
    if suite.drill is None or suite.filed in WRONG:
        case = SubElement(element, "testcase", name="spec", classname=group)
        told = suite.broken or receipt_in_words(suite)
        SubElement(case, "error", type="spec", message=safe(told, oneline=True))
    for outcome in suite.drill.outcomes if suite.drill else ():
        _case(element, suite, outcome, group)


def _case(parent: Element, suite: Drilled, outcome: Outcome, group: str) -> None:
    name = safe(outcome.claim.name, oneline=True)
    case = SubElement(parent, "testcase", name=name, classname=group)
    if outcome.status == "held":
        return
    told = f"{ENDS[outcome.status]}: {safe(outcome.how, oneline=True)}"
    if outcome.status not in FAILED:
        SubElement(case, "skipped", message=told)
        return
    failure = SubElement(case, "failure", type=outcome.status, message=told)
    if outcome.run is not None and suite.drill is not None:
        failure.text = safe(run_in_words(suite.drill.runs[outcome.run - 1]), oneline=True)
        trace = suite.traces.get(outcome.run)
        if trace is not None:
            SubElement(case, "system-out").text = trace_text.render(trace, unicode=False)
