"""The functions that expressions call.

The tables follow the conformance tests of CEL, which say what the answers are
(https://github.com/google/cel-spec/tree/master/tests/simple/testdata); the expressions are ours.
"""

import pytest

from tests.spec.evaluation import check, check_error


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
        ("int(-9223372036854774784.0)", -(2**63) + 1024),
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
