"""agentflow: multi-agent pipelines that can be read, checked, bounded, run and replayed."""

__version__ = "0.1.0"
