"""A model is its own fallback, directly or through other models.

When a model fails, its fallbacks are asked in its place. A fallback that leads back to the same
model asks nobody new: it is left out, and the chain is shorter than it looks. The same LiteLLM
model under another name, with the same address, does not help either; nor does an agent that
`catch` puts in its own place, since it gets the same input once more. For a chat model this is
reported unless the failure lies in what it answered.

Bad:

    agentflow: 1
    name: letters
    models:
      small: {model: openai/gpt-5-mini, fallbacks: [large]}
      large: {model: openai/gpt-5, fallbacks: [small]}
      again: {model: openai/gpt-5, fallbacks: [openai/gpt-5]}
    agents:
      writer:
        kind: llm
        model: small
        input: {type: object}
        output: {type: string}
      other:
        kind: llm
        model: again
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
      write_too: {agent: other}
    outputs: {letter: "${{ steps.write.output }}", other: "${{ steps.write_too.output }}"}

Says:

    4:49 the fallbacks of 'small' lead back to it: small, large
    5:44 the fallbacks of 'large' lead back to it: large, small
    6:44 'openai/gpt-5' is 'again' under another name

Good:

    agentflow: 1
    name: letters
    models:
      small: {model: openai/gpt-5-mini, fallbacks: [large]}
      large: {model: openai/gpt-5, fallbacks: [anthropic/claude-sonnet-4-5]}
    agents:
      writer:
        kind: llm
        model: small
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator, Mapping

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.plan.steps import StepPlan
from agentflow.spec.model import ANSWERED, Model
from agentflow.spec.wording import quoted

NAME = "circular-fallback"
FAMILY = Family.REFERENCE
SEVERITY = Severity.ERROR


def check(context: Context) -> Iterator[Finding]:
    """Each fallback that leads back to its model, or is the same one or agent, by another name or not."""
    if context.pipeline is None:
        return
    for step in context.plan.steps.values() if context.plan is not None else ():
        yield from _own_place(context, step)
    models = context.pipeline.models
    for name, model in models.items():
        for index, fallback in enumerate(model.fallbacks):
            message = _wrong(name, fallback, models)
            if message is not None:
                yield Finding(
                    rule=NAME,
                    severity=SEVERITY,
                    message=message,
                    location=context.document.locate(("models", name, "fallbacks", index)),
                    help="take it out, or name another model",
                )


def _own_place(context: Context, step: StepPlan) -> Iterator[Finding]:
    """The entries of `catch` that ask the agent which has just failed."""
    for key, action in step.catch.items():
        if step.call is None or action.call is None or action.call.agent != step.call.agent:
            continue
        if step.call.chat is not None and key in ANSWERED:
            continue  # the next answer may be better
        yield Finding(
            rule=NAME,
            severity=Severity.WARNING,
            message=f"{quoted(step.call.agent)} takes over from itself: it is what has failed",
            location=context.document.locate((*step.path, "catch", key, "agent")),
            help="name another agent; to try the same one again, write 'retry'",
        )


def _wrong(name: str, fallback: str, models: Mapping[str, Model]) -> str | None:
    if fallback == name:
        return f"{quoted(name)} is its own fallback"
    way = _way_back(fallback, name, models)
    if way is not None:
        return f"the fallbacks of {quoted(name)} lead back to it: {', '.join((name, *way))}"
    own, other = models[name], models.get(fallback) or Model(model=fallback)
    if _target(own) == _target(other):
        return f"{quoted(fallback)} is {quoted(name)} under another name"
    return None


def _target(model: Model) -> tuple[object, ...]:
    """Who is asked: the model and, where the spec says one, the address."""
    return model.model, getattr(model, "api_base", None)


def _way_back(start: str, home: str, models: Mapping[str, Model]) -> tuple[str, ...] | None:
    """The shortest way from a model to another one, without that; None if there is none."""
    seen: set[str] = {start}
    ways: list[tuple[str, ...]] = [(start,)]
    while ways:
        following: list[tuple[str, ...]] = []
        for way in ways:
            for fallback in models[way[-1]].fallbacks if way[-1] in models else ():
                if fallback == home:
                    return way
                if fallback not in seen:
                    seen.add(fallback)
                    following.append((*way, fallback))
        ways = following
    return None
