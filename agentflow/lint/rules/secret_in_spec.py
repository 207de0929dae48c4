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

import re
from collections.abc import Iterator
from typing import Any

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan.steps import Path
from agentflow.spec.wording import quoted

NAME = "secret-in-spec"
FAMILY = Family.TRUST
SEVERITY = Severity.WARNING

#: Names of headers and variables that hold credentials.
_NAMES = re.compile(
    r"(?:^(?:proxy-)?authorization|^cookie|api[-_]?key|[-_]token|^token|secret|passw(?:or)?d)$",
    re.IGNORECASE,
)
#: Credentials that can be told by their form: of model providers, code hosts, clouds, chats; a
#: signed token; a private key.
_FORMS = re.compile(
    r"\bsk-[A-Za-z0-9_-]{20,}|\bgh[opsu]_[A-Za-z0-9]{30,}|\bgithub_pat_[A-Za-z0-9_]{30,}"
    r"|\bAKIA[A-Z0-9]{16}\b|\bxox[abprs]-[A-Za-z0-9-]{10,}|\bAIza[A-Za-z0-9_-]{30,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.|-----BEGIN [A-Z ]*PRIVATE KEY-----"
)


def check(context: Context) -> Iterator[Finding]:
    """Each text of the options of an agent or a server that looks like a credential."""
    if context.pipeline is None:
        return
    pipeline = context.pipeline
    owners = [(("agents", name), agent) for name, agent in pipeline.agents.items()]
    servers = [(("servers", name), server) for name, server in pipeline.servers.items()]
    for owner, options in (*owners, *servers):
        # Kinds have keys of their own; this layer does not know which kind has which.
        for key in ("headers", "env", "argv", "args", "url"):
            for path, text in _texts(getattr(options, key, None), (*owner, key)):
                about = path[-1] if key in ("headers", "env") else None
                named = about is not None and _NAMES.search(str(about)) and text.strip()
                if named or _FORMS.search(text):
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
