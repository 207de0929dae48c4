"""Scripted answers: what the calls of a test come to, in the place of every agent."""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct, field

from agentflow.contracts.describe import excerpt
from agentflow.core.events import (
    AskPerson,
    AttemptFailed,
    AttemptLost,
    AttemptSucceeded,
    StartAttempt,
    Usage,
)
from agentflow.core.spending import priced
from agentflow.engines.recording import Players
from agentflow.engines.virtual import Answer, Answerer, Outcome, Person, Said, Undelivered
from agentflow.errors import RecordingMiss
from agentflow.plan.calls import call_of, step_at
from agentflow.plan.patterns import matches, openness
from agentflow.plan.scripts import AnswerPlan, AnswersPlan, ScriptPlan
from agentflow.plan.steps import Plan
from agentflow.spec import model
from agentflow.spec.cel.evaluate import EvaluationError
from agentflow.spec.model import FailureClass, Json, seconds
from agentflow.spec.templates import Template, render
from agentflow.testing.differences import Difference

_T = TypeVar("_T", model.Answer, model.PersonSays)


class NoAnswer(Exception):
    """A call for which the test has no answer; `difference` says which."""

    def __init__(self, difference: Difference) -> None:
        super().__init__(difference.found)
        self.difference = difference


class Script(Struct):
    """The answers of a test, and how many of each were given.

    `agents` and `people` answer where the test does not; None where that is an error. `players`
    answer for chat models before that, if the test has a recording.
    """

    plan: Plan
    test: ScriptPlan
    agents: Answerer | None
    people: Person | None
    players: Players | None = None
    used: dict[tuple[str, str], int] = field(default_factory=dict)

    def answer(self, decision: StartAttempt) -> Answer:
        """What a call comes to.

        Raises:
            NoAnswer: there is nothing, and nothing is to be made up, or it was not recorded.
        """
        if self.players is not None and not self._scripts(self.test.answers, decision.step):
            try:
                played = self.players.play(decision)
            except RecordingMiss as miss:
                where = f"answers.{decision.step}"
                expected = f"a recorded answer to attempt {decision.attempt} of '{decision.agent}'"
                raise NoAnswer(Difference(where, expected, miss.message)) from miss
            if played is not None:
                return played
        asked = f"attempt {decision.attempt} of '{decision.agent}'"
        call = _Asked("answers", decision.step, asked, decision.input)
        scripted = self._next(self.test.answers, call, made_up=self.agents is not None)
        if scripted is None:
            assert self.agents is not None
            return self.agents(decision)
        said, step, attempt = scripted.said, decision.step, decision.attempt
        usage = self._usage(decision, said.usage)
        outcome: Outcome
        if said.crash:
            outcome = AttemptLost(0, step, attempt)
        elif said.fail is not None:
            message = said.message if said.message is not None else "as the test says"
            wait = seconds(said.retry_after) if said.retry_after else None
            failure = FailureClass(said.fail)
            outcome = AttemptFailed(0, step, attempt, failure, message, wait, usage)
        elif said.calls is not None:
            calls = _calls(said.calls, scripted.inputs, call)
            outcome = AttemptSucceeded(0, step, attempt, usage=usage, calls=calls)
        elif said.text is not None:
            outcome = AttemptSucceeded(0, step, attempt, text=said.text, usage=usage)
        else:
            value = _value(scripted.value, call)
            outcome = AttemptSucceeded(0, step, attempt, value=value, usage=usage)
        return Answer(outcome, scripted.after)

    def say(self, decision: AskPerson) -> Said | Undelivered | None:
        """What a person says to a question, None for nothing; raises as `answer` does."""
        question = _question(decision)
        scripted = self._next(self.test.people, question, made_up=self.people is not None)
        if scripted is None:
            assert self.people is not None
            return self.people(decision)
        return _said(scripted, question)

    def say_again(self, decision: AskPerson) -> Said | None:
        """What a person says to a question after an answer that was refused: the next of a list."""
        patterns = self._scripts(self.test.people, decision.step)
        if not patterns:
            return None
        pattern = min(patterns, key=openness)
        scripted, number = self.test.people[pattern], self.used.get(("people", pattern), 0)
        if not scripted.each or number >= len(scripted.answers):
            return None
        self.used["people", pattern] = number + 1
        return _said(scripted.answers[number], _question(decision))

    def unused(self) -> list[Difference]:
        """Answers of this test that nothing asked for: it does not test what it says."""
        left = []
        for key, scripts in (("answers", self.test.answers), ("people", self.test.people)):
            for pattern, scripted in scripts.items():
                used, known = self.used.get((key, pattern), 0), len(scripted.answers)
                if scripted.own and used < (known if scripted.each else 1):
                    expected = str(known) if scripted.each else "at least 1"
                    left.append(Difference(f"{key}.{pattern}: calls", expected, str(used)))
        return left

    def _usage(self, decision: StartAttempt, said: model.ScriptedUsage | None) -> Usage | None:
        """What a call is said to have used up, in the name of its model."""
        if said is None:
            return None
        call = call_of(step_at(self.plan, decision.step)[1], decision.agent)
        assert call is not None
        fallback = next((f.call for f in call.fallbacks if f.name == decision.model), call)
        name = fallback.chat.model if fallback.chat is not None else decision.agent
        usage = Usage(name, said.tokens_in, said.tokens_out, said.usd)
        return usage if said.usd is not None else priced(usage, fallback.chat)

    def _next(
        self, scripts: Mapping[str, AnswersPlan[_T]], asked: "_Asked", *, made_up: bool
    ) -> AnswerPlan[_T] | None:
        """The next answer to a call or question; None if one is to be made up.

        Of the patterns that stand for its step the one counts that leaves the fewest numbers open;
        of several of these, the one that says the outermost.
        """
        patterns = self._scripts(scripts, asked.step)
        if not patterns:
            if made_up:
                return None
            raise NoAnswer(_missing(asked, "no answer is scripted for it"))
        pattern = min(patterns, key=openness)
        scripted, key = scripts[pattern], (asked.key, pattern)
        number = self.used.get(key, 0)
        self.used[key] = number + 1
        if scripted.each and number >= len(scripted.answers):
            known = len(scripted.answers)
            answers = f"{known} answer{'' if known == 1 else 's'}"
            raise NoAnswer(_missing(asked, f"'{pattern}' has {answers}"))
        return scripted.answers[number if scripted.each else 0]

    @staticmethod
    def _scripts(scripts: Iterable[str], step: str) -> list[str]:
        """The patterns that stand for a step."""
        return [pattern for pattern in scripts if matches(pattern, step)]


