"""`agentflow rules` and `agentflow explain`: what `validate` looks for."""

from agentflow.cli.report import emit
from agentflow.errors import ExitCode
from agentflow.formats import rules_json, rules_text
from agentflow.lint.pages import rule_named
from agentflow.lint.rules import RULES


def list_rules(*, json: bool) -> int:
    """Print a line for each rule; gives the exit code."""
    emit(rules_json.render_table(RULES) if json else rules_text.render_table(RULES))
    return ExitCode.OK


def explain_rule(name: str, *, json: bool) -> int:
    """Print the page of a rule; gives the exit code.

    Raises:
        UsageError: there is no such rule.
    """
    rule = rule_named(name, RULES)
    emit(rules_json.render_page(rule) if json else rules_text.render_page(rule))
    return ExitCode.OK
