"""A prompt asks for a field, or a choice, by another name than the contract uses.

The model is told one thing, and its answer is checked against another. It obeys one of the two:
either its answer is refused again and again, or the field comes with a value that nobody explained.
Use the names of the contract in the prompt. The same goes for a number of items that does not fit
the list of that name: "exactly five ideas", and `maxItems: 3`.

Bad:

    agentflow: 1
    name: posts
    inputs:
      type: object
      additionalProperties: false
      required: [post]
      properties: {post: {type: string, maxLength: 1000}}
    agents:
      checker:
        kind: llm
        model: openai/gpt-5-mini
        instructions: 'Is the post fit to print? Answer as {"pass": true or false, "reason": TEXT}.'
        input: {type: object, required: [post], properties: {post: {type: string, maxLength: 1000}}}
        output:
          type: object
          additionalProperties: false
          required: [valid, reason]
          properties: {valid: {type: boolean}, reason: {type: string, maxLength: 400}}
    steps:
      check: {agent: checker, with: {post: "${{ inputs.post }}"}}
    outputs: {fit: "${{ steps.check.output.valid }}", why: "${{ steps.check.output.reason }}"}

Says:

    12:58 'checker' is asked for 'pass', and its contract has no such field

Good:

    agentflow: 1
    name: posts
    inputs:
      type: object
      additionalProperties: false
      required: [post]
      properties: {post: {type: string, maxLength: 1000}}
    agents:
      checker:
        kind: llm
        model: openai/gpt-5-mini
        instructions: 'Is the post fit to print? Answer as {"valid": true or false, "reason": TEXT}.'
        input: {type: object, required: [post], properties: {post: {type: string, maxLength: 1000}}}
        output:
          type: object
          additionalProperties: false
          required: [valid, reason]
          properties: {valid: {type: boolean}, reason: {type: string, maxLength: 400}}
    steps:
      check: {agent: checker, with: {post: "${{ inputs.post }}"}}
    outputs: {fit: "${{ steps.check.output.valid }}", why: "${{ steps.check.output.reason }}"}
"""

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from agentflow.contracts.describe import listed
from agentflow.contracts.keywords import Schema
from agentflow.contracts.shape import types_of
from agentflow.findings import Finding, Related, Severity
from agentflow.lint.chats import chats
from agentflow.lint.names import Suggestions
from agentflow.lint.rule import Context, Family
from agentflow.lint.stems import stem
from agentflow.lint.texts import Written
from agentflow.plan.calls import home_of
from agentflow.plan.schemas import Contract, past_references, values_of
from agentflow.plan.steps import CallPlan
from agentflow.spec.document import Path
from agentflow.spec.wording import quoted

NAME = "field-called-otherwise"
FAMILY = Family.CONTRACT
SEVERITY = Severity.WARNING

#: A request for an answer, somewhere before the names of its fields.
_ASKED = re.compile(
    r"\b(?:answer|reply|respond|return|output|give|format|say|write|report|produce)\b",
    re.IGNORECASE,
)
_REACH = 300
_NEAR = 60
_KEY = re.compile(r"""["'`](?P<name>[A-Za-z_]\w{1,40})["'`]\s*:""")
_LABEL = re.compile(
    r"\b(?P<name>[A-Z]\w{1,40}):[\"'`]?\s*[\"'`<\[(]*(?:true|false|yes\W+(?:or\W+)?no)\b"
)
_FIELD = re.compile(
    r"""\b(?:field|key|property)\s+(?:called\s+|named\s+)?["'`](?P<name>\w{2,40})["'`]""",
    re.IGNORECASE,
)
_PUT = re.compile(
    r"""\b(?:in|into|set|fill|under)\s+["'`](?P<name>[a-z]\w{1,40})["'`](?=\s+(?:whether|what|how|why|which|who|to)\b)""",
    re.IGNORECASE,
)
_ONE_WORD = re.compile(r"[\w-]+")
_EXPRESSION = re.compile(r"\$\{\{.*?\}\}", re.DOTALL)


def check(context: Context) -> Iterator[Finding]:
    """Each name of a field that a model is asked for and that nothing of its contracts has."""
    plan = context.plan
    if plan is None:
        return
    suggestions = Suggestions()
    seen: set[Path] = set()
    for chat in chats(context):
        home = home_of(chat.step, chat.call)
        fields = _fields(chat.call)
        if home in seen or not fields:
            continue
        seen.add(home)
        texts = context.told[home]
        for text, found in _odd(chat.call, texts, fields):
            name = found["name"]
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(chat.agent)} is asked for {quoted(name)}, "
                "and its contract has no such field",
                location=text.place(context.document, found, "name"),
                help=suggestions.help(name, fields, "call it as the contract does"),
                related=(
                    Related("the contract is here", context.document.locate_key((*home, "output"))),
                ),
            )
        yield from _amounts(context, chat.agent, home, texts, chat.call)
        for text, found, field in _odd_values(texts, fields, chat.call.output.schema):
            values = values_of(Contract(fields[field], chat.call.output.schema)) or ()
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(chat.agent)} is asked for {quoted(found['name'])}, "
                f"and {quoted(field)} is {listed([quoted(str(value)) for value in values], 'or')}",
                location=text.place(context.document, found, "name"),
                help="call it as the contract does",
                related=(
                    Related("the contract is here", context.document.locate_key((*home, "output"))),
                ),
            )


