"""Equality, order and arithmetic.

The tables follow the conformance tests of CEL, which say what the answers are
(https://github.com/google/cel-spec/tree/master/tests/simple/testdata); the expressions are ours.
"""

import pytest

from tests.spec.evaluation import check, check_error, error, value


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("42 + 2", 44),
        ("-42 - -2", -40),
        ("6 * -7", -42),
        ("7 / 2", 3),
        ("-7 / 2", -3),
        ("7 / -2", -3),
        ("-7 / -2", 3),
        ("7 % 5", 2),
        ("-7 % 5", -2),
        ("7 % -5", 2),
        ("-7 % -5", -2),
        ("-(0)", 0),
        ("--5", 5),
        ("4.25 + 15.25", 19.5),
        ("2.0 - 0.5", 1.5),
        ("2.5 * 2.0", 5.0),
        ("1.0 / 4.0", 0.25),
        ("-(1.5)", -1.5),
        ("5e-324 / 2.0", 0.0),
        ("-9223372036854775808 % -1", 0),
        ("9223372036854775806 + 1", 2**63 - 1),
        ("'ab' + 'c'", "abc"),
        ("'' + ''", ""),
        ("[0, 1] + [2]", [0, 1, 2]),
        ("[] + []", []),
    ],
)
def test_arithmetic(text: str, expected: object) -> None:
    check(text, expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 / 0", "division by zero"),
        ("1 % 0", "division by zero"),
        ("1.0 / 0.0", "division by zero"),
        ("9223372036854775807 + 1", "the result is too large for an int of 64 bits"),
        ("-9223372036854775808 - 1", "the result is too large for an int of 64 bits"),
        ("5000000000 * 5000000000", "the result is too large for an int of 64 bits"),
        ("-9223372036854775808 / -1", "the result is too large for an int of 64 bits"),
        ("-(-9223372036854775808)", "the result is too large for an int of 64 bits"),
        ("1e308 * 10.0", "the result is too large for a double"),
        ("1 + 1.0", "'+' does not mix int and double; convert one with int() or double()"),
        ("2.0 * 2", "'*' does not mix double and int; convert one with int() or double()"),
        ("5.5 % 2.0", "'%' does not take double and double"),
        ("5 % 2.0", "'%' does not take int and double"),
        ("true + 1", "'+' does not take bool and int"),
        ("'a' + 1", "'+' does not take string and int"),
        ("'a' * 2", "'*' does not take string and int"),
        ("[1] + 1", "'+' does not take list and int"),
        ("null + null", "'+' does not take null and null"),
        ("-'a'", "'-' takes a number, found string"),
        ("-true", "'-' takes a number, found bool"),
    ],
)
def test_arithmetic_that_fails(text: str, message: str) -> None:
    check_error(text, message)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 == 1", True),
        ("1 == 1.0", True),
        ("1 != 1.5", True),
        ("9007199254740993 == 9007199254740992.0", False),
        ("0.0 == -0.0", True),
        ("true == 1", False),
        ("false == 0", False),
        ("'1' == 1", False),
        ("null == null", True),
        ("null == false", False),
        ("'a' == 'A'", False),
        ("[1, 2] == [1.0, 2]", True),
        ("[1, 2] == [2, 1]", False),
        ("[1] == [1, 1]", False),
        ("[true] == [1]", False),
        ("{'a': 1, 'b': [2]} == {'b': [2.0], 'a': 1}", True),
        ("{'a': 1} == {'b': 1}", False),
        ("{'a': 1} == {}", False),
        ("{} == []", False),
        ("1 < 2", True),
        ("2 <= 2.0", True),
        ("2.5 > 2", True),
        ("2 >= 3", False),
        ("9007199254740993 > 9007199254740992.0", True),
        ("'a' < 'b'", True),
        ("'' < 'a'", True),
        ("'Z' < 'a'", True),
        ("'\\uffff' < '\\U0001F600'", True),
        ("false < true", True),
        ("true <= false", False),
    ],
)
def test_comparison(text: str, expected: bool) -> None:
    check(text, expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("1 < '2'", "'<' does not compare int and string"),
        ("true > 0", "'>' does not compare bool and int"),
        ("null <= null", "'<=' does not compare null and null"),
        ("[1] >= [1]", "'>=' does not compare list and list"),
    ],
)
def test_comparison_that_fails(text: str, message: str) -> None:
    check_error(text, message)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2 in [1, 2]", True),
        ("2.0 in [1, 2]", True),
        ("true in [1]", False),
        ("'a' in ['b']", False),
        ("[1] in [[1]]", True),
        ("1 in []", False),
        ("'a' in {'a': 0}", True),
        ("'b' in {'a': 0}", False),
        ("1 in {'1': 0}", False),
    ],
)
def test_in(text: str, expected: bool) -> None:
    check(text, expected)


def test_in_looks_into_lists_and_maps() -> None:
    check_error("'a' in 'abc'", "'in' looks into a list or a map, found string")
    check_error("1 in null", "'in' looks into a list or a map, found null")


def test_large_ints_of_the_data_pass_and_compare() -> None:
    assert value("inputs.big") == 2**70
    assert value("inputs.big > 1") is True
    assert value("string(inputs.big)") == str(2**70)
    assert error("inputs.big + 1").message == "the result is too large for an int of 64 bits"
    assert error("int(inputs.big)").message == "the number is too large for an int of 64 bits"
    huge = {"n": 10**6000, "x": float("inf")}
    assert error("string(n)", huge).message == "the int is too large to be written as text"
    assert error("double(n)", huge).message == "the number is too large for a double"
    assert error("json(n)", huge).message == "the value holds a number that JSON cannot hold"
    assert error("json(x)", huge).message == "the value holds a number that JSON cannot hold"
