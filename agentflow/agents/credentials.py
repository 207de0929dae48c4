"""Keys of providers: which variables hold them, and which hosts may see them.

LiteLLM takes keys from the environment. It can say which one is missing, but importing it takes
seconds, and a missing key should be found before a run begins.
"""

import os
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import urlsplit

from agentflow.agents.clouds import missing, this_machine
from agentflow.agents.known_models import known_model
from agentflow.agents.provider_keys import KEYS, KEYS_OF_ONES_OWN, OTHER_WAYS
from agentflow.errors import MissingSecret
from agentflow.spec.model import Model

#: The hosts besides the providers' own that may see their keys: names, or names with a port,
#: separated by commas.
ALLOWED_HOSTS = "AGENTFLOW_ALLOWED_HOSTS"


#: What the variables are called that send a provider's traffic to another address.
_ADDRESSES = ("API_BASE", "BASE_URL")
#: Further names in such variables.
_FURTHER = ("azure_ai", "openai_like", "vertexai")
#: The hosts at which the models of OpenAI are what their names say.
_OF_OPENAI = (".openai.com", ".azure.com")


def address_variables(provider: str) -> tuple[str, ...]:
    """The variables that may send the traffic of a provider elsewhere, as LiteLLM reads them."""
    prefixes = [
        provider.upper(),
        *(name.rpartition("_API_KEY")[0] for name in KEYS.get(provider, ())),
    ]
    return tuple(
        f"{prefix}_{end}" for prefix in dict.fromkeys(prefixes) if prefix for end in _ADDRESSES
    )


def is_behind_another_name(model: Model, provider: str) -> bool:
    """May what answers under the name of a model of OpenAI's be another one?

    It may behind any address that is not OpenAI's or Azure's own, wherever that is written.
    """
    addresses = [model.api_base, *map(os.environ.get, address_variables(provider))]
    hosts = [urlsplit(address).hostname or "" for address in addresses if address]
    return not all(f".{host}".endswith(_OF_OPENAI) for host in hosts)


def keys_of(model: str) -> tuple[str, ...]:
    """The variables that may hold the key for a model; empty if that is not known."""
    provider = provider_of(model)
    return KEYS.get(provider) or KEYS_OF_ONES_OWN.get(provider, ())


def needs_key(model: str) -> bool:
    """Is it known that nobody answers for a model without a key?"""
    return provider_of(model) in KEYS


def provider_of(model: str) -> str:
    """The provider of a model: as its name says, or as the table has it; empty if nobody knows."""
    provider, slash, _ = model.partition("/")
    return provider if slash else known_model(model).provider or ""


def has_key(model: str) -> bool:
    """Does the environment have a key for a model, as far as is known?"""
    keys = keys_of(model)
    return not keys or any(os.environ.get(name) for name in keys)


def require_keys(models: Iterable[tuple[str, str, str | None]]) -> None:
    """See to it that the environment has the keys for the models that agents call.

    Each is the name of the agent, its model, and where that is if the spec says so. What is called
    at an address of the spec may do without a key.

    Raises:
        MissingSecret: one is not there.
    """
    machine = this_machine(os.environ)
    for agent, model, address in models:
        if address is None and needs_key(model) and not has_key(model):
            names = " or ".join(f"'{name}'" for name in keys_of(model))
            raise MissingSecret(
                f"agent '{agent}' calls '{model}', and there is no key for it: {names} is not set",
                help="set it, or try the pipeline with '--simulate'",
            )
        lacking = missing(provider_of(model), address, machine)
        if lacking is not None:
            raise MissingSecret(
                f"agent '{agent}' calls '{model}', and its provider cannot be asked: {lacking}",
                help="sign in there, or try the pipeline with '--simulate'",
            )


def redirections(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The variables that send the traffic of providers to an address, with that."""
    providers = dict.fromkeys((*KEYS, *sorted(OTHER_WAYS), *KEYS_OF_ONES_OWN, *_FURTHER))
    names = dict.fromkeys(name for one in providers for name in address_variables(one))
    for name in (*names, "AWS_BEDROCK_RUNTIME_ENDPOINT"):
        if environment.get(name):
            yield name, environment[name]


def may_see_keys(address: str) -> bool:
    """May the host of an address that a spec has written see the keys of the operator?"""
    parts = urlsplit(address)
    allowed = {host.strip().lower() for host in os.environ.get(ALLOWED_HOSTS, "").split(",")}
    return bool(parts.hostname) and not allowed.isdisjoint({parts.hostname, parts.netloc.lower()})
