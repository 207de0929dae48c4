"""Tests for people: a line for each, and below those that failed what was not as expected.

letters.yaml
  ✓ two_letters            2 calls in 1.0s
  ✗ an_angry_letter        1 call in 1.0s
      outputs.kind: expected "question", found "praise"
      ✓ sort  sorter  1.0s
1 of 2 tests failed
"""

from collections.abc import Iterator, Sequence

from agentflow.formats import trace_text
from agentflow.formats.cells import width
from agentflow.formats.refusals import refusals
from agentflow.formats.safe import safe
from agentflow.formats.styled import ASCII, UNICODE, Symbols
from agentflow.formats.words import count, duration
from agentflow.testing.differences import Difference
from agentflow.testing.verdict import Suite, Verdict

#: Lines of the trace of a test that failed, where not all of it is asked for.
EXCERPT = 12
_WIDTH = 100
_LIMIT = 400


def render(suites: Sequence[Suite], *, traces: bool = False, unicode: bool = True) -> str:
    """All suites and a last line with the sum. `traces` shows the whole trace of every test."""
    symbols = UNICODE if unicode else ASCII
    lines: list[str] = []
    for suite in suites:
        lines += [safe(suite.file, oneline=True), *_suite(suite, symbols, traces=traces)]
    return "\n".join([*lines, _sum(suites)])


def _suite(suite: Suite, symbols: Symbols, *, traces: bool) -> Iterator[str]:
    if suite.broken is not None:
        yield f"  {symbols.status['failed']} {safe(suite.broken, oneline=True)}"
        return
    column = max((width(verdict.name) for verdict in suite.verdicts), default=0)
    for verdict in suite.verdicts:
        symbol = symbols.status["succeeded" if verdict.passed else "failed"]
        trace = verdict.trace
        took = duration(trace.now - trace.started)
        padded = verdict.name + " " * (column - width(verdict.name))
        yield f"  {symbol} {padded}  {count(trace.calls, 'call')} in {took}"
        for difference in verdict.differences:
            yield f"      {told(difference)}"
        if traces or not verdict.passed:
            yield from _trace(verdict, symbols, whole=traces)


def told(difference: Difference) -> str:
    """A difference on one line."""
    where, expected, found = (
        safe(text, limit=_LIMIT, oneline=True)
        for text in (difference.where, difference.expected, difference.found)
    )
    return f"{where}: expected {expected}, found {found}"


def _trace(verdict: Verdict, symbols: Symbols, *, whole: bool) -> Iterator[str]:
    text = trace_text.render(verdict.trace, width=_WIDTH, unicode=symbols is UNICODE)
    _, *tree, foot = text.split("\n")
    hidden = 0 if whole else max(0, len(tree) - EXCERPT)
    for line in tree[: len(tree) - hidden]:
        yield f"        {line}"
    if hidden:
        yield f"        {symbols.more} {count(hidden, 'more line')}, with --trace"
    yield f"        {foot}"
    for line in refusals(verdict.trace, "--format json --trace"):
        yield f"        {line}"


def _sum(suites: Sequence[Suite]) -> str:
    verdicts = [verdict for suite in suites for verdict in suite.verdicts]
    failed = sum(not verdict.passed for verdict in verdicts)
    broken = sum(suite.broken is not None for suite in suites)
    tests = count(len(verdicts), "test")
    text = f"{failed} of {tests} failed" if failed else f"{tests} passed"
    return f"{text}, {count(broken, 'spec')} could not be tested" if broken else text
