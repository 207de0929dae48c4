"""Paths, absence, logic, comprehensions and bounds: what expressions come to.

The tables follow the conformance tests of CEL, which say what the answers are
(https://github.com/google/cel-spec/tree/master/tests/simple/testdata); the expressions are ours.
"""

from collections.abc import Iterator, Mapping
from typing import Any
from weakref import ReferenceType, ref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agentflow.spec.cel.evaluate import Absent, EvaluationError, evaluate
from agentflow.spec.expressions import parse_expression
from agentflow.spec.yaml.collector import collector_paused
from tests.spec.evaluation import SCOPE, check, check_error, error, value


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


@pytest.mark.parametrize(
    "text", ["inputs.x && inputs.y", "inputs.yes && inputs.x", "inputs.list.all(n, inputs.x > n)"]
)
def test_an_error_of_logic_is_gone_when_nobody_keeps_it(text: str) -> None:
    expr = parse_expression(text)

    def gone() -> ReferenceType[EvaluationError]:
        try:
            evaluate(expr, SCOPE)
        except EvaluationError as error:
            return ref(error)
        raise AssertionError

    with collector_paused():
        assert gone()() is None
