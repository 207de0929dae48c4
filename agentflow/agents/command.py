"""Agents of kind `command`: a program that gets the input as JSON on stdin and prints its output.

    kind: command
    argv: [scripts/extract, --strict]

`argv` is taken literally: there is no shell, and no `${{ }}` is expanded in it. A program or a
`cwd` with a slash is relative to the folder of the spec. The program gets the environment of the
run, with `env` added to it, and `AGENTFLOW_RUN_ID`, `AGENTFLOW_STEP`, `AGENTFLOW_ATTEMPT` and, if
the step has a key, `AGENTFLOW_IDEMPOTENCY_KEY`. When it is asked again because its answer was not
accepted, `AGENTFLOW_VIOLATIONS` holds a JSON list of texts.
"""

from typing import TYPE_CHECKING, Annotated, Literal

from msgspec import Meta

from agentflow.spec.model import Agent, Secret

if TYPE_CHECKING:
    from agentflow.agents.protocol import Connection, Host


class Options(Agent, frozen=True, kw_only=True):
    """A program."""

    kind: Literal["command"]
    argv: Annotated[list[str], Meta(min_length=1, examples=[["scripts/extract", "--strict"]])]
    """The program and its arguments, each taken literally; no shell is involved."""

    env: dict[str, str | Secret] = {}
    """Environment variables on top of those that the run has."""

    cwd: str | None = None
    """The folder to start in, relative to that of the spec."""


def connect(host: "Host") -> "Connection":
    """The programs of one run."""
    from agentflow.agents.programs import Programs

    return Programs(host)
