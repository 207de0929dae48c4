"""Agents of kind `python`: a function of the author's, called with the input's fields.

    kind: python
    call: incidents.agents:extract        def extract(body: str) -> dict

The function may be `async`. It returns plain data: None, booleans, numbers, text, lists, tuples and
dicts with text as keys. It runs in a worker process, which is killed with everything it started
when its time is over, unless `isolate: false` says that the function is quick and pure.

A function that is asked again because its answer was not accepted is told why if it has a parameter
`violations`, which then gets a list of texts and should have a default.

If the step has an idempotency key and the function has a parameter of that name, it gets the key:

    def book(order_id: str, idempotency_key: str) -> dict
"""

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from agentflow.spec.model import FUNCTION_PATTERN, Agent

if TYPE_CHECKING:
    from agentflow.agents.protocol import Connection, Host


class Options(Agent, frozen=True, kw_only=True):
    """A Python function."""

    kind: Literal["python"]
    call: Annotated[str, Meta(pattern=FUNCTION_PATTERN, examples=["incidents.agents:extract"])]
    """The function: package.module:function, from the folder of the spec or the root."""

    isolate: bool = True
    """Run in a worker process that can be killed; false runs a quick pure function in the process
    of the run."""


def connect(host: "Host") -> "Connection":
    """The worker processes of one run; they are started when they are needed."""
    from agentflow.agents.functions import Functions

    return Functions(host)
