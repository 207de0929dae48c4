"""What becomes of a contract on its way to a chat model: who is held to it, and to how much.

LiteLLM hands a JSON Schema on in the form that a provider takes. Some providers let their models
produce nothing else, each with keywords of JSON Schema that it knows; to others LiteLLM offers the
contract as a tool that the model is to call, which it can do wrong; the rest are told in words.

Sources: https://docs.claude.com/en/docs/build-with-claude/structured-outputs and what
`litellm/llms/anthropic/chat/transformation.py` takes out of a schema;
https://ai.google.dev/api/generate-content#FIELDS.response_json_schema;
https://docs.x.ai/developers/model-capabilities/text/structured-outputs;
https://console.groq.com/docs/structured-outputs, where only `strict` is a guarantee, for some
models and with keywords that it does not list; https://api-docs.deepseek.com/guides/json_mode and
https://github.com/BerriAI/litellm/issues/7580, where a schema is refused; the table of models in
LiteLLM's package (`supports_response_schema`, `supports_native_structured_output`).
"""

import re
from collections.abc import Iterator, Mapping
from enum import Enum, auto

from agentflow.plan.windows import KnownModel
from agentflow.spec.model import Json


class Manner(Enum):
    """How a model is given its contract."""

    STRICT = auto()  #: OpenAI's dialect, which `enforced` brings a contract into
    CLAUDE = auto()  #: a grammar; what is not in it LiteLLM adds to the descriptions
    GOOGLE = auto()  #: a grammar; what is not in it goes unread
    XAI = auto()  #: a grammar, of which only so much is known as its provider documents
    ASKED = auto()  #: as response format, which its provider takes for a wish
    SENT = auto()  #: as response format, and nobody knows what becomes of it
    TOOL = auto()  #: as the arguments of a tool
    WORDS = auto()  #: in the system message


#: Providers whose every model takes a schema, for LiteLLM.
_ALWAYS = frozenset({"databricks", "fireworks_ai", "lm_studio", "nebius", "predibase"})
#: Providers that LiteLLM's table says take a schema, and that refuse it, or that LiteLLM refuses to
#: hand it on to.
_REFUSING = frozenset(
    {"aihubmix", "amazon_nova", "cohere_chat", "deepseek", "github_copilot", "lemonade"}
    | {"llamagate", "replicate", "snowflake"}
)
_OPENAI = frozenset({"openai", "azure"})
_CLAUDE = ("anthropic", "bedrock", "vertex_ai-anthropic")
_GOOGLE = ("gemini", "vertex_ai-language")
#: The models that LiteLLM sends a JSON Schema as it is.
_GEMINI = re.compile(r"gemini-(?:[2-9]|[1-9]\d+)(?:\.|-)")
#: What Claude's grammar has no form for.
_LOST_ON_CLAUDE = frozenset(
    {"contains", "dependentRequired", "dependentSchemas", "else", "exclusiveMaximum", "if"}
    | {"exclusiveMinimum", "maxContains", "maxItems", "maxLength", "maxProperties", "maximum"}
    | {"minContains", "minItems", "minLength", "minProperties", "minimum", "multipleOf", "not"}
    | {"oneOf", "patternProperties", "prefixItems", "propertyNames", "then", "uniqueItems"}
    | {"unevaluatedProperties"}
)
#: What Google does not read, of all that can refuse a value. An `oneOf` is an `anyOf` there.
_LOST_ON_GOOGLE = (
    _LOST_ON_CLAUDE - frozenset({"maxItems", "maximum", "minItems", "minimum", "prefixItems"})
) | frozenset({"allOf", "const", "pattern", "unevaluatedItems"})
#: An `oneOf` is an `anyOf` at xAI, too.
_LOST_ON_XAI = frozenset({"oneOf"})
_INNER = ("items", "additionalProperties", "contains", "not", "if", "then", "else", "propertyNames")
_LISTS = ("anyOf", "oneOf", "allOf", "prefixItems")
_MAPS = ("properties", "$defs", "definitions", "patternProperties", "dependentSchemas")


def manner(model: str, known: KnownModel) -> Manner:
    """How a model, by its name at LiteLLM, is given a contract whose root is an object."""
    prefix, slash, _ = model.partition("/")
    provider = known.provider or prefix
    if (prefix if slash else provider) in _ALWAYS:
        return Manner.SENT
    if not known.response_schema or provider in _REFUSING:
        return Manner.WORDS
    if provider in _OPENAI:
        return Manner.STRICT
    if provider.startswith(_CLAUDE):
        return Manner.CLAUDE if known.native_schema else Manner.TOOL
    if provider.startswith(_GOOGLE) and _GEMINI.search(model.lower()):
        return Manner.GOOGLE
    if provider == "xai":
        return Manner.XAI
    if provider == "groq":
        return Manner.ASKED
    return Manner.SENT


def lost(contract: Json, manner: Manner) -> tuple[str, ...]:
    """The keywords of a contract that a model is not held to where it is held at all, in order."""
    match manner:
        case Manner.CLAUDE:
            names = _LOST_ON_CLAUDE
        case Manner.GOOGLE:
            names = _LOST_ON_GOOGLE
        case Manner.XAI:
            names = _LOST_ON_XAI
        case _:
            return ()
    return tuple(sorted(names.intersection(_keywords(contract))))


def _keywords(schema: Json) -> Iterator[str]:
    """All keywords that refuse something, in a schema and in those within it."""
    if not isinstance(schema, Mapping):
        return
    for keyword, value in schema.items():
        if value is not False or keyword not in ("uniqueItems", "unevaluatedProperties"):
            yield keyword
        if keyword in _INNER:
            yield from _keywords(value)
        elif keyword in _LISTS:
            for inner in value:
                yield from _keywords(inner)
        elif keyword in _MAPS:
            for inner in value.values():
                yield from _keywords(inner)
