"""How much a chat model takes in: what the spec says of it, or else what is known of it.

The figures of a table are no part of the plan: a run has to be decided alike wherever it is
replayed, and tables change. They serve the linter and the calls themselves.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Literal, TypeAlias

from msgspec import Struct

from agentflow.spec.model import Model

if TYPE_CHECKING:
    from agentflow.plan.enforcement import Held

#: Providers that silently cut a prompt that is too long. Whoever starts their servers sets the
#: window, so that of the model says nothing.
_CUTTING = frozenset({"ollama", "ollama_chat"})


class KnownModel(Struct, frozen=True):
    """What is known of a chat model without asking its provider; None means unknown.

    `input_limit` and `output_limit` are in tokens, `price` in US dollars for a million tokens in
    and out. With `native_schema` its provider can hold it to a schema by itself. `refuses` are the
    parameters with which every call of it is refused, and `refused_efforts` the values of
    `reasoning_effort`. Of a model that is not known at all, `nearest` is one whose name it may have
    been meant to be.
    """

    provider: str | None = None
    input_limit: int | None = None
    output_limit: int | None = None
    price: tuple[float, float] | None = None
    vision: bool | None = None
    response_schema: bool | None = None
    native_schema: bool | None = None
    reasoning: bool | None = None
    refuses: frozenset[str] = frozenset()
    refused_efforts: frozenset[str] = frozenset()
    nearest: str | None = None


#: Nothing is known.
UNKNOWN = KnownModel()
#: Gives what is known of a model, by its name at LiteLLM.
ModelTable = Callable[[str], KnownModel]


def nothing_known(_model: str) -> KnownModel:
    """Knows no model."""
    return UNKNOWN


class Window(Struct, frozen=True):
    """The tokens that a call has room for, with `shared` including those of the answer."""

    tokens: int
    shared: bool

    def needed(self, prompt: int, answer: int | None) -> int:
        """How many of its tokens a call takes. `answer` is the longest answer, if that is known."""
        return prompt + (answer or 0 if self.shared else 0)


def window_of(model: Model, known: KnownModel) -> Window | None:
    """The window of a model; None if it is not known.

    A window that the author writes is for prompt and answer together. What tables have is the limit
    of the prompt, and with some models the answer has room of its own beside it.
    """
    if model.window is not None:
        return Window(model.window, shared=True)
    if known.input_limit is None or cuts(model.model):
        return None
    return Window(known.input_limit, shared=False)


class Fit(Struct, frozen=True):
    """Whether the longest prompt of a call, and its answer, fit into the window of its model.

    `tokens` are those of that prompt, `window` those that there is room for. If it is `unbounded`,
    then by `field` of the spec; if it is `unknown`, then because the window is. `held` is how the
    model is given its contract.
    """

    agent: str
    model: str
    held: "Held"
    verdict: Literal["proven", "likely", "overflow", "unbounded", "unknown"]
    tokens: int | None = None
    window: int | None = None
    field: str | None = None


#: Those of the calls of a step, by the file of its pipeline and its address there.
Fits: TypeAlias = Mapping[tuple[str, str], tuple[Fit, ...]]


def sees_nothing(model: Model, known: KnownModel) -> bool:
    """Is a model known to take no images? At an address of its own, it may be any model."""
    return known.vision is False and model.api_base is None


def cuts(model: str) -> bool:
    """Does the provider of a model silently cut prompts that are too long?"""
    return model.partition("/")[0] in _CUTTING
