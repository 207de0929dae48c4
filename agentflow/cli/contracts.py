"""`agentflow schema contracts`: all contracts of a spec, as JSON Schema or as types."""

from pathlib import Path

from agentflow.cli.report import emit
from agentflow.cli.specs import sound_spec
from agentflow.contracts.gather import gather, pascal
from agentflow.contracts.keywords import Schema
from agentflow.errors import ExitCode
from agentflow.formats import contracts_json
from agentflow.formats.values import document
from agentflow.plan.steps import Plan


def print_contracts(path: str, format: str, *, imports: bool) -> int:
    """Print the contracts of a spec; gives the exit code.

    Raises:
        UsageError: it has contracts from Python, and nothing may be imported.
        SpecError: it has errors.
        CouldNot: the generator of the types is not installed, or fails.
    """
    _, plan = sound_spec(path, imports=imports)
    if format == "json":
        emit(contracts_json.render(plan))
        return ExitCode.OK
    from agentflow.codegen import pydantic_code, typescript_code

    schema = document(gather("Contracts", _by_name(plan)))
    code = pydantic_code(schema) if format == "pydantic" else typescript_code(schema, Path.cwd())
    emit(code.removesuffix("\n"))
    return ExitCode.OK


def _by_name(plan: Plan) -> dict[str, Schema]:
    """All contracts under names for types: their own, `Inputs`, `WriterInput`, `WriterOutput`."""
    contracts = plan.contracts
    named: dict[str, Schema] = {name: plan.schema for name, plan in contracts.named.items()}
    unnamed = [] if plan.pipeline.inputs is None else [("Inputs", plan.inputs.schema)]
    for name, given in contracts.input_of.items():
        unnamed.append((f"{pascal(name)}Input", given.schema))
        unnamed.append((f"{pascal(name)}Output", contracts.output_of[name].schema))
    for wish, schema in unnamed:
        name, count = wish, 1
        while name in named:
            count += 1
            name = f"{wish}{count}"
        named[name] = schema
    return named
