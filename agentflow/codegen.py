"""Types in other languages, made from a JSON Schema by programs that are kept by others.

    pydantic     datamodel-code-generator    the extra `codegen` of this package
    TypeScript   json-schema-to-typescript   an npm package, in the project or on the PATH

Each runs in a process of its own: the schema goes in on stdin, the code comes out on stdout.
"""

import importlib.util
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from agentflow.errors import CouldNot
from agentflow.project import find_root
from agentflow.spec.durations import time_in_words

#: Seconds that a generator may take.
PATIENCE = 120.0

_PYDANTIC = (
    *("--input-file-type", "jsonschema", "--schema-version", "2020-12"),
    *("--output-model-type", "pydantic_v2.BaseModel", "--target-python-version", "3.11"),
    # Pydantic would take "3" for 3, and the contract does not.
    *("--strict-types", "int", "float", "bool"),
    *("--use-annotated", "--enum-field-as-literal", "all", "--skip-root-model"),
    *("--use-schema-description", "--use-field-description", "--keep-model-order"),
    *("--formatters", "builtin", "--ignore-pyproject", "--custom-file-header"),
)
_HEADER = "Made by 'agentflow schema contracts'; changes belong in the contracts."


def pydantic_code(schema: str) -> str:
    """A Python module with a pydantic model for every definition of a schema.

    Raises:
        CouldNot: the generator is not installed, or fails.
    """
    if importlib.util.find_spec("datamodel_code_generator") is None:
        raise CouldNot(
            "the generator of pydantic models is not installed",
            help="in a checkout of agentflow: pip install '.[codegen]'",
        )
    argv = [sys.executable, "-P", "-m", "datamodel_code_generator", *_PYDANTIC, f"# {_HEADER}"]
    return _generate("datamodel-code-generator", argv, schema)


def typescript_code(schema: str, folder: Path) -> str:
    """TypeScript types for a schema and every definition in it.

    The generator is that of the project around `folder`, or else the one on the PATH.

    Raises:
        CouldNot: the generator is not installed, or fails.
    """
    own = find_root(folder) / "node_modules" / ".bin"
    program = shutil.which("json2ts", path=str(own)) or shutil.which("json2ts")
    if program is None:
        raise CouldNot(
            f"the generator of TypeScript is neither in '{own}' nor on the PATH",
            help="npm install --save-dev json-schema-to-typescript",
        )
    argv = [program, "--unreachableDefinitions", "--bannerComment", f"// {_HEADER}"]
    return _generate("json-schema-to-typescript", argv, schema)


def _generate(name: str, argv: Sequence[str], schema: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - argv is our own, and no shell is involved
            argv, input=schema.encode(), capture_output=True, timeout=PATIENCE, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise CouldNot(f"'{name}' took more than {time_in_words(PATIENCE)}") from error
    except OSError as error:
        raise CouldNot(f"'{name}' cannot be started: {error.strerror}") from error
    if done.returncode != 0:
        lines = done.stderr.decode(errors="replace").split("\n")
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        raise CouldNot(f"'{name}' ended with exit code {done.returncode}: {last[:300]}")
    return done.stdout.decode().strip() + "\n"
