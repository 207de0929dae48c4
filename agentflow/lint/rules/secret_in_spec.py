"""What looks like a credential stands in the spec.

A spec is in version control, and every run keeps a copy of it in its log. A secret belongs into the
environment; the spec names the variable, and what it holds is kept out of the log.

Bad:

    agentflow: 1
    name: refunds
    agents:
      refunder:
        kind: http
        url: https://shops.example/refunds
        headers: {Authorization: Bearer 2f9a77c1}
        input: {type: object}
        output: {type: object}
    steps:
      refund: {agent: refunder}
    outputs: {done: "${{ steps.refund.output }}"}

Says:

    7:30 'Authorization' looks like a credential

Good:

    agentflow: 1
    name: refunds
    agents:
      refunder:
        kind: http
        url: https://shops.example/refunds
        headers: {Authorization: {secret: REFUNDS_TOKEN, prefix: "Bearer "}}
        input: {type: object}
        output: {type: object}
    steps:
      refund: {agent: refunder}
    outputs: {done: "${{ steps.refund.output }}"}
"""

from collections.abc import Iterator
from typing import Any

from agentflow.findings import Finding, Severity
from agentflow.lint.credentials import FORMS, NAMES
from agentflow.lint.rule import Context, Family
from agentflow.plan.steps import Path
from agentflow.spec.wording import quoted

NAME = "secret-in-spec"
FAMILY = Family.TRUST
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each text of the options of an agent, a server or a channel that looks like a credential."""
    if context.pipeline is None:
        return
    pipeline = context.pipeline
    owners = [(("agents", name), agent) for name, agent in pipeline.agents.items()]
    servers = [(("servers", name), server) for name, server in pipeline.servers.items()]
    channels = [(("channels", name), channel) for name, channel in pipeline.channels.items()]
    for owner, options in (*owners, *servers, *channels):
        # Kinds have keys of their own; this layer does not know which kind has which.
        for key in ("headers", "env", "argv", "args", "url"):
            for path, text in _texts(getattr(options, key, None), (*owner, key)):
                about = path[-1] if key in ("headers", "env") else None
                named = about is not None and NAMES.search(str(about)) and text.strip()
                if named or FORMS.search(text):
                    yield _finding(context, path, key)


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        yield from (((*path, name), part) for name, part in value.items() if isinstance(part, str))
    elif isinstance(value, list):
        yield from (((*path, n), part) for n, part in enumerate(value) if isinstance(part, str))


def _finding(context: Context, path: Path, key: str) -> Finding:
    what = str(path[-1]) if key in ("headers", "env") else key
    advice = "write {secret: NAME}, and set NAME in the environment of the run"
    if key in ("argv", "args", "url"):
        advice = "take it in as a header or a variable: {secret: NAME}"
    return Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"{quoted(what)} looks like a credential",
        location=context.document.locate(path),
        help=advice,
    )
