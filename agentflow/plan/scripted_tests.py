"""The tests of a pipeline as the test runner reads them: expressions compiled, `like` resolved.

Like the rest of the plan this is total: what is wrong becomes a finding, and a test with an error
in it is there for the linter only.
"""

from collections.abc import Iterator, Mapping, Sequence

from agentflow.findings import Finding, Severity
from agentflow.plan.reading import no_expression
from agentflow.plan.scripts import AnswerPlan, AnswersPlan, CancelPlan, Said, ScriptPlan
from agentflow.spec.cel.references import references
from agentflow.spec.cel.syntax import Expr
from agentflow.spec.document import Document, Path
from agentflow.spec.expressions import ExpressionError, parse_expression
from agentflow.spec.model import (
    Answer,
    Cancel,
    Json,
    PersonSays,
    Pipeline,
    PipelineTest,
    ScriptedCall,
    seconds,
)
from agentflow.spec.templates import Template, read_template, template_expressions
from agentflow.spec.wording import quoted, suggestion

#: The roots that expressions of scripted answers, and of `that`, can read.
ANSWER_ROOTS = frozenset({"input"})
RESULT_ROOTS = frozenset({"outputs", "calls", "seconds", "spent"})
#: How many tests may be `like` each other in a row.
MOST_ALIKE = 32


def plan_scripts(
    document: Document, pipeline: Pipeline
) -> tuple[dict[str, ScriptPlan], list[Finding]]:
    """The tests of a pipeline by name, and what is wrong in their expressions."""
    planner = _Planner(document)
    scripts = {name: planner.script(name, pipeline.tests) for name in pipeline.tests}
    return scripts, planner.findings


def ancestry(name: str, tests: Mapping[str, PipelineTest]) -> Iterator[tuple[str, PipelineTest]]:
    """A test and those that it is `like`, each once, up to a limit; unknown ones are left out."""
    seen: set[str] = set()
    following: str | None = name
    while following is not None and following in tests and following not in seen:
        if len(seen) > 1 + MOST_ALIKE:
            return
        seen.add(following)
        yield following, tests[following]
        following = tests[following].like


def _cancel(cancel: Cancel | None) -> CancelPlan | None:
    if cancel is None:
        return None
    return CancelPlan(seconds(cancel.after), cancel.by, cancel.reason)


class _Planner:
    """The findings met so far, and answers compiled once for all tests that share them."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.findings: list[Finding] = []
        self._templates: dict[Path, Template] = {}

    def script(self, name: str, tests: Mapping[str, PipelineTest]) -> ScriptPlan:
        test = tests[name]
        inputs: dict[str, Json] = {}
        answers: dict[str, AnswersPlan[Answer]] = {}
        people: dict[str, AnswersPlan[PersonSays]] = {}
        recording: str | None = None
        for home, ancestor in reversed(list(ancestry(name, tests))):
            own, top = home == name, ("tests", home)
            inputs |= ancestor.inputs
            answers |= self._answers(ancestor.answers, (*top, "answers"), own=own)
            people |= self._answers(ancestor.people, (*top, "people"), own=own)
            recording = ancestor.recording or recording
        return ScriptPlan(
            name=name,
            inputs=inputs,
            answers=answers,
            people=people,
            simulate=test.unscripted == "simulate",
            seed=test.seed,
            concurrency=test.concurrency,
            recording=recording,
            cancel=_cancel(test.cancel),
            expect=test.expect,
            that=tuple(self._that(name, test)),
        )

    def _answers(
        self, said: Mapping[str, Said | list[Said]], path: Path, *, own: bool
    ) -> dict[str, AnswersPlan[Said]]:
        planned: dict[str, AnswersPlan[Said]] = {}
        for pattern, answers in said.items():
            if isinstance(answers, list):
                places = [(*path, pattern, number) for number in range(len(answers))]
                each = tuple(map(self._answer, answers, places))
                planned[pattern] = AnswersPlan(each, each=True, own=own)
            else:
                one = self._answer(answers, (*path, pattern))
                planned[pattern] = AnswersPlan((one,), each=False, own=own)
        return planned

    def _answer(self, said: Said, path: Path) -> AnswerPlan[Said]:
        here = (*path, "value")
        if here not in self._templates:
            self._templates[here] = self._template(said.value, here)
        calls: Sequence[ScriptedCall] = ()
        if isinstance(said, Answer) and said.calls is not None:
            calls = said.calls
        inputs = tuple(
            self._template(dict(call.input), (*path, "calls", number, "input"))
            for number, call in enumerate(calls)
        )
        return AnswerPlan(said, self._templates[here], seconds(said.after), inputs)

    def _template(self, value: Json, path: Path) -> Template:
        template = read_template(value, lambda error: self._report(error, (*path, *error.path)))
        for inner, offset, expr in template_expressions(template):
            self._check_roots(expr, (*path, *inner), offset, ANSWER_ROOTS)
        return template

    def _that(self, name: str, test: PipelineTest) -> Iterator[tuple[str, Expr]]:
        for number, text in enumerate(test.expect.that):
            path = ("tests", name, "expect", "that", number)
            try:
                expr = parse_expression(text)
            except ExpressionError as error:
                self._report(error, path, bare=text)
                continue
            self._check_roots(expr, path, 0, RESULT_ROOTS)
            yield text, expr

    def _check_roots(self, expr: Expr, path: Path, offset: int, known: frozenset[str]) -> None:
        for reference in references(expr):
            if reference.root in known:
                continue
            near = suggestion(reference.root, known)
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

    def _report(self, error: ExpressionError, path: Path, bare: str | None = None) -> None:
        self.findings.append(no_expression(self.document, path, error, bare))
