"""Classes are looked up in a process of their own, and nothing that a module does gets out of
it."""

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest

from agentflow.classes.schemas import read_schemas
from agentflow.contracts.models import ModelProblem, Models

from ..processes import ends

SHOP = """\
import dataclasses
from collections.abc import Callable

import pydantic.v1
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from typing_extensions import NotRequired, TypedDict


class Order(BaseModel):
    model_config = ConfigDict(extra="forbid")
    id: str = Field(alias="order_id", pattern="^[0-9]{6}$")
    note: str | None = None

    @pydantic.computed_field
    @property
    def short(self) -> str:
        return self.id[:3]


class Node(BaseModel):
    name: str
    children: list["Node"] = []


@dataclasses.dataclass
class Point:
    x: int


class Row(TypedDict):
    name: str
    size: NotRequired[int]


Orders = TypeAdapter(list[Order])


class Old(pydantic.v1.BaseModel):
    x: int


class Plain:
    pass


class Calls(BaseModel):
    back: Callable[[], None]


def order() -> None:
    pass
"""
ORDER = {
    "additionalProperties": False,
    "properties": {
        "order_id": {"pattern": "^[0-9]{6}$", "title": "Order Id", "type": "string"},
        "note": {
            "anyOf": [{"type": "string"}, {"type": "null"}],
            "default": None,
            "title": "Note",
        },
    },
    "required": ["order_id"],
    "title": "Order",
    "type": "object",
}
WHAT = "name a pydantic model, a dataclass, a TypedDict or a TypeAdapter"
ON_IMPORT = "move what the module does on import into functions"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project with the module `shop` in its root, and an empty folder for a spec."""
    (tmp_path / "shop.py").write_text(SHOP)
    folder = tmp_path / "specs"
    folder.mkdir()
    return folder


def read(folder: Path, *names: str, patience: float = 300) -> Models:
    return read_schemas(names, folder, folder.parent, patience=patience)


def problem(folder: Path, name: str) -> tuple[str, str | None]:
    """What is said of the only class that was asked for."""
    models = read(folder, name)
    assert models.schemas == {}
    (found,) = models.problems.values()
    return found.message, found.help


def test_what_pydantic_describes(folder: Path) -> None:
    models = read(folder, "shop:Order", "shop:Point", "shop:Row", "shop:Orders")
    assert models.problems == {}
    schemas: dict[str, Any] = {name: json.loads(text) for name, text in models.schemas.items()}
    # What the class accepts: by alias, and without what it computes.
    assert schemas["shop:Order"] == ORDER
    assert schemas["shop:Point"]["required"] == ["x"]
    assert schemas["shop:Row"]["required"] == ["name"]
    assert schemas["shop:Orders"] == {
        "$defs": {"Order": ORDER},
        "items": {"$ref": "#/$defs/Order"},
        "type": "array",
    }


def test_a_class_that_refers_to_itself_has_its_fields_on_top(folder: Path) -> None:
    schema = json.loads(read(folder, "shop:Node").schemas["shop:Node"])
    node = schema["$defs"]["Node"]
    assert schema == {**node, "$defs": {"Node": node}}
    assert node["properties"]["children"]["items"] == {"$ref": "#/$defs/Node"}


def test_the_folder_of_the_spec_comes_first(folder: Path) -> None:
    (folder / "shop.py").write_text(
        "from pydantic import BaseModel\nclass Order(BaseModel): x: int\n"
    )
    assert '"x"' in read(folder, "shop:Order").schemas["shop:Order"]


def test_no_process_is_started_for_nothing() -> None:
    assert read_schemas((), Path("/nowhere"), Path("/nowhere")) == Models()


@pytest.mark.parametrize(
    ("name", "message", "help"),
    [
        ("shop:Ordr", "module 'shop' has no class 'Ordr', did you mean 'Order'?", None),
        ("shop:order", "'shop:order' is no pydantic model but of type function", WHAT),
        ("shop:Plain", "class 'shop:Plain' is no pydantic model", WHAT),
        (
            "shop:Old",
            "'shop:Old' is a model of pydantic 1",
            "derive it from the BaseModel of 'pydantic', not of 'pydantic.v1'",
        ),
        (
            "shop:Calls",
            (
                "no JSON Schema can be made for 'shop:Calls': PydanticInvalidForJsonSchema: "
                "Cannot generate a JsonSchema for core_schema.CallableSchema"
            ),
            None,
        ),
    ],
)
def test_what_is_no_model(folder: Path, name: str, message: str, help: str | None) -> None:
    assert problem(folder, name) == (message, help)


def test_a_module_that_is_not_there(folder: Path) -> None:
    assert problem(folder, "shup.models:Order") == (
        "there is no module 'shup.models'",
        f"it is looked up in '{folder}' and '{folder.parent}', and then where Python looks",
    )


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "import nothing_like_it\n",
            (
                "cannot import 'bad': ModuleNotFoundError: "
                "No module named 'nothing_like_it' (bad.py:1 in <module>)"
            ),
        ),
        ("\nx = {}['a']\n", "cannot import 'bad': KeyError: 'a' (bad.py:2 in <module>)"),
        (
            "import sys\nsys.exit('no way')\n",
            "cannot import 'bad': SystemExit: no way (bad.py:2 in <module>)",
        ),
    ],
)
def test_a_module_that_raises(folder: Path, code: str, message: str) -> None:
    (folder.parent / "bad.py").write_text(code)
    assert problem(folder, "bad:Model") == (message, None)


def test_a_module_that_ends_the_process(folder: Path) -> None:
    (folder / "bad.py").write_text("import os\nos.write(2, b'so long\\n\\n')\nos._exit(3)\n")
    models = read(folder, "shop:Point", "bad:A", "shop:Row")
    assert list(models.schemas) == ["shop:Point"]
    message = "importing 'bad' ended the process with exit code 3: so long"
    assert models.problems == {"bad:A": ModelProblem(message, ON_IMPORT)}


def test_a_module_that_hangs(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "bad.py").write_text(
        "import os, subprocess, sys, time\n"
        "child = subprocess.Popen(['sleep', '1000'])\n"
        "open('pids', 'w').write(f'{os.getpid()} {child.pid}')\n"
        "print('so far', file=sys.stderr, flush=True)\n"
        "time.sleep(1000)\n"
    )
    # Its time is up as soon as it hangs.
    now, pids = time.monotonic, folder / "pids"
    monkeypatch.setattr("time.monotonic", lambda: now() + (3600 if pids.exists() else 0))
    models = read(folder, "bad:A", patience=1800)
    message = "importing 'bad' took more than 30m"
    assert models.problems == {"bad:A": ModelProblem(message, ON_IMPORT)}
    leader, sleeper = map(int, (folder / "pids").read_text().split())
    assert not Path(f"/proc/{leader}").exists()
    assert ends(sleeper)  # it has been killed; the kernel takes its time


def test_a_module_that_makes_a_mess(folder: Path) -> None:
    (folder / "messy.py").write_text(
        "import os, subprocess, sys, threading, time\n"
        "from pydantic import BaseModel\n"
        'print(\'{"name": "messy:Model", "schema": {}}\')\n'
        "os.write(1, b'{}\\n')\n"
        "subprocess.run(['echo', '{}'])\n"
        "sys.stdout = sys.stderr = None\n"
        "os.chdir('/')\n"
        "os.environ['MESS'] = '1'\n"
        "threading.Thread(target=time.sleep, args=[1000]).start()\n"
        "subprocess.Popen(['sleep', '1000'])\n"
        "if os.fork() == 0:\n"
        "    pass\n"
        "class Model(BaseModel): x: int\n"
    )
    before = Path.cwd()
    models = read(folder, "messy:Model", "shop:Point")
    assert models.problems == {}
    assert list(models.schemas) == ["messy:Model", "shop:Point"]
    assert json.loads(models.schemas["messy:Model"])["required"] == ["x"]
    assert Path.cwd() == before
    assert "MESS" not in os.environ


def test_the_same_class_has_the_same_text(folder: Path) -> None:
    """Or a run could not tell whether a class has changed."""
    texts = {read(folder, "shop:Orders").schemas["shop:Orders"] for _ in range(3)}
    assert len(texts) == 1
