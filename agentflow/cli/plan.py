"""`agentflow plan`: a pipeline at a glance, before it runs. Nothing in it is executed."""

from pathlib import Path

from agentflow.agents.capabilities import capabilities
from agentflow.agents.known_models import known_prices
from agentflow.cli.report import emit
from agentflow.cli.specs import sound_spec
from agentflow.errors import ExitCode
from agentflow.findings import STDIN
from agentflow.formats.plans import PLAN_FORMATS
from agentflow.lint.fits import fits_of
from agentflow.loading import Spec, context_of
from agentflow.plan.bounds import worst_case
from agentflow.plan.calls import unpriced_models
from agentflow.plan.overview import Alone, overview
from agentflow.plan.steps import Plan


def show_plan(path: str, format: str, *, concurrency: int, imports: bool) -> int:
    """Print the overview of a spec; gives the exit code.

    Raises:
        UsageError: it has contracts from Python, and nothing may be imported.
        SpecError: it, or the baseline that it names, has errors.
        FileProblem: one of them cannot be read.
    """
    spec, plan = sound_spec(path, imports=imports)
    baseline = _baseline(spec, plan, concurrency, imports=imports)
    found = overview(
        plan,
        known_prices(unpriced_models(plan)),
        concurrency,
        capabilities(plan),
        fits_of(context_of(spec)),
        baseline,
    )
    emit(PLAN_FORMATS[format](found))
    return ExitCode.OK


def _baseline(spec: Spec, plan: Plan, concurrency: int, *, imports: bool) -> Alone | None:
    """The worst case of the single agent that the author measures the pipeline against."""
    reasons = plan.pipeline.why_multi_agent
    if reasons is None or reasons.baseline is None:
        return None
    _, other = sound_spec(str(_near(spec, reasons.baseline)), imports=imports)
    worst = worst_case(other, known_prices(unpriced_models(other)), concurrency)
    return Alone(reasons.baseline, worst.most)


def _near(spec: Spec, named: str) -> Path:
    """A file that the spec names, as the user would call it."""
    return Path(spec.file).parent / named if spec.file != STDIN else spec.folder / named
