"""A credential is sent to another machine without encryption.

Over `http`, everybody on the way can read a header and use the credential in it. Use `https`. Hosts
that seem to belong to one's own network are not reported: this machine, private addresses, names
without a dot, and names that end with `.internal`, `.local` or the like.

Bad:

    agentflow: 1
    name: books
    agents:
      bank:
        kind: http
        method: GET
        url: http://bank.example/lines
        headers: {Authorization: {secret: BANK_TOKEN, prefix: "Bearer "}}
        effects: read
        input: {type: object}
        output: {type: array, maxItems: 100}
    steps: {lines: {agent: bank}}
    outputs: {lines: "${{ steps.lines.output }}"}

Says:

    7:10 'BANK_TOKEN' is sent to 'bank.example' without encryption

Good:

    agentflow: 1
    name: books
    agents:
      bank:
        kind: http
        method: GET
        url: https://bank.example/lines
        headers: {Authorization: {secret: BANK_TOKEN, prefix: "Bearer "}}
        effects: read
        input: {type: object}
        output: {type: array, maxItems: 100}
    steps: {lines: {agent: bank}}
    outputs: {lines: "${{ steps.lines.output }}"}
"""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import urlsplit

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.spec.model import Secret
from agentflow.spec.wording import quoted

NAME = "secret-in-the-clear"
FAMILY = Family.TRUST
SEVERITY = Severity.WARNING

#: Names that the public part of the net does not have: RFC 6762, RFC 8375, and what clusters use.
_OWN_NETWORK = (".localhost", ".local", ".internal", ".intranet", ".lan", ".home.arpa", ".svc")


def check(context: Context) -> Iterator[Finding]:
    """Each agent, server and channel at an `http` address elsewhere that is sent a secret."""
    pipeline = context.pipeline
    if pipeline is None:
        return
    for key in ("agents", "servers", "channels"):
        for name, owner in getattr(pipeline, key).items():
            url = getattr(owner, "url", None)
            host = _host_in_the_clear(url) if isinstance(url, str) else None
            headers = getattr(owner, "headers", {}).values()
            secret = next((each for each in headers if isinstance(each, Secret)), None)
            if host is not None and secret is not None:
                yield Finding(
                    rule=NAME,
                    severity=SEVERITY,
                    message=f"{quoted(secret.secret)} is sent to {quoted(host)} without encryption",
                    location=context.document.locate((key, name, "url")),
                    help="write 'https://'",
                )


def _host_in_the_clear(url: str) -> str | None:
    """The host that a request goes to without encryption, and not within one's own network."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return None  # what is no address is told as that
    if parts.scheme.lower() != "http" or host is None or host.endswith(_OWN_NETWORK):
        return None
    try:
        return host if ip_address(host).is_global else None
    except ValueError:
        return host if "." in host else None
