"""Expressions and templates of a spec on their way into a plan."""

from collections.abc import Iterable

from agentflow.findings import Finding, Severity
from agentflow.plan.scopes import Place, Uses
from agentflow.spec.cel.syntax import Expr
from agentflow.spec.document import Document, Path
from agentflow.spec.expressions import ExpressionError, parse_expression
from agentflow.spec.fixes import replaced, unwrapped
from agentflow.spec.model import Json
from agentflow.spec.templates import (
    Template,
    read_template,
    template_expressions,
)

#: The name under which it is reported that a file holds more than can be looked at.
TOO_LARGE = "too-large"
#: How many references the expressions of one file may hold: each is followed to what it reads, by
#: many rules.
MOST_REFERENCES = 50_000


def is_too_large(findings: Iterable[Finding]) -> bool:
    """Does a plan hold only a part of what its file does?"""
    return any(finding.rule == TOO_LARGE for finding in findings)


def no_expression(
    document: Document, path: Path, error: ExpressionError, bare: str | None = None
) -> Finding:
    """A report that a text is no expression; `bare` ones are written without `${{ }}`."""
    place = document.in_string(path, error.start, error.end)
    fix = None if bare is None else unwrapped(document, path, bare)
    if error.misspelt is not None:
        fix = replaced(document, place, *error.misspelt)
    return Finding("expression-syntax", Severity.ERROR, error.message, place, error.help, fix=fix)


class Reading:
    """Reads expressions, and collects the findings and references met on the way.

    Where there are too many references, the rest is not read.
    """

    def __init__(self, document: Document) -> None:
        self.document = document
        self.findings: list[Finding] = []
        self.uses = Uses()

    def complain(self, rule: str, message: str, path: Path, help: str | None) -> None:
        """Note an error at a path of the document."""
        location = self.document.locate(path)
        self.findings.append(Finding(rule, Severity.ERROR, message, location, help))

    def _is_full(self) -> bool:
        return len(self.uses.found) > MOST_REFERENCES

    def _note(self, expr: Expr, path: Path, offset: int, here: Place) -> None:
        """Note the references of an expression; of the first too many, that they are."""
        if self._is_full():
            return
        self.uses.add(expr, path, offset, here)
        if self._is_full():
            message = f"more than {MOST_REFERENCES:,} references to steps, inputs and other values"
            advice = "put some of the steps into a pipeline of their own, and run it by 'pipeline'"
            self.complain(TOO_LARGE, message, path, advice)

    def expression(self, text: str | None, path: Path, here: Place) -> Expr | None:
        """An expression, with its references noted; None if it is missing or broken."""
        if text is None or self._is_full():
            return None
        try:
            expr = parse_expression(text)
        except ExpressionError as error:
            self.report(error, path, bare=text)
            return None
        self._note(expr, path, 0, here)
        return expr

    def template(self, value: Json, path: Path, here: Place) -> Template:
        """A template, with its references noted; see `read_template` for what cannot be read."""
        template = read_template(value, lambda error: self.report(error, (*path, *error.path)))
        for inner, offset, expr in template_expressions(template):
            self._note(expr, (*path, *inner), offset, here)
        return template

    def report(self, error: ExpressionError, path: Path, bare: str | None = None) -> None:
        """Note that the text at a path is no expression."""
        self.findings.append(no_expression(self.document, path, error, bare))
