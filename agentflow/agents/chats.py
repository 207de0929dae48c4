"""The calls of `llm` agents. LiteLLM itself is met in `litellm_client`, and nowhere else."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from agentflow.agents.llm import Options
from agentflow.agents.prompts import messages
from agentflow.agents.protocol import AttemptError, Call, Host, Reply
from agentflow.agents.response_format import response_format
from agentflow.spec.cel.evaluate import EvaluationError
from agentflow.spec.expressions import ExpressionError
from agentflow.spec.model import FailureClass, Model, TextFile
from agentflow.spec.templates import Template, parse_template

if TYPE_CHECKING:
    from agentflow.agents.litellm_client import LiteLLM


class Chats:
    """The connection of the kind `llm`."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._prompts: dict[str, Template] = {}
        # The import takes seconds, in which the run can do other things.
        importer = ThreadPoolExecutor(1, "import of litellm")
        self._client = importer.submit(_import_client)
        importer.shutdown(wait=False)

    async def call(self, options: Options, call: Call) -> Reply:
        """Ask the model once, in exactly one request; its answer is the reply's text.

        Raises `AttemptError` with the class of what went wrong. An answer counts only if the
        provider has said that it is complete.
        """
        client = await self._imported()
        model = self._host.models.get(options.model) or Model(model=options.model)
        wanted = response_format(call.output_schema)
        if wanted is not None and not client.takes_schema(model.model):
            wanted = None
        try:
            said = messages(
                self._instructions(options),
                self._prompt(options.prompt),
                call,
                show_contract=wanted is None,
            )
        except (ExpressionError, EvaluationError) as error:
            raise AttemptError(FailureClass.REJECTED, f"in the prompt: {error.message}") from error
        return await client.complete(model, said, wanted, call.timeout)

    async def close(self) -> None:
        """Close the connections to the providers."""
        await asyncio.wait([asyncio.wrap_future(self._client)])
        if self._client.exception() is None:
            await self._client.result().close()

    async def _imported(self) -> "LiteLLM":
        try:
            # Shielded, since other calls wait for it, too.
            return await asyncio.shield(asyncio.wrap_future(self._client))
        except ImportError as error:
            message = f"cannot import litellm: {error}"
            raise AttemptError(FailureClass.REJECTED, message) from error

    def _instructions(self, options: Options) -> str | None:
        if isinstance(options.instructions, TextFile):
            return self._host.texts[options.instructions.file]
        return options.instructions

    def _prompt(self, text: str | None) -> Template | None:
        if text is None:
            return None
        if text not in self._prompts:
            self._prompts[text] = parse_template(text)
        return self._prompts[text]


def _import_client() -> "LiteLLM":
    from agentflow.agents.litellm_client import LiteLLM

    return LiteLLM()
