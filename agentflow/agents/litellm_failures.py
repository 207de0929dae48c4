"""Why a request through LiteLLM failed, as a failure class of the language.

LiteLLM's exceptions alone do not tell: a refused connection, a connection that broke after sending
and a missing key are all an `InternalServerError` with status 500. What happened on the wire is in
the exceptions that caused them, so those are looked at first: the HTTP status, then the transport's
error, then LiteLLM's own class.
"""

import re
import socket
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import httpx

from agentflow.agents.credentials import ALLOWED_HOSTS, keys_of, may_see_keys
from agentflow.agents.http_failures import (
    LONGEST,
    class_of_status,
    class_of_transport,
    number_of_seconds,
    seconds_to_wait,
)
from agentflow.agents.litellm_bodies import is_json
from agentflow.agents.litellm_settings import litellm
from agentflow.agents.litellm_wire import Wire
from agentflow.agents.protocol import AttemptError
from agentflow.agents.redirects import Redirected
from agentflow.agents.secrets import Redactor
from agentflow.contracts.describe import listed
from agentflow.spec.durations import time_in_words
from agentflow.spec.model import FailureClass
from agentflow.spec.wording import quoted

exceptions: Any = litellm.exceptions
#: LiteLLM's exceptions where nothing is known of the wire, the first that fits. What is not in the
#: table is a server error: something may have been sent.
BY_EXCEPTION: tuple[tuple[type[Exception], FailureClass], ...] = (
    (exceptions.ContextWindowExceededError, FailureClass.CONTEXT_OVERFLOW),
    (exceptions.ContentPolicyViolationError, FailureClass.REJECTED),
    (exceptions.ImageFetchError, FailureClass.REJECTED),
    (exceptions.LiteLLMUnknownProvider, FailureClass.REJECTED),
    (exceptions.PaymentRequiredError, FailureClass.REJECTED),
    (exceptions.RejectedRequestError, FailureClass.REJECTED),
    (exceptions.UnsupportedParamsError, FailureClass.REJECTED),
    (exceptions.BadRequestError, FailureClass.REJECTED),
    (exceptions.AuthenticationError, FailureClass.REJECTED),
    (exceptions.PermissionDeniedError, FailureClass.REJECTED),
    (exceptions.NotFoundError, FailureClass.REJECTED),
    (exceptions.UnprocessableEntityError, FailureClass.REJECTED),
    (exceptions.RateLimitError, FailureClass.RATE_LIMITED),
    (exceptions.Timeout, FailureClass.TIMEOUT),
    (exceptions.JSONSchemaValidationError, FailureClass.SERVER_ERROR),
    (exceptions.APIResponseValidationError, FailureClass.SERVER_ERROR),
    (exceptions.ServiceUnavailableError, FailureClass.SERVER_ERROR),
    (exceptions.BadGatewayError, FailureClass.SERVER_ERROR),
    (exceptions.InternalServerError, FailureClass.SERVER_ERROR),
    (exceptions.APIConnectionError, FailureClass.SERVER_ERROR),
    (exceptions.APIError, FailureClass.SERVER_ERROR),
    (exceptions.OpenAIError, FailureClass.SERVER_ERROR),
)
_NAMES = re.compile(
    r"^(?:litellm\.\w+: |(?:[A-Za-z ]+: )?\w+(?:Exception|Error)(?::? [A-Z][A-Za-z]+(?: [A-Z][a-z]+)*)? - )*"
)
#: What LiteLLM puts behind them, which is for whoever writes a program.
_ADVICE = re.compile(r"\.? Handle with `litellm\.\w+`\..*| Received Chunk=.*")
#: How the SDKs of clouds say that they find nobody who is signed in.
_SIGNED_OUT = frozenset({"DefaultCredentialsError", "NoCredentialsError", "ProfileNotFound"})
#: How sign-in by another client than httpx fails, if it is not for what it was given.
_BROKEN = (ConnectionError, TimeoutError, socket.gaierror)
_TRACE = "Traceback (most recent call last)"
#: How a provider says that it has no such model.
_NO_MODEL = re.compile(r"\bmodel\b.*\b(?:not found|not exist|unknown|invalid)", re.IGNORECASE)
#: Characters of what the other side said that a message shows, and of a page.
_SAID, _PAGE = 300, 160
_DURATION = re.compile(
    r"(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+(?:\.[0-9]+)?)s)?(?:([0-9]+(?:\.[0-9]+)?)ms)?"
)


