"""What identifies a finding from one check to the next, for systems that track findings.

It is made from the rule, the file and the message, and not from the line, so that a finding stays
the same when something is inserted above it. Findings with the same message in one file are
numbered.
"""

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

from agentflow.findings import Finding


def fingerprints(findings: Iterable[Finding]) -> list[str]:
    """The fingerprint of each finding, 64 hexadecimal digits, all different."""
    return distinct((each.rule, each.location.file, each.message) for each in findings)


def distinct(said: Iterable[tuple[str, str, str]]) -> list[str]:
    """A fingerprint for each that is said, and another where the same is said again."""
    seen: Counter[tuple[str, str, str]] = Counter()
    made = []
    for each in said:
        seen[each] += 1
        text = "\0".join((*each, str(seen[each])))
        made.append(sha256(text.encode("utf-8", "surrogatepass")).hexdigest())
    return made


def relative(file: str) -> str:
    """The path of a file as systems want it that look for it in a checkout."""
    return file.removeprefix("./")
