"""Drills in words."""

from collections.abc import Iterator

from agentflow.drill.scenarios import Fault, Scenario
from agentflow.formats.words import count
from agentflow.spec.model import FailureClass
from agentflow.testing.drills import Drilled

_DOES = {
    "answer": "answers",
    "crash": "is cut off by the end of the process",
    "linger": "ends no loop",
    "slow": "takes all its time",
    "spend": "uses up all tokens and money",
    "waste": "uses up all tokens and money, and answers wrongly",
    "tools": "asks for tools without end",
    "silence": "is not answered",
    "undelivered": "is not delivered",
    "approve": "is answered 'approve'",
    "replace": "is answered 'replace'",
    "retry": "is answered 'retry'",
    "abort": "is answered 'abort'",
}
_FILED = {
    "written": "was written",
    "unchanged": "is as it was",
    "checked": "is right",
    "stale": "is not that of this drill",
}
#: Faults of a run that are told one by one.
_MOST = 6


def run_in_words(scenario: Scenario) -> str:
    """What a run begins with, and what goes wrong in it."""
    told = [_fault(fault) for fault in scenario.faults[:_MOST]]
    if len(scenario.faults) > _MOST:
        told.append(f"{count(len(scenario.faults) - _MOST, 'more fault')}")
    return "; ".join([scenario.base.name, *told])


def receipt_in_words(suite: Drilled) -> str:
    """What became of the receipt of a drill, and what to do about one that is not right."""
    writes = f"'agentflow drill {suite.file}' writes it"
    if suite.filed == "missing":
        return f"there is no {suite.receipt}: {writes}"
    told = f"{suite.receipt} {_FILED[suite.filed]}"
    return f"{told}: {writes} anew" if suite.filed == "stale" else told


def _fault(fault: Fault) -> str:
    return " ".join(_parts(fault))


def _parts(fault: Fault) -> Iterator[str]:
    if isinstance(fault.stage, int):
        yield f"level {fault.stage + 1} of '{fault.at}'"
    else:
        yield f"'{fault.at}'"
    if fault.agent is not None:
        yield f"with agent '{fault.agent}'"
    if fault.link is not None:
        yield f"with model {fault.link + 1}"
    yield f"fails as {fault.does}" if isinstance(fault.does, FailureClass) else _DOES[fault.does]
    if fault.times is not None:
        yield "once" if fault.times == 1 else f"{fault.times} times"
