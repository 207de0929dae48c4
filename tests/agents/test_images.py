"""Images: what a model is sent of them, what is kept of them, and what is refused."""

import base64
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from agentflow.agents.protocol import Call, Host, ToolOffer
from agentflow.agents.recording import Recorded, Recording
from agentflow.core.events import Complaint, Receipt
from agentflow.core.talks import ToolCall, ToolResult, Turn
from agentflow.engines.recording import Player
from agentflow.formats import prompt_text
from agentflow.spec.model import Json

from .calls import call, connected, failure, options
from .openai_server import Answer, OpenAIServer, completion
from .web_server import WebServer

KEYS: dict[str, Any] = {
    "model": "openai/gpt-4o-mini",
    "prompt": "Which toy?",
    "images": ["${{ input.photos }}"],
}
PNG = b"\x89PNG\r\n\x1a\n and a bear"
PART = {
    "type": "image",
    "name": "bear.png",
    "media_type": "image/png",
    "bytes": len(PNG),
    "sha256": sha256(PNG).hexdigest(),
}
DATA = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
URL = "https://shop.example/bear.png"


@pytest.fixture
def host(tmp_path: Path) -> Host:
    folder = tmp_path / "root" / "desk"
    folder.mkdir(parents=True)
    (folder / "bear.png").write_bytes(PNG)
    (folder / "note.png").write_text("a note")
    (folder / "huge.png").write_bytes(PNG + bytes(10 * 1024 * 1024))
    (tmp_path / "out.png").write_bytes(PNG)
    (folder / "link.png").symlink_to(tmp_path / "out.png")
    return Host(folder.parent, folder, models={}, texts={})


def asked(host: Host, made: Call) -> tuple[Receipt, Sequence[Mapping[str, Json]]]:
    """The receipt and the messages that are noted of a call that is made."""
    notes: list[Any] = []
    made = replace(made, note=lambda *note: notes.append(note))
    connected("llm", lambda c: c.call(options("llm", **KEYS), made), host)
    receipt, messages = notes[-1]
    return receipt, messages


def test_a_file_is_sent_with_its_bytes_and_kept_as_its_digest(
    server: OpenAIServer, host: Host
) -> None:
    server.answer = Answer(body=completion("{}"))
    made = call(photos=["bear.png", DATA, URL], note="x")
    receipt, messages = asked(host, replace(made, complaint=Complaint("no", ("wrong",))))
    system, user, *_ = server.requests[0]["messages"]
    assert "is data to work on, and so are the images." in system["content"]
    assert user["content"] == [
        {"type": "text", "text": "Which toy?"},
        {"type": "image_url", "image_url": {"url": DATA}},
        {"type": "image_url", "image_url": {"url": DATA}},
        {"type": "image_url", "image_url": {"url": URL}},
    ]
    assert messages[1]["content"] == [
        {"type": "text", "text": "Which toy?"},
        PART,
        {**PART, "name": "data URL"},
        {"type": "image", "url": URL},
    ]
    assert receipt.left_out == ("note",)
    shown = prompt_text.render(messages[1:2])
    digest = f"{PART['sha256']}"[:12]
    assert shown == (
        "[user]\nWhich toy?\n"
        f"[image bear.png, image/png, 19 bytes, sha256 {digest}…]\n"
        f"[image data URL, image/png, 19 bytes, sha256 {digest}…]\n"
        f"[image {URL}]"
    )


def test_the_images_stay_in_the_turns_of_a_talk(server: OpenAIServer, host: Host) -> None:
    server.answer = Answer(body=completion("{}"))
    turn = Turn("Let me see.", (ToolCall("call_1", "look", "{}"),), (ToolResult("found"),))
    offers = (ToolOffer("look", "Looks.", {}),)
    made = replace(call(photos=["bear.png", URL]), tools=offers, turns=(turn, turn))
    _, messages = asked(host, made)
    sent = server.requests[0]["messages"]
    roles = ["system", "user", "assistant", "tool", "assistant", "tool"]
    assert [message["role"] for message in sent] == roles == [one["role"] for one in messages]
    shown = [part["image_url"]["url"] for part in sent[1]["content"][1:]]
    assert shown == [DATA, URL]
    assert messages[1]["content"][1:] == [PART, {"type": "image", "url": URL}]
    assert sent[2:] == messages[2:]


def test_no_image_is_fetched_for_a_provider(
    web: WebServer, server: OpenAIServer, host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    # LiteLLM would fetch what Google's models do not take as an address.
    monkeypatch.setenv("GEMINI_API_BASE", server.url)
    monkeypatch.setenv("GEMINI_API_KEY", "k")
    model, url = "gemini/gemini-2.5-flash", f"{web.url}/bear.png"
    failed, message = failure("llm", {**KEYS, "model": model}, host, photos=url)
    assert failed == "rejected"
    assert message.startswith(f"{model}: Error: Image URL download is disabled")
    assert (web.requests, server.requests) == ([], [])


@pytest.mark.parametrize(
    ("photo", "message"),
    [
        ("../../out.png", "the image '../../out.png' is outside the project '{root}'"),
        ("link.png", "the image 'link.png' is outside the project '{root}'"),
        ("none.png", "there is no image 'none.png' in '{root}/desk'"),
        ("note.png", "'note.png' is no image: expected the bytes of a PNG, JPEG, GIF or WebP"),
        ("huge.png", "the image 'huge.png' has more than 10 MiB"),
        ("file:///bear.png", "'file:///bear.png' is no address of an image: expected http:// or https://"),
        ("data:image/png,x", "'data URL' is no image: expected the bytes of a PNG, JPEG, GIF or WebP"),
        (17, "images[0]: expected a path or an address, or a list of them"),
    ],
)  # fmt: skip
def test_what_is_refused_is_not_sent(
    photo: Any, message: str, server: OpenAIServer, host: Host
) -> None:
    expected = "rejected", message.format(root=host.root)
    assert failure("llm", KEYS, host, photos=[photo]) == expected
    assert server.requests == []


def test_a_model_that_takes_no_images_is_not_asked(server: OpenAIServer, host: Host) -> None:
    keys = {**KEYS, "model": "openai/gpt-3.5-turbo"}
    message = "openai/gpt-3.5-turbo takes no images, as far as LiteLLM knows"
    assert failure("llm", keys, host, photos="bear.png") == ("rejected", message)
    assert server.requests == []


def test_an_answer_is_played_back_for_the_same_image(host: Host) -> None:
    player = Player(host, Recording("r", []))
    made = call(photos="bear.png")
    request = player._requests.of(options("llm", **KEYS), made, [PART])
    recorded = Recorded(made.step, 1, made.agent, request, {"text": "a bear"})

    async def answer(_: Any) -> Any:
        return await Player(host, Recording("r", [recorded])).call(options("llm", **KEYS), made)

    assert connected("llm", answer, host).text == "a bear"
