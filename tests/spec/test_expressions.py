"""The parser: which texts are expressions, what their trees are, and what it says of the others."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentflow.spec.cel.mistakes import OPERATORS
from agentflow.spec.cel.syntax import (
    Binary,
    Call,
    Coalesce,
    Comprehension,
    Conditional,
    Default,
    Expr,
    Has,
    Identifier,
    Index,
    ListLiteral,
    Literal,
    MapLiteral,
    Select,
    Unary,
)
from agentflow.spec.expressions import (
    ExpressionError,
    parse_expression,
    references,
)
from tests.spec.evaluation import parse_error


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None),
        ("true", True),
        ("false", False),
        ("0", 0),
        ("007", 7),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
        ("- 5", -5),
        ("0x1F", 31),
        ("-0xff", -255),
        ("1.5", 1.5),
        (".25", 0.25),
        ("1e3", 1000.0),
        ("2.5E-1", 0.25),
        ("-1.5e+2", -150.0),
        ("'a'", "a"),
        ('"a"', "a"),
        ("''", ""),
        ("'''it's'''", "it's"),
        ('"""say "so" """', 'say "so" '),
        ("'''two\nlines'''", "two\nlines"),
        (r"'a\n\t\\\'\"'", "a\n\t\\'\""),
        (r"'\x41\u00e9\U0001F600\101'", "Aé😀A"),
        (r"r'\d+\n'", "\\d+\\n"),
        (r'R"a\"', "a\\"),
        ("'}} ${{'", "}} ${{"),
        ("(7)", 7),
        ("(" * 32 + "7" + ")" * 32, 7),
    ],
)
def test_literals(text: str, value: object) -> None:
    expr = parse_expression(text)
    assert isinstance(expr, Literal)
    assert (type(expr.value), expr.value) == (type(value), value)


def test_paths_and_places() -> None:
    assert parse_expression(" a.b [0]['x y']") == Index(
        Index(Select(Identifier("a", 1, 2), "b", 1, 4), Literal(0, 6, 7), 1, 8),
        Literal("x y", 9, 14),
        1,
        15,
    )


def test_any_word_may_follow_a_dot() -> None:
    assert parse_expression("steps.in") == Select(Identifier("steps", 0, 5), "in", 0, 8)
    assert parse_expression("loop.null") == Select(Identifier("loop", 0, 4), "null", 0, 9)


def test_operators_group_to_the_left_and_bind_as_in_cel() -> None:
    assert shape("a || b && c == d + e * -f") == "(a || (b && (c == (d + (e * (-f))))))"
    assert shape("a - b - c") == "((a - b) - c)"
    assert shape("a / b * c % d") == "(((a / b) * c) % d)"
    assert shape("a && b || c") == "((a && b) || c)"
    assert shape("a < b == c") == "((a < b) == c)"
    assert shape("!a.b in c") == "((!a.b) in c)"
    assert shape("!!a") == "(!(!a))"
    assert shape("(a || b) && c") == "((a || b) && c)"
    assert shape("a ? b : c ? d : e") == "(a ? b : (c ? d : e))"


def shape(text: str) -> str:
    """An expression with all its brackets."""

    def written(expr: object) -> str:
        match expr:
            case Identifier(name):
                return name
            case Select(operand, field):
                return f"{written(operand)}.{field}"
            case Unary(operator, operand):
                return f"({operator}{written(operand)})"
            case Binary(operator, left, right):
                return f"({written(left)} {operator} {written(right)})"
            case Conditional(condition, then, otherwise):
                return f"({written(condition)} ? {written(then)} : {written(otherwise)})"
        raise AssertionError(expr)

    return written(parse_expression(text))


def test_brackets_belong_to_what_they_are_part_of() -> None:
    assert parse_expression("(a + b) * c") == Binary(
        "*",
        Binary("+", Identifier("a", 1, 2), Identifier("b", 5, 6), 1, 6),
        Identifier("c", 10, 11),
        0,
        11,
    )
    assert parse_expression("(a).b").start == 0


def test_lists_and_maps() -> None:
    assert parse_expression("[1, a,]") == ListLiteral(
        (Literal(1, 1, 2), Identifier("a", 4, 5)), 0, 7
    )
    assert parse_expression("{'k': 1}") == MapLiteral(
        ((Literal("k", 1, 4), Literal(1, 6, 7)),), 0, 8
    )
    assert parse_expression("[]") == ListLiteral((), 0, 2)
    assert parse_expression("{}") == MapLiteral((), 0, 2)


def test_a_method_call_has_its_receiver_first() -> None:
    assert parse_expression("x.size()") == Call("size", (Identifier("x", 0, 1),), 0, 8)
    assert parse_expression("size(x)") == Call("size", (Identifier("x", 5, 6),), 0, 7)
    assert parse_expression("x.join('-')") == Call(
        "join", (Identifier("x", 0, 1), Literal("-", 7, 10)), 0, 11
    )


def test_macros_are_nodes_of_their_own() -> None:
    path = Select(Identifier("a", 4, 5), "b", 4, 7)
    assert parse_expression("has(a.b)") == Has(path, 0, 8)
    assert parse_expression("default(x, 1)") == Default(
        Identifier("x", 8, 9), Literal(1, 11, 12), 0, 13
    )
    assert parse_expression("coalesce(x, y, 1)") == Coalesce(
        (Identifier("x", 9, 10), Identifier("y", 12, 13)), Literal(1, 15, 16), 0, 17
    )
    assert parse_expression("a.exists_one(v, v)") == Comprehension(
        "exists_one", Identifier("a", 0, 1), "v", Identifier("v", 16, 17), 0, 18
    )


@pytest.mark.parametrize(
    ("text", "message", "place", "help"),
    [
        ("", "the expression is empty", "", None),
        (" \n", "the expression is empty", " \n", None),
        ("a and b", "expected an operator or the end, found 'and'", "and", "write '&&'"),
        ("a or b", "expected an operator or the end, found 'or'", "or", "write '||'"),
        ("a is b", "expected an operator or the end, found 'is'", "is", "compare with '=='"),
        (
            "not a",
            "expected an operator or the end, found 'a'",
            "a",
            "write '!' before what is negated, as in !(a in b)",
        ),
        (
            "a not in b",
            "expected an operator or the end, found 'not'",
            "not",
            "write '!' before what is negated, as in !(a in b)",
        ),
        ("not(a)", "unknown function 'not'", "not", "write '!'"),
        (
            "x if y else z",
            "expected an operator or the end, found 'if'",
            "if",
            "write condition ? value : other",
        ),
        ("True", "expected a value, found 'True'", "True", "write 'true'"),
        ("a == None", "expected a value, found 'None'", "None", "write 'null'"),
        ("in", "expected a value, found 'in'", "in", None),
        ("a = 1", "'=' means nothing here", "=", "compare with '=='; nothing can be assigned"),
        ("a === 1", "'===' means nothing here", "===", "compare with '=='"),
        ("a <> 1", "'<>' means nothing here", "<>", "compare with '!='"),
        ("a & b", "'&' means nothing here", "&", "write '&&' for a logical and"),
        (
            "a | trim",
            "'|' means nothing here",
            "|",
            "there are no filters; call a function: x.trim(), size(x), default(x, value)",
        ),
        (
            "a ?? b",
            "'??' means nothing here",
            "??",
            "write default(a, b) for a value that may be absent",
        ),
        (
            "a?.b",
            "'?.' means nothing here",
            "?.",
            "write default(a.b, value) or has(a.b) for a value that may be absent",
        ),
        (
            "{{ a }}",
            "'{{' means nothing here",
            "{{",
            "write the bare expression, without '{{ }}'",
        ),
        (
            "${{ a }}",
            "'${{' means nothing here",
            "${{",
            "write the bare expression, without '${{ }}' around it or in it",
        ),
        ("a # b", "'#' means nothing here", "#", None),
        ("a\u202eb", r"'\u202e' means nothing here", "\u202e", None),
        (
            "a == 'b",
            "a string starts here and never ends",
            "'",
            "close it with the quote it starts with; a string in single quotes stays on one line",
        ),
        (
            "['a'].join('\n')",
            "a string starts here and never ends",
            "'",
            (
                r"a string stays on one line: write '\n' for a line end, and '\\n' where the value is in double"
                r" quotes, in which YAML reads '\n' itself"
            ),
        ),
        (
            r"'\d'",
            r"unknown escape '\d' in a string",
            r"\d",
            "double the backslash, or write a raw string: r'…'",
        ),
        (
            r"'\ud800'",
            r"unknown escape '\ud800' in a string",
            r"\ud800",
            "double the backslash, or write a raw string: r'…'",
        ),
        (
            "9223372036854775808",
            "'9223372036854775808' does not fit an int of 64 bits",
            "9223372036854775808",
            None,
        ),
        ("1e999", "'1e999' does not fit a double", "1e999", None),
        ("12px", "'12px' is no number", "12px", None),
        ("12u", "'12u' is no number", "12u", "a number has no suffix"),
        (
            "a.0.b",
            "expected an operator or the end, found '.0'",
            ".0",
            "write '[0]' for an item of a list",
        ),
        ("a.", "expected the name of a field, found the end", "", None),
        ("a &&", "expected a value, found the end", "", None),
        ("a b", "expected an operator or the end, found 'b'", "b", None),
        ("(a", "expected ')', found the end", "", None),
        ("[a", "expected ']', found the end", "", None),
        ("{'a'}", "expected ':', found '}'", "}", None),
        ("a ? b", "expected ':', found the end", "", None),
        ("{1: 2}", "a key of a map is a string", "1", None),
        ("siz(a)", "unknown function 'siz'", "siz", "did you mean 'size'?"),
        (
            "a.startWith('b')",
            "unknown function 'startWith'",
            "startWith",
            "did you mean 'startsWith'?",
        ),
        ("frobnicate()", "unknown function 'frobnicate'", "frobnicate", None),
        ("len(a)", "unknown function 'len'", "len", "write size(x)"),
        (
            "a.matches('b')",
            "unknown function 'matches'",
            "matches",
            "put the pattern into the contract of the value: {type: string, pattern: …}",
        ),
        ("contains(a, b)", "'contains' is a method", "contains", "write x.contains(…)"),
        ("map(a, b)", "'map' is a method", "map", "write x.map(…)"),
        ("a.string()", "'string' is not a method", "string", "write string(x)"),
        ("a.contains()", "'contains' takes 1 argument, found 0", "contains()", None),
        ("a.trim(b)", "'trim' takes 0 arguments, found 1", "trim(b)", None),
        ("a.split()", "'split' takes 1 or 2 arguments, found 0", "split()", None),
        ("size(a, b)", "'size' takes 1 argument, found 2", "size(a, b)", None),
        ("has(a.b, c)", "'has' takes 1 argument, found 2", "has(a.b, c)", None),
        ("default(a)", "'default' takes 2 arguments, found 1", "default(a)", None),
        ("coalesce(a)", "'coalesce' takes 2 or more arguments, found 1", "coalesce(a)", None),
        (
            "has(a)",
            "'has' looks whether a path exists, and this is none",
            "a",
            "write a path such as inputs.x",
        ),
        (
            "default(size(a), 0)",
            "'default' looks whether a path exists, and this is none",
            "size(a)",
            "write a path such as inputs.x",
        ),
        (
            "a.map(1, b)",
            "the first argument of 'map' is the name of a variable",
            "1",
            "write x.map(v, …) with an expression that uses v",
        ),
        ("a.all(v)", "expected ',', found ')'", ")", None),
    ],
)
def test_what_is_wrong_and_where(text: str, message: str, place: str, help: str | None) -> None:
    found = parse_error(text)
    assert (found.message, text[found.start : found.end], found.help) == (message, place, help)
    assert str(found) == message
    assert found.path == ()


@pytest.mark.parametrize("operator", OPERATORS)
def test_operators_of_other_languages_get_help(operator: str) -> None:
    found = parse_error(f"a {operator} b")
    assert found.message == f"'{operator}' means nothing here"
    assert found.help == OPERATORS[operator]


@settings(max_examples=200, deadline=None)
@given(st.text() | st.text(alphabet="ab1.[](){}'\"\\!&|=<>?:,+-*/% \n$inrx"))
def test_any_text_is_an_expression_or_an_expression_error(text: str) -> None:
    outcome: Expr | ExpressionError
    try:
        outcome = parse_expression(text)
        references(outcome)
    except ExpressionError as found:
        outcome = found
    assert 0 <= outcome.start <= outcome.end <= len(text)
