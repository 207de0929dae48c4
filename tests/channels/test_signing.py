"""Signatures of messages: what the specification gives as an example, and that nothing else
passes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentflow.channels.signing import TOLERANCE, Forged, signed, verify

#: The example that the libraries of Standard Webhooks test themselves with.
SECRET, ID, AT = (
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "msg_p5jXN8AQM9LWM0D4loKWxJek",
    1614265330,
)
BODY = b'{"test": 2432232314}'
HEADERS = {
    "webhook-id": ID,
    "webhook-timestamp": str(AT),
    "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
}


def test_the_example_of_the_specification() -> None:
    assert signed(SECRET, ID, AT, BODY) == HEADERS
    assert verify(SECRET, HEADERS, AT, BODY) == ID


def test_one_of_several_signatures_is_enough() -> None:
    several = f"v1,AAAA v1a,BBBB {HEADERS['webhook-signature']}"
    assert verify(SECRET, {**HEADERS, "webhook-signature": several}, AT, BODY) == ID


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({}, "it has no 'webhook-id' and 'webhook-timestamp' that can be read"),
        ({**HEADERS, "webhook-id": "a.b"}, "it has no 'webhook-id' and"),
        ({**HEADERS, "webhook-timestamp": "soon"}, "it has no 'webhook-id' and"),
        ({**HEADERS, "webhook-timestamp": "9" * 13}, "it has no 'webhook-id' and"),
        ({**HEADERS, "webhook-timestamp": str(AT + 1)}, "its signature is not right"),
        ({**HEADERS, "webhook-id": "other"}, "its signature is not right"),
        ({**HEADERS, "webhook-signature": ""}, "its signature is not right"),
        ({**HEADERS, "webhook-signature": "v1,"}, "its signature is not right"),
        (
            {**HEADERS, "webhook-signature": HEADERS["webhook-signature"].replace("v1", "v2")},
            "its signature is not right",
        ),
        ({**HEADERS, "webhook-signature": "v1,ä"}, "its signature is not right"),
    ],
    ids=["none", "dot", "word", "long", "time", "id", "empty", "bare", "version", "letter"],
)
def test_what_is_forged(headers: dict[str, str], said: str) -> None:
    with pytest.raises(Forged, match=said):
        verify(SECRET, headers, AT, BODY)


@pytest.mark.parametrize("late", [-TOLERANCE - 1, TOLERANCE + 1])
def test_too_early_and_too_late(late: int) -> None:
    assert verify(SECRET, HEADERS, AT + TOLERANCE, BODY) == ID
    with pytest.raises(Forged, match="it was signed 5m 1s "):
        verify(SECRET, HEADERS, AT + late, BODY)


@given(body=st.binary(), at=st.integers(0, 10**11), secret=st.text(min_size=1), other=st.binary())
def test_only_what_was_signed_passes(body: bytes, at: int, secret: str, other: bytes) -> None:
    headers = signed(secret, ID, at, body)
    assert verify(secret, headers, at, body) == ID
    if other != body:
        with pytest.raises(Forged):
            verify(secret, headers, at, other)
