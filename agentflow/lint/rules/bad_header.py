"""A header cannot be sent, or the request sets it by itself.

Some headers belong to the request itself: its length, its host, the step's idempotency key. The
value of a header is sent as written, so an expression in it would arrive as plain text.

Bad:

    agentflow: 1
    name: refunds
    agents:
      refunder:
        kind: http
        url: https://shops.example/refunds
        headers: {X-Shop: "${{ input.shop }}"}
        input: {type: object, required: [shop], properties: {shop: {type: string}}}
        output: {type: object}
    steps:
      refund: {agent: refunder, with: {shop: books}}
    outputs: {done: "${{ steps.refund.output }}"}

Says:

    7:23 an expression in a header is not evaluated

Good:

    agentflow: 1
    name: refunds
    agents:
      refunder:
        kind: http
        url: https://shops.example/refunds
        headers: {X-Shop: books}
        input: {type: object, required: [shop], properties: {shop: {type: string}}}
        output: {type: object}
    steps:
      refund: {agent: refunder, with: {shop: books}}
    outputs: {done: "${{ steps.refund.output }}"}
"""

import re
from collections.abc import Iterator

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.spec.model import Secret
from agentflow.spec.wording import quoted

NAME = "bad-header"
FAMILY = Family.SPEC
SEVERITY = Severity.ERROR

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
#: Headers that say how the message itself is made, and what to do instead of writing them.
_RESERVED = {
    "accept-encoding": "answers are never compressed; take it out",
    "connection": "every request has a connection of its own; take it out",
    "content-length": "it is counted; take it out",
    "expect": "take it out",
    "host": "it follows from 'url'; take it out",
    "idempotency-key": "write 'idempotency_key' on the step",
    "te": "take it out",
    "transfer-encoding": "take it out",
    "upgrade": "take it out",
}


def check(context: Context) -> Iterator[Finding]:
    """Each header of an agent, a server or a channel that cannot be sent."""
    if context.pipeline is None:
        return
    pipeline = context.pipeline
    owners = [(("agents", name), agent) for name, agent in pipeline.agents.items()]
    servers = [(("servers", name), server) for name, server in pipeline.servers.items()]
    channels = [(("channels", name), channel) for name, channel in pipeline.channels.items()]
    for owner, options in (*owners, *servers, *channels):
        # Only what makes requests has this key; this layer does not know which agents do.
        headers = getattr(options, "headers", None)
        for name, value in headers.items() if isinstance(headers, dict) else ():
            path = (*owner, "headers", name)
            if not _TOKEN.fullmatch(name):
                message, advice = f"{quoted(name)} is no name of a header", "write X-NAME"
                yield Finding(NAME, SEVERITY, message, context.document.locate_key(path), advice)
            elif name.lower() in _RESERVED:
                message = f"header {quoted(name)} belongs to the request"
                place = context.document.locate_key(path)
                yield Finding(NAME, SEVERITY, message, place, _RESERVED[name.lower()])
            problem = _problem(value.prefix if isinstance(value, Secret) else value)
            if problem is not None:
                message, advice = problem
                yield Finding(NAME, SEVERITY, message, context.document.locate(path), advice)


def _problem(value: str) -> tuple[str, str] | None:
    if "${{" in value:
        advice = "send it as part of the input, or in the url"
        return "an expression in a header is not evaluated", advice
    if not value.isascii() or not (value.isprintable() or not value):
        return "a header holds printable ASCII characters only", "encode it"
    return None
