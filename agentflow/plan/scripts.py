"""The tests of a pipeline as the test runner reads them: expressions compiled, `like` resolved.

Like the rest of the plan this is total: what is wrong becomes a finding, and a test with an error
in it is there for the linter only.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from agentflow.findings import Finding, Severity
from agentflow.spec.cel.references import references
from agentflow.spec.cel.syntax import Expr
from agentflow.spec.document import Document, Path
from agentflow.spec.expressions import ExpressionError, parse_expression
from agentflow.spec.model import Answer, Expectations, Json, Pipeline, PipelineTest, seconds
from agentflow.spec.templates import Constant, Template, parse_template, template_expressions
from agentflow.spec.wording import did_you_mean, quoted

#: What the expressions of a scripted answer and of `that` can speak of.
ANSWER_ROOTS = frozenset({"input"})
RESULT_ROOTS = frozenset({"outputs", "calls", "seconds"})


@dataclass(frozen=True, slots=True)
class AnswerPlan:
    """What a call comes to. `value` is the template of a value; `said` is what the author wrote."""

    said: Answer
    value: Template
    after: float
    retry_after: float | None


@dataclass(frozen=True, slots=True)
class AnswersPlan:
    """The answers to the calls that a pattern stands for.

    `each` says that there is one for each call; otherwise the only one is for all of them. `own`
    says that they stand in this test and do not come from one that it is `like`.
    """

    answers: tuple[AnswerPlan, ...]
    each: bool
    own: bool


@dataclass(frozen=True, slots=True)
class ScriptPlan:
    """One test. `that` are the expressions of `expect.that`, with their text."""

    name: str
    inputs: Mapping[str, Json]
    answers: Mapping[str, AnswersPlan]
    simulate: bool
    seed: str
    concurrency: int
    expect: Expectations
    that: tuple[tuple[str, Expr], ...]


def plan_scripts(
    document: Document, pipeline: Pipeline
) -> tuple[dict[str, ScriptPlan], list[Finding]]:
    """The tests of a pipeline by name, and what is wrong in their expressions."""
    planner = _Planner(document)
    scripts = {name: planner.script(name, pipeline.tests) for name in pipeline.tests}
    return scripts, planner.findings


def ancestry(name: str, tests: Mapping[str, PipelineTest]) -> Iterator[tuple[str, PipelineTest]]:
    """A test and those that it is `like`, as far as they exist and each once."""
    seen: set[str] = set()
    following: str | None = name
    while following is not None and following in tests and following not in seen:
        seen.add(following)
        yield following, tests[following]
        following = tests[following].like


class _Planner:
    """The findings met so far, and answers compiled once for all tests that share them."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.findings: list[Finding] = []
        self._compiled: dict[tuple[str, str], tuple[AnswerPlan, ...]] = {}

    def script(self, name: str, tests: Mapping[str, PipelineTest]) -> ScriptPlan:
        test = tests[name]
        inputs: dict[str, Json] = {}
        answers: dict[str, AnswersPlan] = {}
        for home, ancestor in reversed(list(ancestry(name, tests))):
            inputs |= ancestor.inputs
            for pattern, said in ancestor.answers.items():
                compiled = self._answers(home, pattern, said)
                answers[pattern] = AnswersPlan(compiled, isinstance(said, list), home == name)
        return ScriptPlan(
            name=name,
            inputs=inputs,
            answers=answers,
            simulate=test.unscripted == "simulate",
            seed=test.seed,
            concurrency=test.concurrency,
            expect=test.expect,
            that=tuple(self._that(name, test)),
        )

    def _answers(
        self, home: str, pattern: str, said: Answer | list[Answer]
    ) -> tuple[AnswerPlan, ...]:
        key = (home, pattern)
        if key not in self._compiled:
            path: Path = ("tests", home, "answers", pattern)
            self._compiled[key] = (
                tuple(self._answer(answer, (*path, n)) for n, answer in enumerate(said))
                if isinstance(said, list)
                else (self._answer(said, path),)
            )
        return self._compiled[key]

    def _answer(self, said: Answer, path: Path) -> AnswerPlan:
        value: Template = Constant(None)
        here = (*path, "value")
        try:
            value = parse_template(said.value)
        except ExpressionError as error:
            self._report(error, (*here, *error.path))
        for inner, offset, expr in template_expressions(value):
            self._check_roots(expr, (*here, *inner), offset, ANSWER_ROOTS)
        retry_after = seconds(said.retry_after) if said.retry_after else None
        return AnswerPlan(said, value, seconds(said.after), retry_after)

    def _that(self, name: str, test: PipelineTest) -> Iterator[tuple[str, Expr]]:
        for number, text in enumerate(test.expect.that):
            path = ("tests", name, "expect", "that", number)
            try:
                expr = parse_expression(text)
            except ExpressionError as error:
                self._report(error, path)
                continue
            self._check_roots(expr, path, 0, RESULT_ROOTS)
            yield text, expr

    def _check_roots(self, expr: Expr, path: Path, offset: int, known: frozenset[str]) -> None:
        for reference in references(expr):
            if reference.root in known:
                continue
            near = did_you_mean(reference.root, known).removeprefix(", ")
            start, end = reference.start + offset, reference.end + offset
            self.findings.append(
                Finding(
                    rule="unknown-root",
                    severity=Severity.ERROR,
                    message=f"unknown name {quoted(reference.root)}",
                    location=self.document.in_string(path, start, end),
                    help=near or f"here an expression starts with: {', '.join(sorted(known))}",
                )
            )

    def _report(self, error: ExpressionError, path: Path) -> None:
        self.findings.append(
            Finding(
                rule="expression-syntax",
                severity=Severity.ERROR,
                message=error.message,
                location=self.document.in_string(path, error.start, error.end),
                help=error.help,
            )
        )
