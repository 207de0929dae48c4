"""The durable event log: one append-only chain of records a run.

This layer knows records only, plain data with string keys; what they mean is the codec's matter.
Reading needs nothing but the standard library's SQLite; diskcache is imported by the first writer.
"""

from agentflow.eventlog.reader import Reader, Verified
from agentflow.eventlog.store import Durability, Store
from agentflow.eventlog.writer import Writer

__all__ = ["Durability", "Reader", "Store", "Verified", "Writer"]
