"""A run of a drill: the real orchestrator in virtual time, with faults in the place of answers.

No agent is called, nobody is asked, and the log lies in memory. The same scenario gives the same
log, to the microsecond.
"""

import json
from collections.abc import Mapping, Sequence
from contextlib import suppress

from msgspec import Struct, field
from msgspec.structs import replace

from agentflow import __version__
from agentflow.agents.protocol import AttemptError
from agentflow.agents.simulated import Wanted
from agentflow.agents.simulated import answer as simulated_answer
from agentflow.contracts.keywords import Schema
from agentflow.contracts.sample import NoSample, sample
from agentflow.core.asking import contract_of
from agentflow.core.events import AskPerson, AttemptSucceeded, Entry, RunStarted, StartAttempt
from agentflow.core.state import Instance, State
from agentflow.drill.scenarios import Fault, Lead, Scenario
from agentflow.engines.driver import Driver
from agentflow.engines.faults import answer_of
from agentflow.engines.launch import (
    Prices,
    needed_prices,
    needed_windows,
    simulated_answers,
    simulated_people,
)
from agentflow.engines.rehearsal import STARTER, MemoryLog
from agentflow.engines.scripted import NoAnswer, Script
from agentflow.engines.virtual import Answer, Answerer, Person, Said, Undelivered, run_virtual
from agentflow.engines.wishes import kept_by, wished_for
from agentflow.plan.calls import step_at
from agentflow.plan.inputs import with_defaults
from agentflow.plan.patterns import matches
from agentflow.plan.steps import CallPlan, Plan
from agentflow.spec.model import Json

#: When every run of a drill begins: 2026-01-01, 00:00 UTC.
_START = 1_767_225_600.0
#: A run with more calls than this is broken off.
MOST_CALLS = 3_000
_BY = "drill"


class CutOff(Exception):
    """A run has made more calls than a drill waits for."""


class Drilling(Struct):
    """Performs scenarios of one plan; what a run needs to know of models is looked up once."""

    plan: Plan
    prices: Prices
    windows: Mapping[str, int]

    def perform(self, scenario: Scenario) -> Sequence[Entry]:
        """The log of a run, to its end or to the call that was one too many."""
        plan, base = self.plan, scenario.base
        entries: list[Entry] = []
        driver = Driver(plan, State(plan), MemoryLog(), entries.append)
        script = plan.scripts[base.test] if base.test is not None else None
        seed = script.seed if script is not None else base.seed
        given = script.inputs if script is not None else self._inputs(scenario)
        made_up = simulated_answers(driver.state, seed)
        people = simulated_people(driver.state, seed)
        players = _Players(driver.state, scenario, made_up, people)
        if script is not None:
            players.script = Script(plan, replace(script, simulate=True), made_up, people)
        first = RunStarted(
            at=_START,
            run_id="drill",
            spec="",
            folder="",
            sources={},
            inputs=with_defaults(plan.inputs, given),
            mode="simulated",
            seed=seed,
            by=STARTER,
            concurrency=script.concurrency if script is not None else 16,
            agentflow=__version__,
            prices=self.prices,
            windows=self.windows,
        )
        with suppress(CutOff):
            run_virtual(driver, first, players.answer, players.say, once_more=players.say_again)
        return entries

    def _inputs(self, scenario: Scenario) -> dict[str, Json]:
        """Inputs that keep their contract; they follow the leads only if some are found that do."""
        leads = [lead for lead in scenario.leads if not lead.at]
        schema, seed = self.plan.inputs.schema, f"{scenario.base.seed}/inputs"
        for narrowed in (_narrowed(schema, leads), schema):
            with suppress(NoSample):
                value = sample(narrowed, seed)
                return value if isinstance(value, dict) else {}
        return {}


def drilling(plan: Plan) -> Drilling:
    """What performs the drill of a plan; raises `UsageError` if a price is not known."""
    return Drilling(plan, needed_prices(plan), needed_windows(plan))


def _narrowed(schema: Mapping[str, Json], leads: Sequence[Lead]) -> Mapping[str, Json]:
    """A contract with what leads on besides."""
    besides = [json.loads(lead.schema) for lead in leads]
    return {**schema, "allOf": [*schema.get("allOf", ()), *besides]} if besides else schema


