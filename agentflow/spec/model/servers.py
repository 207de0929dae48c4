"""Where tools come from: servers that speak MCP, the Model Context Protocol."""

from collections.abc import Set
from typing import Annotated

from msgspec import Meta

from agentflow.spec.model.agents import Secret
from agentflow.spec.model.values import Duration, Node, Objection

#: The hash of a tool's definition; `plan.definitions` says of what.
Pin = Annotated[str, Meta(pattern=r"^sha256:[0-9a-f]{64}$")]

_OF_PROGRAMS = ("args", "env", "cwd")


class Server(Node, frozen=True, kw_only=True):
    """An MCP server: a program that is started for the run, or the address of one that runs."""

    also = {
        "oneOf": [{"required": ["command"]}, {"required": ["url"]}],
        "not": {"required": ["pins", "definitions"]},
        "dependentRequired": {"headers": ["url"], **{key: ["command"] for key in _OF_PROGRAMS}},
    }

    description: str | None = None
    command: Annotated[str, Meta(min_length=1)] | None = None
    """The program that is the server; no shell is involved."""

    args: list[str] = []
    """Its arguments, each taken literally."""

    env: dict[str, str | Secret] = {}
    """Its environment, besides PATH, HOME and the like."""

    cwd: str | None = None
    """The folder to start in, relative to that of the spec."""

    url: Annotated[str, Meta(min_length=1)] | None = None
    """Where a server that runs already can be reached, by http or https."""

    headers: dict[str, str | Secret] = {}
    """Headers besides those that every request has."""

    definitions: Annotated[str, Meta(min_length=1)] | None = None
    """A file with the definitions of its tools, as `agentflow tools` writes it."""

    pins: dict[str, Pin] = {}
    """The hashes of the definitions of its tools, where there is no file."""

    start_timeout: Duration = "30s"
    """How long it may take until it can be asked for something."""

    def objection(self, given: Set[str]) -> Objection | None:
        if (self.command is None) == (self.url is None):
            return Objection("a server has exactly one of: command, url")
        owner, foreign = ("url", ("headers",)) if self.url is None else ("command", _OF_PROGRAMS)
        for key in foreign:
            if key in given:
                return Objection(f"'{key}' belongs to '{owner}'")
        if self.definitions is not None and self.pins:
            return Objection("a server has 'definitions' or 'pins'; the file has the pins in it")
        return None
