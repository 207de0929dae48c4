"""The contracts of a pipeline, for programs. Format 1; `schemas/contracts.v1.schema.json`."""

from agentflow.formats.values import document
from agentflow.plan.steps import Plan

FORMAT = 1


def render(plan: Plan) -> str:
    """One JSON document; every contract in it is self-contained."""
    contracts = plan.contracts
    return document(
        {
            "format": FORMAT,
            "pipeline": plan.pipeline.name,
            "inputs": plan.inputs.schema if plan.pipeline.inputs is not None else None,
            "contracts": {name: contract.schema for name, contract in contracts.named.items()},
            "agents": {
                name: {"input": given.schema, "output": contracts.output_of[name].schema}
                for name, given in contracts.input_of.items()
            },
        }
    )
