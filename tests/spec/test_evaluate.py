"""What expressions come to. The tables follow the conformance tests of CEL, section by section.

https://github.com/google/cel-spec/tree/master/tests/simple/testdata says what the answers are;
the expressions here are our own.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentflow.spec.evaluate import Absent, EvaluationError, evaluate
from agentflow.spec.expressions import parse_expression

SCOPE: Mapping[str, Any] = {
    "inputs": {
        "n": 3,
        "f": 3.0,
        "half": 0.5,
        "s": "abc",
        "yes": True,
        "no": False,
        "nothing": None,
        "empty": [],
        "list": [1, 2, 3],
        "mixed": [1, "x", None],
        "map": {"b": 2, "a": 1},
        "odd key": "k",
        "big": 2**70,
    }
}


def value(text: str, scope: Mapping[str, Any] = SCOPE, **budget: int) -> Any:
    return evaluate(parse_expression(text), scope, **budget)


def error(text: str, scope: Mapping[str, Any] = SCOPE, **budget: int) -> EvaluationError:
    with pytest.raises(EvaluationError) as caught:
        value(text, scope, **budget)
    return caught.value


def check(text: str, expected: object) -> None:
    found = value(text)
    assert (type(found), found) == (type(expected), expected)


def check_error(text: str, message: str) -> None:
    assert error(text).message == message


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("inputs.n", 3),
        ("inputs['odd key']", "k"),
        ("inputs.list[0]", 1),
        ("inputs.list[2.0]", 3),
        ("inputs.map.a", 1),
        ("inputs.nothing", None),
        ("{'a': {'b': [5]}}.a.b[0]", 5),
        ("inputs.list", [1, 2, 3]),
    ],
)
def test_paths(text: str, expected: object) -> None:
    check(text, expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nowhere", "'nowhere' is not known here"),
        ("inputs.x", "'inputs' has no field 'x'"),
        ("inputs.map.c.d", "'inputs.map' has no field 'c'"),
        ("inputs['x y']", "'inputs' has no field 'x y'"),
        ("inputs.list[3]", "'inputs.list' has no item 3, its size is 3"),
        ("inputs.list[-1]", "'inputs.list' has no item -1, its size is 3"),
        ("inputs.list[0.5]", "an index of a list is an int, found double"),
        ("inputs.list[true]", "an index of a list is an int, found bool"),
        ("inputs.list['a']", "an index of a list is an int, found string"),
        ("inputs.map[0]", "a key of a map is a string, found int"),
        ("inputs.s.x", "'inputs.s' has no fields, it is of type string"),
        ("inputs.list.x", "'inputs.list' has no fields, it is of type list"),
        ("inputs.s[0]", "'inputs.s' has no fields, it is of type string"),
        ("inputs.nothing.x", "'inputs.nothing' is null, which has neither fields nor items"),
        ("inputs.nothing[0]", "'inputs.nothing' is null, which has neither fields nor items"),
        ("inputs.mixed[1].x.y", "'inputs.mixed[1]' has no fields, it is of type string"),
        ("inputs['list'][inputs.n]", "'inputs[\"list\"]' has no item 3, its size is 3"),
        ("inputs.list[inputs.n - 1].x", "'inputs.list[…]' has no fields, it is of type int"),
        ("size(inputs.s).x", "the value has no fields, it is of type int"),
    ],
)
def test_absence_is_an_error(text: str, message: str) -> None:
    check_error(text, message)


def test_an_error_says_where_it_is() -> None:
    found = error("1 + inputs.map.c.d")
    assert (found.start, found.end, found.path) == (4, 16, ())
    assert str(found) == found.message


def test_names_from_data_stay_on_one_line() -> None:
    found = error("inputs.map[inputs.k]", {"inputs": {"map": {}, "k": "a\n\x1b[31m" + "x" * 99}})
    assert found.message == (r"'inputs.map' has no field 'a\u000a\u001b[31m" + "x" * 52 + "…'")


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


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("true && true", True),
        ("true && false", False),
        ("false && 32", False),
        ("'x' && false", False),
        ("false && 1 / 0 > 3", False),
        ("1 / 0 > 3 && false", False),
        ("inputs.gone && false", False),
        ("false || true", True),
        ("false || false", False),
        ("true || 32", True),
        ("'x' || true", True),
        ("true || 1 / 0 > 3", True),
        ("1 / 0 > 3 || true", True),
        ("1 / 0 > 3 || false || true", True),
        ("!true", False),
        ("!!true", True),
        ("true ? 1 : 'a'", 1),
        ("false ? 1 / 0 : 2", 2),
        ("inputs.no ? 1 : inputs.yes ? 2 : 3", 2),
    ],
)
def test_logic(text: str, expected: object) -> None:
    check(text, expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("true && 1 / 0 > 3", "division by zero"),
        ("1 / 0 > 3 && true", "division by zero"),
        ("1 / 0 > 3 || false", "division by zero"),
        ("inputs.gone && 1 / 0 > 3", "'inputs' has no field 'gone'"),
        ("'a' && 'b'", "expected bool, found string"),
        ("true && 1", "expected bool, found int"),
        ("!0", "expected bool, found int"),
        ("1 ? 2 : 3", "expected bool, found int"),
        ("1 / 0 > 4 ? 1 : 2", "division by zero"),
    ],
)
def test_logic_that_fails(text: str, message: str) -> None:
    check_error(text, message)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("size('')", 0),
        ("size('πέντε')", 5),
        ("'😀'.size()", 1),
        ("size([1, 2])", 2),
        ("{'a': 1}.size()", 1),
        ("string(123)", "123"),
        ("string(-4.5e-3)", "-0.0045"),
        ("string(3.0)", "3.0"),
        ("string(true)", "true"),
        ("string('a')", "a"),
        ("int(42)", 42),
        ("int(1.9)", 1),
        ("int(-7.9)", -7),
        ("int('-987')", -987),
        ("int('9223372036854775807')", 2**63 - 1),
        ("int(-9223372036854775808.0)", -(2**63)),
        ("double(0)", 0.0),
        ("double('6.02214e23')", 6.02214e23),
        ("double('-84.32e7')", -8.432e8),
        ("double('123')", 123.0),
        ("double('.5')", 0.5),
        ("double(inputs.f)", 3.0),
        ("'tacocat'.contains('oca')", True),
        ("'tacocat'.contains('')", True),
        ("'tacocat'.contains('x')", False),
        ("'tacocat'.startsWith('taco')", True),
        ("'tacocat'.endsWith('cat')", True),
        ("'tacocat'.endsWith('taco')", False),
        ("'TacoCÆt'.lowerAscii()", "tacocÆt"),
        ("'tacoCβt'.upperAscii()", "TACOCβT"),
        (r"' \t\n\v\f\r\u0085\u00a0\u1680x\u2028\u202f\u3000'.trim()", "x"),
        (r"'\u200bx\u001c'.trim()", "\u200bx\x1c"),
        ("'a b c'.split(' ')", ["a", "b", "c"]),
        ("'a b c'.split(' ', 2)", ["a", "b c"]),
        ("'a b c'.split(' ', 1)", ["a b c"]),
        ("'a b c'.split(' ', 0)", []),
        ("'a b c'.split(' ', -1)", ["a", "b", "c"]),
        ("''.split(',')", [""]),
        ("'abc'.split('')", ["a", "b", "c"]),
        ("'abc'.split('', 2)", ["a", "bc"]),
        ("''.split('')", []),
        ("['x', 'y'].join()", "xy"),
        ("['x', 'y'].join('-')", "x-y"),
        ("[].join('-')", ""),
        ("'{0} and {0}'.replace('{0}', 'a')", "a and a"),
        ("'{0} and {0}'.replace('{0}', 'a', 1)", "a and {0}"),
        ("'{0} and {0}'.replace('{0}', 'a', 0)", "{0} and {0}"),
        ("'{0} and {0}'.replace('{0}', 'a', -1)", "a and a"),
        ("'ab'.replace('', '-')", "-a-b-"),
        ("json(inputs.map)", '{"a":1,"b":2}'),
        (r"json(['é\n\"', null, true, 1.0])", '["é\\n\\"",null,true,1.0]'),
        ("json('x')", '"x"'),
    ],
)
def test_functions(text: str, expected: object) -> None:
    check(text, expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("size(1)", "'size' works on list or map or string, found int"),
        (
            "string(null)",
            "argument 1 of 'string' has to be bool or double or int or string, found null",
        ),
        (
            "string([])",
            "argument 1 of 'string' has to be bool or double or int or string, found list",
        ),
        ("int(true)", "argument 1 of 'int' has to be double or int or string, found bool"),
        ("int('1.5')", "'1.5' is not an int of 64 bits"),
        ("int(' 1')", "' 1' is not an int of 64 bits"),
        ("int('1_0')", "'1_0' is not an int of 64 bits"),
        ("int('٣')", "'٣' is not an int of 64 bits"),
        ("int('9223372036854775808')", "the result is too large for an int of 64 bits"),
        ("int(1e99)", "the number is too large for an int of 64 bits"),
        ("int(9223372036854775808.0)", "the number is too large for an int of 64 bits"),
        ("double('nan')", "'nan' is not a double"),
        ("double('Infinity')", "'Infinity' is not a double"),
        ("double('1e999')", "the number is too large for a double"),
        ("inputs.n.contains('1')", "'contains' works on string, found int"),
        ("'a'.contains(1)", "argument 1 of 'contains' has to be string, found int"),
        ("'a'.split(',', 1.0)", "argument 2 of 'split' has to be int, found double"),
        ("['a', 1].join(',')", "'join' takes a list of strings; item 1 is int"),
    ],
)
def test_functions_that_fail(text: str, message: str) -> None:
    check_error(text, message)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1, 2, 3].all(e, e > 0)", True),
        ("[1, 2, 3].all(e, e == 2)", False),
        ("[].all(e, e > 0)", True),
        ("[1, 'foo', 3].all(e, e < 1)", False),
        ("[1, 2, 3].all(e, 6 / (2 - e) == 6)", False),
        ("[1, 2, 3].exists(e, e == 2)", True),
        ("[1, 2, 3].exists(e, e > 3)", False),
        ("[].exists(e, e == 2)", False),
        ("['foo', 3].exists(e, e > 1)", True),
        ("{'a': 1, 'b': 2}.exists(k, k == 'b')", True),
        ("{'a': 1, 'b': 2}.all(k, k == 'b')", False),
        ("[7].exists_one(a, a == 7)", True),
        ("[7, 7].exists_one(a, a == 7)", False),
        ("[].exists_one(a, a == 7)", False),
        ("[0, 1, 2, 3].filter(x, x % 2 == 1)", [1, 3]),
        ("[].filter(x, x)", []),
        ("{'a': 1, 'b': 2}.filter(k, k != 'a')", ["b"]),
        ("[2, 4].map(n, n / 2)", [1, 2]),
        ("{'a': 1}.map(k, k + '!')", ["a!"]),
        ("[[1, 2], [3]].map(x, x.map(y, y * x[0]))", [[1, 2], [9]]),
        ("[1].map(inputs, inputs)", [1]),
        ("[1].map(x, x) + [inputs.n]", [1, 3]),
        ("inputs.list.filter(x, x in [1, 3]).map(x, {'v': x})", [{"v": 1}, {"v": 3}]),
    ],
)
def test_comprehensions(text: str, expected: object) -> None:
    check(text, expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1, 'foo'].all(e, e > 0)", "'>' does not compare string and int"),
        ("[1, 2].all(e, e / 0 != 17)", "division by zero"),
        ("[1, 'foo'].exists(e, e > 1)", "'>' does not compare string and int"),
        ("[3, 0].exists_one(n, 12 / n > 1)", "division by zero"),
        ("[3, 0].filter(n, 12 / n > 9)", "division by zero"),
        ("[2, 0].map(n, 4 / n)", "division by zero"),
        ("[1].filter(n, n)", "expected bool, found int"),
        ("[1].all(n, 'x')", "expected bool, found string"),
        ("1.5.map(n, n)", "only a list or a map has elements, found double"),
        ("'abc'.map(c, c)", "only a list or a map has elements, found string"),
        ("[1].map(x, x) + x", "'x' is not known here"),
        ("{'a': 1, 'a': 2}", "the map has two fields 'a'"),
        ("{inputs.n: 1}", "a key of a map is a string, found int"),
    ],
)
def test_comprehensions_and_maps_that_fail(text: str, message: str) -> None:
    check_error(text, message)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("has(inputs.n)", True),
        ("has(inputs.nothing)", True),
        ("has(inputs.x)", False),
        ("has(inputs.x.y.z)", False),
        ("has(inputs.nothing.x)", False),
        ("has(inputs.list[0])", True),
        ("has(inputs.list[3])", False),
        ("has(inputs['odd key'])", True),
        ("has(nowhere.x)", False),
        ("has({'a': 1}.a)", True),
        ("default(inputs.n, 0)", 3),
        ("default(inputs.x.y, 0)", 0),
        ("default(inputs.nothing, 0)", None),
        ("default(inputs.nothing[0], 0)", 0),
        ("default(inputs.n, 1 / 0)", 3),
        ("default(nowhere, [])", []),
        ("default(inputs.x, default(inputs.y, 'z'))", "z"),
        ("coalesce(inputs.x, inputs.n, inputs.s)", 3),
        ("coalesce(inputs.x, inputs.y, inputs.s)", "abc"),
        ("coalesce(inputs.nothing, 1)", None),
        ("[{'a': 1}, {}].map(x, default(x.a, 0))", [1, 0]),
    ],
)
def test_existence(text: str, expected: object) -> None:
    check(text, expected)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("has(inputs.s.x)", "'inputs.s' has no fields, it is of type string"),
        ("has(inputs.list['x'])", "an index of a list is an int, found string"),
        ("default(inputs.list[inputs.x], 0)", "'inputs' has no field 'x'"),
        ("default(inputs.list[1 / 0], 0)", "division by zero"),
        ("default(inputs.x, inputs.y)", "'inputs' has no field 'y'"),
        ("coalesce(inputs.x, inputs.y)", "'inputs' has no field 'y'"),
    ],
)
def test_existence_covers_nothing_but_the_path(text: str, message: str) -> None:
    check_error(text, message)


class Lazy(Mapping[str, Any]):
    """A mapping like the orchestrator's: it knows why a value is not there."""

    def __init__(self, values: Mapping[str, Any], reasons: Mapping[str, str]) -> None:
        self.values_, self.reasons = values, reasons

    def __getitem__(self, key: str) -> Any:
        if key in self.reasons:
            raise Absent(self.reasons[key])
        return self.values_[key]

    def __iter__(self) -> Iterator[str]:
        return iter([*self.values_, *self.reasons])

    def __len__(self) -> int:
        return len(self.values_) + len(self.reasons)


