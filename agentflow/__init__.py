"""agentflow: multi-agent pipelines that can be read, checked, bounded, run and replayed.

For programs that embed it:

    spec = agentflow.load("pipeline.yaml")          # read it, with all that it names
    findings = agentflow.check(spec)                # what the linter says; () is fine
    state = agentflow.run(spec, inputs, agentflow.Store(path), …)
    recorded = agentflow.read_run(store, run_id)    # and agentflow.replay.replay decides again

The names are imported when they are first used, so that `import agentflow` costs nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from agentflow.engines.launch import Settings as Settings
    from agentflow.eventlog import Store as Store
    from agentflow.history import read_run as read_run
    from agentflow.loading import check as check
    from agentflow.loading import load as load
    from agentflow.runs import resume as resume
    from agentflow.runs import run as run

__version__ = "0.1.0"

_HOMES = {
    "Settings": "agentflow.engines.launch",
    "Store": "agentflow.eventlog",
    "check": "agentflow.loading",
    "load": "agentflow.loading",
    "read_run": "agentflow.history",
    "resume": "agentflow.runs",
    "run": "agentflow.runs",
}
__all__ = ["Settings", "Store", "__version__", "check", "load", "read_run", "resume", "run"]


def __getattr__(name: str) -> Any:
    """A public name, from the module where it lives."""
    if name in _HOMES:
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module 'agentflow' has no attribute '{name}'")