def failure_of(error: Exception, model: str, wire: Wire) -> AttemptError:
    """The failed attempt that an exception of a call of a model comes to."""
    if isinstance(
        error, exceptions.MidStreamFallbackError
    ):  # it only says that a stream has failed
        error = error.original_exception or error
    chain = list(_chain(error))
    redirected = next((cause for cause in chain if isinstance(cause, Redirected)), None)
    if redirected is not None:
        return AttemptError(FailureClass.REJECTED, f"{model}: {redirected}")
    response = next((e.response for e in chain if isinstance(e, httpx.HTTPStatusError)), None)
    if response is not None:
        return _answered(error, model, response, wire)
    for cause in chain:
        failed = class_of_transport(cause)
        if failed is not None:
            return AttemptError(failed, f"{model} {_broke(failed, cause, wire)}")
        if type(cause).__name__ in _SIGNED_OUT:
            why = " ".join(str(cause).split())[:_SAID]
            message = f"{model} cannot be asked, since nobody is signed in: {why}"
            return AttemptError(FailureClass.REJECTED, message)
    if not wire.left:
        return _unasked(error, chain, model, wire)
    if any(isinstance(cause, UnicodeDecodeError) for cause in chain):
        message = f"{model} answered with what is not UTF-8 text"
        return AttemptError(FailureClass.SERVER_ERROR, message)
    if wire.answered and wire.body and not is_json(wire.body):
        message = f"{model} answered with what is no JSON: '{_page(wire)}'"
        return AttemptError(FailureClass.SERVER_ERROR, message)
    failure = _by_exception(error)
    if wire.answered and failure is FailureClass.REJECTED and not _is_withheld(error):
        failure = FailureClass.SERVER_ERROR  # LiteLLM has made up a status for what it cannot read
    words, trace, _ = _words(error, wire).partition(_TRACE)
    if trace:  # of LiteLLM's own, which has stumbled over what came
        what = f"sent what LiteLLM cannot read: {words.strip()}"
        return AttemptError(failure, f"{model} {what}")
    return AttemptError(failure, f"{model}: {words}")


def _page(wire: Wire) -> str:
    """The beginning of what came in the place of JSON, on one line."""
    return " ".join(_without_keys(wire.body.decode(errors="replace"), wire).split())[:_PAGE]


def _unasked(
    error: Exception, chain: Sequence[BaseException], model: str, wire: Wire
) -> AttemptError:
    """Nothing has left: LiteLLM lacks what it needs for a request, or could not sign in."""
    keys = _missing_keys(model)
    if keys:
        message = f"{model} needs a key: set the environment variable {' or '.join(keys)}"
        return AttemptError(FailureClass.REJECTED, message)
    failure, words = _by_exception(error), _words(error, wire)
    if failure is not FailureClass.SERVER_ERROR:
        return AttemptError(failure, f"{model}: {words}")
    broken = any(isinstance(cause, _BROKEN) for cause in chain)
    failure = FailureClass.NOT_SENT if broken else FailureClass.REJECTED
    return AttemptError(failure, f"{model} cannot be asked: {words.partition(_TRACE)[0].strip()}")


def _is_withheld(error: Exception) -> bool:
    return isinstance(error, exceptions.ContentPolicyViolationError)


def _answered(error: Exception, model: str, response: httpx.Response, wire: Wire) -> AttemptError:
    """The other side has answered with a status."""
    status = response.status_code
    retry_after = _wait(response)
    failure = class_of_status(status, retry_after)
    if isinstance(error, exceptions.ContextWindowExceededError):
        failure = FailureClass.CONTEXT_OVERFLOW
    words = _words(error, wire)
    said = f" with a page: '{words[:_PAGE]}'" if words.startswith("<") else f": {words}"
    message = f"{model} answered {status}{said}{_advice(status, words, model, wire)}"
    return AttemptError(failure, message, retry_after=retry_after)