SKIPPED = Lazy({"a": {"output": {"x": 1}}}, {"b": "step 'b' was skipped"})


def test_a_lazy_mapping_gives_the_reason_of_an_absence() -> None:
    scope = {"steps": SKIPPED}
    assert value("steps.a.output.x", scope) == 1
    assert error("steps.b.output.x", scope).message == "step 'b' was skipped"
    assert error("steps['b']", scope).message == "step 'b' was skipped"
    assert error("steps.c", scope).message == "'steps' has no field 'c'"
    assert error("steps == steps", scope).message == "step 'b' was skipped"
    assert error("json(steps)", scope).message == "step 'b' was skipped"
    assert value("has(steps.b.output)", scope) is False
    assert value("default(steps.b.output, 7)", scope) == 7
    assert value("coalesce(steps.b.output.x, steps.a.output.x)", scope) == 1
    assert error("x", Lazy({}, {"x": "there is no 'x' yet"})).message == "there is no 'x' yet"


def test_results_are_plain_json() -> None:
    lazy = Lazy({"x": Lazy({"y": (1, 2)}, {})}, {})
    plain = {"x": {"y": [1, 2]}}
    for text, expected in [
        ("s", plain),
        ("[s]", [plain]),
        ("{'k': s}", {"k": plain}),
        ("['x'].map(k, s[k])", [plain["x"]]),
        ("[s].filter(v, true)", [plain]),
        ("default(s.x, 0)", plain["x"]),
    ]:
        found = value(text, {"s": lazy})
        assert found == expected
        assert type(found) is type(expected)
    assert error("[s]", {"s": SKIPPED}).message == "step 'b' was skipped"
    assert error("s", {"s": {1}}).message == "a Python 'set' is not a JSON value"
    assert error("s + s", {"s": b"x"}).message == "a Python 'bytes' is not a JSON value"
    assert error("json(s)", {"s": {1: 2}}).message == "a key of a map is a string, found int"


