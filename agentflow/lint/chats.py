"""The calls of chat models in a plan, and how much can go into their prompts.

The number of tokens in a text varies: plain English has about four characters to a token, and
hardly any text has more. An answer of a chat model has at most `max_output_tokens`.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property
from math import inf, isinf

from msgspec import Struct

from agentflow.contracts.descent import Descent
from agentflow.contracts.length import longest
from agentflow.contracts.size import size_of, size_of_fields
from agentflow.lint.keys import repeating
from agentflow.lint.prompts import reads
from agentflow.lint.rule import Context
from agentflow.plan.calls import callers, possible_calls
from agentflow.plan.steps import CallPlan, Plan, StepPlan
from agentflow.plan.windows import KnownModel, Window, window_of
from agentflow.spec.cel.syntax import Binary, Call, Comprehension, Expr, Select
from agentflow.spec.document import Path
from agentflow.spec.model import Model, TextFile
from agentflow.spec.templates import Constant, MapOf, Template, Text, Whole

#: Characters to a token of plain English.
ENGLISH = 4
#: Windows up to this many tokens are small: longer inputs occur every day.
SMALL = 32_768


class Chat(Struct, frozen=True, dict=True):
    """A call of a chat model by a step. `path` is where the model is defined, or else named."""

    step: StepPlan
    call: CallPlan
    model: Model
    known: KnownModel
    path: Path

    @property
    def agent(self) -> str:
        """The agent's name."""
        return self.call.agent

    @property
    def name(self) -> str:
        """What the spec calls the model."""
        return str(self.path[-1]) if len(self.path) == 2 else self.model.model

    @cached_property
    def window(self) -> Window | None:
        """The window of the model, if it is known."""
        return window_of(self.model, self.known)

    @property
    def prompt(self) -> str | None:
        """The agent's prompt, if it has one."""
        found: str | None = getattr(self.call.options, "prompt", None)
        return found


class Load(Struct, frozen=True):
    """A field that goes into a prompt, and how large it can get.

    `tokens` is its length in plain English, infinite if nothing bounds it. `path` is where it is
    given. `fan` is the `for_each` whose results it lists, if it is such a list.
    """

    field: str
    path: Path
    tokens: float
    fan: StepPlan | None


def chats(context: Context) -> Iterator[Chat]:
    """All calls of chat models, in the order of the steps."""
    plan = context.plan
    if plan is None:
        return
    for step in callers(plan):
        for call in possible_calls(step):
            name = getattr(call.options, "model", None) if call.chat is not None else None
            if isinstance(name, str):
                yield _chat(context, plan, step, call, name, ("agents", call.agent, "model"))


def calls_at_most(plan: Plan, chat: Chat) -> int:
    """How often a step is carried out at most, counting all items and iterations."""
    count = 1
    for outer in repeating(plan, chat.step.address):
        count *= outer.for_each.max if outer.for_each is not None else 1
        count *= outer.loop.max if outer.loop is not None and outer is not chat.step else 1
    return count


def fallbacks(context: Context, chat: Chat) -> Iterator[tuple[Chat, Path]]:
    """The models that take over for that of a call, each with the place that says so."""
    plan = context.plan
    for fallback in chat.call.fallbacks:
        assert plan is not None
        _, alias, rest = fallback.rule.split(".", 2)
        index = int(rest.partition("[")[2].rstrip("]"))
        path: Path = ("models", alias, "fallbacks", index)
        yield _chat(context, plan, chat.step, fallback.call, fallback.name, path), path


def models(context: Context) -> Iterator[Chat]:
    """All calls of chat models, fallbacks included, each model once."""
    seen: set[Path] = set()
    for chat in chats(context):
        for each in (chat, *(other for other, _ in fallbacks(context, chat))):
            if each.path not in seen:
                seen.add(each.path)
                yield each


def _chat(
    context: Context, plan: Plan, step: StepPlan, call: CallPlan, name: str, named: Path
) -> Chat:
    own = plan.pipeline.models.get(name)
    model = own or Model(model=name)
    path: Path = ("models", name) if own else named
    return Chat(step, call, model, context.known(model.model), path)


def tokens_of(text: str) -> int:
    """The tokens of a text, as if it were plain English."""
    return len(text) // ENGLISH


def known_tokens(context: Context, chat: Chat, parts: Iterable[Load]) -> int:
    """The length of the longest prompt, without the fields that nothing bounds."""
    assert context.plan is not None
    bounded = sum(load.tokens for load in parts if not isinf(load.tokens))
    return int(bounded) + tokens_of(instructions(context.plan, chat))


