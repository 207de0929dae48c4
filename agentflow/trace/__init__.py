"""The trace: what a run looks like to a person, as a tree of spans.

It is built entry by entry, so that a live display and a look at an old run are the same thing, and
from the plan, so that steps which have not started are there too. Nothing is decided here.
"""

from agentflow.trace.accepted import Accepted
from agentflow.trace.spans import Asked, Gate, Refused, Span
from agentflow.trace.tree import Trace, trace_of

__all__ = ["Accepted", "Asked", "Gate", "Refused", "Span", "Trace", "trace_of"]
