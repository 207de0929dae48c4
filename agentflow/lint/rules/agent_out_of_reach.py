"""A prompt tells the model to use an agent or a tool that it cannot reach.

A model can call only what its `tools` list, and can hand over only by an answer that a later step
acts on. If it is told to transfer to an agent, or to use a tool, that it cannot reach, all it can
do is claim that it did. Add the tool, or take the instruction out of the prompt. Verbs are
recognized in English. In any language, the name of an agent in quotation marks (`writer`, «writer»)
or with a `_` in it is taken for that agent, unless its step comes before or after.

Bad:

    agentflow: 1
    name: stories
    inputs:
      type: object
      additionalProperties: false
      required: [wish]
      properties: {wish: {type: string, maxLength: 400}}
    agents:
      chooser:
        kind: llm
        model: openai/gpt-5-mini
        instructions: Choose a prompt that fits the wish, then transfer to the `writer`.
        input: {type: object, required: [wish], properties: {wish: {type: string, maxLength: 400}}}
        output: {type: string, maxLength: 4000}
      writer:
        kind: llm
        model: openai/gpt-5
        instructions: Write the story.
        input: {type: object, required: [wish], properties: {wish: {type: string, maxLength: 400}}}
        output: {type: string, maxLength: 4000}
    steps:
      choose: {agent: chooser, with: {wish: "${{ inputs.wish }}"}}
      write: {agent: writer, with: {wish: "${{ inputs.wish }}"}}
    outputs: {prompt: "${{ steps.choose.output }}", story: "${{ steps.write.output }}"}

Says:

    12:77 'chooser' is told to turn to 'writer', which it cannot reach

Good:

    agentflow: 1
    name: stories
    inputs:
      type: object
      additionalProperties: false
      required: [wish]
      properties: {wish: {type: string, maxLength: 400}}
    agents:
      chooser:
        kind: llm
        model: openai/gpt-5-mini
        instructions: Choose a prompt that fits the wish, then have the `writer` write by it.
        tools: [{agent: writer}]
        input: {type: object, required: [wish], properties: {wish: {type: string, maxLength: 400}}}
        output: {type: string, maxLength: 4000}
      writer:
        kind: llm
        model: openai/gpt-5
        description: Writes a story.
        instructions: Write the story.
        input: {type: object, required: [wish], properties: {wish: {type: string, maxLength: 400}}}
        output: {type: string, maxLength: 4000}
    steps:
      choose: {agent: chooser, with: {wish: "${{ inputs.wish }}"}}
    outputs: {story: "${{ steps.choose.output }}"}
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from msgspec import Struct

from agentflow.findings import Finding, Related, Severity
from agentflow.lint.chats import Chat, chats
from agentflow.lint.rule import Context, Family
from agentflow.lint.texts import Written
from agentflow.plan import address
from agentflow.plan.address import enclosing
from agentflow.plan.calls import callers, home_of, possible_calls
from agentflow.plan.steps import Plan, StepPlan
from agentflow.spec.document import Path
from agentflow.spec.model import AgentTool, offered_tools
from agentflow.spec.nearest import nearest
from agentflow.spec.wording import quoted

NAME = "agent-out-of-reach"
FAMILY = Family.REFERENCE
SEVERITY = Severity.WARNING

#: How a text says that its reader is to turn to somebody.
_TURN = (
    r"\b(?:(?:transfer|hand|delegate|route|forward|pass|refer|escalate|dispatch|assign|turn|send|switch)\w*\b"
    r"[^.;\n]{0,40}?\bto|call|use|using|invoke|ask|consult|run|query)\s+"
)
_WHO = (
    r"(?:(?:the|your|an?)\s+)?(?P<before>(?:agent|tool|function)\s+)?"
    r"(?P<mark>[`'\"]?)(?P<name>[A-Za-z]\w*(?:[ ]\w+){0,2})"
    r"(?P<call>\()?(?P=mark)(?P<after>\s+(?:agent|assistant|tool|function)s?\b)?"
)
_TOLD = re.compile(_TURN + _WHO, re.IGNORECASE)
#: Verbs that nobody but one who has others to turn to is told; after them, a plain name is meant
#: too.
_STRONG = re.compile(
    r"\b(?:transfer|delegate|dispatch|escalate|hand(?:ing|s)?[ -]?(?:off|over))\w*\b[^.;\n]{0,40}?\bto\s+"
    r"(?:the\s+)?(?P<name>[a-z]\w*)(?=\s*(?:[.,;:!?)\n]|$|when\b|once\b|if\b|as\b|for\b|and\b|after\b|then\b))",
    re.IGNORECASE,
)
#: A name in marks, or one that is no word of any language.
_MARKED = re.compile(
    r"[`'\"\u201c\u201e\u00ab\u300c]\s?(?P<name>[a-z]\w*)\s?[`'\"\u201c\u201d\u00bb\u300d]|(?<![\w.\"'`/-])(?P<word>[a-z]\w*_\w+)(?![\w.(=-])"
)
_CALLED = re.compile(r"\s(?:agent|assistant|tool|function)s?\b.*", re.IGNORECASE)
_ADVICE = "offer it in 'tools', or let the answer name it and a step choose by that"
_NEGATED = re.compile(
    r"\b(?:not|never|don't|cannot|can't|without|no need to|instead of)\b[^.;\n]*$", re.I
)


class _Team(Struct, frozen=True):
    """All agents and tools of a pipeline, with where each is described.

    `inside` are the agents that are called at each address, or further in.
    """

    everybody: Mapping[str, Path]
    inside: Mapping[str, Collection[str]]


def check(context: Context) -> Iterator[Finding]:
    """Each agent that a model is told to turn to, and each tool it is told of, but cannot reach."""
    plan = context.plan
    if plan is None:
        return
    team = _Team(_everybody(plan), _inside(plan))
    seen: set[Path] = set()
    for chat in chats(context):
        home = home_of(chat.step, chat.call)
        if home not in seen and not _names_nobody(plan, chat):
            seen.add(home)
            yield from _of_model(context, plan, chat, home, team)


def _names_nobody(plan: Plan, chat: Chat) -> bool:
    """Is an agent among the tools that does not exist? What is out of reach may be that one."""
    tools = offered_tools(chat.call.options)
    return any(isinstance(t, AgentTool) and t.agent not in plan.pipeline.agents for t in tools)


def _of_model(
    context: Context, plan: Plan, chat: Chat, home: Path, team: _Team
) -> Iterator[Finding]:
    from agentflow.lint.tool_words import tool_by_name, writes_code

    reach = {chat.agent, *chat.call.tools, *_named(context, plan, chat)}
    said: set[str] = set()
    texts = context.told[home]
    for text in texts:
        codes = writes_code(text.text)
        for found in _TOLD.finditer(text.text):
            name = _meant(found, team.everybody)
            if name is None and not codes:
                name = tool_by_name(found["name"], called=found["call"] is not None)
                name = None if name in _words(chat) else name
            before = text.text[max(0, found.start() - 40) : found.start()]
            if name is None or name in reach | said or _NEGATED.search(before):
                continue
            said.add(name)
            place = text.place(context.document, found, "name")
            if name in team.everybody:
                message = f"is told to turn to {quoted(name)}, which it cannot reach"
                where = context.document.locate_key(team.everybody[name])
                related: tuple[Related, ...] = (Related(quoted(name), where),)
            else:
                message, related = f"is told of a tool {quoted(name)} that it does not have", ()
            near = nearest(name, chat.call.tools)
            advice = f"did you mean {quoted(near)}?" if near else _ADVICE
            message = f"{quoted(chat.agent)} {message}"
            yield Finding(NAME, SEVERITY, message, place, advice, related)
        yield from _told_of(context, plan, chat, text, team, reach | said)
    if not said:
        yield from _without_tools(context, chat, texts)


def _told_of(
    context: Context, plan: Plan, chat: Chat, text: Written, team: _Team, known: set[str]
) -> Iterator[Finding]:
    """Agents whose names can mean nothing else in a text, and those that it is to hand over to."""
    beside: set[str] | None = None
    for name, group, found in _others(text.text):
        if beside is None:
            beside = known | _beside(plan, chat.step, team)
        if name in beside:
            continue
        if name in team.everybody:
            said = f"is told of {quoted(name)}, which it cannot reach"
            place = context.document.locate_key(team.everybody[name])
            related: tuple[Related, ...] = (Related(quoted(name), place),)
        elif _is_nobody(name, found, chat):
            said, related = f"is told to turn to {quoted(name)}, and there is no such agent", ()
        else:
            continue
        beside.add(name)
        yield Finding(
            NAME,
            SEVERITY,
            f"{quoted(chat.agent)} {said}",
            text.place(context.document, found, group),
            _ADVICE,
            related,
        )


def _without_tools(context: Context, chat: Chat, texts: Sequence[Written]) -> Iterator[Finding]:
    """About the first words of tools to a model that has none, and does not search by itself."""
    from agentflow.lint.tool_words import brings_its_own, speaks_of_tools

    if chat.call.tools or brings_its_own(chat.model):
        return
    for text in texts:
        for found in speaks_of_tools(text.text):
            if not _NEGATED.search(text.text[max(0, found.start() - 40) : found.start()]):
                yield Finding(
                    NAME,
                    SEVERITY,
                    f"{quoted(chat.agent)} is told of tools, and has none",
                    text.place(context.document, found),
                    "offer them in 'tools', or give it in 'with' what they would tell it",
                )
                return


def _is_nobody(name: str, found: re.Match[str], chat: Chat) -> bool:
    """Is work to be handed to somebody by a name that only an agent can have, and none has?"""
    return found.re is _STRONG and "_" in name and name not in _words(chat)


def _words(chat: Chat) -> frozenset[str]:
    """What the contracts of a call have a word for."""
    schemas = json.dumps([dict(chat.call.input.schema), dict(chat.call.output.schema)])
    return frozenset(re.findall(r"\w+", schemas.lower()))


def _others(text: str) -> Iterator[tuple[str, str, re.Match[str]]]:
    """The names of existing agents in a text, in whatever language it is."""
    for found in _STRONG.finditer(text):
        if not _NEGATED.search(text[max(0, found.start() - 40) : found.start()]):
            yield found["name"].lower(), "name", found
    for found in _MARKED.finditer(text):
        group = "name" if found["name"] else "word"
        if not _NEGATED.search(text[max(0, found.start() - 40) : found.start()]):
            yield found[group], group, found


def _beside(plan: Plan, at: StepPlan, team: _Team) -> set[str]:
    """The agents of all steps that come before a step or after it: a text may well tell of them."""
    found = {call.agent for call in possible_calls(at)}
    for place in enclosing(at.address):
        step = plan.steps.get(place)
        scope = address.parent(place) or ""
        for way in ("upstream", "downstream") if step is not None else ():
            pending, seen = [place], {place}
            while pending:
                here = plan.steps.get(pending.pop())
                names = getattr(here, way) if here is not None else ()
                new = {address.child(scope, name) for name in names} - seen
                seen |= new
                pending += new
            found.update(*(team.inside.get(one, ()) for one in seen - {place}))
    return found


def _inside(plan: Plan) -> dict[str, set[str]]:
    """The agents that are called at each address, or further in."""
    found: dict[str, set[str]] = {}
    for step in callers(plan):
        agents = [call.agent for call in possible_calls(step)]
        for place in enclosing(step.address):
            found.setdefault(place, set()).update(agents)
    return found


def _meant(found: re.Match[str], everybody: Mapping[str, Path]) -> str | None:
    """Whom a text means: an agent or tool there is, or a tool by a name that can be no other word.

    A name that is an everyday word counts only in quotes, or where it is called an agent or a tool.
    """
    called = found["before"] or found["after"] or _CALLED.search(found["name"])
    words = _CALLED.sub("", found["name"]).lower().split()
    for count in range(len(words), 0, -1):
        name = "_".join(words[:count])
        if name in everybody and (found["mark"] or called or "_" in name):
            return name
    technical = len(words) == 1 and (found["mark"] or "_" in words[0])
    return words[0] if called and technical else None


def _everybody(plan: Plan) -> dict[str, Path]:
    """All agents and tools of a pipeline, with where each is described."""
    found: dict[str, Path] = {name: ("agents", name) for name in plan.pipeline.agents}
    for step in callers(plan):
        for call in (step.call,) if step.call is not None else ():
            for name, tool in call.tools.items():
                found.setdefault(name, tool.step.path)
    return found


def _named(context: Context, plan: Plan, chat: Chat) -> set[str]:
    """What the answer of a model may name so that a step goes on with it."""
    schema = json.dumps(chat.call.output.schema)
    names = set(re.findall(r'"([a-z]\w*)"', schema))
    readers = {use.reader for use in context.uses_of.get(chat.step.address, ())}
    for reader in readers & plan.steps.keys():
        step = plan.steps[reader]
        names.update(step.among, step.cases)
        if step.delegate is not None:
            names.update(step.delegate.workers)
            names.update(str(worker.agent) for worker in step.delegate.workers.values())
    return names