def instructions(plan: Plan, chat: Chat) -> str:
    """The words of a prompt that the author wrote."""
    return own_words(plan, chat.call)


def own_words(plan: Plan, call: CallPlan) -> str:
    """The same for a call of a plan."""
    said = getattr(call.options, "instructions", None) or ""
    text = plan.texts.get(said.file, "") if isinstance(said, TextFile) else said
    return text + (getattr(call.options, "prompt", None) or "")


def given(chat: Chat) -> Iterator[tuple[str, Template, Path]]:
    """The fields that go into a prompt, at least in part, and where each is given."""
    for name, template, path in _arguments(chat):
        if reads(chat.prompt, name):
            yield name, template, path


def shown(chat: Chat) -> Iterator[tuple[str, Template, Path]]:
    """The fields that a model gets to see, at least in part, sources of images included."""
    images: list[str] = getattr(chat.call.options, "images", [])
    for name, template, path in _arguments(chat):
        if reads(chat.prompt, name) or any(reads(image, name) for image in images):
            yield name, template, path


def _arguments(chat: Chat) -> Iterator[tuple[str, Template, Path]]:
    at = _given(chat)
    for name, template in entries(chat.call.arguments):
        yield name, template, (*at, name)


def loads(context: Context, chat: Chat, *, proven: bool = True) -> Iterator[Load]:
    """How large the fields in the prompt of a call can get.

    A field that need not reach the length its contract allows counts as that length, or as nothing
    if it has to be `proven`.
    """
    assert context.plan is not None
    root, descent = chat.call.input.schema, Descent()
    for name, template, path in given(chat):
        wanted = longest(descent.into(root, root, name), root)
        if isinstance(template, Constant):
            length = longest({"const": template.value})
        elif proven:
            length = min(wanted, _certain(context, template, chat.step.address))
        else:
            given_here = context.types.of(template, chat.step.address)
            taken = wanted if size_of_fields(root, [name]).field is None else inf
            length = min(taken, longest(given_here) if size_of(given_here).field is None else inf)
        source, whole = _source(context, path)
        fan = source if source is not None and source.for_each is not None and whole else None
        most = _most_said(source, fan)
        yield Load(name, path, min(length / ENGLISH, most), fan)


def _certain(context: Context, written: Template | Expr, place: str) -> float:
    """How many characters a value can certainly have, if its contracts mean what they say.

    The result of an operator need not reach the length that its type allows. Where values are only
    put together, it is the sum of theirs.
    """
    source: Template | Expr = written
    match written.expr if isinstance(written, Whole) else written:
        case Text(parts):
            return sum(
                len(part) if isinstance(part, str) else _certain(context, part, place)
                for part in parts
            )
        case Binary("+", one, other):
            return _certain(context, one, place) + _certain(context, other, place)
        case Call("json" | "join", args):
            return _certain(context, args[0], place)
        case Comprehension("map", items, _, Select()):
            source = items  # a part of each item is taken, so there are as many
    exact = context.types.exact(source, place)
    return longest(context.types.of(written, place)) if exact else 0.0


def _given(chat: Chat) -> Path:
    """Where the arguments of a call stand."""
    path = chat.step.path
    if len(path) > 1 and path[-2] == "workers":
        return (*path[:-2], "with")
    return (*path, "with")


def _source(context: Context, path: Path) -> tuple[StepPlan | None, bool]:
    """The only step whose output is given at a path, if any, and whether all of it is."""
    assert context.plan is not None
    found = context.uses_within.get(path, ())
    if len(found) != 1 or found[0].reference.path[1:2] != ("output",):
        return None, False
    return context.plan.steps.get(found[0].target or ""), len(found[0].reference.path) == 2


def _most_said(source: StepPlan | None, fan: StepPlan | None) -> float:
    """The most tokens in the answer of a step, if a chat model gives it."""
    if source is None or source.call is None or source.call.chat is None:
        return inf
    limit = source.call.chat.max_output_tokens
    times = fan.for_each.max if fan is not None and fan.for_each is not None else 1
    return inf if limit is None else limit * times


def entries(arguments: Template) -> Iterator[tuple[str, Template]]:
    """The arguments that are handed over by name."""
    match arguments:
        case MapOf(entries):
            yield from entries
        case Constant(dict() as fields):
            yield from ((str(name), Constant(value)) for name, value in fields.items())
