"""The images that a chat model is shown, beside the text of its prompt.

What is logged, digested and recorded of an image identifies it, and leaves its bytes out:

    {"type": "image", "name": "bear.png", "media_type": "image/png", "bytes": 1204, "sha256": "…"}
    {"type": "image", "url": "https://shop.example/bear.png"}

Only the request that is sent has them, in the form of OpenAI's protocol. A URL is passed on as it
is, and whoever runs the model fetches it. Only for Bedrock LiteLLM fetches it itself.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from msgspec import Struct

from agentflow.agents.known_models import known_model
from agentflow.agents.llm import Options
from agentflow.agents.protocol import AttemptError, Call
from agentflow.plan.windows import sees_nothing
from agentflow.spec.cel.evaluate import EvaluationError
from agentflow.spec.expressions import ExpressionError, references
from agentflow.spec.model import FailureClass, Json, Model
from agentflow.spec.templates import parse_template, render, template_expressions

#: Bytes of one image.
MAX_BYTES = 10 * 1024 * 1024
_STARTS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
_SCHEMES = ("http://", "https://")


class Image(Struct, frozen=True):
    """An image: the `part` of a message that stands for it, and the address that it is sent as."""

    part: Mapping[str, Json]
    url: str


class Album(Struct, frozen=True):
    """Where the images of a pipeline lie: paths count from `folder` and stay within `root`."""

    root: Path
    folder: Path

    def images(self, options: Options, call: Call, model: Model) -> list[Image]:
        """The images of a call, read now.

        Raises `AttemptError` rejected for one that is not there, is none or is too large, and if
        the model is known to take none.
        """
        if options.images and sees_nothing(model, known_model(model.model)):
            raise _refusal(f"{model.model} takes no images, as far as LiteLLM knows")
        return [self._image(name) for name in _names(options.images, call.input)]

    def _image(self, name: str) -> Image:
        if name.lower().startswith("data:"):
            head, _, body = name.partition(",")
            try:
                data = base64.b64decode(body, validate=True) if head.endswith(";base64") else b""
            except ValueError:
                data = b""
            return _loaded("data URL", data)
        if "://" in name:
            return _linked(name)
        return _loaded(name, self._read(name))

    def _read(self, name: str) -> bytes:
        try:
            path = (self.folder / name).resolve()
            if not path.is_relative_to(self.root.resolve()):
                raise _refusal(f"the image '{name}' is outside the project '{self.root}'")
            # A pipe or a device would block, or do anything when it is opened.
            if not path.is_file():
                raise _refusal(f"there is no image '{name}' in '{self.folder}'")
            with path.open("rb") as file:
                return file.read(MAX_BYTES + 1)
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise _refusal(f"cannot read the image '{name}': {why}") from error


def fields_shown(options: Options, given: Mapping[str, Json]) -> frozenset[str]:
    """The input fields that the images of an agent are read from."""
    found: set[str] = set()
    for text in options.images:
        for _, _, expr in template_expressions(parse_template(text)):
            for one in references(expr):
                found |= {str(one.path[0])} if one.path else set(given)
    return frozenset(found)


def sent(messages: Sequence[Mapping[str, Any]], images: Sequence[Image]) -> list[dict[str, Any]]:
    """The messages as they leave, with their images."""
    left = iter(images)
    return [
        {**message, "content": [_part(part, left) for part in message["content"]]}
        if isinstance(message.get("content"), list)
        else dict(message)
        for message in messages
    ]


def _part(part: Mapping[str, Json], left: Iterator[Image]) -> Mapping[str, Json]:
    if part["type"] != "image":
        return part
    return {"type": "image_url", "image_url": {"url": next(left).url}}


def _names(templates: Sequence[str], given: Mapping[str, Json]) -> Iterator[str]:
    for index, text in enumerate(templates):
        try:
            value = render(parse_template(text), {"input": dict(given)})
        except (ExpressionError, EvaluationError) as error:
            raise _refusal(f"in images[{index}]: {error.message}") from error
        for name in value if isinstance(value, list) else [value]:
            if not isinstance(name, str) or not name:
                raise _refusal(f"images[{index}]: expected a path or an address, or a list of them")
            yield name


def _linked(url: str) -> Image:
    try:
        fine = url.lower().startswith(_SCHEMES) and bool(urlsplit(url).hostname)
    except ValueError:
        fine = False
    if not fine or not url.isprintable() or " " in url:
        raise _refusal(f"'{url}' is no address of an image: expected http:// or https://")
    return Image({"type": "image", "url": url}, url)


def _loaded(name: str, data: bytes) -> Image:
    if len(data) > MAX_BYTES:
        raise _refusal(f"the image '{name}' has more than {MAX_BYTES // 1024 // 1024} MiB")
    kind = _media_type(data)
    if kind is None:
        raise _refusal(f"'{name}' is no image: expected the bytes of a PNG, JPEG, GIF or WebP")
    part: dict[str, Json] = {
        "type": "image",
        "name": name,
        "media_type": kind,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    return Image(part, f"data:{kind};base64,{base64.b64encode(data).decode()}")


def _media_type(data: bytes) -> str | None:
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _STARTS.items() if data.startswith(start)), None)


def _refusal(message: str) -> AttemptError:
    return AttemptError(FailureClass.REJECTED, message)
