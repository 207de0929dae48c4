"""Contracts resolved: what they become, and what is said where they cannot."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from agentflow.contracts.checker import compile_schema
from agentflow.contracts.models import Models
from agentflow.contracts.resolve import ContractError, Resolver, UnknownContent
from agentflow.errors import FileProblem

CONTRACTS: Mapping[str, Any] = {
    "Trip": {
        "type": "object",
        "properties": {"legs": {"items": {"$ref": "#/contracts/Leg"}}},
    },
    "Leg": {
        "type": "object",
        "properties": {"date": {"$ref": "#/$defs/date"}, "trip": {"$ref": "#/contracts/Trip"}},
        "$defs": {"date": {"type": "string", "format": "date"}, "unused": {"type": "null"}},
    },
    "Tree": {"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#/properties/left"}}},
    "Alias": {"$ref": "#/contracts/Leg/$defs/date"},
    "Ticket": {"$ref": "schemas/ticket.json"},
    "Anchored": {"$ref": "#here", "$defs": {"x": {"$anchor": "here", "type": "null"}}, "title": "A"},
    "Data": {"const": {"$ref": "https://example.org"}, "properties": {"$ref": {"type": "null"}}},
    "First": {"$ref": "#/contracts/Second"},
    "Second": {"$ref": "#/contracts/First"},
    "Knot": {"anyOf": [{"type": "null"}, {"allOf": [{"$ref": "#/$defs/back"}]}], "$defs": {"back": {"$ref": "#"}}},
}  # fmt: skip
FILES = {
    "schemas/ticket.json": {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "https://example.org/ticket",
        "type": "object",
        "properties": {
            "person": {"$ref": "people.json#/$defs/person"},
            "parent": {"$ref": "#"},
            "shared": {"$ref": "../common.json"},
        },
    },
    "schemas/people.json": {
        "$defs": {
            "person": {"properties": {"mail": {"$ref": "#/$defs/mail"}, "ticket": {"$ref": "ticket.json"}}},
            "mail": {"format": "email"},
        }
    },
    "common.json": True,
    "old.json": {"$schema": "http://json-schema.org/draft-07/schema#"},
    "inner.json": {"properties": {"a": {"$id": "https://example.org/a"}}},
    "number.json": 3,
}  # fmt: skip
TEXTS = {name: json.dumps(schema) for name, schema in FILES.items()} | {
    "broken.json": '{"type": }',
    "twice.json": '{"type": "null", "type": "string"}',
}


class Reader:
    """Files in memory, and which were asked for."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def __call__(self, path: str) -> str:
        self.asked.append(path)
        if path.startswith(".."):
            raise FileProblem(f"'{path}' is outside the project", help="move it into the project")
        if path not in TEXTS:
            raise FileProblem(f"'{path}' does not exist")
        return TEXTS[path]


def resolve(contract: Any) -> dict[str, Any]:
    return Resolver(CONTRACTS, Reader()).resolve(contract)


@pytest.mark.parametrize(
    ("contract", "schema"),
    [
        ({"type": "string"}, {"type": "string"}),
        (
            "Trip",
            {
                "type": "object",
                "properties": {"legs": {"items": {"$ref": "#/$defs/Leg"}}},
                "$defs": {
                    "Leg": {
                        "type": "object",
                        "properties": {
                            "date": {"$ref": "#/$defs/date"},
                            "trip": {"$ref": "#"},
                        },
                    },
                    "date": {"type": "string", "format": "date"},
                },
            },
        ),
        (
            "Tree",
            {
                "properties": {"left": {"$ref": "#"}, "right": {"$ref": "#/$defs/left"}},
                "$defs": {"left": {"$ref": "#"}},
            },
        ),
        ("Alias", {"type": "string", "format": "date"}),
        (
            "Ticket",
            {
                "type": "object",
                "properties": {
                    "person": {"$ref": "#/$defs/person"},
                    "parent": {"$ref": "#"},
                    "shared": {"$ref": "#/$defs/common"},
                },
                "$defs": {
                    "person": {
                        "properties": {"mail": {"$ref": "#/$defs/mail"}, "ticket": {"$ref": "#"}}
                    },
                    "common": True,
                    "mail": {"format": "email"},
                },
            },
        ),
        ({"$ref": "schemas/people.json#/$defs/mail"}, {"format": "email"}),
        ({"$ref": "common.json"}, {}),
        ("Anchored", {"$ref": "#/$defs/here", "title": "A", "$defs": {"here": {"type": "null"}}}),
        ("Data", CONTRACTS["Data"]),
        (
            {
                "prefixItems": [
                    {"$ref": "#/contracts/Leg/$defs/date"},
                    {"$ref": "#/$defs/date"},
                    {"$ref": "#/prefixItems/0"},
                ],
                "$defs": {"date": {"type": "null"}},
            },
            {
                "prefixItems": [
                    {"$ref": "#/$defs/date"},
                    {"$ref": "#/$defs/date_2"},
                    {"$ref": "#/$defs/schema"},
                ],
                "$defs": {
                    "date": {"type": "string", "format": "date"},
                    "date_2": {"type": "null"},
                    "schema": {"$ref": "#/$defs/date"},
                },
            },
        ),
    ],
)
def test_a_contract_becomes_self_contained(contract: Any, schema: dict[str, Any]) -> None:
    resolved = resolve(contract)
    assert resolved == schema
    assert list(resolved.get("$defs", ())) == list(schema.get("$defs", ()))
    compile_schema(resolved)


