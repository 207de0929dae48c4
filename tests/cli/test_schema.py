"""`agentflow schema`: the language, a class, and the contracts of a spec."""

import json
from pathlib import Path

from .shell import Done, Project
from .test_commands import valid

MODELS = "from pydantic import BaseModel\nprint('noise')\nclass Order(BaseModel): id: int\n"


def test_the_language(project: Project) -> None:
    published = Path(__file__).parents[2] / "schemas" / "pipeline.v1.schema.json"
    assert project.agentflow("schema") == Done(0, published.read_text())


def test_a_class(project: Project) -> None:
    project.write("shop.py", MODELS)
    done = project.agentflow("schema", "--from", "shop:Order")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == {
        "properties": {"id": {"title": "Id", "type": "integer"}},
        "required": ["id"],
        "title": "Order",
        "type": "object",
    }


def test_what_is_no_class(project: Project) -> None:
    project.write("shop.py", MODELS)
    assert project.agentflow("schema", "--from", "shop.Order") == Done(
        2,
        "",
        "error: 'shop.Order' is no name of a class\nhelp: write it as package.module:Model\n",
    )
    assert project.agentflow("schema", "--from", "shop:Ordr") == Done(
        2, "", "error: module 'shop' has no class 'Ordr', did you mean 'Order'?\n"
    )
    done = project.agentflow("schema", "--from", "shop:Order", "contracts", "hello.yaml")
    assert (done.code, done.out) == (2, "")
    assert done.err.endswith("Error: Invalid value: '--from' stands alone\n")


def test_contracts(project: Project) -> None:
    done = project.agentflow("schema", "contracts", "chain.yaml")
    assert (done.code, done.err) == (0, "")
    found = json.loads(done.out)
    valid(found, "contracts.v1.schema.json")
    assert (found["pipeline"], found["inputs"]) == ("chain", None)
    assert list(found["contracts"]) == ["Text", "Request"]
    assert found["contracts"]["Text"]["properties"] == {
        "text": {"type": "string", "maxLength": 100}
    }
    assert found["agents"]["reader"] == {
        "input": found["contracts"]["Request"],
        "output": found["contracts"]["Text"],
    }
    with_inputs = json.loads(project.agentflow("schema", "contracts", "hello.yaml").out)
    valid(with_inputs, "contracts.v1.schema.json")
    assert with_inputs["inputs"]["required"] == ["name"]


def test_contracts_from_python(project: Project) -> None:
    project.write("shop.py", MODELS)
    project.edit("chain.yaml", "contracts:\n", 'contracts:\n  Order: {python: "shop:Order"}\n')
    assert project.agentflow("schema", "contracts", "chain.yaml") == Done(
        2,
        "",
        "error: 'chain.yaml' has contracts from Python\n"
        "help: '--allow-imports' imports the modules of their classes\n",
    )
    done = project.agentflow("schema", "contracts", "--allow-imports", "chain.yaml")
    assert json.loads(done.out)["contracts"]["Order"]["title"] == "Order"


def test_contracts_of_a_spec_with_errors(project: Project) -> None:
    project.edit("hello.yaml", "steps.greet.output.text", "steps.great.output.text")
    done = project.agentflow("schema", "contracts", "hello.yaml")
    assert (done.code, done.out) == (1, "")
    assert done.err.endswith("error: 'hello.yaml' has an error and cannot run\n")


def test_pydantic_models_of_the_contracts(project: Project) -> None:
    done = project.agentflow("schema", "contracts", "chain.yaml", "--format", "pydantic")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("# Made by 'agentflow schema contracts'; ")
    for name in ("Text", "Request", "ReaderInput", "ReaderOutput", "WriterInput"):
        assert f"class {name}(" in done.out
    project.write("generated.py", done.out)
    # What was made from contracts can be a contract again.
    again = project.agentflow("schema", "--from", "generated:Request")
    assert json.loads(again.out)["required"] == ["name"]


def test_types_without_their_generator(project: Project) -> None:
    done = project.agentflow(
        "schema", "contracts", "chain.yaml", "-f", "typescript", env={"PATH": "/nowhere"}
    )
    own = project.folder / "node_modules" / ".bin"
    assert done == Done(
        3,
        "",
        f"error: the generator of TypeScript is neither in '{own}' nor on the PATH\n"
        "help: npm install --save-dev json-schema-to-typescript\n",
    )


def test_the_contracts_of_a_spec_on_stdin(project: Project) -> None:
    text = (project.folder / "hello.yaml").read_bytes()
    done = project.agentflow("schema", "contracts", "-", stdin=text)
    assert done == project.agentflow("schema", "contracts", "hello.yaml")
