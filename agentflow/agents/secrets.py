"""Secrets: named in a spec, kept in the environment, and never shown.

A spec says `{secret: NAME}` if a value comes from the environment of the run. It is looked up when
a call needs it, but all of them have to be there before a run starts. Everything that an agent says
goes through a `Redactor` before the run sees it. So no secret gets into the log, and what is never
in the log is never shown.
"""

import base64
import json
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias
from urllib.parse import quote, quote_plus

from msgspec.structs import replace

from agentflow.agents.protocol import AttemptError
from agentflow.agents.provider_keys import KEYS
from agentflow.core.events import (
    AttemptEndedLate,
    AttemptFailed,
    AttemptSucceeded,
    Delivered,
    Fact,
    NotDelivered,
    PersonAnswered,
)
from agentflow.errors import MissingSecret
from agentflow.spec.model import Agent, Channel, FailureClass, Json, Secret, Server

#: Shorter ones cannot be told from other text, so they cannot be kept out of it.
SHORTEST = 8
#: Characters of a secret that are taken for a part of it where a text was cut.
PART = 4
#: How variables are called that hold the keys of providers of chat models.
KEY_ENDINGS = (
    "_API_KEY",
    "_API_TOKEN",
    "_ACCESS_KEY",
    "_CLIENT_SECRET",
    "_SESSION_TOKEN",
    *(f"_{kind}_TOKEN" for kind in ("AD", "AI", "AUTH", "OIDC")),
    "_BEARER_TOKEN_BEDROCK",
)


#: Whoever is given secrets, as messages call them, and the options that name these.
Holders: TypeAlias = Iterable[tuple[str, Agent | Server | Channel]]


def secrets_of(options: Agent | Server | Channel) -> Iterator[str]:
    """The variables that an agent, a server or a channel names in its options."""
    for name in options.__struct_fields__:
        value = getattr(options, name)
        for part in value.values() if isinstance(value, dict) else (value,):
            if isinstance(part, Secret):
                yield part.secret


def require(holders: Holders) -> None:
    """See to it that the environment has all that these need.

    Raises:
        MissingSecret: a variable is not set, or too short to be kept secret.
    """
    wanted = {name: holder for holder, options in holders for name in secrets_of(options)}
    for name, holder in wanted.items():
        value = os.environ.get(name, "")
        if not value:
            raise MissingSecret(
                f"the environment variable '{name}' is not set, and {holder} needs it",
                help="set it, or try the pipeline with '--simulate'",
            )
        if len(value) < SHORTEST:
            raise MissingSecret(
                f"the environment variable '{name}' has {len(value)} characters: "
                "that is too short to be kept out of the log",
                help=f"a secret has at least {SHORTEST}; what is no secret can stand in the spec",
            )


def resolve(value: str | Secret) -> str:
    """A value of the spec, or what the environment has for it.

    Raises `AttemptError` rejected if that is gone.
    """
    if isinstance(value, str):
        return value
    found = os.environ.get(value.secret)
    if not found:
        message = f"the environment variable '{value.secret}' is not set"
        raise AttemptError(FailureClass.REJECTED, message)
    return value.prefix + found


def redactor(holders: Holders) -> Callable[[Fact], Fact]:
    """What takes the secrets of these out of the facts of a run.

    If one of them calls a chat model, so are all keys of providers in the environment: what is
    wrong with a key is told with the key by some.
    """
    given = [options for _, options in holders]
    names = {name for options in given for name in secrets_of(options)}
    if any(isinstance(options, Agent) and options.kind == "llm" for options in given):
        names |= {name for name in os.environ if name.endswith(KEY_ENDINGS)}
        names |= {name for keys in KEYS.values() for name in keys if name in os.environ}
    values = {name: os.environ[name] for name in sorted(names) if _is_secret(os.environ, name)}
    if not values:
        return lambda fact: fact
    return Redactor(values)


