"""No request can be sent to this URL.

A URL has to begin with http or https and a host that is written out. An expression before the path
would let data choose where the request, and the credentials with it, is sent. Credentials in a URL
end up in logs, and a fragment is never sent.

Bad:

    agentflow: 1
    name: refunds
    agents:
      refunder:
        kind: http
        url: https://${{ input.shop }}.example/refunds
        input: {type: object, required: [shop], properties: {shop: {type: string}}}
        output: {type: object}
    steps:
      refund: {agent: refunder, with: {shop: books}}
    outputs: {done: "${{ steps.refund.output }}"}

Says:

    6:18 an expression in the host of a url

Good:

    agentflow: 1
    name: refunds
    agents:
      refunder:
        kind: http
        url: https://shops.example/${{ input.shop }}/refunds
        input: {type: object, required: [shop], properties: {shop: {type: string}}}
        output: {type: object}
    steps:
      refund: {agent: refunder, with: {shop: books}}
    outputs: {done: "${{ steps.refund.output }}"}
"""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.spec.document import Path
from agentflow.spec.model import Pipeline, WebhookChannel
from agentflow.spec.wording import quoted

NAME = "bad-url"
FAMILY = Family.SPEC
SEVERITY = Severity.ERROR

_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*):")
_OPEN = "${{"


def check(context: Context) -> Iterator[Finding]:
    """Each url of an agent, a server or a channel that cannot be requested."""
    if context.pipeline is None:
        return
    for path, url, owner in _urls(context.pipeline):
        problem = _fixed(url, owner) or _problem(url)
        if problem is not None:
            message, start, end, advice = problem
            place = context.document.in_string(path, start, end)
            yield Finding(NAME, SEVERITY, message, place, advice)
    for name, agent in context.pipeline.agents.items():
        for key in ("redirect_hosts", "card_hosts"):
            for index, host in enumerate(getattr(agent, key, ())):
                if not _is_host(f"https://{host}") or re.search(r"[/?#@]|:\d+$", host):
                    place = context.document.locate(("agents", name, key, index))
                    advice = "write the name of the host and nothing else"
                    yield Finding(NAME, SEVERITY, f"{quoted(host)} is no host", place, advice)


def _urls(pipeline: Pipeline) -> Iterator[tuple[Path, str, str | None]]:
    """Each url with its place, and whose it is if no call has a say in it."""
    for name, agent in pipeline.agents.items():
        # Only agents that make requests have this key; this layer does not know which these are.
        url = getattr(agent, "url", None)
        if isinstance(url, str):
            owner = "a remote agent" if agent.kind == "a2a" else None
            yield ("agents", name, "url"), url, owner
    for name, server in pipeline.servers.items():
        if server.url is not None:
            yield ("servers", name, "url"), server.url, "a server"
    for name, channel in pipeline.channels.items():
        if isinstance(channel, WebhookChannel):
            yield ("channels", name, "url"), channel.url, "a channel"


def _fixed(url: str, owner: str | None) -> tuple[str, int, int, str] | None:
    """What is there for the whole run: no call can have a say in where it is."""
    if owner is None or _OPEN not in url:
        return None
    message = f"an expression in the url of {owner} is not evaluated"
    return message, url.index(_OPEN), len(url), "write the address out"


def _problem(url: str) -> tuple[str, int, int, str] | None:
    """What is wrong with a url, from where to where, and what to do about it."""
    scheme = _SCHEME.match(url)
    if scheme is None or not url.startswith("//", scheme.end()):
        return "a url begins with https://", 0, len(url), "write the whole address"
    if scheme[1].lower() not in ("http", "https"):
        message = f"requests go by http or https, not by {quoted(scheme[1])}"
        return message, 0, scheme.end(), "write https://"
    begin = scheme.end() + 2
    path = next((at for at, char in enumerate(url[begin:], begin) if char in "/?#"), len(url))
    host = url[begin:path]
    if _OPEN in host:
        at = url.index(_OPEN)
        end = url.find("}}", at)
        advice = "only the path and the query may vary; use an agent for each host"
        return "an expression in the host of a url", at, len(url) if end < 0 else end + 2, advice
    if "@" in host:
        advice = "give them as a header: {Authorization: {secret: NAME}}"
        return "credentials in a url", begin, begin + host.rindex("@") + 1, advice
    if not _is_host(url[:path]):
        message = f"{quoted(host)} is no host" if host else "a url without a host"
        return message, 0, path, "write https://HOST/PATH"
    return _after_the_host(url, path)


def _after_the_host(url: str, path: int) -> tuple[str, int, int, str] | None:
    # What another tool would have expanded is told by `reference-as-text`.
    plain = re.sub(r"\$?\{\{.*?\}\}", lambda found: "x" * len(found[0]), url, flags=re.DOTALL)
    fragment = plain.find("#", path)
    if fragment >= 0:
        return "a fragment is never sent", fragment, len(url), "take it out"
    odd = re.compile(r"[^\x21-\x7e]").search(plain, path)
    if odd is not None:
        message = f"a url cannot hold {quoted(odd[0])}"
        return message, odd.start(), odd.end(), "write it percent-encoded"
    return None


def _is_host(url: str) -> bool:
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0 and not re.search(r"\s", url)
    except ValueError:  # no number for a port, or no end to an IPv6 address
        return False
