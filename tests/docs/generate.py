"""The parts of the docs that are made from the code.

    python -m tests.docs.generate             write them
    python -m tests.docs.generate sessions    and what the commands of sessions print now

The schema of the configuration names all rules and is written too. A part stands between `<!--
generated: NAME ARGUMENT -->` and `<!-- end -->`.
"""

import re
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from agentflow.lint.configuration import configuration_schema
from tests.docs import sessions, tables
from tests.docs.pages import LANGUAGE, PAGES, ROOT, anchors

CONFIG_SCHEMA = ROOT / "schemas" / "config.v1.schema.json"

_PART = re.compile(r"(<!-- generated: (\w+)(?: (\w+))? -->\n).*?(<!-- end -->)", re.DOTALL)
_LINK = re.compile(r"\]\(#([\w-]+)\)")
_MAKERS: Mapping[str, Callable[..., str]] = {
    "keys": tables.keys,
    "elsewhere": tables.elsewhere,
    "rules": tables.rules,
    "commands": tables.commands,
    "configuration": tables.configuration,
}


def generate(text: str, page: Path) -> str:
    """A page with its generated parts as they should be now."""
    elsewhere = {
        anchor: other.name for other in LANGUAGE if other != page for anchor in anchors(other)
    }

    def link(match: re.Match[str]) -> str:
        home = elsewhere.get(match[1]) if page in LANGUAGE else None
        return f"]({home or ''}#{match[1]})"

    def part(match: re.Match[str]) -> str:
        head, name, argument, end = match.groups()
        made = _MAKERS[name](*[argument] if argument else [])
        return f"{head}\n{_LINK.sub(link, made)}\n\n{end}"

    return _PART.sub(part, text)


def main() -> None:
    """Write all pages, and the schema that names all rules."""
    if "sessions" in sys.argv[1:]:
        for played in sessions.PLAYED:
            sessions.renew(played)
    for page in PAGES:
        page.write_text(generate(page.read_text("utf-8"), page), "utf-8")
    CONFIG_SCHEMA.write_text(configuration_schema(), "utf-8")


if __name__ == "__main__":
    main()