def _is_secret(environment: Mapping[str, str], name: str) -> bool:
    return len(environment.get(name, "")) >= SHORTEST


class Redactor:
    """Replaces secrets, as they are and encoded, by `[secret NAME]`."""

    def __init__(self, values: Mapping[str, str]) -> None:
        forms = {form: name for name, value in values.items() for form in _forms(value)}
        self._names = forms
        # The longest first: a part of a secret may be another one.
        ordered = sorted(forms, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered)))

    def __call__(self, fact: Fact) -> Fact:
        """The fact without secrets."""
        match fact:
            case AttemptSucceeded():
                return replace(
                    fact,
                    value=self.value(fact.value),
                    text=self.value(fact.text),
                    prompt=self.value(fact.prompt),
                    answered=self.value(fact.answered),
                    calls=self.value(fact.calls),
                )
            case AttemptFailed():
                detail = self.excerpt(fact.detail) if fact.detail is not None else None
                text = self.value(fact.text)
                if fact.text is not None and fact.excess is not None:
                    text = self.excerpt(fact.text)
                return replace(
                    fact,
                    message=self.excerpt(fact.message),
                    detail=detail,
                    text=text,
                    prompt=self.value(fact.prompt),
                    answered=self.value(fact.answered),
                )
            case AttemptEndedLate():
                message = self.excerpt(fact.message) if fact.message is not None else None
                return replace(
                    fact, value=self.value(fact.value), text=self.value(fact.text), message=message
                )
            case Delivered():
                return replace(fact, detail=self.excerpt(fact.detail))
            case NotDelivered():
                return replace(fact, problem=self.excerpt(fact.problem))
            case PersonAnswered():
                by, why = (self.text(text) if text else text for text in (fact.by, fact.why))
                return replace(fact, value=self.value(fact.value), by=by, why=why)
            case _:
                return fact

    def text(self, text: str) -> str:
        """A text without secrets."""
        return self._pattern.sub(lambda found: f"[secret {self._names[found[0]]}]", text)

    def excerpt(self, text: str) -> str:
        """A text that may have been cut, without secrets, and without parts of one at its ends."""
        text = self.text(text)
        for form, name in self._names.items():
            for length in range(len(form) - 1, PART - 1, -1):
                if text.endswith(form[:length]):
                    text = f"{text[:-length]}[secret {name}]"
                if text.startswith(form[-length:]):
                    text = f"[secret {name}]{text[length:]}"
        return text

    def value(self, value: Json) -> Json:
        """A JSON value without secrets, in keys as well."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, list):
            return [self.value(item) for item in value]
        if isinstance(value, dict):
            return {self.text(key): self.value(item) for key, item in value.items()}
        return value


def _forms(secret: str) -> Iterator[str]:
    """A secret as it may come back: as it is, escaped, percent-encoded, in base64 and in hex."""
    data = secret.encode(errors="surrogateescape")
    yield secret
    for ascii_only in (True, False):
        escaped = secret
        for _ in range(2):  # JSON, and JSON that is quoted in JSON
            escaped = json.dumps(escaped, ensure_ascii=ascii_only)[1:-1]
            yield escaped
            yield escaped.replace("/", "\\/")
    yield repr(secret)[1:-1]
    for encoded in (quote(data, safe=""), quote(data), quote_plus(data)):
        yield encoded
        yield re.sub("%..", lambda found: found[0].lower(), encoded)
    yield from _in_base64(data)
    yield data.hex()
    yield data.hex().upper()


def _in_base64(data: bytes) -> Iterator[str]:
    """The characters of base64 that depend on nothing but `data`, wherever it begins in a text.

    It is often encoded together with what stands before it: `user:password` of Basic credentials.
    Three bytes are four characters, so there are three ways to begin.
    """
    for before in range(3):
        encode: Any
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * before + data).decode().rstrip("=")
            end = len(text) if (before + len(data)) % 3 == 0 else len(text) - 1
            yield text[before + 1 if before else 0 : end]
