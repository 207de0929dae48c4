"""What a run of a pipeline would touch: programs, modules, hosts, variables, servers, models.

All of it is read off the spec; nothing is looked up, started or connected to.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from agentflow.agents import a2a, command, http, llm, python
from agentflow.agents.secrets import secrets_of
from agentflow.plan.calls import calls_in, plans_within
from agentflow.plan.overview import Capabilities
from agentflow.plan.steps import Plan
from agentflow.spec.model import Agent, Model, Server


def capabilities(plan: Plan) -> Capabilities:
    """What the steps of a plan, and of the pipelines that it runs, can touch."""
    found: dict[str, dict[str, None]] = {}
    for inner in plans_within(plan):
        for what, name in _touched(inner):
            found.setdefault(what, {})[name] = None
    return Capabilities(**{what: tuple(names) for what, names in found.items()})


def _touched(plan: Plan) -> Iterator[tuple[str, str]]:
    for call in calls_in(plan):
        yield from _by(call.options, plan)
        for chat in call.chats():
            yield "models", chat.model


def _by(options: Agent, plan: Plan) -> Iterator[tuple[str, str]]:
    for variable in secrets_of(options):
        yield "variables", variable
    match options:
        case command.Options(argv=argv):
            yield "programs", argv[0]
        case python.Options(call=call):
            yield "modules", call.partition(":")[0]
        case http.Options(url=url):
            yield "hosts", _host(url)
            for host in options.redirect_hosts:
                yield "hosts", host
        case a2a.Options(url=url):
            yield "hosts", _host(url)
            for host in options.card_hosts:
                yield "hosts", host
        case llm.Options(model=name):
            yield from _of_model(plan.pipeline.models.get(name))
    server = getattr(options, "server", None)
    if isinstance(server, str) and server in plan.servers:
        yield from _of_server(server, plan.servers[server].options)


def _of_model(model: Model | None) -> Iterator[tuple[str, str]]:
    address = getattr(model, "api_base", None)
    if isinstance(address, str):
        yield "hosts", _host(address)


def _of_server(name: str, server: Server) -> Iterator[tuple[str, str]]:
    yield "servers", name
    for variable in secrets_of(server):
        yield "variables", variable
    if server.command is not None:
        yield "programs", server.command
    if server.url is not None:
        yield "hosts", _host(server.url)


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or url
    except ValueError:
        return url