def test_a_recursive_contract_is_checked_to_the_bottom() -> None:
    checker = compile_schema(resolve("Ticket"))
    good = {"parent": {"person": {"mail": "a@b.example"}}}
    bad = {"parent": {"person": {"ticket": {"person": {"mail": "nobody"}}}}}
    assert checker.check(good) == ()
    assert [str(violation) for violation in checker.check(bad)] == [
        (
            "parent.person.ticket.person.mail: "
            'expected an email like ada@example.org, found string "nobody"'
        )
    ]


def test_a_contract_is_resolved_once_and_a_file_read_once() -> None:
    reader = Reader()
    resolver = Resolver(CONTRACTS, reader)
    inline = {"items": {"$ref": "schemas/ticket.json"}}
    assert resolver.resolve("Ticket") is resolver.resolve("Ticket")
    assert resolver.resolve(inline) is resolver.resolve(inline)
    assert resolver.resolve(dict(inline)) == resolver.resolve(inline)
    assert reader.asked == ["schemas/ticket.json", "schemas/people.json", "common.json"]


def test_paths_start_at_the_folder() -> None:
    resolver = Resolver({}, Reader(), "schemas")
    assert resolver.resolve({"$ref": "people.json#/$defs/mail"}) == {"format": "email"}
    assert resolver.resolve({"$ref": "../common.json"}) == {}


def test_the_contract_is_left_as_it_was() -> None:
    before = json.dumps(CONTRACTS)
    for name in ("Trip", "Tree", "Ticket"):
        resolve(name)
    assert json.dumps(CONTRACTS) == before


@pytest.mark.parametrize(
    ("contract", "message", "path", "help_"),
    [
        ("Tripp", "unknown contract 'Tripp'", (), "did you mean 'Trip'?"),
        (
            {"items": {"$ref": "#/contracts/Legg"}},
            "unknown contract 'Legg'",
            ("items", "$ref"),
            "did you mean 'Leg'?",
        ),
        (
            {"$ref": "#/$defs/dat", "$defs": {"date": {}}, "title": "x"},
            "'#/$defs/dat' does not exist",
            ("$ref",),
            "did you mean 'date'?",
        ),
        (
            {"properties": {"a": {"$ref": "#/contracts/Leg/$defs/dates"}}},
            "'#/contracts/Leg/$defs/dates' does not exist",
            ("properties", "a", "$ref"),
            "did you mean 'date'?",
        ),
        (
            {"anyOf": [{"$ref": "schemas/people.json#/$defs/persons"}]},
            "'schemas/people.json#/$defs/persons' does not exist",
            ("anyOf", 0, "$ref"),
            "did you mean 'person'?",
        ),
        (
            {"$ref": "#/type", "type": "null"},
            "'#/type' is not a schema",
            ("$ref",),
            None,
        ),
        ({"$ref": "number.json"}, "'number.json' is not a schema", (), None),
        (
            {"$ref": "#ther", "$defs": {"a": {"$anchor": "there"}}, "title": "x"},
            "'#ther' does not exist",
            ("$ref",),
            "did you mean 'there'?",
        ),
        (
            {"items": {"$ref": "https://example.org/a.json"}},
            "'https://example.org/a.json' is an address; contracts are never fetched",
            ("items", "$ref"),
            "save the schema in the project and refer to the file",
        ),
        (
            {"$ref": "file:///etc/passwd"},
            "'file:///etc/passwd' is an address; contracts are never fetched",
            ("$ref",),
            "save the schema in the project and refer to the file",
        ),
        (
            {"$ref": "/etc/passwd"},
            "'/etc/passwd' is an absolute path",
            ("$ref",),
            "write the path relative to the file that names it",
        ),
        (
            {"$ref": "schemas/../../secret.json"},
            "'../secret.json' is outside the project",
            ("$ref",),
            "move it into the project",
        ),
        ({"$ref": "none.json"}, "'none.json' does not exist", ("$ref",), None),
        (
            {"$ref": "broken.json"},
            (
                "'broken.json' cannot be read as a contract: "
                "not JSON: a value is expected at line 1 column 10, where '}' stands"
            ),
            ("$ref",),
            "a schema in a file of its own is written as JSON",
        ),
        (
            {"$ref": "twice.json"},
            (
                "'twice.json' cannot be read as a contract: "
                "the key 'type' is there twice, with different values"
            ),
            ("$ref",),
            "a schema in a file of its own is written as JSON",
        ),
        (
            "First",
            (
                "the references never end: "
                "'#/contracts/First' → '#/contracts/Second' → '#/contracts/First'"
            ),
            (),
            "a schema may refer to itself only below 'properties', 'items' or the like",
        ),
        (
            "Knot",
            (
                "the references never end: "
                "'#/contracts/Knot' → '#/contracts/Knot/$defs/back' → '#/contracts/Knot'"
            ),
            (),
            "a schema may refer to itself only below 'properties', 'items' or the like",
        ),
        (
            {"not": {"$ref": "#"}},
            "the references never end: '#' → '#'",
            (),
            "a schema may refer to itself only below 'properties', 'items' or the like",
        ),
        (
            {"items": {"python": "models:Trip"}},
            "'python' is only for a whole contract of the spec",
            ("items", "python"),
            "give it a name under 'contracts', and refer to that: {$ref: '#/contracts/Name'}",
        ),
        (
            {"python": "models.Trip"},
            "'python' must be a text like package.module:Model, found string \"models.Trip\"",
            ("python",),
            None,
        ),
        (
            {"python": "models:Trip", "title": "Trip"},
            "'title' cannot stand beside 'python'",
            ("title",),
            "a contract that names a Python class says nothing else",
        ),
        (
            {"items": {"$dynamicRef": "#node"}},
            "'$dynamicRef' is not supported yet",
            ("items", "$dynamicRef"),
            None,
        ),
        (
            {"items": {"$ref": "inner.json"}},
            "'$id' in 'inner.json' is not supported yet",
            ("items", "$ref", "$id"),
            None,
        ),
        (
            {"$ref": "old.json", "title": "x"},
            (
                "'$schema' is 'http://json-schema.org/draft-07/schema#' in 'old.json'; "
                "contracts are JSON Schema 2020-12"
            ),
            ("$ref",),
            "write https://json-schema.org/draft/2020-12/schema, or leave '$schema' out",
        ),
        ({"$ref": 3}, "'$ref' must be a text", ("$ref",), None),
    ],
)
def test_what_cannot_be_resolved(
    contract: Any, message: str, path: tuple[str | int, ...], help_: str | None
) -> None:
    with pytest.raises(ContractError) as caught:
        resolve(contract)
    assert (caught.value.message, caught.value.path, caught.value.help) == (message, path, help_)


