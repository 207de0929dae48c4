"""`agentflow rules` and `agentflow explain`: what `validate` looks for."""

from agentflow.cli.report import emit
from agentflow.errors import ExitCode, UsageError
from agentflow.formats import rules_json, rules_text
from agentflow.lint.pages import rule_named
from agentflow.lint.rule import Family
from agentflow.lint.rules import RULES
from agentflow.spec.wording import did_you_mean, quoted


def list_rules(family: str | None, *, json: bool) -> int:
    """Print a line for each rule, or for each of a family; gives the exit code.

    Raises:
        UsageError: there is no such family.
    """
    if family is not None and family not in set(Family):
        known = f"the families are: {', '.join(Family)}"
        raise UsageError(
            f"there is no family {quoted(family)}{did_you_mean(family, Family)}", help=known
        )
    listed = [rule for rule in RULES if family in (None, rule.FAMILY)]
    emit(rules_json.render_table(listed) if json else rules_text.render_table(listed))
    return ExitCode.OK


def explain_rule(name: str, *, json: bool) -> int:
    """Print the page of a rule; gives the exit code.

    Raises:
        UsageError: there is no such rule.
    """
    rule = rule_named(name, RULES)
    emit(rules_json.render_page(rule) if json else rules_text.render_page(rule))
    return ExitCode.OK
