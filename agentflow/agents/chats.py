"""The calls of `llm` agents. They reach LiteLLM through `litellm_client` and in no other way."""

import asyncio
from typing import TYPE_CHECKING

from agentflow.agents.chat_request import ChatRequest
from agentflow.agents.images import Album, fields_shown, sent
from agentflow.agents.importing import Imported
from agentflow.agents.known_models import known_model
from agentflow.agents.llm import Options
from agentflow.agents.prompt_parts import parts_of
from agentflow.agents.prompts import Prompts
from agentflow.agents.protocol import AttemptError, Call, Ear, Host, Reply
from agentflow.agents.receipts import (
    Prompt,
    counted,
    receipt_of,
    refuse_if_cut,
    refuse_if_too_long,
)
from agentflow.agents.response_format import response_format, says_all
from agentflow.core.events import Receipt
from agentflow.plan.dialects import manner
from agentflow.plan.providers import streams
from agentflow.plan.windows import KnownModel
from agentflow.spec.model import FailureClass, Model

if TYPE_CHECKING:
    from agentflow.agents.litellm_client import LiteLLM


class Chats:
    """The connection of the kind `llm`."""

    library = "LiteLLM"

    def __init__(self, host: Host) -> None:
        self._host = host
        self._prompts = Prompts(host.texts)
        self._album = Album(host.root, host.folder)
        self._client = Imported("litellm", _import_client)

    @property
    def is_ready(self) -> bool:
        """Is LiteLLM there, or is it known not to come?"""
        return self._client.is_ready

    async def ready(self) -> None:
        """Wait for the import of LiteLLM, whatever comes of it."""
        await self._client.ready()

    async def call(self, options: Options, call: Call) -> Reply:
        """Ask the model in exactly one request; the reply is its text, or the calls it wants.

        Raises `AttemptError` with the class of what went wrong. An answer counts only if the
        provider has said that it is complete.
        """
        client = await self._client.get()
        model = self._host.models.get(options.model) or Model(model=options.model)
        known = known_model(model.model)
        given = manner(model.model, known)
        wanted = response_format(call.output_schema, given, has_tools=bool(call.tools))
        if wanted is not None and not client.takes_schema(model.model):
            wanted = None
        in_words = wanted is None or not says_all(call.output_schema, given)
        images = self._album.images(options, call, model)
        shown_as = [image.part for image in images]
        said = self._prompts.messages(options, call, model.model, shown_as, show_contract=in_words)
        parts = parts_of(self._prompts, options, call, wanted, show_contract=in_words)
        shown = fields_shown(options, call.input)
        prompt = Prompt(model, known, said, tuple(parts), tuple(call.input), shown)
        receipt = await _admitted(prompt, call)
        leaving, ear = sent(said, images), self._ear(model, known, call)
        request = ChatRequest(model, leaving, wanted, call.timeout, ear, call.tools, call.reached)
        # To read a tokenizer takes half a second: the request does not wait for it.
        counting = asyncio.create_task(counted(prompt, receipt))
        try:
            reply = await client.complete(request)
            receipt = await counting
        finally:
            counting.cancel()
        call.note(receipt, said)
        refuse_if_cut(receipt, reply)
        return reply

    def _ear(self, model: Model, known: KnownModel, call: Call) -> Ear | None:
        """Who hears the answer as it comes; None if it is to come as a whole.

        Raises `AttemptError` if it is to be a stream, and that cannot be read.
        """
        watcher, able = self._host.watcher, streams(model.model, known)
        if model.stream and not able:
            message = f"{model.model}: LiteLLM cannot read the streams of its provider"
            raise AttemptError(FailureClass.REJECTED, message)
        if model.stream is False or not able or (watcher is None and model.stream is None):
            return None
        return watcher(call.step) if watcher is not None else _unheard

    async def close(self) -> None:
        """Close the connections to the providers."""
        client = await self._client.loaded()
        if client is not None:
            await client.close()


async def _admitted(prompt: Prompt, call: Call) -> Receipt:
    """The receipt of a prompt that may be sent; it is noted, also of one that may not.

    Raises `AttemptError` for that.
    """
    receipt = await receipt_of(prompt)
    try:
        await refuse_if_too_long(prompt, receipt)
    except AttemptError:
        call.note(receipt, None)
        raise
    call.note(receipt, prompt.messages)
    return receipt


def _unheard(_piece: str) -> None:
    """Nobody looks on, but the model is to be asked for a stream."""


def _import_client() -> "LiteLLM":
    from agentflow.agents.litellm_client import LiteLLM

    return LiteLLM()
