"""Drills for people: a line for what holds of each step, and below it what does not.

letters.yaml
  ✓ sort  retry: timeout
  ✓ sort  catch: timeout, any
  ✗ send  catch.rejected ended elsewhere
      the value breaks the contract
      run 7: seed 0; 'send' fails as rejected
        ✗ send  outbox  1.0s
  ? pay   catch.budget_exceeded was not reached
      the drill found no way to bring it about
2 of 5 claims do not hold · 12 runs · letters.drill.json was written
"""

from collections.abc import Iterator, Mapping, Sequence
from textwrap import wrap

from agentflow.drill.report import FAILED, Drill, Outcome, Status
from agentflow.formats import trace_text
from agentflow.formats.cells import width
from agentflow.formats.drill_words import receipt_in_words, run_in_words
from agentflow.formats.safe import safe
from agentflow.formats.styled import ASCII, UNICODE, Symbols
from agentflow.formats.words import count
from agentflow.testing.drills import Drilled
from agentflow.trace import Trace

#: Lines of the trace of a run that shows what does not hold.
EXCERPT = 12
_WIDTH = 100
_LIMIT = 400
ENDS: Mapping[Status, str] = {
    "held": "holds",
    "broken": "ended elsewhere",
    "dead": "cannot be reached",
    "idle": "is passed over here",
    "unknown": "was not reached by the drill",
}


def render(suites: Sequence[Drilled], *, unicode: bool = True) -> str:
    """All drills, each with a last line that sums it up."""
    symbols = UNICODE if unicode else ASCII
    lines = [line for suite in suites for line in _suite(suite, symbols)]
    if len(suites) > 1:
        failed = sum(not suite.passed for suite in suites)
        specs = count(len(suites), "spec")
        lines.append(f"{failed} of {specs} failed" if failed else f"{specs} passed")
    return "\n".join(lines)


def _suite(suite: Drilled, symbols: Symbols) -> Iterator[str]:
    yield safe(suite.file, oneline=True)
    drill = suite.drill
    if drill is None:
        yield f"  {symbols.status['failed']} {safe(suite.broken or '', oneline=True)}"
        return
    by_step: dict[str, list[Outcome]] = {}
    for outcome in drill.outcomes:
        by_step.setdefault(outcome.claim.step, []).append(outcome)
    column = max(map(width, by_step), default=0)
    shown: set[int] = set()
    for step, outcomes in by_step.items():
        padded = step + " " * (column - width(step))
        held = [_short(each) for each in outcomes if each.status == "held"]
        for group in _groups(held):
            first = f"  {symbols.status['succeeded']} {padded}  "
            yield from wrap(
                safe(group, oneline=True),
                _WIDTH,
                initial_indent=first,
                subsequent_indent=" " * width(first),
                break_long_words=False,
                break_on_hyphens=False,
            )
        for outcome in outcomes:
            # That a level is not left says no more than that it is passed over.
            if outcome.status != "held" and (outcome.status, outcome.claim.what) != (
                "idle",
                "left",
            ):
                yield from _other(outcome, padded, suite, symbols, shown)
    yield _sum(suite, drill)


def _groups(names: Sequence[str]) -> Iterator[str]:
    """Names of claims together that begin alike: `retry: timeout, server_error`."""
    found: dict[str, list[str]] = {}
    for name in names:
        head, _, last = name.rpartition(".")
        found.setdefault(head or last, []).extend([last] if head else [])
    for head, lasts in found.items():
        yield f"{head}: {', '.join(lasts)}" if lasts else head


def _other(
    outcome: Outcome, padded: str, suite: Drilled, symbols: Symbols, shown: set[int]
) -> Iterator[str]:
    """What did not hold; the run that shows it is shown once."""
    assert suite.drill is not None
    failed = outcome.status in FAILED
    symbol = symbols.status["failed" if failed else "skipped"]
    what = f"{safe(_short(outcome), oneline=True)} {ENDS[outcome.status]}"
    yield f"  {symbol} {padded}  {what}{_place(suite, outcome) if failed else ''}"
    yield f"      {safe(outcome.how, limit=_LIMIT, oneline=True)}"
    if outcome.run is None or not failed:
        return
    run = suite.drill.runs[outcome.run - 1]
    yield f"      run {outcome.run}: {safe(run_in_words(run), limit=_LIMIT, oneline=True)}"
    trace = suite.traces.get(outcome.run)
    if trace is not None and outcome.run not in shown:
        shown.add(outcome.run)
        yield from _trace(trace, symbols)


def _place(suite: Drilled, outcome: Outcome) -> str:
    place = suite.places.get(outcome.claim.name)
    if place is None:
        return ""
    return f" ({safe(suite.file, oneline=True)}:{place[0]}:{place[1]})"


def _trace(trace: Trace, symbols: Symbols) -> Iterator[str]:
    text = trace_text.render(trace, width=_WIDTH, unicode=symbols is UNICODE)
    _, *tree, foot = text.split("\n")
    for line in tree[:EXCERPT]:
        yield f"        {line}"
    if len(tree) > EXCERPT:
        yield f"        {symbols.more} {count(len(tree) - EXCERPT, 'more line')}"
    yield f"        {foot}"


def _short(outcome: Outcome) -> str:
    return outcome.claim.name.removeprefix(f"{outcome.claim.step}.")


def _sum(suite: Drilled, drill: Drill) -> str:
    if not drill.outcomes:
        return "it claims to handle no failure"
    claims = count(len(drill.outcomes), "claim")
    failed = drill.count("broken") + drill.count("dead")
    unknown = drill.count("unknown")
    does = "does" if failed == 1 else "do"
    parts = [
        f"{failed} of {claims} {does} not hold" if failed else f"{claims}, none of them broken"
    ]
    if not failed and not unknown:
        parts = [f"{claims} hold" if len(drill.outcomes) > 1 else f"{claims} holds"]
    if unknown:
        parts.append(f"{unknown} not reached by the drill")
    parts.append(count(len(drill.runs), "run"))
    if suite.filed != "none":
        parts.append(safe(receipt_in_words(suite), oneline=True))
    return " · ".join(parts)
