"""A model that can change the world reads what anybody may have written, and nothing is in between.

Text that comes from outside can hold instructions, and no delimiter makes a model deaf to all of them. If
its agent has effects, by itself or through tools, whoever writes the text can try to have them. Put a check
or a person before the step or the tool (`approve`), give the tool fields of a few values instead of free
text, or split the work: a model without effects reads the text into a narrow contract, and another agent
acts on that.

Bad:

    agentflow: 1
    name: refunds
    inputs: {type: object, required: [letter], properties: {letter: {type: string, maxLength: 4000}}}
    agents:
      clerk:
        kind: llm
        model: openai/gpt-5-mini
        instructions: Refund what the policy allows.
        effects: write
        input: {type: object, required: [letter], properties: {letter: {type: string}}}
        output: {type: object, required: [done], properties: {done: {type: boolean}}}
    steps:
      refund:
        agent: clerk
        with: {letter: "${{ inputs.letter }}"}
        catch: {timeout: fail}
    outputs: {done: "${{ steps.refund.output.done }}"}

Says:

    15:20 'clerk' can write and reads 'letter', in which anybody may have written anything

Good:

    agentflow: 1
    name: refunds
    inputs: {type: object, required: [letter], properties: {letter: {type: string, maxLength: 4000}}}
    agents:
      reader:
        kind: llm
        model: openai/gpt-5-mini
        instructions: Which order is the letter about?
        input: {type: object, required: [letter], properties: {letter: {type: string}}}
        output: {type: object, required: [order], properties: {order: {type: string, pattern: "^[0-9]{6}$"}}}
      clerk:
        kind: llm
        model: openai/gpt-5-mini
        instructions: Refund what the policy allows.
        effects: write
        input: {type: object, required: [order], properties: {order: {type: string, pattern: "^[0-9]{6}$"}}}
        output: {type: object, required: [done], properties: {done: {type: boolean}}}
    steps:
      read: {agent: reader, with: {letter: "${{ inputs.letter }}"}}
      refund:
        agent: clerk
        with: {order: "${{ steps.read.output.order }}"}
        catch: {timeout: fail}
    outputs: {done: "${{ steps.refund.output.done }}"}
"""

from collections.abc import Iterator

from agentflow.contracts.descent import Descent
from agentflow.contracts.length import is_free_text
from agentflow.findings import Finding, Related, Severity
from agentflow.lint.chats import chats, shown
from agentflow.lint.checkpoints import gate_before
from agentflow.lint.rule import Context, Family
from agentflow.plan.steps import CallPlan
from agentflow.spec.model import Effects
from agentflow.spec.templates import Constant
from agentflow.spec.wording import quoted

NAME = "injected-effect"
FAMILY = Family.TRUST
SEVERITY = Severity.WARNING

_IN_WORDS = {Effects.WRITE: "write", Effects.IRREVERSIBLE: "do what cannot be undone"}


def check(context: Context) -> Iterator[Finding]:
    """Each field of free text that goes to a model which acts, with nothing before it."""
    for chat in chats(context):
        assert context.plan is not None
        deed = _deed(chat.call)
        if deed is None or gate_before(context, chat.step) is not None:
            continue
        root, descent = chat.call.input.schema, Descent()
        for name, template, path in shown(chat):
            if isinstance(template, Constant):
                continue
            wanted = descent.into(root, root, name)
            if is_free_text(wanted, root) and is_free_text(
                context.types.of(template, chat.step.address)
            ):
                yield Finding(
                    rule=NAME,
                    severity=SEVERITY,
                    message=f"{quoted(chat.agent)} can {deed} and reads"
                    f" {quoted(name)}, in which anybody may have written anything",
                    location=context.document.locate(path),
                    help="put a check or a 'human' step before it, or have a model without effects"
                    " read it into fields of a few values",
                    related=(
                        Related("the agent", context.document.locate_key(("agents", chat.agent))),
                    ),
                )


def _deed(call: CallPlan) -> str | None:
    """What a call can do to the world, by itself or through a tool that nothing holds back."""
    if not call.effects.repeatable:
        return _IN_WORDS[call.effects]
    for name, tool in call.tools.items():
        inner = tool.step.call
        if inner is None or tool.step.approval is not None:
            continue
        deed = _deed(inner) if is_free_text(inner.input.schema) else None
        if deed is not None:
            return f"{deed} through '{name}'"
    return None