def test_data_is_not_copied() -> None:
    assert value("inputs.list") is SCOPE["inputs"]["list"]


BIG = {"l": list(range(50_000)), "s": "x" * 1_000_000, "deep": [1]}
for _ in range(5_000):
    BIG["deep"] = [BIG["deep"]]

STEPS = "the expression takes more than 100,000 steps"
CHARACTERS = "the expression builds more than 10,000,000 characters"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("l.map(x, l.map(y, l.map(z, 1)))", STEPS),
        ("l.all(x, l.all(y, true)) || true", STEPS),
        ("l.exists(x, s.contains('xxy'))", STEPS),
        ("l.filter(x, x in l)", STEPS),
        ("[l, l] == [l, l]", STEPS),
        ("l.map(x, s)", STEPS),
        ("l.map(x, s.split(''))", STEPS),
        ("json(l.map(x, s))", STEPS),
        ("[[1]]" + ".map(a, [a, a])" * 60, CHARACTERS),
        ("[[1, 1]]" + ".map(a, a + a)" * 40, STEPS),
        ("json([1]" + ".map(a, [a, a])" * 40 + ")", STEPS),
        ("s + s + s + s + s + s", CHARACTERS),
        ("s.replace('x', 'yyyyyyyyyyyy')", CHARACTERS),
        ("l.map(x, s).join('')", STEPS),
        ("[s, s, s, s, s, s, s, s, s, s].join(s)", CHARACTERS),
        ("json(deep)", "the value nests deeper than 100 levels"),
        ("[deep]", "the value nests deeper than 100 levels"),
    ],
)
def test_no_expression_runs_without_bound(text: str, message: str) -> None:
    assert error(text, BIG).message == message


