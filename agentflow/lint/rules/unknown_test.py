"""`like` names a test that does not exist, the test itself, or too long a chain of tests.

`like` takes over the inputs and answers of another test of the same pipeline. If that test does not
exist there is nothing to take over, and a cycle has no beginning. A test may be like another that
is like a third, and so on; more than 32 in a row are refused, since nobody could tell what they add
up to.

Bad:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
    tests:
      short:
        answers: {write: {value: Dear Ada}}
      long:
        like: shrot
      third:
        like: third

Says:

    17:11 unknown test 'shrot'
    19:11 test 'third' is like itself

Good:

    agentflow: 1
    name: letters
    agents:
      writer:
        kind: command
        argv: [./write]
        effects: none
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
    tests:
      short:
        answers: {write: {value: Dear Ada}}
      long:
        like: short
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family
from agentflow.plan.scripted_tests import MOST_ALIKE, ancestry
from agentflow.spec.wording import quoted

NAME = "unknown-test"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each `like` that leads nowhere or back."""
    tests = context.pipeline.tests if context.pipeline is not None else {}
    suggestions = Suggestions()
    for name, test in tests.items():
        if test.like is None:
            continue
        place = context.document.locate(("tests", name, "like"))
        if test.like not in tests:
            yield Finding(
                NAME,
                SEVERITY,
                f"unknown test {quoted(test.like)}",
                place,
                suggestions.help(test.like, tests, "name a test of this pipeline"),
            )
            continue
        alike = list(ancestry(name, tests))
        if alike[-1][1].like == name:
            yield Finding(
                NAME,
                SEVERITY,
                f"test {quoted(name)} is like itself",
                place,
                "write its inputs and answers in one of the tests of the circle",
            )
        elif len(alike) > 1 + MOST_ALIKE:
            yield Finding(
                NAME,
                SEVERITY,
                f"test {quoted(name)} is like more than {MOST_ALIKE} others, one after the other",
                place,
                "be like one that is nearer to the first of them",
            )
