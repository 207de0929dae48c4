"""What goes wrong with a chat model, as a failure class: exceptions, statuses, waits."""

import time
from email.utils import formatdate
from typing import Any

import pytest

from agentflow.agents.protocol import AttemptError
from agentflow.spec.model import FailureClass

from .calls import attempt
from .openai_server import Answer, OpenAIServer, refusal

MODEL = "openai/gpt-4o-mini"
#: LiteLLM's exceptions that no call of a model comes to: those of its proxy (budgets, guardrails,
#: routes), of its vector stores and mocks, one that nothing raises any more, and the one that stands
#: around another, which is the one that is looked at.
LEFT_OUT = {
    "BlockedPiiEntityError",
    "BudgetExceededError",
    "GuardrailRaisedException",
    "InvalidRequestError",
    "MidStreamFallbackError",
    "MockException",
    "ModelNotMappedError",
    "ModifyResponseException",
    "SensitiveDataRouteException",
    "VectorStoreSearchError",
}
CLASSES = {
    "APIConnectionError": "server_error",
    "APIError": "server_error",
    "APIResponseValidationError": "server_error",
    "AuthenticationError": "rejected",
    "BadGatewayError": "server_error",
    "BadRequestError": "rejected",
    "ContentPolicyViolationError": "rejected",
    "ContextWindowExceededError": "context_overflow",
    "ImageFetchError": "rejected",
    "InternalServerError": "server_error",
    "JSONSchemaValidationError": "server_error",
    "LiteLLMUnknownProvider": "rejected",
    "NotFoundError": "rejected",
    "OpenAIError": "server_error",
    "PaymentRequiredError": "rejected",
    "PermissionDeniedError": "rejected",
    "RateLimitError": "rate_limited",
    "RejectedRequestError": "rejected",
    "ServiceUnavailableError": "server_error",
    "Timeout": "timeout",
    "UnprocessableEntityError": "rejected",
    "UnsupportedParamsError": "rejected",
}


@pytest.mark.parametrize("name", CLASSES)
def test_an_exception_has_a_class(name: str, server: OpenAIServer) -> None:
    from agentflow.agents.litellm_failures import failure_of
    from agentflow.agents.litellm_settings import litellm

    kind = getattr(litellm.exceptions, name)
    error = kind.__new__(kind)
    error.message = f"litellm.{name}: so it is"
    failed = failure_of(error, MODEL, 1.0)
    assert (failed.failure.value, failed.message) == (CLASSES[name], f"{MODEL}: so it is")


def test_every_exception_of_litellm_is_in_the_table_or_left_out(server: OpenAIServer) -> None:
    from agentflow.agents.litellm_failures import BY_EXCEPTION
    from agentflow.agents.litellm_settings import litellm

    defined = {
        name
        for name, value in vars(litellm.exceptions).items()
        if isinstance(value, type)
        and issubclass(value, Exception)
        and value.__module__ == litellm.exceptions.__name__
    }
    assert defined - LEFT_OUT == {kind.__name__ for kind, _ in BY_EXCEPTION} == set(CLASSES)
    assert defined >= LEFT_OUT
    for number, (kind, _) in enumerate(BY_EXCEPTION):
        # A row that comes after that of its base would never be reached.
        assert not any(issubclass(kind, earlier) for earlier, _ in BY_EXCEPTION[:number])


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "7"}, 7.0),
        ({"Retry-After": "0.5"}, 0.5),
        ({"Retry-After": "Fri, 01 Jan 2021 00:00:00 GMT"}, 0.0),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": ""}, None),
        ({"retry-after-ms": "1500", "Retry-After": "2"}, 1.5),
        ({"retry-after-ms": "soon", "Retry-After": "2"}, 2.0),
        ({"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "6m0s"}, 360.0),
        ({"x-ratelimit-remaining-requests": "3", "x-ratelimit-reset-requests": "6m0s"}, None),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "1h2m3.5s"}, 3723.5),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "20ms"}, 0.02),
        ({"x-ratelimit-remaining-tokens": "0", "x-ratelimit-reset-tokens": "later"}, None),
    ],
)  # fmt: skip
def test_how_long_to_wait(
    headers: dict[str, str], seconds: float | None, server: OpenAIServer
) -> None:
    server.answer = Answer(429, refusal("slow", "rate"), headers)
    with pytest.raises(AttemptError) as caught:
        attempt("llm", {"model": MODEL})
    assert caught.value.failure is FailureClass.RATE_LIMITED
    assert caught.value.retry_after == seconds
    assert len(server.requests) == 1


def test_a_date_to_come(server: OpenAIServer) -> None:
    server.answer = Answer(
        429, refusal("slow", "rate"), {"Retry-After": formatdate(time.time() + 3600, usegmt=True)}
    )
    with pytest.raises(AttemptError) as caught:
        attempt("llm", {"model": MODEL})
    assert caught.value.retry_after == pytest.approx(3600, abs=600)


@pytest.mark.parametrize("model", [MODEL, "anthropic/claude-haiku-4-5"])
@pytest.mark.parametrize("status", [429, 503])
def test_other_providers_and_statuses(model: str, status: int, server: OpenAIServer) -> None:
    body: Any = refusal("slow", "rate")
    server.answer = Answer(status, body, {"Retry-After": "7"})
    with pytest.raises(AttemptError) as caught:
        attempt("llm", {"model": model})
    assert (caught.value.failure.value, caught.value.retry_after) == ("rate_limited", 7.0)
