"""Looks for specs for which something does not hold, until the time is over.

What is found is saved as a file, the shortest spec with the same trouble, and the command that
shows it again is printed.
"""

import hashlib
import json
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from hypothesis import HealthCheck, Phase, Verbosity, given, seed, settings
from hypothesis import strategies as st
from msgspec import to_builtins

from agentflow.spec.document import parse_document
from tests.fuzz.corpus import ROOT, Case
from tests.fuzz.properties import check

#: Where troubles are saved; not part of the project.
FOUND = ROOT / ".fuzz"
#: Specs that are tried with one seed, and seconds of work that one may be.
_BATCH, SLOW = 200, 5.0


@dataclass(slots=True)
class Hunt:
    """What was tried, and for each trouble the shortest spec that has it."""

    ends: float
    tried: int = 0
    found: dict[str, Case] = field(default_factory=dict)
    #: Did something go wrong in this batch?
    troubled: bool = False

    def attempt(self, case: Case) -> None:
        """Try a spec. Raises what went wrong, unless the time is over."""
        if time.monotonic() > self.ends:
            return
        self.tried += 1
        try:
            tried(case)
        except Exception as error:
            self.troubled = True
            self.note(case, error)
            raise

    def note(self, case: Case, error: Exception) -> None:
        """Keep a spec that is the shortest with its trouble."""
        trouble = named(error)
        known = self.found.get(trouble)
        if known is None or len(case.text) < len(known.text):
            self.found[trouble] = case
            file = save(trouble, case, error)
            if known is None:
                said = str(error).partition("\n")[0][:200]
                print(f"{type(error).__name__}: {said}\n    sh scripts/fuzz {file}", flush=True)


def tried(case: Case) -> None:
    """Try a spec. Raises what goes wrong; that it takes too long is wrong, too."""
    began = time.process_time()
    check(case)
    if time.process_time() - began > SLOW:
        raise AssertionError(f"it took more than {SLOW:g} s of work")


def named(error: BaseException) -> str:
    """What went wrong and where: the same for all specs with the same trouble."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    what = str(error).partition("\n")[0] if "bug in rule" in str(error) else ""
    digest = hashlib.sha256(what.encode()).hexdigest()[:6]
    return f"{type(error).__name__}-{Path(last.filename).stem}-{last.lineno}-{digest}"


def save(trouble: str, case: Case, error: BaseException) -> Path:
    """Keep a spec, what it needs beside it, and what went wrong."""
    FOUND.mkdir(exist_ok=True)
    file = FOUND / f"{trouble}.json"
    told = "".join(traceback.format_exception(error))
    file.write_text(json.dumps(to_builtins(case), indent=2))
    file.with_suffix(".txt").write_text(told, encoding="utf-8", errors="backslashreplace")
    file.with_suffix(".yaml").write_bytes(case.text.encode("utf-8", "surrogatepass"))
    return file.relative_to(ROOT)


def again(file: Path) -> None:
    """Try a spec that was saved, or bytes. Raises what goes wrong."""
    if file.suffix == ".json":
        tried(Case(**json.loads(file.read_text())))
    else:
        tried(Case(parse_document(file.read_bytes(), "spec.yaml").text))


def hunt(strategy: st.SearchStrategy[Case], seconds: float, start: int) -> Hunt:
    """Try what a strategy gives, with one seed after the other."""
    going = Hunt(time.monotonic() + seconds)
    number = start
    while time.monotonic() < going.ends:
        try:
            _batch(strategy, number, going.attempt)()
        except Exception:
            # What went wrong is saved; Hypothesis wonders when the end of the time ends it.
            if not going.troubled:
                raise
            going.troubled = False
        number += 1
    return going


def _batch(
    strategy: st.SearchStrategy[Case], number: int, attempt: Callable[[Case], None]
) -> Callable[[], None]:
    @seed(number)
    @settings(
        max_examples=_BATCH,
        database=None,
        deadline=None,
        phases=[Phase.generate, Phase.shrink],
        report_multiple_bugs=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def batch(case: Case) -> None:
        attempt(case)

    made: Callable[[], None] = batch
    return made
