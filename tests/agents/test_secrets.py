"""Secrets are taken out of what agents say, in whatever way it is written there."""

import base64
import json
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agentflow.agents.provider_keys import KEYS, KEYS_OF_ONES_OWN
from agentflow.agents.secrets import Redactor, redactor, require, secrets_of
from agentflow.core.events import AttemptFailed, AttemptSucceeded, TimerFired
from agentflow.errors import MissingSecret
from agentflow.spec.model import FailureClass

from .calls import options

SECRET = 's3c+r/t&"=\\ü'
SHOWN = "[secret TOKEN]"
redact = Redactor({"TOKEN": SECRET})


@pytest.mark.parametrize(
    "encoded",
    [
        SECRET,
        json.dumps(SECRET)[1:-1],
        json.dumps(SECRET, ensure_ascii=False)[1:-1],
        json.dumps(json.dumps(SECRET))[3:-3],
        json.dumps(SECRET)[1:-1].replace("/", "\\/"),
        repr(SECRET)[1:-1],
        quote(SECRET, safe=""),
        quote(SECRET, safe="").lower(),
        quote_plus(SECRET),
        SECRET.encode().hex(),
        SECRET.encode().hex().upper(),
    ],
)
def test_a_secret_is_found_as_it_is_written(encoded: str) -> None:
    assert redact.text(f"before {encoded} after") == f"before {SHOWN} after"


texts = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


def test_the_key_of_every_provider_is_a_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """However its variable is called, where a chat model is asked."""
    chat = options("llm", model="openai/ours")
    for name in (one for names in (KEYS | KEYS_OF_ONES_OWN).values() for one in names):
        monkeypatch.setenv(name, SECRET)
        said = redactor([("agent 'a'", chat)])(AttemptSucceeded(1.0, "s", 1, value=SECRET))
        assert isinstance(said, AttemptSucceeded)
        assert said.value == f"[secret {name}]"
        monkeypatch.delenv(name)


@given(st.text("abcdefgh+/=&ü", min_size=8, max_size=40), texts, texts, st.booleans())
def test_a_secret_is_found_in_base64_wherever_it_begins(
    secret: str, before: str, after: str, in_urls: bool
) -> None:
    encode = base64.urlsafe_b64encode if in_urls else base64.b64encode
    text = encode(f"{before}{secret}{after}".encode()).decode()
    left = Redactor({"TOKEN": secret}).text(text)
    assert SHOWN in left
    # What is left of its ends is not enough of it.
    assert len(left.replace(SHOWN, "")) <= len(text) - len(secret.encode()) * 4 // 3 + 4


def test_facts_are_cleaned_in_every_part() -> None:
    said = {"a": [SECRET, 1, {SECRET: None}], "b": "x"}
    succeeded = redact(AttemptSucceeded(1.0, "a", 1, value=said))
    assert isinstance(succeeded, AttemptSucceeded)
    assert succeeded.value == {"a": [SHOWN, 1, {SHOWN: None}], "b": "x"}
    assert redact(AttemptSucceeded(1.0, "a", 1, text=f'"{SECRET}"')) == AttemptSucceeded(
        1.0, "a", 1, text=f'"{SHOWN}"'
    )
    failed = AttemptFailed(1.0, "a", 1, FailureClass.REJECTED, SECRET, 3.0, None, SECRET)
    assert redact(failed) == AttemptFailed(
        1.0, "a", 1, FailureClass.REJECTED, SHOWN, 3.0, None, SHOWN
    )
    other = TimerFired(1.0, "a")
    assert redact(other) is other


@pytest.mark.parametrize("kept", [5, 9, 11])
def test_what_a_cut_has_left_of_a_secret_is_taken_out_too(kept: int) -> None:
    def failed(text: str) -> str:
        fact = redact(AttemptFailed(1.0, "a", 1, FailureClass.REJECTED, text))
        assert isinstance(fact, AttemptFailed)
        return fact.message

    assert failed(f"refused: {SECRET[:kept]}") == f"refused: {SHOWN}"
    assert failed(f"{SECRET[-kept:]} was refused") == f"{SHOWN} was refused"


def test_a_secret_that_is_part_of_another_one() -> None:
    both = Redactor({"SHORT": "abcdefgh", "LONG": "abcdefghijkl"})
    assert both.text("abcdefghijkl abcdefgh") == "[secret LONG] [secret SHORT]"


def test_which_variables_an_agent_needs() -> None:
    headers = {"Authorization": {"secret": "A"}, "X-Plain": "x"}
    agent = options("http", url="http://h/", headers=headers)
    assert [*secrets_of(agent)] == ["A"]
    program = options("command", argv=["x"], env={"T": {"secret": "B"}, "U": "plain"})
    assert [*secrets_of(program)] == ["B"]
    assert [*secrets_of(options("python", call="m:f"))] == []


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "the environment variable 'A' is not set, and agent 'payer' needs it"),
        ("", "the environment variable 'A' is not set, and agent 'payer' needs it"),
        ("1234567", "the environment variable 'A' has 7 characters: that is too short to be kept out of the log"),
    ],
)  # fmt: skip
def test_what_is_missing_is_named(
    value: str | None, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("A", raising=False)
    if value is not None:
        monkeypatch.setenv("A", value)
    with pytest.raises(MissingSecret) as caught:
        require(
            [("agent 'payer'", options("http", url="http://h/", headers={"X": {"secret": "A"}}))]
        )
    assert caught.value.message == message