class _Players(Struct):
    """Those who answer in a run: a fault comes first, then the test, then what is made up.

    `places` is where each fault happens that happens in one place, `times` how often it did.
    `scripted` are the questions that the test answers.
    """

    state: State
    scenario: Scenario
    made_up: Answerer
    people: Person
    script: Script | None = None
    calls: int = 0
    places: dict[Fault, str] = field(default_factory=dict)
    times: dict[tuple[Fault, str], int] = field(default_factory=dict)
    scripted: set[str] = field(default_factory=set)

    def answer(self, decision: StartAttempt) -> Answer:
        """What an attempt comes to; raises `CutOff`."""
        self.calls += 1
        if self.calls > MOST_CALLS:
            raise CutOff
        instance = self.state.running.get(decision.step)
        if instance is None:
            return self.made_up(decision)  # it has been given up already
        fault = self._fault(decision.step, instance, decision.agent)
        if fault is not None:
            assert instance.call is not None
            if fault.does == "linger":
                return self._lingering(decision, instance, instance.call)
            return answer_of(
                fault.does,
                decision,
                instance.call,
                kept_by(instance.step, instance.call),
                lambda: self.made_up(decision),
            )
        leads = self._leads(decision.step) if instance.ladder is None else []
        if leads and (value := self._led(decision, leads, instance)) is not None:
            at, attempt = decision.step, decision.attempt
            return Answer(AttemptSucceeded(0, at, attempt, value=value), 1.0)
        if self.script is not None:
            with suppress(NoAnswer):  # a fault has led where the test does not
                return self.script.answer(decision)
        return self.made_up(decision)

    def _lingering(self, decision: StartAttempt, instance: Instance, call: CallPlan) -> Answer:
        """An answer that ends no loop, if one is found."""
        at, attempt = decision.step, decision.attempt
        wanted = wished_for(instance, Wanted(call.confidence), lingers=True)
        value = self._made_for(at, attempt, kept_by(instance.step, call), wanted)
        if value is None:
            return self.made_up(decision)
        return Answer(AttemptSucceeded(0, at, attempt, value=value), 1.0)

    def _leads(self, at: str) -> list[Lead]:
        return [lead for lead in self.scenario.leads if lead.at and matches(lead.at, at)]

    def _led(self, decision: StartAttempt, leads: Sequence[Lead], instance: Instance) -> Json:
        """An answer that leads where it is to lead, if one is found."""
        assert instance.call is not None
        call = instance.call
        schema = _narrowed(kept_by(instance.step, call), leads)
        wanted = wished_for(instance, Wanted(call.confidence))
        return self._made_for(decision.step, decision.attempt, schema, wanted)

    @staticmethod
    def _made_for(at: str, number: int, schema: Schema, wanted: Wanted) -> Json:
        """A value that keeps a contract and is wanted, if one is found; None if there is none at all."""
        try:
            made = simulated_answer(schema, _BY, at, number, wanted)
        except AttemptError:
            return None
        return made.reply.value

    def say(self, question: AskPerson) -> Said | Undelivered | None:
        """What comes of a question."""
        instance = self.state.people.open.get(question.question)
        if instance is None:
            return None  # it has been given up already
        fault = self._fault(question.step, instance, None)
        if fault is not None:
            return self._said(fault, question, instance)
        if question.escalation is None and (leads := self._leads(question.step)):
            return self._said(Fault(question.step, "replace"), question, instance, leads)
        if self.script is not None:
            with suppress(NoAnswer):
                said = self.script.say(question)
                self.scripted.add(question.question)
                return said
        return self.people(question)

    def say_again(self, question: AskPerson) -> Said | None:
        """What comes after an answer of the test that was refused."""
        if self.script is None or question.question not in self.scripted:
            return None
        with suppress(NoAnswer):
            return self.script.say_again(question)
        return None

    def _said(
        self,
        fault: Fault,
        question: AskPerson,
        instance: Instance,
        leads: Sequence[Lead] = (),
    ) -> Said | Undelivered | None:
        match fault.does:
            case "undelivered":
                return Undelivered("as the drill says")
            case "replace" | "linger":
                at = question.step
                contract = contract_of(step_at(self.state.plan, at)[1], question)
                assert contract is not None
                wanted = wished_for(instance, lingers=fault.does == "linger")
                schema = _narrowed(contract.schema, leads)
                value = self._made_for(at, question.number, schema, wanted)
                return Said("replace", value, 1.0, by=_BY)
            case "approve" | "retry" | "abort":
                return Said(fault.does, None, 1.0, by=_BY)  # type: ignore[arg-type]
            case _:
                return None

    def _fault(self, step: str, instance: Instance, agent: str | None) -> Fault | None:
        stage: int | str = "taker" if instance.handed_over else "own"
        if instance.ladder is not None:
            stage = instance.ladder.level
        for fault in self.scenario.faults:
            if not fault.is_about(step, stage, instance.link, agent):  # type: ignore[arg-type]
                continue
            if not fault.everywhere and self.places.setdefault(fault, step) != step:
                continue
            done = self.times.get((fault, step), 0)
            if fault.times is None or done < fault.times:
                self.times[fault, step] = done + 1
                return fault
        return None
