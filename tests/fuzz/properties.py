"""What holds for every spec, whatever it says.

Looking at it never crashes, each finding has a place inside its file, and every format can say it.
What has no error keeps our JSON Schema, can be planned and drawn, and simulated with all that
succeeds and with all that fails, within the worst case that was worked out before; replayed it
decides the same, and its tests come to a verdict. Fixes are done once and for all, bring nothing
new and keep what is said beside the spec.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import cycle
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema_rs

from agentflow.agents import VOCABULARY
from agentflow.agents.capabilities import capabilities
from agentflow.agents.known_models import known_model
from agentflow.cli.mending import EARLY
from agentflow.contracts.sample import NoSample, sample
from agentflow.core.events import (
    AskPerson,
    AttemptFailed,
    Decision,
    Entry,
    RunStarted,
    StartAttempt,
)
from agentflow.core.state import State
from agentflow.drill.receipt import compare, read, receipt_of, written
from agentflow.drill.report import FAILED
from agentflow.drill.search import drill
from agentflow.engines.drilling import drilling
from agentflow.engines.driver import Driver
from agentflow.engines.launch import simulated_answers, simulated_people
from agentflow.engines.rehearsal import rehearse
from agentflow.engines.virtual import Answer, Answerer, run_virtual, silence
from agentflow.errors import UsageError
from agentflow.eventlog import codec
from agentflow.eventlog.head import Rest
from agentflow.findings import START_OF_FILE, Finding, Location, Report, Severity
from agentflow.formats import FINDINGS_FORMATS, findings_format
from agentflow.formats.plans import PLAN_FORMATS
from agentflow.lint.fits import fits_of
from agentflow.lint.linter import Outcome, examine
from agentflow.lint.mending import Sight, mend
from agentflow.lint.rule import Context
from agentflow.loading import understand
from agentflow.plan.bounds import WorstCase, worst_case
from agentflow.plan.inputs import with_defaults
from agentflow.plan.library import texts_by_file
from agentflow.plan.overview import overview
from agentflow.plan.steps import Plan
from agentflow.replay import replay
from agentflow.spec.document import Document
from agentflow.spec.model import FailureClass, Json
from agentflow.spec.schema import language_schema
from agentflow.spec.yaml.comments import comments
from agentflow.spec.yaml.nodes import to_data
from agentflow.spec.yaml.source import Source
from tests.fuzz.corpus import Case

START = 1_000_000.0
#: Calls from which on the worst case takes too long to be tried out.
MOST_CALLS = 300
_ANY = re.compile("#")
_OF_A_RULE = re.compile("#.*agentflow")
#: Runs of a drill.
MOST_DRILLED = 10
_FAILURES = ("invalid_output", "timeout", "server_error", "not_sent", "rejected", "rate_limited")


@dataclass(frozen=True, slots=True)
class Seen:
    """A spec that was looked at."""

    context: Context
    outcome: Outcome
    depth: int

    @property
    def document(self) -> Document:
        return self.context.document

    @property
    def plan(self) -> Plan | None:
        return self.context.plan

    @property
    def sound(self) -> bool:
        """Could it be run?"""
        errors = (one.severity is Severity.ERROR for one in self.outcome.findings)
        return self.plan is not None and not any(errors)


def look(case: Case) -> Seen:
    """Look at a spec as `validate` does."""
    document, pipeline, plan, problems = understand(case.text, case.name, case.read)
    context = Context(document, pipeline, plan, problems, known=known_model)
    depth = sum(part is not None for part in (document.root, pipeline, plan))
    return Seen(context, examine(context), depth)


def check(case: Case) -> None:
    """All that holds for a spec."""
    seen = look(case)
    every_finding_has_a_place(seen)
    every_format_can_say_it(seen)
    fixes_are_done_once_and_for_all(case, seen)
    if seen.sound:
        what_is_sound_can_be_planned_and_run(seen)


# --- findings --------------------------------------------------------------------------------


def every_finding_has_a_place(seen: Seen) -> None:
    """No rule crashes; each says one line, about a place that is there."""
    assert seen.outcome.crashed == frozenset(), seen.outcome.findings
    texts = {name: Source(text) for name, text in _sources(seen).items()}
    for finding in seen.outcome.findings:
        assert finding.message, finding
        assert "\n" not in finding.message, finding
        for place in _places(finding):
            _is_inside(place, texts, finding)


def _sources(seen: Seen) -> dict[str, str]:
    return dict(texts_by_file(seen.document, seen.plan))


def _places(finding: Finding) -> Iterator[Location]:
    yield finding.location
    yield from (related.location for related in finding.related)
    if finding.fix is not None:
        yield from (Location(finding.location.file, edit.span) for edit in finding.fix.edits)


def _is_inside(place: Location, texts: dict[str, Source], finding: Finding) -> None:
    assert place.file in texts, (place, finding)
    source, span = texts[place.file], place.span
    if span == START_OF_FILE:
        return
    lines = source.text.count("\n") + source.text.count("\r") + 2
    assert (1, 1) <= (span.line, span.column) <= (span.end_line, span.end_column), finding
    assert span.end_line <= lines, finding
    assert span.column <= len(source.line(span.line)) + 1, finding
    assert span.end_column <= len(source.line(span.end_line)) + 2, finding


def every_format_can_say_it(seen: Seen) -> None:
    """What is for programs can be read by them."""
    outcome = seen.outcome
    report = Report(outcome.findings, _sources(seen), outcome.suppressed)
    for name in FINDINGS_FORMATS:
        text = findings_format(name)(report, color=False)
        if name in ("json", "sarif", "gitlab"):
            json.loads(text)
        elif name == "junit":
            ET.fromstring(text)


# --- fixes -----------------------------------------------------------------------------------


def fixes_are_done_once_and_for_all(case: Case, seen: Seen) -> None:
    """Safe ones alone, and all of them."""
    if all(finding.fix is None for finding in seen.outcome.findings):
        return
    for unsafe in (False, True):
        text = _mended(case, case.text, unsafe=unsafe)
        assert _mended(case, text, unsafe=unsafe) == text
        after = look(replace(case, text=text))
        assert after.depth >= seen.depth
        if after.depth == seen.depth:
            assert not Counter(map(_said, after.outcome.findings)) - Counter(
                map(_said, seen.outcome.findings)
            )
        if not unsafe:
            lost = Counter(_remarks(seen)) - Counter(_remarks(after))
            assert all(_OF_A_RULE.match(comment) for comment in lost), lost


def _mended(case: Case, text: str, *, unsafe: bool) -> str:
    def again(changed: str) -> Sight:
        seen = look(replace(case, text=changed))
        return Sight(seen.outcome.findings, seen.depth, EARLY)

    return mend(text, again, lambda one: one.fix is not None and (unsafe or one.fix.safe)).text


def _said(finding: Finding) -> tuple[str, str]:
    return finding.rule, finding.message


def _remarks(seen: Seen) -> list[str]:
    root, source = seen.document.root, seen.document.source
    return [comment.text for comment in comments(root, source, _ANY)]


# --- runs ------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Log:
    """A log that is a list, with its large values beside it."""

    records: list[dict[str, Any]] = field(default_factory=list)
    blobs: dict[str, bytes] = field(default_factory=dict)

    @property
    def next_seq(self) -> int:
        return len(self.records)

    def append(self, records: Sequence[dict[str, Any]]) -> None:
        self.records.extend(records)

    def put_blob(self, data: bytes) -> str:
        name = str(len(self.blobs))
        self.blobs[name] = data
        return name

    def seal(self, *, ended: bool = False, rest: Rest | None = None) -> None:
        """Nothing of it is kept."""


def what_is_sound_can_be_planned_and_run(seen: Seen) -> None:
    """Drawn in every format; run to an end if it has inputs and is not too long."""
    plan, root = seen.plan, seen.document.root
    assert plan is not None
    assert root is not None
    _published().validate(to_data(root))
    shown = overview(plan, {}, 16, capabilities(plan), fits_of(seen.context))
    for render in PLAN_FORMATS.values():
        render(shown)
    worst = worst_case(plan, {}, slots=2)
    if worst.needed.calls.amount > MOST_CALLS:
        return
    try:
        inputs = sample(plan.inputs.schema, "0")
    except NoSample:
        return
    if not isinstance(inputs, dict):  # it takes none
        inputs = {}
    failures = cycle(map(FailureClass, _FAILURES))

    def fails(call: StartAttempt) -> Answer:
        failed = AttemptFailed(0, call.step, call.attempt, next(failures), "everything does")
        return Answer(failed, call.timeout)

    _ends(plan, worst, inputs)
    _ends(plan, worst, inputs, fails)
    for script in plan.scripts.values():
        if script.recording is None:
            rehearse(plan, script, seen.document.file, _sources(seen))
    a_drill_ends_with_a_receipt_that_is_fresh(plan)


def a_drill_ends_with_a_receipt_that_is_fresh(plan: Plan) -> None:
    """A short one, if the prices that it needs are known."""
    try:
        performer = drilling(plan)
    except UsageError:
        return
    found = drill(plan, performer.perform, MOST_DRILLED)
    receipt = read(written(receipt_of(plan, found)))
    assert all(one.status in FAILED for one in compare(plan, receipt))


@cache
def _published() -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(language_schema(VOCABULARY))


def _asks_whether(decision: Decision) -> bool:
    return isinstance(decision, AskPerson) and decision.reason.rule == "language.unknown_effect"


def _ends(
    plan: Plan, worst: WorstCase, inputs: dict[str, Json], answer: Answerer | None = None
) -> None:
    """A run ends within the worst case, and its log says the same when it is decided again.

    Where it is not said what is answered, that is made up, and people answer too.
    """
    entries: list[Entry] = []
    log = _Log()
    driver = Driver(plan, State(plan), log, entries.append)
    first = RunStarted(
        at=START,
        run_id="r1",
        spec="spec.yaml",
        folder="/",
        sources={},
        inputs=with_defaults(plan.inputs, inputs),
        mode="simulated",
        seed="0",
        concurrency=2,
        agentflow="fuzz",
    )
    state = driver.state
    person = simulated_people(state, "0") if answer is None else silence
    run_virtual(driver, first, answer or simulated_answers(state, "0"), person)
    assert state.status in ("succeeded", "failed"), state.status
    assert state.root is not None
    made = [decision for one in entries for decision in one.decisions]
    assert sum(isinstance(one, StartAttempt) for one in made) <= worst.most.calls.amount
    # How long it takes people to say whether something has happened is in no worst case.
    seconds = plan.budget.wall if any(map(_asks_whether, made)) else worst.seconds
    assert state.now - START <= seconds + 1e-3
    stored = [
        codec.decode({**record, "seq": seq}, log.blobs.__getitem__)
        for seq, record in enumerate(log.records)
    ]
    assert stored == entries
    assert replay(plan, stored).divergence is None
