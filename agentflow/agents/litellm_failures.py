"""Why a request through LiteLLM failed, as a failure class of the language.

LiteLLM's exceptions alone do not tell: a refused connection, a connection that broke after sending
and a missing key are all an `InternalServerError` with status 500. What happened on the wire is in
the exceptions that led to them, and is asked first: the HTTP status, then the transport's error,
then LiteLLM's own class.
"""

import re
import time
from collections.abc import Iterator
from email.utils import parsedate_to_datetime

import httpx

from agentflow.agents.litellm_settings import litellm
from agentflow.agents.protocol import AttemptError
from agentflow.spec.model import FailureClass

#: HTTP statuses. Others from 400 on are rejected, others from 500 on are server errors.
BY_STATUS = {
    408: FailureClass.TIMEOUT,
    429: FailureClass.RATE_LIMITED,
    529: FailureClass.RATE_LIMITED,
}
#: What the transport met, the first that fits. Nothing was sent before there was a connection.
BY_TRANSPORT: tuple[tuple[type[httpx.TransportError], FailureClass], ...] = (
    (httpx.ConnectError, FailureClass.NOT_SENT),
    (httpx.ConnectTimeout, FailureClass.NOT_SENT),
    (httpx.PoolTimeout, FailureClass.NOT_SENT),
    (httpx.UnsupportedProtocol, FailureClass.REJECTED),
    (httpx.TimeoutException, FailureClass.TIMEOUT),
    (httpx.TransportError, FailureClass.SERVER_ERROR),
)
#: LiteLLM's exceptions where nothing is known of the wire, the first that fits.
BY_EXCEPTION: tuple[tuple[type[Exception], FailureClass], ...] = (
    (litellm.ContextWindowExceededError, FailureClass.CONTEXT_OVERFLOW),
    (litellm.BadRequestError, FailureClass.REJECTED),
    (litellm.AuthenticationError, FailureClass.REJECTED),
    (litellm.PermissionDeniedError, FailureClass.REJECTED),
    (litellm.NotFoundError, FailureClass.REJECTED),
    (litellm.UnprocessableEntityError, FailureClass.REJECTED),
    (litellm.RateLimitError, FailureClass.RATE_LIMITED),
    (litellm.Timeout, FailureClass.TIMEOUT),
)


def failure_of(error: Exception, model: str, timeout: float) -> AttemptError:
    """The failed attempt that an exception of a call comes to. `timeout` is in seconds."""
    chain = list(_chain(error))
    response = next((e.response for e in chain if isinstance(e, httpx.HTTPStatusError)), None)
    if response is not None:
        return _answered(error, model, response)
    for cause in chain:
        for transport, failure in BY_TRANSPORT:
            if isinstance(cause, transport):
                return AttemptError(failure, f"{model} {_broke(failure, cause, timeout)}")
    keys = _missing_keys(model)
    if keys:
        message = f"{model} needs a key: set the environment variable {' or '.join(keys)}"
        return AttemptError(FailureClass.REJECTED, message)
    failure = _by_exception(error) or FailureClass.SERVER_ERROR
    return AttemptError(failure, f"{model}: {_words(error)}")


def _answered(error: Exception, model: str, response: httpx.Response) -> AttemptError:
    """The other side has answered with a status."""
    status = response.status_code
    retry_after = _retry_after(response.headers.get("retry-after"))
    if isinstance(error, litellm.ContextWindowExceededError):
        failure = FailureClass.CONTEXT_OVERFLOW
    elif status == 503 and retry_after is not None:
        failure = FailureClass.RATE_LIMITED
    else:
        other = FailureClass.SERVER_ERROR if status >= 500 else FailureClass.REJECTED
        failure = BY_STATUS.get(status, other)
    return AttemptError(
        failure, f"{model} answered {status}: {_words(error)}", retry_after=retry_after
    )


def _broke(failure: FailureClass, cause: BaseException, timeout: float) -> str:
    match failure:
        case FailureClass.NOT_SENT | FailureClass.REJECTED:
            return f"cannot be reached: {' '.join(str(cause).split())[:300]}"
        case FailureClass.TIMEOUT:
            return f"did not answer within {timeout:g} s"
        case _:
            return "broke the connection off before it answered"


def _by_exception(error: Exception) -> FailureClass | None:
    return next((failure for kind, failure in BY_EXCEPTION if isinstance(error, kind)), None)


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _words(error: Exception) -> str:
    """What the other side said, without the names that LiteLLM puts before it; one bounded line."""
    text = getattr(error, "message", None) or str(error)
    text = re.sub(r"^litellm\.\w+: (litellm\.\w+: )?", "", " ".join(str(text).split()))
    return re.sub(r"^(?:[A-Za-z ]+: )?\w+Exception - ", "", text)[:300]


def _missing_keys(model: str) -> list[str]:
    """The variables that LiteLLM would take the provider's key from, if none of them is set."""
    missing = litellm.validate_environment(model)["missing_keys"]
    return [name for name in missing if name.endswith("_KEY")]


def _retry_after(header: str | None) -> float | None:
    """Seconds from a `Retry-After` header, which holds seconds or a date (RFC 9110, 10.2.3)."""
    if header is None:
        return None
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", header.strip()):
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
