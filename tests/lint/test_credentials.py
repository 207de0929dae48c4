"""Credentials that are told by their form, and what only looks like one.

The parts of each are put together here, so that nobody who looks for leaks finds one in this file.
"""

import pytest

from agentflow.lint.credentials import FORMS

_MIXED = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0"
_HEX = "0a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d"

CREDENTIALS = {
    "slack webhook": ["https://hooks.slack", ".com/services/T0AB1CD2E/B0AB1CD2E/", _MIXED[:24]],
    "slack workflow": ["https://hooks.slack", ".com/triggers/T0AB1CD2E/123456/", _MIXED[:24]],
    "discord webhook": ["https://discord", ".com/api/webhooks/123456789012345678/", _MIXED],
    "teams webhook": [
        "https://acme.webhook.office",
        ".com/webhookb2/",
        _HEX,
        "@",
        _HEX,
        "/IncomingWebhook/x",
    ],
    "google chat": ["https://chat.googleapis", ".com/v1/spaces/AAAA/messages?key=k&token=", _MIXED],
    "zapier": ["https://hooks.zapier", ".com/hooks/catch/123456/b1c2d3e/"],
    "telegram": ["https://api.telegram", ".org/bot123456789:", _MIXED, "/sendMessage"],
    "gitlab": ["gl", "pat-", _MIXED[:20]],
    "npm": ["npm", "_", _MIXED[:36]],
    "pypi": ["pypi", "-AgEI", _MIXED, _MIXED],
    "hugging face": ["hf", "_", _MIXED[:34]],
    "groq": ["gsk", "_", _MIXED],
    "stripe": ["sk", "_live_", _MIXED[:24]],
    "sendgrid": ["SG", ".", _MIXED[:22], ".", _MIXED],
    "aws, for a time": ["ASIA", "A1B2C3D4E5F6G7H8"],
    "digital ocean": ["dop", "_v1_", _HEX, _HEX],
    "databricks": ["dapi", _HEX],
    "vault": ["hvs", ".", _MIXED],
    "shopify": ["shp", "at_", _HEX],
    "azure storage": ["DefaultEndpointsProtocol=https;Account", "Key=", _MIXED, _MIXED, "=="],
}
NONE = [
    "https://hooks.slack.com/services/T00000000/B00000000/XXXXXXXXXXXXXXXXXXXXXXXX",
    "https://discord.com/api/webhooks/ID/TOKEN",
    "https://api.telegram.org/bot<token>/sendMessage",
    "hf_transfer is faster, and npm_config_registry says where",
    "the sk-learn package",
    _HEX,
]


@pytest.mark.parametrize("parts", CREDENTIALS.values(), ids=CREDENTIALS)
def test_a_credential_is_told_by_its_form(parts: list[str]) -> None:
    assert FORMS.search(f"post it to {''.join(parts)} now") is not None


@pytest.mark.parametrize("text", NONE, ids=range(len(NONE)))
def test_what_stands_for_one_is_none(text: str) -> None:
    assert FORMS.search(text) is None
