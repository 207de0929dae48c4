"""Lints a text as a user's spec would be, with no files beside it but those that the text holds.

In the text, a line `--- # FILE` ends one file and begins another.
"""

import os
import re
from pathlib import Path

from msgspec.structs import replace

from agentflow.agents.known_models import known_model
from agentflow.drill.receipt import Drilled, NoReceipt
from agentflow.drill.receipt import read as read_receipt
from agentflow.errors import FileProblem
from agentflow.findings import Finding, Location
from agentflow.lint.linter import examine
from agentflow.lint.rule import Context
from agentflow.loading import check, load, understand


def findings_of(
    text: str, file: str = "spec.yaml", *, drilled: bool = False
) -> tuple[Finding, ...]:
    """All findings of a spec; with `drilled` its receipt is looked at, `spec.drill.json`."""
    spec, *others = re.split(r"^--- # (.+)\n", text, flags=re.MULTILINE)
    files = dict(zip(others[::2], others[1::2], strict=True))

    def read(path: str) -> str:
        if path not in files:
            raise FileProblem(f"there is no file '{path}'")
        return files[path]

    context = Context(*understand(spec, file, read), known=known_model)
    if drilled:
        name = file.replace(".yaml", ".drill.json")
        context = replace(context, drilled=drilled_as(name, files.get(name)))
    return examine(context).findings


def drilled_as(name: str, text: str | None) -> Drilled:
    """What is known of a drill by the text of its receipt."""
    try:
        return Drilled(name, None if text is None else read_receipt(text))
    except NoReceipt as problem:
        return Drilled(name, None, f"'{name}' {problem}")


def written(text: str) -> str:
    """A text of the files of cases, in which line ends and what nobody sees are spelled out."""
    plain = re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), text)
    return plain.replace("\\n", "\n").replace("\\r", "\r").replace("\\t", "\t")


def lines(findings: tuple[Finding, ...]) -> list[str]:
    """`line:column message` of each."""
    return [
        f"{found.location.span.line}:{found.location.span.column} {found.message}"
        for found in findings
    ]


def shown(finding: Finding, folder: Path) -> str:
    """A finding as the files beside the cases in a folder hold it, all of it."""
    lines = [f"{_place(finding.location)} {finding.severity} {finding.rule} {finding.message}"]
    if finding.help is not None:
        lines.append(f"    {finding.help}")
    lines += (f"    {_place(place.location)} {place.message}" for place in finding.related)
    return "".join(f"{line}\n".replace(f"{folder}/", "") for line in lines)


def said_of(path: Path, folder: Path) -> str:
    """All that is said of a spec of a folder of cases."""
    return "".join(shown(finding, folder) for finding in check(load(path)))


def assert_said_beside(path: Path, folder: Path) -> None:
    """What is said of a spec is what stands beside it; `AGENTFLOW_WRITE_CASES` writes it there."""
    expected, said = path.with_suffix(".txt"), said_of(path, folder)
    if os.environ.get("AGENTFLOW_WRITE_CASES"):
        expected.write_text(said, encoding="utf-8")
    assert said == expected.read_text(encoding="utf-8")


def _place(location: Location) -> str:
    return f"{location.span.line}:{location.span.column}"