def test_depth_of_the_data_is_no_danger() -> None:
    assert value("deep == deep", BIG) is True
    assert value("deep", BIG) is BIG["deep"]


def test_the_budget_is_a_number_of_steps() -> None:
    assert value("1 + 2", budget=3) == 3
    found = error("1 + 2", budget=2)
    assert found.message == "the expression takes more than 2 steps"
    assert error("false && 1 > 0 || true || true", budget=4).message == (
        "the expression takes more than 4 steps"
    )


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


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)
ATOMS = st.sampled_from(
    [
        "a",
        "b",
        "c",
        "a.x",
        "b[0]",
        "c['']",
        "1",
        "-2",
        "0.5",
        "'s'",
        "''",
        "null",
        "true",
        "[]",
        "{}",
    ]
)
SHAPES = [
    "({} + {})", "({} - {})", "({} * {})", "({} / {})", "({} % {})", "({} == {})", "({} < {})",
    "({} in {})", "({} && {})", "({} || {})", "[{}, {}]", "{{'k': {}, 'l': {}}}", "{}.all(v, {})",
    "{}.map(v, {})", "{}.filter(v, {} == v)", "{}[{}]", "{}.split({})", "{}.join({})",
    "{}.contains({})", "default(a[{}], {})", "(true ? {} : {})", "[json({}), string({})]",
    "[int({}), double({})]", "[size({}), -{}]", "{}.replace({}, 'r')", "({} >= {}.k)",
]  # fmt: skip
TEXTS = st.recursive(
    ATOMS,
    lambda inner: st.builds(
        lambda shape, x, y: shape.format(x, y), st.sampled_from(SHAPES), inner, inner
    ),
    max_leaves=8,
)


@settings(max_examples=200, deadline=None)
@given(TEXTS, st.fixed_dictionaries({"a": JSON, "b": JSON, "c": JSON}))
def test_any_scope_gives_a_value_or_an_evaluation_error(text: str, scope: dict[str, Any]) -> None:
    expr = parse_expression(text)
    try:
        first = evaluate(expr, scope)
    except EvaluationError as found:
        assert error(text, scope).message == found.message  # noqa: PT017
    else:
        assert repr(evaluate(expr, scope)) == repr(first)
