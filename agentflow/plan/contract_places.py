"""Which Python classes the contracts of a pipeline name, and where."""

from collections.abc import Iterator

from agentflow.contracts.models import model_name
from agentflow.spec.document import Path
from agentflow.spec.model import Contract, DescribedTool, Pipeline, offered_tools


def contracts_of(pipeline: Pipeline) -> Iterator[tuple[Path, Contract]]:
    """Every place where a contract is asked for and given, in the order of the language."""
    if pipeline.inputs is not None:
        yield ("inputs",), pipeline.inputs
    for name, schema in pipeline.contracts.items():
        yield ("contracts", name), schema
    for name, agent in pipeline.agents.items():
        for side, contract in (("input", agent.input), ("output", agent.output)):
            if contract is not None:
                yield ("agents", name, side), contract
        for index, tool in enumerate(offered_tools(agent)):
            if isinstance(tool, DescribedTool):
                for side, contract in (("input", tool.input), ("output", tool.output)):
                    if contract is not None:
                        yield ("agents", name, "tools", index, side), contract


def models_of(pipeline: Pipeline) -> Iterator[tuple[Path, str]]:
    """The classes that are named, each with the path to its name."""
    for path, contract in contracts_of(pipeline):
        name = model_name(contract)
        if name is not None:
            yield (*path, "python"), name
