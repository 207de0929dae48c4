"""What is printed about a spec shows no credential that stands in it."""

from pathlib import Path

import pytest

from agentflow.formats import FINDINGS_FORMATS
from agentflow.formats.masking import without_credentials

from ..cli.inprocess import agentflow

KEY = "sk-proj-abcdefghijklmnopqrstuvwx123456"
SPEC = f"""
agentflow: 1
name: letters
models:
  small: {{model: openai/gpt-4o-mini, api_key: {KEY}, max_output_tokens: {KEY}}}
agents:
  writer:
    kind: llm
    model: small
    password: correct horse battery
    input: {{type: object}}
    output: {{type: string}}
steps:
  write: {{agent: writer, retry: {KEY}}}
outputs: {{letter: "${{{{ steps.write.output }}}}"}}
"""


@pytest.mark.parametrize("name", FINDINGS_FORMATS)
def test_no_format_shows_a_credential(name: str, tmp_path: Path) -> None:
    (tmp_path / "letters.yaml").write_text(SPEC)
    done = agentflow("validate", "letters.yaml", "--format", name, folder=tmp_path)
    assert done.code == 1
    assert "api_key" in done.out
    for part in (KEY, KEY[3:20], "horse"):
        assert part not in done.out + done.err


def test_a_spec_that_is_not_run_shows_none_either(tmp_path: Path) -> None:
    (tmp_path / "letters.yaml").write_text(SPEC)
    done = agentflow("run", "letters.yaml", "--store", tmp_path, folder=tmp_path)
    assert done.code != 0
    assert "sk-***" in done.err
    assert KEY[3:20] not in done.out + done.err


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"api_key: {KEY}", f"api_key: sk-{'*' * (len(KEY) - 3)}"),
        ('password: "hunter2-hunter2"', 'password: "hun************"'),
        ("https://ada:hunter2@x.example", "https://ada:hun****@x.example"),
        ("Authorization: Bearer abcdefgh", "Authorization: Bea************"),
    ],
)
def test_what_is_hidden(text: str, shown: str) -> None:
    assert without_credentials(text) == shown
    assert len(shown) == len(text)


@pytest.mark.parametrize(
    "text",
    [
        "{secret: MAIL_TOKEN, prefix: x}",
        'token: "${{ inputs.token }}"',
        "max_output_tokens: 123456789",
        "password: <your password>",
        "https://user:password@x.example",
        "api_key: short",
    ],
)
def test_what_is_left(text: str) -> None:
    assert without_credentials(text) == text
