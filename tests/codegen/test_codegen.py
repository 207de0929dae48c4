"""Generated types: the real generators, and whether what they make says what the contracts say."""

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pydantic
import pytest

from agentflow.codegen import pydantic_code, typescript_code
from agentflow.contracts.checker import compile_schema
from agentflow.contracts.gather import gather
from agentflow.errors import CouldNot
from tests.npm import installed, needs_node

HERE = Path(__file__).parent
LEG = {
    "type": "object",
    "additionalProperties": False,
    "required": ["to", "seats"],
    "properties": {
        "to": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "seats": {"type": "integer", "minimum": 1, "maximum": 9},
        "price": {"type": "number"},
        "next": {"anyOf": [{"$ref": "#"}, {"type": "null"}]},
    },
}
CONTRACTS: dict[str, dict[str, Any]] = {
    "Leg": LEG,
    "Kind": {"enum": ["question", "praise"]},
    "Letter": {
        "type": "object",
        "required": ["kind"],
        "properties": {
            "kind": {"$ref": "#/$defs/Kind"},
            "tags": {"type": "array", "maxItems": 2, "items": {"type": "string"}},
            "urgent": {"type": "boolean"},
        },
        "$defs": {"Kind": {"enum": ["question", "praise"]}},
    },
    "WriterOutput": LEG,
}
LAX_LEG = {"to": "ROM", "seats": 1}
GOOD: list[tuple[str, Any]] = [
    ("Leg", LAX_LEG),
    ("Leg", {**LAX_LEG, "price": 9.5, "next": {**LAX_LEG, "next": None}}),
    ("WriterOutput", LAX_LEG),
    ("Kind", "praise"),
    ("Letter", {"kind": "question", "tags": ["a", "b"], "urgent": True}),
    ("Letter", {"kind": "question", "more": 1}),
]
BAD: list[tuple[str, Any]] = [
    ("Leg", {"to": "ROM"}),
    ("Leg", {**LAX_LEG, "to": "Rom"}),
    ("Leg", {**LAX_LEG, "seats": 10}),
    ("Leg", {**LAX_LEG, "seats": "1"}),
    ("Leg", {**LAX_LEG, "seats": True}),
    ("Leg", {**LAX_LEG, "price": "9.5"}),
    ("Leg", {**LAX_LEG, "more": 1}),
    ("Leg", {**LAX_LEG, "next": {"to": "ROM"}}),
    ("WriterOutput", {"to": "ROM"}),
    ("Kind", "blame"),
    ("Letter", {"kind": "blame"}),
    ("Letter", {"kind": "praise", "tags": ["a", "b", "c"]}),
    ("Letter", {"kind": "praise", "urgent": "yes"}),
]


@pytest.fixture(scope="module")
def schema() -> str:
    return json.dumps(gather("Contracts", CONTRACTS))


# --- pydantic -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def models(schema: str) -> ModuleType:
    """The generated module, imported."""
    module = ModuleType("generated")
    sys.modules["generated"] = module
    exec(compile(pydantic_code(schema), "generated.py", "exec"), vars(module))
    return module


@pytest.mark.parametrize(("name", "value"), GOOD)
def test_a_generated_model_takes_what_the_contract_takes(
    models: ModuleType, name: str, value: Any
) -> None:
    assert not compile_schema(CONTRACTS[name]).check(value)
    getattr(models, name).model_validate_json(json.dumps(value))


@pytest.mark.parametrize(("name", "value"), BAD)
def test_a_generated_model_refuses_what_the_contract_refuses(
    models: ModuleType, name: str, value: Any
) -> None:
    assert compile_schema(CONTRACTS[name]).check(value)
    with pytest.raises(pydantic.ValidationError):
        getattr(models, name).model_validate_json(json.dumps(value))


def test_the_generator_of_pydantic_models_is_an_extra(
    schema: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As `find_spec` sees a package that is not installed.
    monkeypatch.setattr(sys, "path", [])
    sys.modules.pop("datamodel_code_generator", None)
    with pytest.raises(CouldNot) as caught:
        pydantic_code(schema)
    assert caught.value.message == "the generator of pydantic models is not installed"
    assert caught.value.help == "in a checkout of agentflow: pip install '.[codegen]'"


# --- TypeScript -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def npm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the generator and the type checker."""
    folder = installed(HERE, tmp_path_factory.mktemp("npm", numbered=True))
    (folder / "agentflow.toml").touch()
    return folder


def typescript_errors(npm: Path, folder: Path, code: str, use: str) -> list[str]:
    """What `tsc` has against code that uses the generated types."""
    (folder / "contracts.ts").write_text(code)
    (folder / "use.ts").write_text(use)
    tsc = npm / "node_modules" / ".bin" / "tsc"
    done = subprocess.run(
        [tsc, "--strict", "--noEmit", "--pretty", "false", "use.ts"],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    return [
        line for line in done.stdout.splitlines() if line.startswith(("use.ts", "contracts.ts"))
    ]


@needs_node
def test_generated_typescript(npm: Path, schema: str, tmp_path: Path) -> None:
    code = typescript_code(schema, npm)
    head = 'import { Contracts, Kind, Leg, Letter } from "./contracts";\n'
    good = (
        'const leg: Leg = { to: "ROM", seats: 1, next: { to: "LIS", seats: 2, next: null } };\n'
        'const letter: Letter = { kind: "praise", tags: ["a"], urgent: true };\n'
        "const kind: Kind = letter.kind;\n"
        'export const out: Contracts["WriterOutput"] = leg;\n'
        "export { kind };\n"
    )
    assert typescript_errors(npm, tmp_path, code, head + good) == []
    bad = (
        'export const a: Leg = { to: "ROM" };\n'
        'export const b: Leg = { to: "ROM", seats: "1" };\n'
        'export const c: Leg = { to: "ROM", seats: 1, more: 1 };\n'
        'export const d: Kind = "blame";\n'
        "export const e: Letter = { tags: [] };\n"
        'export const f: Contracts["WriterOutput"] = 1;\n'
    )
    found = typescript_errors(npm, tmp_path, code, head + bad)
    assert [line.partition("(")[2].partition(",")[0] for line in found] == list("234567")


@needs_node
def test_a_generator_that_fails(npm: Path) -> None:
    with pytest.raises(CouldNot, match="'json-schema-to-typescript' ended with exit code 1: "):
        typescript_code("{", npm)


def test_there_is_no_generator_of_typescript(
    schema: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CouldNot) as caught:
        typescript_code(schema, tmp_path)
    own = tmp_path / "node_modules" / ".bin"
    assert caught.value.message == (
        f"the generator of TypeScript is neither in '{own}' nor on the PATH"
    )
    assert caught.value.help == "npm install --save-dev json-schema-to-typescript"