#: As pydantic writes a recursive model.
NODE = {
    "$defs": {"Node": {"properties": {"next": {"$ref": "#/$defs/Node"}, "at": {"type": "null"}}}},
    "$ref": "#/$defs/Node",
}


def test_a_class_is_a_contract_like_any_other() -> None:
    contracts = {
        "Node": {"python": "models:Node"},
        "List": {"properties": {"first": {"$ref": "#/contracts/Node"}}},
        "At": {"$ref": "#/contracts/Node/$defs/Node/properties/at"},
    }
    models = Models({"models:Node": json.dumps(NODE), "models:Bad": "{"})
    resolver = Resolver(contracts, Reader(), models=models)
    assert resolver.resolve("Node") == resolver.resolve({"python": "models:Node"}) == NODE
    assert resolver.resolve("At") == {"type": "null"}
    assert resolver.resolve("List") == {
        "properties": {"first": {"$ref": "#/$defs/Node"}},
        "$defs": {
            "Node": {"$ref": "#/$defs/Node_2"},
            "Node_2": {"properties": {"next": {"$ref": "#/$defs/Node_2"}, "at": {"type": "null"}}},
        },
    }
    with pytest.raises(ContractError) as caught:
        resolver.resolve({"python": "models:Bad"})
    assert caught.value.message == (
        "it cannot be read: not JSON: a key in double quotes is expected, but the text ends"
    )


@pytest.mark.parametrize(
    "contract",
    [
        {"python": "models:Unseen"},
        "Unseen",
        {"items": {"$ref": "#/contracts/Unseen"}},
        {"$ref": "#/contracts/Unseen/properties/anything"},
    ],
)
def test_what_depends_on_an_unseen_class_is_unknown(contract: Any) -> None:
    resolver = Resolver({"Unseen": {"python": "models:Unseen"}}, Reader())
    with pytest.raises(UnknownContent):
        resolver.resolve(contract)


def test_a_schema_nested_too_deep() -> None:
    schema: dict[str, Any] = {}
    for _ in range(200):
        schema = {"items": schema}
    with pytest.raises(ContractError, match=r"^nested more than 100 levels deep$"):
        resolve(schema)


def test_what_contracts_lead_to_together_has_an_end() -> None:
    names = [f"C{number}" for number in range(250)]
    fields = {name: {"$ref": f"#/contracts/{name}"} for name in names}
    resolver = Resolver({name: {"properties": fields} for name in names}, Reader())
    with pytest.raises(ContractError) as refused:
        list(map(resolver.resolve, names))
    assert str(refused.value) == (
        "the contracts of this file refer to more than 50,000 schemas, counted once for each contract"
        " that leads to them"
    )
    assert refused.value.help == (
        "let fewer contracts refer to each other, or leave out what nothing uses"
    )


def test_ten_thousand_references_in_a_row_end_in_an_error() -> None:
    chain = {f"C{n}": {"items": {"$ref": f"#/contracts/C{n + 1}"}} for n in range(10_000)}
    with pytest.raises(ContractError, match=r"^refers to more than 2000 schemas$"):
        Resolver(chain, Reader()).resolve("C0")
