"""Agents of kind `http`: one request, with the input as JSON and JSON as the answer.

    kind: http
    url: https://payments.example/orders/${{ input.order_id }}/refunds
    headers:
      Authorization: {secret: PAYMENTS_TOKEN, prefix: "Bearer "}

Expressions are allowed in the path and the query of the URL, never before them; their values are
percent-encoded. The fields of the input that the URL does not use are the JSON body, or the query
of a GET or DELETE. The idempotency key of the step is the header `Idempotency-Key`.

Nothing is sent twice, no connection is used twice, and a redirect is followed only to where the
request could have gone in the first place. `http_client` has the rules.
"""

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from agentflow.spec.model import Agent, Secret

if TYPE_CHECKING:
    from agentflow.agents.protocol import Connection, Host


class Options(Agent, frozen=True, kw_only=True):
    """A request to a service that speaks HTTP."""

    kind: Literal["http"]
    url: Annotated[
        str,
        Meta(
            min_length=1, examples=["https://payments.example/orders/${{ input.order_id }}/refunds"]
        ),
    ]
    """Where the request goes, by http or https; ${{ input.NAME }} may stand in the path and the
    query."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    """GET and DELETE send the input as the query, the others as JSON."""

    headers: dict[str, str | Secret] = {}
    """Headers besides those that every request has."""

    redirect_hosts: list[str] = []
    """Hosts that a redirect may lead to, besides the one of the url."""


def connect(host: "Host") -> "Connection":  # noqa: ARG001 - a request needs nothing of the run's place
    """The client of one run."""
    from agentflow.agents.http_client import Client

    return Client()
