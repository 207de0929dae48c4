"""Variables of a shell where there is none to expand them: `$TOKEN`, `Bearer ${TOKEN}`."""

import re
from collections.abc import Iterator

from agentflow.lint.texts import Written, texts_at
from agentflow.spec.document import Document, Path
from agentflow.spec.model import Pipeline

#: Programs that expand variables themselves.
SHELLS = frozenset({"sh", "bash", "dash", "ksh", "zsh", "fish"})
_IN_ARGUMENT = re.compile(r"(?:\A|(?<==))\$\{?(?P<name>[A-Z][A-Z0-9_]*)\}?(?=\Z|/)")
_IN_VALUE = re.compile(r"(?<!\$)\$(?:\{(?P<name>[A-Z][A-Z0-9_]*)\}|(?P<bare>[A-Z][A-Z0-9_]*)\b)")


def shell_variables(
    document: Document, pipeline: Pipeline
) -> Iterator[tuple[Written, re.Match[str]]]:
    """Each such variable in what agents and servers hand on as it is."""
    for path, is_argument in _places(pipeline):
        pattern = _IN_ARGUMENT if is_argument else _IN_VALUE
        for text in texts_at(document, path):
            for found in pattern.finditer(text.text):
                yield text, found


def _places(pipeline: Pipeline) -> Iterator[tuple[Path, bool]]:
    for name, agent in pipeline.agents.items():
        home: Path = ("agents", name)
        yield (*home, "env"), False
        yield (*home, "headers"), False
        argv = getattr(agent, "argv", None)
        if argv and str(argv[0]).rpartition("/")[2] not in SHELLS:
            yield (*home, "argv"), True
    for name in pipeline.servers:
        yield ("servers", name, "env"), False
        yield ("servers", name, "headers"), False
        yield ("servers", name, "args"), True
    for name in pipeline.channels:
        yield ("channels", name, "env"), False
        yield ("channels", name, "headers"), False
