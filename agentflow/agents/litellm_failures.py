"""Why a request through LiteLLM failed, as a failure class of the language.

LiteLLM's exceptions alone do not tell: a refused connection, a connection that broke after sending
and a missing key are all an `InternalServerError` with status 500. What happened on the wire is in
the exceptions that led to them, and is asked first: the HTTP status, then the transport's error,
then LiteLLM's own class.
"""

import re
from collections.abc import Iterator

import httpx

from agentflow.agents.http_failures import class_of_status, class_of_transport, seconds_to_wait
from agentflow.agents.litellm_settings import litellm
from agentflow.agents.protocol import AttemptError
from agentflow.spec.model import FailureClass

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
    if isinstance(
        error, litellm.exceptions.MidStreamFallbackError
    ):  # it only says that a stream has failed
        error = error.original_exception or error
    chain = list(_chain(error))
    response = next((e.response for e in chain if isinstance(e, httpx.HTTPStatusError)), None)
    if response is not None:
        return _answered(error, model, response)
    for cause in chain:
        failed = class_of_transport(cause)
        if failed is not None:
            return AttemptError(failed, f"{model} {_broke(failed, cause, timeout)}")
    keys = _missing_keys(model)
    if keys:
        message = f"{model} needs a key: set the environment variable {' or '.join(keys)}"
        return AttemptError(FailureClass.REJECTED, message)
    failure = _by_exception(error) or FailureClass.SERVER_ERROR
    return AttemptError(failure, f"{model}: {_words(error)}")


def _answered(error: Exception, model: str, response: httpx.Response) -> AttemptError:
    """The other side has answered with a status."""
    status = response.status_code
    retry_after = seconds_to_wait(response.headers.get("retry-after"))
    failure = class_of_status(status, retry_after)
    if isinstance(error, litellm.ContextWindowExceededError):
        failure = FailureClass.CONTEXT_OVERFLOW
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
