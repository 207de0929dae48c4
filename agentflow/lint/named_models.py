"""Where a spec names models besides under `models`."""

from collections.abc import Iterator

from agentflow.spec.document import Path
from agentflow.spec.model import ModelLevel, Pipeline


def named_models(pipeline: Pipeline) -> Iterator[tuple[Path, str]]:
    """Each place where a model is asked for, by an alias or as LiteLLM names it."""
    for name, agent in pipeline.agents.items():
        # Only agents that call a model have this key; this layer does not know which these are.
        model = getattr(agent, "model", None)
        if model is not None:
            yield ("agents", name, "model"), model
    for name, alias in pipeline.models.items():
        for index, fallback in enumerate(alias.fallbacks):
            yield ("models", name, "fallbacks", index), fallback
    for name, escalation in pipeline.escalations.items():
        for index, level in enumerate(escalation.levels):
            if isinstance(level, ModelLevel):
                yield ("escalations", name, "levels", index, "model"), level.model
