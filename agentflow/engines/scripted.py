"""Scripted answers: what the calls of a test come to, in the place of every agent."""

from dataclasses import dataclass

from agentflow.contracts.describe import excerpt
from agentflow.core.events import AttemptFailed, AttemptLost, AttemptSucceeded, StartAttempt
from agentflow.engines.virtual import Answer, Answerer
from agentflow.plan.patterns import matches, openness
from agentflow.plan.scripts import AnswerPlan, ScriptPlan
from agentflow.spec.cel.evaluate import EvaluationError
from agentflow.spec.model import FailureClass
from agentflow.spec.templates import render
from agentflow.testing.differences import Difference


class NoAnswer(Exception):
    """A call for which the test has no answer; `difference` says which."""

    def __init__(self, difference: Difference) -> None:
        super().__init__(difference.found)
        self.difference = difference


@dataclass(slots=True)
class Script:
    """The answers of a test, and how many of each were given."""

    plan: ScriptPlan
    otherwise: Answerer | None
    used: dict[str, int]

    def answer(self, decision: StartAttempt) -> Answer:
        """The answer to a call.

        Of the patterns that stand for its step the one counts that leaves the fewest numbers open.

        Raises:
            NoAnswer: there is none, and none is to be made up.
        """
        patterns = [pattern for pattern in self.plan.answers if matches(pattern, decision.step)]
        if not patterns:
            if self.otherwise is not None:
                return self.otherwise(decision)
            raise NoAnswer(_missing(decision, "no answer is scripted for it"))
        pattern = min(patterns, key=openness)
        scripted = self.plan.answers[pattern]
        number = self.used.get(pattern, 0)
        self.used[pattern] = number + 1
        if scripted.each and number >= len(scripted.answers):
            known = len(scripted.answers)
            raise NoAnswer(
                _missing(decision, f"'{pattern}' has {known} answer{'' if known == 1 else 's'}")
            )
        return _play(scripted.answers[number if scripted.each else 0], decision)

    def unused(self) -> list[Difference]:
        """Answers of this test that no call asked for: it does not test what it says."""
        left = []
        for pattern, scripted in self.plan.answers.items():
            used, known = self.used.get(pattern, 0), len(scripted.answers)
            if scripted.own and used < (known if scripted.each else 1):
                expected = str(known) if scripted.each else "at least 1"
                left.append(Difference(f"answers.{pattern}: calls", expected, str(used)))
        return left


def _play(answer: AnswerPlan, decision: StartAttempt) -> Answer:
    step, attempt, said = decision.step, decision.attempt, answer.said
    if said.crash:
        return Answer(AttemptLost(0, step, attempt), answer.after)
    if said.fail is not None:
        message = said.message if said.message is not None else "as the test says"
        failed = AttemptFailed(
            0, step, attempt, FailureClass(said.fail), message, answer.retry_after
        )
        return Answer(failed, answer.after)
    if said.text is not None:
        return Answer(AttemptSucceeded(0, step, attempt, text=said.text), answer.after)
    try:
        value = render(answer.value, {"input": decision.input})
    except EvaluationError as error:
        raise NoAnswer(_missing(decision, f"its scripted value: {error}")) from error
    return Answer(AttemptSucceeded(0, step, attempt, value=value), answer.after)


def _missing(decision: StartAttempt, why: str) -> Difference:
    given = excerpt(dict(decision.input))
    called = f"attempt {decision.attempt} of '{decision.agent}', given {given}"
    return Difference(f"answers.{decision.step}", f"an answer to {called}", why)
