"""What a finding is known by from one check to the next, for systems that track findings.

Made of the rule, the file and the message, and not of the line, so that a finding stays the same
when something is written above it. Of findings that say the same in one file the second is another.
"""

from collections import Counter
from collections.abc import Iterable
from hashlib import sha256

from agentflow.findings import Finding


def fingerprints(findings: Iterable[Finding]) -> list[str]:
    """The fingerprint of each finding, 64 hexadecimal digits, all different."""
    seen: Counter[tuple[str, str, str]] = Counter()
    made = []
    for finding in findings:
        said = (finding.rule, finding.location.file, finding.message)
        seen[said] += 1
        made.append(
            sha256("\0".join((*said, str(seen[said]))).encode("utf-8", "surrogatepass")).hexdigest()
        )
    return made


def relative(file: str) -> str:
    """The path of a file as systems want it that look for it in a checkout."""
    return file.removeprefix("./")
