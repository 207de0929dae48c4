"""Templates: which strings hold expressions, what they render to, and where errors are."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentflow.spec.cel.evaluate import EvaluationError
from agentflow.spec.cel.syntax import Identifier
from agentflow.spec.expressions import ExpressionError
from agentflow.spec.templates import (
    UNREAD,
    Constant,
    ListOf,
    MapOf,
    Text,
    Whole,
    parse_template,
    read_template,
    render,
    template_expressions,
)

SCOPE = {
    "a": {
        "n": 3,
        "f": 2.5,
        "s": "x",
        "yes": True,
        "nothing": None,
        "list": [1, "b"],
        "trap": "${{ a.n }} {{ a.n }} {0.__class__}",
    }
}


def rendered(value: Any, **budget: int) -> Any:
    return render(parse_template(value), SCOPE, **budget)


def error(value: Any) -> ExpressionError:
    with pytest.raises(ExpressionError) as caught:
        parse_template(value)
    return caught.value


def failure(value: Any, **budget: int) -> EvaluationError:
    with pytest.raises(EvaluationError) as caught:
        rendered(value, **budget)
    return caught.value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("${{ a.n }}", 3),
        ("${{a.list}}", [1, "b"]),
        ("${{ a.nothing }}", None),
        ("${{ a.n }} ", "3 "),
        ("n=${{ a.n }}, f=${{ a.f }}, s=${{ a.s }}, yes=${{ a.yes }}", "n=3, f=2.5, s=x, yes=true"),
        ("${{ a.s }}${{ a.s }}", "xx"),
        ("${{ json(a.list) }}!", '[1,"b"]!'),
        ("${{ '}}' }}", "}}"),
        ('${{ "\\"}}" + r"}}\\" }}', '"}}}}\\'),
        ("${{ '''it's }}''' }}", "it's }}"),
        ("${{ {'k': {'l': 1}} }}", {"k": {"l": 1}}),
        ("${{ {'k': {'l': 1}}}}", {"k": {"l": 1}}),
        ("${{ {'k': {'l': 1}}.k.l }}}}", "1}}"),
        ("$${{ a.n }}", "${{ a.n }}"),
        ("$${{ a.n }} is ${{ a.n }}", "${{ a.n }} is 3"),
        ("$$${{ a.n }}", "$${{ a.n }}"),
        ("$ ${{ a.n }}", "$ 3"),
        ("{{ a.n }} $a {a} $${", "{{ a.n }} $a {a} $${"),
        ({"k": ["${{ a.n }}", {"l": "s: ${{ a.s }}"}], "m": 1}, {"k": [3, {"l": "s: x"}], "m": 1}),
        (
            {"$type": "${{ a.s }}", "__class__": 1, "lc": []},
            {"$type": "x", "__class__": 1, "lc": []},
        ),
    ],
)
def test_what_a_template_renders_to(value: object, expected: object) -> None:
    found = rendered(value)
    assert (type(found), found) == (type(expected), expected)


@pytest.mark.parametrize(
    "value", [None, True, 3, 2.5, "", "text", "}}", [], {}, {"a": [1, {"b": "c"}]}]
)
def test_a_constant_is_the_value_itself(value: object) -> None:
    template = parse_template(value)
    assert isinstance(template, Constant)
    assert template.value is value
    assert render(template, {}) is value


def test_only_what_holds_expressions_is_taken_apart() -> None:
    inner = {"b": ["c"]}
    assert parse_template(["${{ x }}", inner, "t ${{ x }}", {"k": "${{ x }}"}]) == ListOf(
        (
            Whole(Identifier("x", 1, 2), 3),
            Constant(inner),
            Text(("t ", Whole(Identifier("x", 1, 2), 5))),
            MapOf((("k", Whole(Identifier("x", 1, 2), 3)),)),
        )
    )
    assert parse_template(["$${{"]) == ListOf((Constant("${{"),))


def test_what_cannot_be_read_hides_nothing_beside_it() -> None:
    told: list[ExpressionError] = []
    value = {
        "good": "${{ x }}",
        "bad": ["${{ nope(1) }} and ${{ x + }}", "${{ y }}"],
        "${{ k }}": 1,
        "open": "${{ 'x }}",
        "endless": "${{ x",
    }
    template = read_template(value, told.append)
    assert [(each.path, each.start, each.message) for each in told] == [
        (("bad", 0), 4, "unknown function 'nope'"),
        (("bad", 0), 27, "expected a value, found the end"),
        (("${{ k }}",), 0, "the key of a map cannot hold an expression"),
        (("open",), 4, "a string starts here and never ends"),
        (("endless",), 0, "'${{' is never closed"),
    ]
    expressions = [(path, expr) for path, _, expr in template_expressions(template)]
    assert expressions == [
        (("good",), Identifier("x", 1, 2)),
        (("bad", 1), Identifier("y", 1, 2)),
    ]
    assert isinstance(template, MapOf)
    assert dict(template.entries)["endless"] is UNREAD


def test_data_is_never_expanded() -> None:
    trap = "${{ a.n }} {{ a.n }} {0.__class__}"
    assert rendered("${{ a.trap }}") == trap
    assert rendered("<${{ a.trap }}>") == f"<{trap}>"
    assert rendered({"k": ["${{ a.trap }}"]}) == {"k": [trap]}


@pytest.mark.parametrize(
    ("value", "message", "place"),
    [
        ("t ${{ a.n", "'${{' is never closed", ((), 2, 5)),
        ("${{ {'k': 1 }}", "'${{' is never closed", ((), 0, 3)),
        ("t ${{ it's }}", "a string starts here and never ends", ((), 8, 9)),
        ("t ${{ }}", "the expression is empty", ((), 5, 6)),
        ("${{ a }} ${{ b. }}", "expected the name of a field, found the end", ((), 16, 16)),
        ("${{ ${{ a }} }}", "'${{' means nothing here", ((), 4, 7)),
        ("${{ a | b }}", "'|' means nothing here", ((), 6, 7)),
        (
            {"k": ["x", {"l": "${{ a b }}"}]},
            "expected an operator or the end, found 'b'",
            (("k", 1, "l"), 6, 7),
        ),
        (
            {"k": {"x ${{ a }}": 1}},
            "the key of a map cannot hold an expression",
            (("k", "x ${{ a }}"), 2, 5),
        ),
    ],
)
def test_what_is_wrong_and_where(
    value: object, message: str, place: tuple[tuple[str | int, ...], int, int]
) -> None:
    found = error(value)
    assert (found.message, (found.path, found.start, found.end)) == (message, place)


def test_an_unclosed_expression_gets_help() -> None:
    assert error("${{ a").help == "close it with '}}', or write '$${{' where it is meant as text"


@pytest.mark.parametrize(
    ("value", "message", "place"),
    [
        (
            "t ${{ a.list }}",
            "only a string, a number or a bool goes into text, found list; json(x) writes any value",
            ((), 6, 12),
        ),
        (
            "t ${{ {'k': 1} }}",
            "only a string, a number or a bool goes into text, found map; json(x) writes any value",
            ((), 6, 14),
        ),
        (
            ["t ${{ a.nothing }}"],
            "only a string, a number or a bool goes into text, found null; json(x) writes any value",
            ((0,), 6, 15),
        ),
        ({"k": ["", "n: ${{ 1 + a.x }}"]}, "'a' has no field 'x'", (("k", 1), 11, 14)),
        ({"k": "${{ a.x }}"}, "'a' has no field 'x'", (("k",), 4, 7)),
    ],
)
def test_what_cannot_be_rendered_and_where(
    value: object, message: str, place: tuple[tuple[str | int, ...], int, int]
) -> None:
    found = failure(value)
    assert (found.message, (found.path, found.start, found.end)) == (message, place)


def test_all_expressions_of_a_template_share_one_budget() -> None:
    assert rendered(["${{ 1 }}", "${{ 2 }}"], budget=2) == [1, 2]
    found = failure(["${{ 1 }}", "${{ 2 }}", "${{ 3 }}"], budget=2)
    assert (found.message, found.path) == ("the expression takes more than 2 steps", (2,))
    text = "x" * 1_000_000
    with pytest.raises(EvaluationError) as caught:
        render(parse_template("${{ s }}" * 11), {"s": text})
    assert caught.value.message == "the expression builds more than 10,000,000 characters"


def test_expressions_are_found_with_their_places() -> None:
    value = {"k": ["x", "a ${{ b }} ${{c}}"], "d": {"e": "${{ f }}"}, "g": 1}
    found = list(template_expressions(parse_template(value)))
    assert found == [
        (("k", 1), 5, Identifier("b", 1, 2)),
        (("k", 1), 14, Identifier("c", 0, 1)),
        (("d", "e"), 3, Identifier("f", 1, 2)),
    ]
    text = value["k"][1]  # type: ignore[index]
    for (_, offset, expr), name in zip(found, "bc", strict=False):
        assert text[offset + expr.start : offset + expr.end] == name


def test_templates_nest_as_deep_as_specs_do() -> None:
    value: Any = "${{ a.n }}"
    expected: Any = 3
    for _ in range(100):
        value, expected = [value], [expected]
    assert rendered(value) == expected


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="${}a.n'\" |") | st.text())
def test_any_string_is_a_template_or_an_expression_error(text: str) -> None:
    outcome: Any
    try:
        template = parse_template(text)
        outcome = render(template, SCOPE)
    except ExpressionError as found:
        assert "${{" in text
        outcome = found
    except EvaluationError as found:
        outcome = found
    else:
        assert "${{" in text or outcome == text
    if isinstance(outcome, ExpressionError | EvaluationError):
        assert 0 <= outcome.start <= outcome.end <= len(text)


def test_a_text_has_no_more_expressions_than_can_be_worked_out() -> None:
    assert render(parse_template("${{ 1 }}" * 1_000), SCOPE) == "1" * 1_000
    with pytest.raises(ExpressionError) as found:
        parse_template("${{ 1 }}" * 1_001)
    assert found.value.message == "a text has at most 1,000 expressions"
    assert found.value.start == 1_000 * len("${{ 1 }}")
