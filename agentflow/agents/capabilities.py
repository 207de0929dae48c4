"""What a run of a pipeline would touch: programs, modules, hosts, variables, servers, models.

All of it is read from the spec; nothing is looked up, started or connected to.
"""

import posixpath
from collections.abc import Iterator
from urllib.parse import urlsplit

from agentflow.agents import a2a, command, http, python
from agentflow.agents.credentials import keys_of
from agentflow.agents.secrets import secrets_of
from agentflow.plan.calls import calls_in, plans_within
from agentflow.plan.channels import channel_of, named_channels
from agentflow.plan.contract_places import models_of
from agentflow.plan.overview import Capabilities
from agentflow.plan.servers import tool_named
from agentflow.plan.steps import ChatPlan, Plan
from agentflow.spec.model import Agent, Channel, CommandChannel, Server, WebhookChannel


def capabilities(plan: Plan) -> Capabilities:
    """What the steps of a plan, and of the pipelines that it runs, can touch."""
    found: dict[str, dict[str, None]] = {}
    for inner in plans_within(plan):
        for what, name in _touched(inner):
            found.setdefault(what, {})[name] = None
    return Capabilities(**{what: tuple(names) for what, names in found.items()})


def _touched(plan: Plan) -> Iterator[tuple[str, str]]:
    """All that a pipeline itself can touch, which may be the same more than once."""
    for _, model in models_of(plan.pipeline):
        yield "modules", _module(model)
    for call in calls_in(plan):
        yield from _by_agent(call.options, plan)
        for chat in call.chats():
            yield from _by_model(chat)
    for _, name in named_channels(plan):
        if (channel := channel_of(plan.pipeline, name)) is not None:
            yield from _by_channel(channel, plan)


def _by_agent(options: Agent, plan: Plan) -> Iterator[tuple[str, str]]:
    for variable in secrets_of(options):
        yield "variables", variable
    match options:
        case command.Options(argv=argv):
            yield "programs", _program(argv[0], plan)
        case python.Options(call=call):
            yield "modules", _module(call)
        case http.Options(url=url, redirect_hosts=others) | a2a.Options(url=url, card_hosts=others):
            for host in (_host(url), *others):
                yield "hosts", host
    server, _ = tool_named(options) or ("", "")
    if server in plan.servers:
        yield "servers", server
        yield from _by_server(plan.servers[server].options, plan)


def _by_model(chat: ChatPlan) -> Iterator[tuple[str, str]]:
    """A model, and where it is if the spec says so; else the key of its provider goes along."""
    yield "models", chat.model
    if chat.api_base is not None:
        yield "hosts", _host(chat.api_base)
        return
    for variable in keys_of(chat.model):
        yield "variables", variable


def _by_server(server: Server, plan: Plan) -> Iterator[tuple[str, str]]:
    for variable in secrets_of(server):
        yield "variables", variable
    if server.command is not None:
        yield "programs", _program(server.command, plan)
    if server.url is not None:
        yield "hosts", _host(server.url)


def _by_channel(channel: Channel, plan: Plan) -> Iterator[tuple[str, str]]:
    for variable in secrets_of(channel):
        yield "variables", variable
    match channel:
        case CommandChannel(argv=argv):
            yield "programs", _program(argv[0], plan)
        case WebhookChannel(url=url):
            yield "hosts", _host(url)


def _program(named: str, plan: Plan) -> str:
    """A program with a slash in its name is looked for from the folder of its own pipeline."""
    folder = posixpath.dirname(plan.file)
    if "/" not in named or not folder:
        return named
    return posixpath.normpath(posixpath.join(folder, named))


def _module(named: str) -> str:
    return named.partition(":")[0]


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc.rpartition("@")[2] or url
    except ValueError:
        return url
