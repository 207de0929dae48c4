"""A model at an address that the spec names is called without an API key.

Keys belong to the operator, and an address in a spec may be anybody's. So they are sent to a host
that a spec names only if the operator's own environment allows it. To any other host the request
goes without credentials, and a server that wants some refuses it in the middle of a run. A host on
this machine is not reported, since it seldom wants any.

Bad:

    agentflow: 1
    name: letters
    models:
      ours: {model: openai/ours, window: 8192, max_output_tokens: 800, api_base: "https://models.example/v1"}
    agents:
      writer:
        kind: llm
        model: ours
        instructions: Write a letter.
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}

Says:

    4:78 'models.example' gets no key unless the operator allows it

Good:

    agentflow: 1
    name: letters
    models:
      ours: {model: openai/ours, window: 8192, max_output_tokens: 800, api_base: "http://localhost:8000/v1"}
    agents:
      writer:
        kind: llm
        model: ours
        instructions: Write a letter.
        input: {type: object}
        output: {type: string}
    steps:
      write: {agent: writer}
    outputs: {letter: "${{ steps.write.output }}"}
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "keyless-address"
FAMILY = Family.TRUST
SEVERITY = Severity.ADVICE

_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


def check(context: Context) -> Iterator[Finding]:
    """Each model at an address elsewhere."""
    for name, model in context.pipeline.models.items() if context.pipeline else ():
        host = urlsplit(model.api_base).hostname if model.api_base else None
        if host and host not in _HERE:
            yield Finding(
                rule=NAME,
                severity=SEVERITY,
                message=f"{quoted(host)} gets no key unless the operator allows it",
                location=context.document.locate(("models", name, "api_base")),
                help=f"to run it with keys, set AGENTFLOW_ALLOWED_HOSTS={host}",
            )
