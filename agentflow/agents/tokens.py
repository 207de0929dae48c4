"""Tokens counted offline.

LiteLLM's own counter fetches the tokenizers of some models from the network. Only those that are
part of LiteLLM's package are used here: OpenAI's, which are exact for its models. For all other
models the newest of them is used, and the count is an estimate.
"""

import hashlib
import importlib.util
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec import Struct

from agentflow.plan.windows import KnownModel

if TYPE_CHECKING:
    from tiktoken import Encoding

#: Stands in for the tokenizers that nobody publishes; its vocabulary is as large as theirs.
_NEWEST = "o200k_base"
_WITH_OPENAI_TOKENIZER = frozenset({"openai", "azure", "text-completion-openai"})
#: Where an encoding comes from. In a folder of encodings its file is named by the hash of this.
_SOURCE = "https://openaipublic.blob.core.windows.net/encodings/{}.tiktoken"
#: Characters that are encoded at once: a long run of one character takes quadratic time.
_PIECE = 1024
#: Counting more characters than this takes milliseconds, and so a thread.
_QUICK = 20_000


class Tokenizer(Struct, frozen=True):
    """Which encoding measures a model; `exact` if it is the model's own."""

    encoding: str
    exact: bool


@cache
def tokenizer_of(model: str, known: KnownModel) -> Tokenizer:
    """The tokenizer of a model, by its name at LiteLLM."""
    if known.provider not in _WITH_OPENAI_TOKENIZER:
        return Tokenizer(_NEWEST, exact=False)
    from tiktoken.model import encoding_name_for_model

    try:
        name = encoding_name_for_model(model.rpartition("/")[2])
    except KeyError:
        return Tokenizer(_NEWEST, exact=False)
    if not _file(name).is_file():
        return Tokenizer(_NEWEST, exact=False)
    return Tokenizer(name, exact=True)


def is_quick(texts: Sequence[str], encoding: str) -> bool:
    """Are these counted in next to no time?"""
    return encoding in _LOADED and sum(map(len, texts)) <= _QUICK


async def count(texts: Sequence[str], encoding: str) -> int | None:
    """The tokens of some texts, without a provider's additions; None if nobody can tell."""
    if is_quick(texts, encoding):
        return count_now(texts, encoding)
    import asyncio  # commands that call nothing know this module, too

    return await asyncio.to_thread(count_now, texts, encoding)


def count_now(texts: Sequence[str], encoding: str) -> int | None:
    """The same, at once. The first time it takes half a second, in which the encoding is read."""
    loaded = _load(encoding)
    if loaded is None:
        return None
    pieces = [text[at : at + _PIECE] for text in texts for at in range(0, len(text), _PIECE)]
    return sum(len(loaded.encode_ordinary(piece)) for piece in pieces)


#: The encodings that have been read.
_LOADED: set[str] = set()


@cache
def _load(encoding: str) -> "Encoding | None":
    """An encoding from LiteLLM's package; None if it is not there, and is not fetched then."""
    import tiktoken

    if not _file(encoding).is_file():
        return None
    # Where tiktoken looks; LiteLLM sets it too, to the same, once it counts something itself.
    os.environ["TIKTOKEN_CACHE_DIR"] = str(_folder())
    loaded = tiktoken.get_encoding(encoding)
    _LOADED.add(encoding)
    return loaded


def _file(encoding: str) -> Path:
    source = _SOURCE.format(encoding).encode()
    return _folder() / hashlib.sha1(source, usedforsecurity=False).hexdigest()


@cache
def _folder() -> Path:
    found = importlib.util.find_spec("litellm")
    assert found is not None
    assert found.origin is not None
    return Path(found.origin).parent / "litellm_core_utils" / "tokenizers"
