"""The inputs of a run: what was given, and the contract's `default` for what was not."""

from collections.abc import Mapping

from agentflow.plan.contracts import ContractPlan
from agentflow.spec.model import Json


def with_defaults(contract: ContractPlan, given: Mapping[str, Json]) -> dict[str, Json]:
    """What was given with the defaults of the contract; nothing is checked."""
    properties = contract.schema.get("properties", {})
    defaults = {
        name: schema["default"]
        for name, schema in properties.items()
        if isinstance(schema, dict) and "default" in schema
    }
    return {**defaults, **given}
