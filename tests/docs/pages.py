"""The pages of the docs, taken apart: fenced blocks, headings, links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = tuple(
    sorted(
        path
        for path in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"))
        if not path.name.startswith(".")
    )
)

_FENCE = re.compile(r"^```(\w+)?([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(?<!!)\[[^\]\n]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, the words behind it, its text, and where it stands."""

    page: str
    line: int
    language: str
    words: tuple[str, ...]
    text: str

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


#: The reference of the language.
LANGUAGE = tuple(page for page in PAGES if page.parent.name == "language")


def name_of(page: Path) -> str:
    """A page by its path in the project."""
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page."""
    text = page.read_text("utf-8")
    for match in _FENCE.finditer(text):
        line = text.count("\n", 0, match.start()) + 1
        language, words, body = match.groups()
        yield Block(name_of(page), line, language or "", tuple(words.split()), body)


def all_blocks(language: str) -> list[Block]:
    """The blocks of all pages in one language. The rules' own examples are tested with the
    rules."""
    pages = (page for page in PAGES if page.name != "rules.md")
    return [block for page in pages for block in blocks(page) if block.language == language]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", page.read_text("utf-8"))


def links(page: Path) -> list[str]:
    """The targets of the links of a page."""
    return _LINK.findall(prose(page))


def anchors(page: Path) -> frozenset[str]:
    """What links can point to in a page, as GitHub names headings."""
    return frozenset(_anchor(heading) for heading in _HEADING.findall(prose(page)))


def _anchor(heading: str) -> str:
    kept = re.sub(r"[^\w\- ]", "", heading.lower())
    return kept.strip().replace(" ", "-")
