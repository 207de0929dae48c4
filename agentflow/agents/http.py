"""Agents of kind `http`: one request, with the input as JSON and JSON as the answer.

    kind: http
    url: https://payments.example/orders/${{ input.order_id }}/refunds
    headers:
      Authorization: {secret: PAYMENTS_TOKEN, prefix: "Bearer "}

Expressions may stand in the path and the query of the url, never before them; what they come to is
percent-encoded. The fields of the input that the url does not name are the JSON body, or the query
of a GET or DELETE. The idempotency key of the step is the header `Idempotency-Key`.

Nothing is sent twice, no connection is used twice, and a redirect is followed only to where the
request could have gone in the first place. `http_client` has the rules.
"""

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from agentflow.spec.model import Agent, Secret

if TYPE_CHECKING:
    from agentflow.agents.protocol import Connection, Host


class Options(Agent):
    """A request to a service that speaks HTTP."""

    kind: Literal["http"]
    url: Annotated[str, Field(min_length=1)] = Field(
        description="Where the request goes, by http or https; ${{ input.NAME }} may stand in the"
        " path and the query.",
        examples=["https://payments.example/orders/${{ input.order_id }}/refunds"],
    )
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = Field(
        "POST", description="GET and DELETE send the input as the query, the others as JSON."
    )
    headers: dict[str, str | Secret] = Field(
        default={}, description="Headers besides those that every request has."
    )
    redirect_hosts: list[str] = Field(
        default=[], description="Hosts that a redirect may lead to, besides the one of the url."
    )


def connect(host: "Host") -> "Connection":  # noqa: ARG001 - a request needs nothing of the run's place
    """The client of one run."""
    from agentflow.agents.http_client import Client

    return Client()