def _amounts(
    context: Context, agent: str, home: Path, texts: Sequence[Written], call: CallPlan
) -> Iterator[Finding]:
    """Each number of items that a list of the answer cannot have."""
    from agentflow.lint.asked_amounts import odd_amounts

    for odd in odd_amounts(texts, _fields(call), call.output.schema):
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(agent)} is asked for {quoted(odd.found[0])}, "
            f"and {quoted(odd.field)} takes {odd.takes}",
            location=odd.text.place(context.document, odd.found),
            help="ask for as many as the contract takes",
            related=(
                Related("the contract is here", context.document.locate_key((*home, "output"))),
            ),
        )


def _odd(
    call: CallPlan, texts: Sequence[Written], fields: Mapping[str, Schema]
) -> Iterator[tuple[Written, re.Match[str]]]:
    """The names that nothing of a call has, each once.

    Where all fields of the answer are spoken of, another name in quotes is taken to be about
    something else.
    """
    spoken = {word for text in texts for word in map(_plain, re.findall(r"\w+", text.text))}
    missing = {_plain(name) for name in fields} - spoken
    decides = any(_is_decision(schema, call.output.schema) for schema in fields.values())
    patterns = ((_LABEL,) if decides else ()) + ((_KEY, _FIELD, _PUT) if missing else ())
    known = _words(call)
    for text in texts:
        blank = _EXPRESSION.sub(lambda found: " " * len(found[0]), text.text)
        for found in (one for pattern in patterns for one in pattern.finditer(blank)):
            before = blank[max(0, found.start() - _REACH) : found.end()]
            if _plain(found["name"]) not in known and _ASKED.search(before):
                known.add(_plain(found["name"]))
                yield text, found
        for found in _odd_of_lists(blank, fields, known, missing):
            known.add(_plain(found["name"]))
            yield text, found


def _odd_of_lists(
    text: str, fields: Mapping[str, Schema], known: Collection[str], missing: Collection[str]
) -> Iterator[re.Match[str]]:
    """Of names side by side that are asked for, those that no field has, if there may be as many.

    Some of them have to be fields, or else they are as many as the fields, and have just been asked for.
    """
    from agentflow.lint.asked_names import lists_of_names

    names = {_plain(name) for name in fields}
    for found in lists_of_names(text) if missing else ():
        odd = [one for one in found if _plain(one["name"]) not in known]
        start = found[0].start()
        asked = _ASKED.search(text[max(0, start - _REACH) : start]) is not None
        close = _ASKED.search(text[max(0, start - _NEAR) : start]) is not None
        right = sum(_plain(one["name"]) in names for one in found)
        meant = right > 1 or (asked and right) or (close and len(found) == len(fields))
        if meant and len(odd) <= len(missing):
            yield from odd


def _odd_values(
    texts: Sequence[Written], fields: Mapping[str, Schema], root: Schema
) -> Iterator[tuple[Written, re.Match[str], str]]:
    """Of words to choose from, those that the field with the others cannot be, with the field."""
    from agentflow.lint.asked_names import lists_of_values

    spoken = {stem(word) for text in texts for word in re.findall(r"[\w-]+", text.text)}
    for name, field in fields.items():
        values = values_of(Contract(field, root)) or ()
        known = {stem(value) for value in values if isinstance(value, str)}
        missing = known - spoken
        one_word = all(isinstance(value, str) and _ONE_WORD.fullmatch(value) for value in values)
        for text in texts if missing and one_word and len(known) > 2 else ():
            for found in lists_of_values(text.text):
                odd = [one for one in found if stem(one["name"]) not in known]
                if len(found) - len(odd) > 1 and len(odd) <= len(missing):
                    yield from ((text, one, name) for one in odd)


def _fields(call: CallPlan) -> Mapping[str, Schema]:
    """The fields of the answer, if it is an object that names them."""
    schema = dict(call.output.schema)
    own = past_references(Contract(schema, schema))
    if not isinstance(own, dict) or types_of(own, schema) != {"object"}:
        return {}
    properties: Mapping[str, Schema] = own.get("properties", {})
    return properties


def _is_decision(field: Schema, root: Schema) -> bool:
    """Is it true or false, or one of two?"""
    return len(values_of(Contract(field, root)) or ()) == 2


def _words(call: CallPlan) -> set[str]:
    """All that a contract or a tool of a call has a name for."""
    calls = [call, *(tool.step.call for tool in call.tools.values() if tool.step.call is not None)]
    schemas = [dict(schema) for one in calls for schema in (one.input.schema, one.output.schema)]
    names = [one.agent for one in calls] + [*call.tools]
    names += re.findall(r'"(\w+)"', json.dumps(schemas))
    return set(map(_plain, names))


def _plain(name: str) -> str:
    return name.replace("_", "").casefold()
