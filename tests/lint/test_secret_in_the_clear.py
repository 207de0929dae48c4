"""To which addresses a credential may go without encryption."""

import pytest

from tests.lint.linting import findings_of

SPEC = """
agentflow: 1
name: books
agents:
  bank:
    kind: http
    method: GET
    url: URL
    headers: HEADERS
    effects: read
    input: {type: object}
    output: {type: array, maxItems: 100}
steps: {lines: {agent: bank}}
outputs: {lines: "${{ steps.lines.output }}"}
"""
SECRET = "{Authorization: {secret: BANK_TOKEN}}"


def _said(url: str, headers: str) -> list[str]:
    found = findings_of(SPEC.replace("URL", url).replace("HEADERS", headers))
    return [each.message for each in found if each.rule == "secret-in-the-clear"]


@pytest.mark.parametrize("host", ["bank.example", "BANK.example:8080", "8.8.8.8", "[2001:4860::8]"])
def test_a_host_elsewhere(host: str) -> None:
    name = host.lower().removesuffix(":8080").strip("[]")
    assert _said(f'"http://{host}/x"', SECRET) == [
        f"'BANK_TOKEN' is sent to '{name}' without encryption"
    ]


@pytest.mark.parametrize(
    "host",
    ["localhost:80", "127.0.0.1", "10.1.2.3", "192.168.1.9", "[::1]", "bank", "bank.shop.internal"],
)
def test_a_host_of_ones_own_network(host: str) -> None:
    assert _said(f'"http://{host}/x"', SECRET) == []


def test_without_a_secret_and_with_encryption() -> None:
    assert _said("http://bank.example/x", "{Accept: application/json}") == []
    assert _said("https://bank.example/x", SECRET) == []
