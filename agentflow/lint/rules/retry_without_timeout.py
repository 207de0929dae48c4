"""Attempts that may hang are retried, but no timeout says when one has hung.

Without a `timeout` on the step or its agent, an attempt may take five minutes. That is long for a
service that usually answers in seconds: a connection that hangs is noticed after five minutes, and
again five minutes later for each further attempt.

Bad:

    agentflow: 1
    name: letters
    models: {small: {model: openai/gpt-5-mini, max_output_tokens: 400}}
    agents:
      writer:
        kind: llm
        model: small
        instructions: Write a letter.
        retry: {max_attempts: 3}
        input: {type: object}
        output: {type: string, maxLength: 1000}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    9:12 3 attempts of 'write' may hang for 5m each: neither it nor 'writer' has a 'timeout'

Good:

    agentflow: 1
    name: letters
    models: {small: {model: openai/gpt-5-mini, max_output_tokens: 400}}
    agents:
      writer:
        kind: llm
        model: small
        instructions: Write a letter.
        retry: {max_attempts: 3}
        timeout: 30s
        input: {type: object}
        output: {type: string, maxLength: 1000}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.policies import Retried, retried
from agentflow.lint.rule import Context, Family
from agentflow.plan.calls import home_of
from agentflow.plan.steps import DEFAULT_TIMEOUT
from agentflow.spec.document import Document, Path
from agentflow.spec.model import FailureClass
from agentflow.spec.wording import quoted

NAME = "retry-without-timeout"
FAMILY = Family.RETRY
SEVERITY = Severity.ADVICE

#: Agents that wait for others over a network.
_REMOTE = frozenset({"llm", "http", "mcp", "a2a"})


def check(context: Context) -> Iterator[Finding]:
    """Each policy that repeats attempts over a network after a `timeout` that nobody has set."""
    if context.plan is None:
        return
    seen: set[Path] = set()
    for step in retried(context.document, context.plan):
        if step.path in seen or not _may_hang(step) or _is_timed(context.document, step):
            continue
        seen.add(step.path)
        one = quoted(step.plan.id)
        inline = "." in step.call.agent  # a tool that is described where it is offered
        who = one if inline else quoted(step.call.agent)
        lacks = "it has no 'timeout'" if inline else f"neither it nor {who} has a 'timeout'"
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{step.factors.attempts} attempts of {one} may hang for 5m each: {lacks}",
            location=context.document.locate(step.path),
            help=f"say how long {who} may take: timeout: 30s",
        )


def _may_hang(step: Retried) -> bool:
    return (
        step.factors.attempts > 1
        and FailureClass.TIMEOUT in step.policy.on
        and step.call.options.kind in _REMOTE
        and step.call.timeout == DEFAULT_TIMEOUT
    )


def _is_timed(document: Document, step: Retried) -> bool:
    """Is a time written for an attempt, or for what is around it?"""
    own = step.plan.path
    places = ((*own, "timeout"), (*own, "budget", "wall"))
    at_home = (*home_of(step.plan, step.call), "timeout")
    return any(document.node(place) is not None for place in (*places, at_home))
