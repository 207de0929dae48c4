"""Where tools come from: servers that speak MCP, the Model Context Protocol."""

from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from agentflow.spec.model.agents import Secret
from agentflow.spec.model.values import Duration, Node

#: The hash of a tool's definition; `plan.definitions` says of what.
Pin = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]

_OF_PROGRAMS = ("args", "env", "cwd")


class Server(Node):
    """An MCP server: a program that is started for the run, or the address of one that runs."""

    model_config = ConfigDict(
        json_schema_extra={
            "oneOf": [{"required": ["command"]}, {"required": ["url"]}],
            "not": {"required": ["pins", "definitions"]},
            "dependentRequired": {
                "headers": ["url"],
                **{key: ["command"] for key in _OF_PROGRAMS},
            },
        }
    )

    description: str | None = None
    command: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="The program that is the server; no shell is involved."
    )
    args: list[str] = Field(default=[], description="Its arguments, each taken literally.")
    env: dict[str, str | Secret] = Field(
        default={}, description="Its environment, besides PATH, HOME and the like."
    )
    cwd: str | None = Field(
        None, description="The folder to start in, relative to that of the spec."
    )
    url: Annotated[str, Field(min_length=1)] | None = Field(
        None, description="Where a server that runs already can be reached, by http or https."
    )
    headers: dict[str, str | Secret] = Field(
        default={}, description="Headers besides those that every request has."
    )
    definitions: Annotated[str, Field(min_length=1)] | None = Field(
        None,
        description="A file with the definitions of its tools, as `agentflow tools` writes it.",
    )
    pins: dict[str, Pin] = Field(
        default={},
        description="The hashes of the definitions of its tools, where there is no file.",
    )
    start_timeout: Duration = Field(
        "30s", description="How long it may take until it can be asked for something."
    )

    @model_validator(mode="after")
    def _is_one_thing(self) -> Self:
        if (self.command is None) == (self.url is None):
            raise ValueError("a server has exactly one of: command, url")
        foreign = _OF_PROGRAMS if self.command is None else ("headers",)
        for key in foreign:
            if key in self.model_fields_set:
                owner = "command" if self.command is None else "url"
                raise ValueError(f"'{key}' belongs to '{owner}'")
        if self.definitions is not None and self.pins:
            raise ValueError("a server has 'definitions' or 'pins'; the file has the pins in it")
        return self
