"""What a test expects, held against what its run did. One function for each key of `expect`."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise, zip_longest

from msgspec import Struct

from agentflow.contracts.describe import excerpt
from agentflow.plan.patterns import matches
from agentflow.plan.scripts import ScriptPlan
from agentflow.spec.cel.evaluate import EvaluationError, evaluate
from agentflow.spec.cel.references import references
from agentflow.spec.cel.syntax import Expr
from agentflow.spec.model import Expectations, Json
from agentflow.testing.calls import CallRecord, as_data
from agentflow.testing.ceilings import ceilings
from agentflow.testing.differences import Difference, differences
from agentflow.trace import Trace

#: More differences of one test than this are not told.
MOST = 20


class Result(Struct, frozen=True):
    """What a run did: its trace and its calls, in the order in which they were started."""

    trace: Trace
    calls: tuple[CallRecord, ...]

    def of(self, pattern: str) -> tuple[CallRecord, ...]:
        """The calls of the steps that a pattern stands for."""
        return tuple(call for call in self.calls if matches(pattern, call.step))


def judge(script: ScriptPlan, result: Result) -> tuple[Difference, ...]:
    """What is not as the test expects, at most `MOST` of it."""
    expect = script.expect
    found = [
        *_status(_expected_status(script), result),
        *_outputs(script, result),
        *_failure(expect, result),
        *_steps(expect.steps, result),
        *_path(expect.path, result),
        *_calls(expect.calls, result),
        *_order(expect.order or (), result),
        *_overlap(expect.overlap or (), result),
        *_given(expect.given, result),
        *ceilings(expect, result.trace.plan, result.calls),
        *_that(script.that, result),
    ]
    return tuple(found[:MOST])


def _status(expected: str, result: Result) -> Iterator[Difference]:
    trace = result.trace
    if trace.status != expected:
        why = f": {trace.failure.kind}: {trace.failure.message}" if trace.failure else ""
        yield Difference("status", expected, f"{trace.status}{why}")


def _expected_status(script: ScriptPlan) -> str:
    by_default = "succeeded" if script.cancel is None else "cancelled"
    return script.expect.status or ("failed" if script.expect.failure else by_default)


def _outputs(script: ScriptPlan, result: Result) -> Iterator[Difference]:
    expect, outputs = script.expect, result.trace.outputs
    if outputs is None and result.trace.status != _expected_status(script):
        return  # which is told already
    for expected, at_least in ((expect.outputs, False), (expect.outputs_include, True)):
        if expected is None:
            continue
        if outputs is None:
            yield Difference("outputs", excerpt(expected), "nothing")
        else:
            yield from differences(expected, outputs, ("outputs",), at_least=at_least)


def _failure(expect: Expectations, result: Result) -> Iterator[Difference]:
    failure = result.trace.failure
    if expect.failure is None or failure is None:
        return  # a run that did not fail is told by its status
    expected = expect.failure
    if expected.class_ is not None and failure.kind != expected.class_:
        found = f"{failure.kind}: {failure.message}"
        yield Difference("failure.class", str(expected.class_), found)
    if expected.message is not None and expected.message not in failure.message:
        yield Difference(
            "failure.message", f"text with {excerpt(expected.message)}", excerpt(failure.message)
        )


def _steps(expected: Mapping[str, str], result: Result) -> Iterator[Difference]:
    spans = tuple(result.trace.spans())
    for pattern, status in expected.items():
        ended = {span.address: span.status for span in spans if matches(pattern, span.address)}
        for address, found in (ended or {pattern: "pending"}).items():
            told = "not_started" if found == "pending" else found
            if told != status:
                yield Difference(f"steps.{address}", status, told)


def _path(expected: Sequence[str] | None, result: Result) -> Iterator[Difference]:
    if expected is None:
        return
    for number, (pattern, call) in enumerate(zip_longest(expected, result.calls)):
        if pattern is None or call is None or not matches(pattern, call.step):
            found = call.step if call is not None else "no further call"
            yield Difference(f"path[{number}]", pattern or "no further call", found)
            return  # what follows is shifted and would only repeat it


def _calls(expected: Mapping[str, int], result: Result) -> Iterator[Difference]:
    for pattern, number in expected.items():
        found = len(result.of(pattern))
        if found != number:
            yield Difference(f"calls.{pattern}", str(number), str(found))


def _order(expected: Sequence[str], result: Result) -> Iterator[Difference]:
    for first, second in pairwise(expected):
        before, after = _stretch(first, result), _stretch(second, result)
        where = f"order of '{first}' and '{second}'"
        if before is None or after is None:
            missing = first if before is None else second
            yield Difference(where, "calls of both", f"no call of '{missing}'")
        elif before[1] > after[0]:
            yield Difference(
                where,
                f"'{second}' starts when '{first}' has ended",
                f"'{first}' ended at {before[1]:g} s and '{second}' started at {after[0]:g} s",
            )


def _overlap(expected: Sequence[str], result: Result) -> Iterator[Difference]:
    stretches = {pattern: _stretch(pattern, result) for pattern in expected}
    where = "overlap of " + ", ".join(f"'{pattern}'" for pattern in expected)
    known = {pattern: times for pattern, times in stretches.items() if times is not None}
    if len(known) < len(stretches):
        missing = next(pattern for pattern in stretches if pattern not in known)
        yield Difference(where, "calls of all", f"no call of '{missing}'")
    elif known and max(start for start, _ in known.values()) >= min(e for _, e in known.values()):
        told = [f"'{pattern}' {start:g} to {end:g} s" for pattern, (start, end) in known.items()]
        yield Difference(where, "a moment when all are at work", ", ".join(told))


def _stretch(pattern: str, result: Result) -> tuple[float, float] | None:
    """From the first start of the calls of a step to their last end; None if there are none."""
    calls = result.of(pattern)
    if not calls:
        return None
    ends = [call.ended if call.ended is not None else float("inf") for call in calls]
    return min(call.started for call in calls), max(ends)


def _given(
    expected: Mapping[str, dict[str, Json] | list[dict[str, Json]]], result: Result
) -> Iterator[Difference]:
    for pattern, fields in expected.items():
        calls = result.of(pattern)
        each = fields if isinstance(fields, list) else [fields] * len(calls)
        if len(each) != len(calls) or not calls:
            wanted = str(len(fields)) if isinstance(fields, list) else "at least 1"
            yield Difference(f"given: calls of '{pattern}'", wanted, str(len(calls)))
        for wanted_fields, call in zip(each, calls, strict=False):
            at = f"given to {call.step}" + (f", attempt {call.attempt}" if call.attempt > 1 else "")
            for found in differences(wanted_fields, call.input, (), at_least=True):
                yield Difference(f"{at}: {found.where}", found.expected, found.found)


def _that(expected: Sequence[tuple[str, Expr]], result: Result) -> Iterator[Difference]:
    if not expected:
        return
    trace = result.trace
    scope: dict[str, Json] = {
        "calls": [as_data(call) for call in result.calls],
        "seconds": round(trace.now - trace.started, 6),
        "spent": trace.spent,
    }
    if trace.outputs is not None:
        scope["outputs"] = trace.outputs
    for text, expr in expected:
        try:
            value = evaluate(expr, scope)
        except EvaluationError as error:
            yield Difference(f"that: {text}", "true", f"an error: {error}")
            continue
        if value is not True:
            yield Difference(f"that: {text}", "true", f"{excerpt(value)}{_seen(expr, scope)}")


def _seen(expr: Expr, scope: Mapping[str, Json]) -> str:
    """The values that an expression spoke of: without them, `false` says little."""
    told: dict[str, str] = {}
    for reference in references(expr):
        if reference.root not in scope:
            continue
        value = scope[reference.root]
        path = reference.root
        for part in reference.path:
            if not isinstance(part, str | int) or not isinstance(value, dict | list):
                break
            try:
                value = value[part]  # type: ignore[index]
            except (LookupError, TypeError):
                break
            path += f"[{part}]" if isinstance(part, int) else f".{part}"
        told[path] = excerpt(value)
    return "".join(f", {path} is {value}" for path, value in told.items() if path != "calls")
