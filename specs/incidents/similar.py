#!/usr/bin/env python3
"""Finds messages that say the same: JSON on standard input, JSON on standard output.

    similar.py [--threshold 0.6] < {"documents": [{"file": "a.txt", "text": "…"}]}

Two messages are compared by their runs of four words. The similarity is the share of the shorter
message's runs that the longer one has as well, so that a forwarded copy with a new introduction is
still a copy. Messages above the threshold are linked, and what hangs together is a group.

The program stands alone: it needs a Python of 3.8 or later and nothing else.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from itertools import combinations

RUN = 4
#: A message with fewer runs says too little to be compared.
FEWEST_RUNS = 6


def body(text: str) -> str:
    """The text without its headers and marks of quotation."""
    head, blank, rest = text.replace("\r\n", "\n").partition("\n\n")
    return re.sub(r"(?m)^[>\s]+", "", rest if blank else head)


def runs(text: str) -> frozenset[tuple[str, ...]]:
    """All runs of four words in the body."""
    words = re.findall(r"\w+", body(text).lower())
    return frozenset(tuple(words[i : i + RUN]) for i in range(len(words) - RUN + 1))


def similarity(one: frozenset[tuple[str, ...]], other: frozenset[tuple[str, ...]]) -> float:
    """The share of the smaller set that is in the larger one."""
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller >= FEWEST_RUNS else 0.0


def groups(documents: list[dict[str, str]], threshold: float) -> list[dict[str, object]]:
    """The groups, in the order of their first file.

    Links are taken from the strongest to the weakest; the one that joins a group last is its
    weakest link and gives its similarity.
    """
    sets = {document["file"]: runs(document["text"]) for document in documents}
    links = sorted(
        ((similarity(sets[a], sets[b]), a, b) for a, b in combinations(sorted(sets), 2)),
        key=lambda link: (-link[0], link[1:]),
    )
    group_of = {file: frozenset([file]) for file in sets}
    weakest: dict[frozenset[str], float] = {}
    for score, a, b in links:
        if score >= threshold and group_of[a] != group_of[b]:
            joined = group_of[a] | group_of[b]
            group_of.update(dict.fromkeys(joined, joined))
            weakest[joined] = score
    found = {group for group in group_of.values() if len(group) > 1}
    return [
        {"files": sorted(group), "similarity": round(weakest[group], 3)}
        for group in sorted(found, key=min)
    ]


def main() -> int:
    """Read, compare, write; 2 and a message on standard error for an input that is none."""
    parser = argparse.ArgumentParser(description="Find messages that say the same.")
    parser.add_argument("--threshold", type=float, default=0.6, metavar="0..1")
    threshold = parser.parse_args().threshold
    try:
        documents = json.loads(sys.stdin.buffer.read())["documents"]
        answer = {"checked": len(documents), "groups": groups(documents, threshold)}
    except (ValueError, KeyError, TypeError) as error:
        sys.stderr.write(f"similar.py: not the expected input: {error!r}\n")
        return 2
    json.dump(answer, sys.stdout)
    sys.stdout.write("\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
