"""Remote agents that do what their path says, built with the SDK's server, as a program of its own.

    python a2a_server.py PORT_FILE     on a port of its own, which it writes to the file

Each agent is at `/NAME`. `A2A_TEST_CALLS` names a file for the messages that come, with their ids,
and `A2A_TEST_CANCELLED` one for the tasks that are cancelled.
"""

import asyncio
import json
import os
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn
from a2a.helpers import new_data_part, new_text_part
from a2a.server.agent_execution import AgentExecutor, RequestContext
from a2a.server.events import EventQueue
from a2a.server.request_handlers import DefaultRequestHandler
from a2a.server.routes import (
    create_agent_card_routes,
    create_jsonrpc_routes,
    create_rest_routes,
)
from a2a.server.tasks import InMemoryTaskStore, TaskUpdater
from a2a.types import (
    AgentCapabilities,
    AgentCard,
    AgentInterface,
    AgentSkill,
    Message,
    Part,
    Role,
    Task,
    TaskState,
    TaskStatus,
)
from a2a.utils.errors import ContentTypeNotSupportedError
from google.protobuf.json_format import MessageToDict
from starlette.applications import Starlette
from starlette.routing import BaseRoute

JSON, TEXT = "application/json", "text/plain"
ANSWERING = ("echo", "says", "nothing", "twice", "file", "parts", "speaks")
FAILING = ("fails", "rejects", "refuses", "asks", "wants", "gives_up", "breaks", "hangs")
NAMES = (*ANSWERING, *FAILING, "old", "plain", "rest")


def note(variable: str, line: str) -> None:
    if variable in os.environ:
        with open(os.environ[variable], "a") as file:
            file.write(line + "\n")


class Agent(AgentExecutor):
    """Does what its name says."""

    def __init__(self, name: str) -> None:
        self.name = name

    async def execute(self, context: RequestContext, event_queue: EventQueue) -> None:
        assert context.message is not None
        (part,) = context.message.parts
        given = MessageToDict(part.data) if part.HasField("data") else part.text
        note("A2A_TEST_CALLS", json.dumps([self.name, context.message.message_id, given]))
        if self.name == "speaks":
            await event_queue.enqueue_event(
                Message(message_id="m", role=Role.ROLE_AGENT, parts=[new_text_part("at once")])
            )
            return
        if self.name == "refuses":
            raise ContentTypeNotSupportedError("no such thing,\nplease")
        assert context.task_id
        assert context.context_id
        status = TaskStatus(state=TaskState.TASK_STATE_SUBMITTED)
        await event_queue.enqueue_event(
            Task(id=context.task_id, context_id=context.context_id, status=status)
        )
        updater = TaskUpdater(event_queue, context.task_id, context.context_id)
        await updater.start_work()
        await self.work(updater, given)

    async def work(self, updater: TaskUpdater, given: Any) -> None:
        said = updater.new_agent_message([new_text_part("no such\norder")])
        match self.name:
            case "fails":
                await updater.failed(said)
            case "rejects":
                await updater.reject(said)
            case "asks":
                await updater.requires_input(said)
            case "wants":
                await updater.requires_auth()
            case "gives_up":
                await updater.cancel()
            case "breaks":
                raise RuntimeError("a bug")
            case "hangs":
                Path(given["note"]).write_text(str(os.getpid()))
                await asyncio.sleep(3600)
            case "says":
                await updater.complete(said)
            case "nothing":
                await updater.complete()
            case _:
                for part in self.answer(given):
                    await updater.add_artifact([part])
                await updater.complete()

    def answer(self, given: Any) -> list[Part]:
        match self.name:
            case "twice":
                return [new_data_part(1), new_data_part(2)]
            case "file":
                return [Part(url="https://files.example/1")]
            case "parts":
                return [new_text_part('{"a":'), new_text_part("1}")]
            case _:
                echo = new_data_part(given) if isinstance(given, dict) else new_text_part(given)
                return [new_text_part("an echo"), echo]

    async def cancel(self, context: RequestContext, event_queue: EventQueue) -> None:
        assert context.task_id
        assert context.context_id
        note("A2A_TEST_CANCELLED", self.name)
        await TaskUpdater(event_queue, context.task_id, context.context_id).cancel()


def routes(name: str, base: str) -> list[BaseRoute]:
    """Card and interface of an agent. Those called `old`, `rest` and `plain` speak otherwise.

    The last one takes every path that no agent before it has.
    """
    url = f"{base}/{name}"
    binding = "HTTP+JSON" if name == "rest" else "JSONRPC"
    interface = AgentInterface(
        url=url, protocol_binding=binding, protocol_version="0.3" if name == "old" else "1.0"
    )
    card = AgentCard(
        name=name,
        description="an agent of the tests",
        version="1",
        supported_interfaces=[interface],
        capabilities=AgentCapabilities(streaming=True),
        default_input_modes=[TEXT] if name == "plain" else [JSON],
        default_output_modes=[JSON, TEXT],
        skills=[AgentSkill(id=name, name=name, description="does what it says", tags=["test"])],
    )
    handler = DefaultRequestHandler(Agent(name), InMemoryTaskStore(), card)
    speaks = (
        create_rest_routes(handler, path_prefix=f"/{name}")
        if name == "rest"
        else create_jsonrpc_routes(handler, f"/{name}", enable_v0_3_compat=True)
    )
    place = f"/{name}/.well-known/agent-card.json"
    return [*create_agent_card_routes(card, card_url=place), *speaks]


def main() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    base = f"http://127.0.0.1:{port}"
    app = Starlette(routes=[each for name in NAMES for each in routes(name, base)])
    server = uvicorn.Server(uvicorn.Config(app, log_level="critical", lifespan="off"))

    async def serve() -> None:
        telling = asyncio.ensure_future(tell())
        await server.serve([listening])
        telling.cancel()

    async def tell() -> None:
        while not server.started:
            await asyncio.sleep(0.01)
        Path(sys.argv[1]).write_text(str(port))

    asyncio.run(serve())


if __name__ == "__main__":
    main()
