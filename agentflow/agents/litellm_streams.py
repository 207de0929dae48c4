"""Streamed answers.

Found in LiteLLM 1.106: a stream that ends without a finish reason is given the reason `stop`, and
token counts that no provider has reported. What the provider has really said is in the chunks and
in `received_finish_reason`; or, if it came with the last piece of the text, in
`intermittent_finish_reason`, until another chunk comes. A chunk that holds only `reasoning_details`
is skipped.
"""

import asyncio
from typing import Any, Self

from agentflow.agents.litellm_answers import Answer, too_much, word_of
from agentflow.agents.litellm_settings import litellm
from agentflow.agents.litellm_thoughts import Thoughts, thinks
from agentflow.agents.litellm_tools import PartsOfCalls
from agentflow.agents.protocol import Ear, Reach
from agentflow.agents.worker import ANSWER_LIMIT


async def hear(stream: Any, model: str, ear: Ear, reached: Reach) -> tuple[Answer, float | None]:
    """Listen to a stream to its end; gives what came, and when its first piece did.

    That is by the clock of the event loop, in seconds; None if there was none. Raises what LiteLLM
    raises, and `AttemptError` if there is no end of it.
    """
    tap = _Tap(stream.completion_stream)
    if tap.listens:
        stream.completion_stream = tap
    pieces: list[str] = []
    calls, thoughts = PartsOfCalls(), Thoughts()
    size = 0
    began: float | None = None
    try:
        async for chunk in stream:
            piece = _piece(chunk)
            if piece is not None and began is None:
                began = asyncio.get_running_loop().time()
                reached("answering")
            size += calls.add(chunk) + len(piece or "")
            if chunk.choices:
                size += thoughts.add(chunk.choices[0].delta)
            if size > ANSWER_LIMIT:
                raise too_much(model, [*pieces, piece or ""])
            if piece:
                pieces.append(piece)
                ear(piece)
    finally:
        await stream.aclose()
    for delta in tap.detailed:
        thoughts.add_details(delta)
    received = stream.received_finish_reason or tap.reason or stream.intermittent_finish_reason
    reason = word_of(received)
    counted = [usage for chunk in stream.chunks if (usage := getattr(chunk, "usage", None))]
    response = litellm.ModelResponse(model=tap.model, usage=counted[-1] if counted else None)
    why = litellm.map_finish_reason(reason)
    answer = Answer(
        thoughts.take_from("".join(pieces)),
        why,
        reason,
        response,
        calls.whole(),
        began=began is not None or bool(tap.refusal),
        thoughts=thoughts.for_again(model),
        refusal=tap.refusal,
    )
    return answer, began


class _Tap:
    """A provider's own stream, of which is noted what does not come through LiteLLM.

    That is the model that it names, in whose place LiteLLM puts the one that was asked for, its
    finish `reason`, the `detailed` pieces: those with details of thoughts, and a `refusal`.
    """

    def __init__(self, chunks: Any) -> None:
        self._chunks = chunks
        #: The streams of some providers are opened later, or come in a thread.
        self.listens = hasattr(chunks, "__aiter__")
        self._iterator = aiter(chunks) if self.listens else None
        self.model: str | None = None
        self.reason: Any = None
        self.detailed: list[Any] = []
        self.refusal = ""

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Any:
        assert self._iterator is not None
        chunk = await anext(self._iterator)
        self.model = getattr(chunk, "model", None) or self.model
        choice = chunk.choices[0] if getattr(chunk, "choices", None) else None
        self.reason = getattr(choice, "finish_reason", None) or self.reason
        delta = getattr(choice, "delta", None)
        if getattr(delta, "reasoning_details", None):
            self.detailed.append(delta)
        self.refusal += word_of(getattr(delta, "refusal", None)) or ""
        return chunk

    def __getattr__(self, name: str) -> Any:
        return getattr(self._chunks, name)


def _piece(chunk: Any) -> str | None:
    """The text in a chunk of a stream; None if it says nothing at all, not even a thought."""
    if not chunk.choices:
        return None
    delta = chunk.choices[0].delta
    if delta.content:
        return str(delta.content)
    return "" if thinks(delta) or delta.tool_calls else None
