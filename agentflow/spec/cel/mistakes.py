"""What people write by habit from other languages, and what to write here instead.

Plain tables for the messages of `spec.expressions`: each key is what was found, each value the
help. A key that is valid somewhere is only looked up where it was not expected.
"""

from collections.abc import Mapping

#: Operators that this language does not have; `spec.cel.tokens` finds them.
OPERATORS: Mapping[str, str] = {
    "${{": "write the bare expression, without '${{ }}' around it or in it",
    "{{": "write the bare expression, without '{{ }}'",
    "===": "compare with '=='",
    "!==": "compare with '!='",
    "<>": "compare with '!='",
    ":=": "compare with '=='; nothing can be assigned",
    "=": "compare with '=='; nothing can be assigned",
    "**": "multiply with '*'",
    "//": "divide with '/', which drops the fraction of integers",
    "??": "write default(a, b) for a value that may be absent",
    "?.": "write default(a.b, value) or has(a.b) for a value that may be absent",
    "&": "write '&&' for a logical and",
    "|": "there are no filters; call a function: x.trim(), size(x), default(x, value)",
}

#: Words that stand where an operator or a value was expected.
WORDS: Mapping[str, str] = {
    "and": "write '&&'",
    "or": "write '||'",
    "not": "write '!' before what is negated, as in !(a in b)",
    "is": "compare with '=='",
    "if": "write condition ? value : other",
    "else": "write condition ? value : other",
    "True": "write 'true'",
    "False": "write 'false'",
    "None": "write 'null'",
}

#: Names at which an expression begins elsewhere.
ROOTS: Mapping[str, str] = {
    **dict.fromkeys(
        ("env", "secret", "secrets", "vars"),
        "an expression reads no environment: 'env' or 'headers' of an agent take {secret: NAME}, and"
        " what is no secret is an input",
    ),
    **dict.fromkeys(
        ("params", "parameters", "variables"), "what a run is given is read as inputs.NAME"
    ),
    **dict.fromkeys(("pipeline", "workflow"), "of the run there is its id: run.id"),
}

#: Functions by the names they have elsewhere.
FUNCTIONS: Mapping[str, str] = {
    "matches": "put the pattern into the contract of the value: {type: string, pattern: …}",
    "len": "write size(x)",
    "length": "write size(x)",
    "count": "write size(x), or x.filter(v, condition).size()",
    "str": "write string(x)",
    "float": "write double(x)",
    "tojson": "write json(x)",
    "lower": "write x.lowerAscii()",
    "upper": "write x.upperAscii()",
    "strip": "write x.trim()",
    "startswith": "write x.startsWith(y)",
    "endswith": "write x.endsWith(y)",
    "includes": "write x.contains(y), or y in x for a list",
    "get": "write default(x.field, value)",
    "any": "write x.exists(v, condition)",
    "existsOne": "write x.exists_one(v, condition)",
    "select": "write x.filter(v, condition)",
    "not": "write '!'",
    "now": "an expression knows no time; take it in as an input",
    "timestamp": "an expression knows no time; take it in as an input",
    "uuid": "an expression knows no chance; run.id is another one in every run",
    "random": "an expression knows no chance; run.id is another one in every run",
}
