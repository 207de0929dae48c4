"""Imports what contracts name, and says what JSON Schema each of it has.

    python -P child.py FOLDER ROOT SECONDS

Modules are looked up in FOLDER, then in ROOT, then wherever Python looks. SECONDS after its start
the process ends, whatever it is doing, even if nobody is left to end it.

    stdin      ["package.module:Model", …]                                       JSON
    stdout     {"name": "package.module:Model", "schema": {…}}
               or {"name": …, "problem": MESSAGE, "help": MESSAGE or null}       one line each

What a module prints goes to stderr and cannot get into the answers. A fork of this process that
comes back from an import answers nobody.
"""

import dataclasses
import importlib
import inspect
import json
import os
import signal
import sys
from typing import Any

_WHAT = "name a pydantic model, a dataclass, a TypedDict or a TypeAdapter"


class Problem(Exception):
    """Why there is no schema; `help` says what to do."""

    def __init__(self, message: str, help: str | None = None) -> None:
        super().__init__(message)
        self.message = " ".join(message.split())
        self.help = help


def schema_of(name: str, roots: tuple[str, str]) -> dict[str, Any]:
    """The JSON Schema of what `package.module:Model` names. Raises `Problem`.

    It is the schema of what the class accepts (pydantic's mode `validation`), by alias.
    """
    adapter = _adapted(name, roots)
    from pydantic import TypeAdapter

    try:
        if not isinstance(adapter, TypeAdapter):
            adapter = TypeAdapter(adapter)
        schema = _with_fields_on_top(adapter.json_schema(mode="validation"))
        json.dumps(schema, allow_nan=False)
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
        first = said.partition("\n\nFor further information")[0]
        raise Problem(f"no JSON Schema can be made for '{name}': {first}") from error
    return schema


def _with_fields_on_top(schema: dict[str, Any]) -> dict[str, Any]:
    """Of a class that refers to itself pydantic gives a reference; here its fields are at the root.

    That is where defaults of inputs are looked for, and what providers of models ask for.
    """
    if set(schema) != {"$defs", "$ref"}:
        return schema
    own = schema["$defs"][schema["$ref"].removeprefix("#/$defs/")]
    return {**own, "$defs": schema["$defs"]}


def _adapted(name: str, roots: tuple[str, str]) -> Any:
    """The object itself, if it is of a kind that pydantic describes."""
    module_name, _, class_name = name.partition(":")
    module = _imported(module_name, roots)
    # Only now, since a module may well fail before it needs them.
    from pydantic import BaseModel, TypeAdapter
    from typing_extensions import is_typeddict  # knows its own and those of `typing`

    missing = object()
    found = getattr(module, class_name, missing)
    if found is missing:
        from agentflow.spec.wording import did_you_mean  # only a message needs it

        classes = [each for each, value in vars(module).items() if isinstance(value, type)]
        near = did_you_mean(class_name, classes)
        raise Problem(f"module '{module_name}' has no class '{class_name}'{near}")
    if isinstance(found, TypeAdapter):
        return found
    if isinstance(found, type):
        if issubclass(found, BaseModel) or dataclasses.is_dataclass(found) or is_typeddict(found):
            return found
        if any(each.__module__.startswith("pydantic.v1.") for each in inspect.getmro(found)):
            raise Problem(
                f"'{name}' is a model of pydantic 1",
                "derive it from the BaseModel of 'pydantic', not of 'pydantic.v1'",
            )
        raise Problem(f"class '{name}' is no pydantic model", _WHAT)
    raise Problem(f"'{name}' is no pydantic model but of type {type(found).__name__}", _WHAT)


def _imported(name: str, roots: tuple[str, str]) -> Any:
    try:
        return importlib.import_module(name)
    except BaseException as error:  # sys.exit() is only a module that cannot be imported
        absent = error.name if isinstance(error, ModuleNotFoundError) else None
        if absent is not None and f"{name}.".startswith(f"{absent}."):
            where = " and ".join(f"'{root}'" for root in dict.fromkeys(roots))
            raise Problem(
                f"there is no module '{name}'",
                f"it is looked up in {where}, and then where Python looks",
            ) from error
        from agentflow.agents.worker import describe  # only a message needs it

        raise Problem(f"cannot import '{name}': {describe(error, roots)}") from error


def main(folder: str, root: str, seconds: str) -> None:
    """Answer for each name on stdin, then end without waiting for anything a module has started."""
    signal.setitimer(signal.ITIMER_REAL, float(seconds))
    process = os.getpid()
    names = json.load(sys.stdin)
    answers = os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    sys.path[:0] = [folder, root]
    for name in names:
        answer: dict[str, Any]
        try:
            answer = {"schema": schema_of(name, (folder, root))}
        except Problem as problem:
            answer = {"problem": problem.message, "help": problem.help}
        if os.getpid() != process:
            break
        line = json.dumps({"name": name, **answer}, ensure_ascii=True)
        answers.write(line.encode() + b"\n")
        answers.flush()
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
