"""A request of an `http` agent: from the agent's options and a call to what goes over the wire."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlencode, urlsplit

from msgspec import Struct

from agentflow import __version__
from agentflow.agents.http import Options
from agentflow.agents.payload import payload
from agentflow.agents.protocol import AttemptError, Call
from agentflow.agents.secrets import resolve
from agentflow.spec.cel.evaluate import EvaluationError
from agentflow.spec.expressions import ExpressionError, references
from agentflow.spec.model import FailureClass, Json
from agentflow.spec.templates import (
    Constant,
    Text,
    Whole,
    parse_template,
    render,
    template_expressions,
)

#: Methods whose input goes into the query.
_WITHOUT_BODY = frozenset({"GET", "DELETE"})


class Request(Struct, frozen=True):
    """What is sent. `own` are the headers that the spec names: they are for its own host only."""

    method: str
    url: str
    headers: Mapping[str, str]
    own: Mapping[str, str]
    body: bytes | None

    @property
    def shown(self) -> str:
        """For messages: the method and the url without its query, on one bounded line."""
        return f"{self.method} {self.url.partition('?')[0][:200]}"


def request_of(options: Options, call: Call) -> Request:
    """The request of a call. Raises `AttemptError` rejected if there can be none."""
    url, named = _url(options.url, call.input)
    rest = {name: value for name, value in call.input.items() if name not in named}
    headers = {
        "Accept": "application/json",
        # Nothing is decompressed: what a small answer may become then has no bound.
        "Accept-Encoding": "identity",
        "Connection": "close",
        "User-Agent": f"agentflow/{__version__}",
    }
    body = None
    if options.method in _WITHOUT_BODY:
        if rest:
            url = f"{url}{'&' if '?' in url else '?'}{_query(rest)}"
    else:
        body = payload(rest)
        headers["Content-Type"] = "application/json"
    if call.idempotency_key is not None:
        headers["Idempotency-Key"] = header_text(call.idempotency_key)
    own = {name: header(name, resolve(value)) for name, value in options.headers.items()}
    for name in [name for name in headers if name.lower() in {given.lower() for given in own}]:
        del headers[name]
    return Request(options.method, url, headers, own, body)


def header_text(text: str) -> str:
    """Text as the value of a header: what is no visible ASCII is percent-encoded, and `%` too."""
    return quote(text, safe="!\"#$&'()*+,-./:;<=>?@[\\]^_`{|}~")


def header(name: str, value: str) -> str:
    """The value of a header as it is sent. Raises `AttemptError` rejected if none can be so."""
    if not value.isascii() or not value.isprintable():
        message = f"the value of header '{name}' has characters that no header can have"
        raise AttemptError(FailureClass.REJECTED, message)
    return value.strip()


def _url(text: str, given: Mapping[str, Json]) -> tuple[str, frozenset[str]]:
    """The url with its expressions filled in, and the fields of the input that they name."""
    try:
        template = parse_template(text)
        scope = {"input": dict(given)}
        if isinstance(template, Constant):
            return str(template.value), frozenset()
        if not isinstance(template, Text):
            raise AttemptError(FailureClass.REJECTED, "the url is nothing but an expression")
        parts = [
            part if isinstance(part, str) else _encoded(part, scope) for part in template.parts
        ]
    except (ExpressionError, EvaluationError) as error:
        raise AttemptError(FailureClass.REJECTED, f"in the url: {error.message}") from error
    url = "".join(parts)
    # A server, or whatever stands before it, takes '..' out together with the part before it.
    if any(unquote(part) in (".", "..") for part in urlsplit(url).path.split("/")):
        message = "in the url: a part of the path came to '.' or '..'"
        raise AttemptError(FailureClass.REJECTED, message)
    named = {
        reference.path[0]
        for _, _, expr in template_expressions(template)
        for reference in references(expr)
        if reference.path
    }
    return url, frozenset(str(name) for name in named)


def _encoded(part: Whole, scope: Mapping[str, Json]) -> str:
    text: str = render(Text((part,)), scope)
    if not text:
        message = "in the url: an expression came to nothing, which would make it another url"
        raise AttemptError(FailureClass.REJECTED, message)
    return quote(text, safe="", errors="replace")


def _query(given: Mapping[str, Json]) -> str:
    """Fields as a query, in order; a list gives its field once for each item."""
    pairs: list[tuple[str, str]] = []
    for name in sorted(given):
        value = given[name]
        items = value if isinstance(value, list) else [value]
        pairs.extend((name, _plain(name, item)) for item in items)
    return urlencode(pairs, quote_via=quote, errors="replace")


def _plain(name: str, value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    what = "null" if value is None else "a list" if isinstance(value, list) else "an object"
    message = f"field '{name}' cannot go into a query: {what} has no text there"
    raise AttemptError(FailureClass.REJECTED, message)