class _Asked(Struct, frozen=True):
    """A call or a question: under which key it is answered, what it is called, what it is given."""

    key: str
    step: str
    name: str
    input: Json


def _question(decision: AskPerson) -> _Asked:
    return _Asked("people", decision.step, f"'{decision.ask}'", decision.input)


def _said(scripted: AnswerPlan[model.PersonSays], asked: _Asked) -> Said | None:
    """What a person says; None for nothing."""
    said = scripted.said
    if said.says == "nothing":
        return None
    value = _value(scripted.value, asked)
    return Said(said.says or "replace", value, scripted.after, by=said.by)


def _calls(
    said: Sequence[model.ScriptedCall], inputs: Sequence[Template], asked: "_Asked"
) -> list[Json]:
    """The tools that a model asks for."""
    return [
        {
            "id": f"call_{number}",
            "tool": one.tool,
            "arguments": one.text if one.text is not None else json.dumps(_value(given, asked)),
        }
        for number, (one, given) in enumerate(zip(said, inputs, strict=True), 1)
    ]


def _value(template: Template, asked: _Asked) -> Json:
    try:
        return render(template, {"input": asked.input})
    except EvaluationError as error:
        raise NoAnswer(_missing(asked, f"its scripted value: {error}")) from error


def _missing(asked: _Asked, why: str) -> Difference:
    given = excerpt(dict(asked.input))
    return Difference(f"{asked.key}.{asked.step}", f"an answer to {asked.name}, given {given}", why)
