"""The formats of `agentflow plan`, by name."""

from collections.abc import Callable

from agentflow.formats import plan_dot, plan_json, plan_mermaid, plan_svg, plan_text
from agentflow.plan.overview import Overview

PLAN_FORMATS: dict[str, Callable[[Overview], str]] = {
    "tree": plan_text.render,
    "json": plan_json.render,
    "mermaid": plan_mermaid.render,
    "dot": plan_dot.render,
    "svg": plan_svg.render,
}
