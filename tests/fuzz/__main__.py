"""The command behind `sh scripts/fuzz`.

python -m tests.fuzz SECONDS [SEED]    look for specs for which something does not hold
python -m tests.fuzz FILE              try again what was found
"""

import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from tests.fuzz.grammar import bent_texts, bent_trees, from_schema, sound
from tests.fuzz.hunting import again, hunt

STRATEGIES = (bent_trees, bent_texts, from_schema, sound)


def main(what: str, seed: str = "1") -> int:
    """Hunt for so many seconds, or try a file; gives the exit code."""
    if not what.isdigit():
        again(Path(what))
        print("nothing goes wrong")
        return 0
    with_bytes = find_spec("atheris") is not None
    share = int(what) / (len(STRATEGIES) + with_bytes)
    troubles = 0
    for strategy in STRATEGIES:
        going = hunt(strategy(), share, int(seed))
        troubles += len(going.found)
        name = strategy.__name__.replace("_", " ")
        print(f"{name}: {going.tried:,} specs, {len(going.found)} troubles", flush=True)
    if not with_bytes:
        print("bytes: atheris is not installed")
        return int(troubles > 0)
    command = [sys.executable, "-W", "ignore", "-m", "tests.fuzz.by_bytes"]
    done = subprocess.run([*command, str(round(share)), seed], capture_output=True, text=True)
    print(f"bytes: {_tried(done.stderr)}, exit code {done.returncode}")
    if done.returncode:
        print(done.stderr[-2_000:])
        print("    sh scripts/fuzz .fuzz/crash-…")
    return int(troubles > 0 or done.returncode != 0)


def _tried(log: str) -> str:
    """How many specs libFuzzer says it has tried, and how many of them it has made."""
    units = re.search(r"number_of_executed_units:\s*(\d+)", log)
    if units is None:
        return "no specs"
    seeds = re.search(r"seed corpus: files: (\d+)", log)
    made = max(0, int(units[1]) - int(seeds[1] if seeds else 0))
    return f"{made:,} specs made of {seeds[1] if seeds else 'no'}"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
