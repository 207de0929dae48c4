"""Links between the pages lead somewhere."""

from pathlib import Path

import pytest

from .pages import LANGUAGE, PAGES, ROOT, anchors, links, name_of


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    broken = [link for link in links(page) if not _exists(page, link)]
    assert broken == []


def _exists(page: Path, link: str) -> bool:
    if link.startswith("https://"):
        return True
    file, _, anchor = link.partition("#")
    target = (page.parent / file).resolve() if file else page
    if not target.exists() or not target.is_relative_to(ROOT):
        return False
    return not anchor or anchor in anchors(target)


def test_the_index_names_every_page() -> None:
    index = ROOT / "docs" / "index.md"
    inside = {page for page in LANGUAGE if page.name != "index.md"}
    assert _named_in(index) == {*PAGES} - {index} - inside


def test_the_index_of_the_language_names_every_page_of_it() -> None:
    index = ROOT / "docs" / "language" / "index.md"
    assert _named_in(index) >= {*LANGUAGE} - {index}


def _named_in(page: Path) -> set[Path]:
    return {(page.parent / link.partition("#")[0]).resolve() for link in links(page)}
