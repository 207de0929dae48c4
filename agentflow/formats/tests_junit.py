"""Tests in the XML of JUnit, which CI systems show.

There is no standard for it. This is what the schema of Jenkins' xUnit plugin (junit-10.xsd) allows,
which GitLab, GitHub actions and others read too. There is no `time`: that of a test is virtual, and
readers would take it for real seconds.
"""

from collections.abc import Sequence
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from agentflow.formats import trace_text
from agentflow.formats.refusals import refusals
from agentflow.formats.safe import safe
from agentflow.formats.tests_text import told
from agentflow.testing.verdict import Suite, Verdict


def render(suites: Sequence[Suite], *, traces: bool = False, unicode: bool = True) -> str:  # noqa: ARG001 (formats take the same; XML is ASCII)
    """One XML document. `traces` puts the trace of every test into it, not of failed ones only."""
    root = Element("testsuites", {"name": "agentflow", **_counts(suites)})
    for suite in suites:
        _suite(root, suite, traces=traces)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode")


def _counts(suites: Sequence[Suite]) -> dict[str, str]:
    """How many tests there are. A spec that could not be tested is one that has an error."""
    verdicts = [verdict for suite in suites for verdict in suite.verdicts]
    broken = sum(suite.broken is not None for suite in suites)
    failed = sum(not verdict.passed for verdict in verdicts)
    return {
        "tests": str(len(verdicts) + broken),
        "failures": str(failed),
        "errors": str(broken),
    }


def _suite(root: Element, suite: Suite, *, traces: bool) -> None:
    about = {"name": safe(suite.file, oneline=True), **_counts([suite])}
    element = SubElement(root, "testsuite", about)
    if suite.broken is not None:
        case = SubElement(element, "testcase", name="spec", classname=_class(suite))
        SubElement(case, "error", type="spec", message=safe(suite.broken, oneline=True))
    for verdict in suite.verdicts:
        _case(element, suite, verdict, traces=traces)


def _case(parent: Element, suite: Suite, verdict: Verdict, *, traces: bool) -> None:
    case = SubElement(parent, "testcase", name=verdict.name, classname=_class(suite))
    if not verdict.passed:
        lines = [told(difference) for difference in verdict.differences]
        failure = SubElement(case, "failure", type="difference", message=lines[0])
        failure.text = "\n".join(lines)
    if traces or not verdict.passed:
        lines = [trace_text.render(verdict.trace, unicode=False)]
        lines += refusals(verdict.trace, "--format json --trace")
        SubElement(case, "system-out").text = "\n".join(lines)


def _class(suite: Suite) -> str:
    """Many viewers group by this name and take dots for folders."""
    return safe(suite.file, oneline=True).removesuffix(".yaml").replace("/", ".")
