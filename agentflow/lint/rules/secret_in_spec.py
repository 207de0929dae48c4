"""The spec contains something that looks like a credential.

A spec is in version control, and every run keeps a copy of it in its log. A secret belongs in the
environment; the spec names the variable, and its value is kept out of the log. Credentials are
recognized by the name of a header or a variable, an option of a program such as `--password=…`, a
password in a URL or a key in its query, and anywhere by the form that keys of well-known services
have.

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
from agentflow.lint.credentials import FORMS, IN_ADDRESS, IN_QUERY, NAMES, OPTION, STAND_IN
from agentflow.lint.rule import Context, Family
from agentflow.lint.texts import texts_at
from agentflow.spec.document import Path
from agentflow.spec.model import Pipeline
from agentflow.spec.wording import quoted

NAME = "secret-in-spec"
FAMILY = Family.TRUST
SEVERITY = Severity.WARNING


def check(context: Context) -> Iterator[Finding]:
    """Each text that looks like a credential, by its place, its form or what is said before it."""
    if context.pipeline is None:
        return
    found = {path for path, _ in _placed(context.pipeline)}
    for path, key in _placed(context.pipeline):
        yield _finding(context, path, key)
    for text in texts_at(context.document, ()):
        told = text.path[0] == "agents" and text.path[2:3] in (("instructions",), ("prompt",))
        if text.path not in found and not told and _has_credential(text.text):
            yield _finding(context, text.path, str(text.path[-1]))


def _placed(pipeline: Pipeline) -> Iterator[tuple[Path, str]]:
    """Credentials among the options of agents, servers and channels, each with the option's key."""
    owners = [(("agents", name), agent) for name, agent in pipeline.agents.items()]
    servers = [(("servers", name), server) for name, server in pipeline.servers.items()]
    channels = [(("channels", name), channel) for name, channel in pipeline.channels.items()]
    for owner, options in (*owners, *servers, *channels):
        # Kinds have keys of their own; this layer does not know which kind has which.
        for key in ("headers", "env", "argv", "args", "url"):
            before = ""
            for path, text in _texts(getattr(options, key, None), (*owner, key)):
                about = path[-1] if key in ("headers", "env") else None
                named = about is not None and NAMES.search(str(about)) and text.strip()
                option = key in ("argv", "args") and _is_option(text, before)
                if named or option or _is_asked_for(text) or _has_credential(text):
                    yield path, key
                before = text


def _is_option(text: str, before: str) -> bool:
    """Is this an option with a credential, or the value of one?"""
    option, leading = OPTION.fullmatch(text), OPTION.fullmatch(before)
    value = option["value"] if option else None
    if leading is not None and leading["value"] is None and not text.startswith("-"):
        value = text
    return value is not None and STAND_IN.fullmatch(value) is None


def _is_asked_for(text: str) -> bool:
    """Is it an address with a credential in its query?"""
    return any(STAND_IN.fullmatch(found["value"]) is None for found in IN_QUERY.finditer(text))


def _has_credential(text: str) -> bool:
    if FORMS.search(text):
        return True
    return any(STAND_IN.fullmatch(found["password"]) is None for found in IN_ADDRESS.finditer(text))


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        yield from (((*path, name), part) for name, part in value.items() if isinstance(part, str))
    elif isinstance(value, list):
        yield from (((*path, n), part) for n, part in enumerate(value) if isinstance(part, str))


def _finding(context: Context, path: Path, key: str) -> Finding:
    what = str(path[-1]) if key in ("headers", "env") else key
    advice = "take it in as a header or a variable of the agent that needs it: {secret: NAME}"
    if key in ("headers", "env"):
        advice = "write {secret: NAME}, and set NAME in the environment of the run"
    return Finding(
        rule=NAME,
        severity=SEVERITY,
        message=f"{quoted(what)} looks like a credential",
        location=context.document.locate(path),
        help=advice,
    )
