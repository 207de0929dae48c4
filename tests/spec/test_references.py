"""References: which paths of the scope an expression reads, and which of them may be absent."""

import pytest

from agentflow.spec.expressions import Reference, parse_expression, references


def refs(text: str) -> list[tuple[str, tuple[str | int | None, ...], bool, str]]:
    return [
        (found.root, found.path, found.guarded, text[found.start : found.end])
        for found in references(parse_expression(text))
    ]


def test_a_reference_spans_the_whole_path() -> None:
    assert references(parse_expression("1 + steps.a.output.x[0]")) == (
        Reference("steps", ("a", "output", "x", 0), guarded=False, start=4, end=23),
    )
    assert refs("inputs['x y']") == [("inputs", ("x y",), False, "inputs['x y']")]
    assert refs("item") == [("item", (), False, "item")]


def test_a_computed_index_ends_what_is_known() -> None:
    assert refs("a.b[c.d].e") == [
        ("a", ("b", None), False, "a.b[c.d].e"),
        ("c", ("d",), False, "c.d"),
    ]
    assert refs("a[true]") == [("a", (None,), False, "a[true]")]


def test_every_part_of_an_expression_is_searched() -> None:
    text = "[a, {b: c}, !d, -e, f + g, h ? i : j, size(k), l.trim(), [m][0].n]"
    assert "".join(root for root, *_ in refs(text)) == "abcdefghijklm"


def test_variables_are_no_references() -> None:
    assert refs("a.b.filter(x, x.ok && x.n > c).map(y, x)") == [
        ("a", ("b",), False, "a.b"),
        ("c", (), False, "c"),
        ("x", (), False, "x"),
    ]
    assert refs("a.all(a, a.b)") == [("a", (), False, "a")]
    assert refs("a.all(v, has(v.b) && default(v.c, v.d))") == [("a", (), False, "a")]


def test_has_default_and_coalesce_guard() -> None:
    assert refs("has(a.b)") == [("a", ("b",), True, "a.b")]
    assert refs("default(a.b, c.d)") == [
        ("a", ("b",), True, "a.b"),
        ("c", ("d",), False, "c.d"),
    ]
    assert refs("coalesce(a.b, c.d, e.f)") == [
        ("a", ("b",), True, "a.b"),
        ("c", ("d",), True, "c.d"),
        ("e", ("f",), False, "e.f"),
    ]


def test_nothing_guards_an_index() -> None:
    assert refs("default(a[b.c], 0)") == [
        ("a", (None,), True, "a[b.c]"),
        ("b", ("c",), False, "b.c"),
    ]


def test_what_has_proves_is_guarded() -> None:
    guarded = [("a", ("b", "c"), True, "a.b.c"), ("a", ("b", "c"), True, "a.b.c")]
    assert refs("has(a.b.c) && a.b.c") == guarded
    assert refs("has(a.b.c) ? a.b.c : 0") == guarded
    assert refs("has(a.b.c) && d && a.b == 1")[-1] == ("a", ("b",), True, "a.b")
    assert refs("e && has(a.b) ? [1].all(x, a.b > x) : 0")[-1] == ("a", ("b",), True, "a.b")


@pytest.mark.parametrize(
    ("text", "unguarded"),
    [
        ("has(a.b) || a.b", ["a.b"]),
        ("has(a.b) ? 0 : a.b", ["a.b"]),
        ("has(a.c) && a.b", ["a.b"]),
        ("has(a.b) && a.b.c", ["a.b.c"]),
        ("has(a.b.c) && c.b", ["c.b"]),
        ("!has(a.b) && a.b", ["a.b"]),
        ("has(a.b[i]) && a.b[i]", ["i", "a.b[i]", "i"]),
        ("[1].all(a, has(a.b)) && a.b", ["a.b"]),
    ],
)
def test_what_has_does_not_prove_is_not_guarded(text: str, unguarded: list[str]) -> None:
    assert [place for _, _, guarded, place in refs(text) if not guarded] == unguarded