def _advice(status: int, words: str, model: str, wire: Wire) -> str:
    """What was asked for, and with whose key, where that may be what is wrong."""
    host = urlsplit(wire.url).netloc
    if status in (401, 403):
        return f"; '{host}' {_shown_to(model, wire)}"
    if status == 404 or (status == 400 and _NO_MODEL.search(words)):
        return f"; asked for '{model.partition('/')[2] or model}' at '{wire.url}'"
    return ""


def _shown_to(model: str, wire: Wire) -> str:
    """Which key a host was sent, by its variable, or why it was sent none."""
    if wire.keys:
        return f"was sent the key in {listed(map(quoted, wire.keys), 'and')}"
    if not wire.withheld:
        return "was asked"
    if not may_see_keys(wire.url):
        return f"was sent no key: '{ALLOWED_HOSTS}' does not name it"
    return f"was sent no key: {listed(map(quoted, keys_of(model)), 'or')} is not set"


def _wait(response: httpx.Response) -> float | None:
    """The seconds that a provider asks to wait.

    OpenAI has a header in milliseconds beside the standard one, and says when a limit that is used
    up begins anew: `x-ratelimit-reset-tokens: 6m0s`. Google says it in the body.
    """
    headers = response.headers
    milliseconds = number_of_seconds(headers.get("retry-after-ms"))
    if milliseconds is not None:
        return milliseconds / 1000
    wait = seconds_to_wait(headers.get("retry-after"))
    if wait is not None:
        return wait
    resets = [
        _seconds(headers.get(f"x-ratelimit-reset-{what}", ""))
        for what in ("requests", "tokens")
        if headers.get(f"x-ratelimit-remaining-{what}") == "0"
    ]
    said = [reset for reset in resets if reset is not None]
    return max(said) if said else _delay_in(response)


def _delay_in(response: httpx.Response) -> float | None:
    """The delay in an error of Google's (`google.rpc.RetryInfo`); streams may send a list of it."""
    try:
        body = response.json()
        error = (body[0] if isinstance(body, list) else body)["error"]
        delays = [_seconds(one["retryDelay"]) for one in error["details"] if "retryDelay" in one]
    except (ValueError, LookupError, TypeError, RecursionError, httpx.StreamError):
        return None
    return next(iter(delays), None)


def _seconds(duration: str) -> float | None:
    """The seconds in a duration of OpenAI's (`1h2m3.5s`, `20ms`) or in a plain number."""
    found = _DURATION.fullmatch(duration)
    if found is None or not duration:
        return number_of_seconds(duration)
    units = (3600, 60, 1, 0.001)
    wait = sum(float(part or 0) * unit for part, unit in zip(found.groups(), units, strict=True))
    return min(wait, LONGEST)


def _broke(failure: FailureClass, cause: BaseException, wire: Wire) -> str:
    match failure:
        case FailureClass.NOT_SENT | FailureClass.REJECTED:
            why = (
                " ".join(str(cause).split())[:300]
                or f"no connection within {time_in_words(wire.connect)}"
            )
            return f"cannot be reached: {why}"
        case FailureClass.TIMEOUT:
            return f"did not answer within {time_in_words(wire.timeout)}"
        case _:
            return "broke the connection off before it answered"


def _by_exception(error: Exception) -> FailureClass:
    found = (failure for kind, failure in BY_EXCEPTION if isinstance(error, kind))
    return next(found, FailureClass.SERVER_ERROR)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _words(error: Exception, wire: Wire) -> str:
    """What the other side said, without the names that LiteLLM puts before it; one bounded line."""
    text = _without_keys(str(getattr(error, "message", None) or error), wire)
    return _NAMES.sub("", _ADVICE.sub("", " ".join(text.split())))[:_SAID]


def _without_keys(text: str, wire: Wire) -> str:
    """A proxy may give back what it was sent, and so a key."""
    return Redactor(wire.keys).text(text) if wire.keys else text


def _missing_keys(model: str) -> list[str]:
    """The variables that LiteLLM would take the provider's key from, if none of them is set."""
    missing = litellm.validate_environment(model)["missing_keys"]
    return [name for name in missing if name.endswith("_KEY")]
