"""A program runs whatever version of a package is the newest at the time.

`npx`, `bunx`, `uvx` and `pipx run` fetch a package, `docker run` and `podman run` an image, and run
it with your permissions and with the secrets in `env`, whether it is a server, an agent or a
channel. Without an exact version they run whatever was published last, by anybody who could publish
it. Name an exact version. Pinned tools do not help here: the program has already run when it says
what its tools are.

Bad:

    agentflow: 1
    name: desk
    servers:
      files:
        command: npx
        args: [-y, "@example/files-server", data]
        pins: {read: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
    agents:
      reader: {kind: mcp, server: files, tool: read, effects: read, input: {type: object}, output: {}}
    steps:
      read: {agent: reader}
    outputs: {text: "${{ steps.read.output }}"}

Says:

    6:16 'npx' runs whatever version of '@example/files-server' is the newest

Good:

    agentflow: 1
    name: desk
    servers:
      files:
        command: npx
        args: [-y, "@example/files-server@1.4.2", data]
        pins: {read: "sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"}
    agents:
      reader: {kind: mcp, server: files, tool: read, effects: read, input: {type: object}, output: {}}
    steps:
      read: {agent: reader}
    outputs: {text: "${{ steps.read.output }}"}
"""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.spec.document import Path
from agentflow.spec.model import Pipeline
from agentflow.spec.wording import quoted

NAME = "floating-package"
FAMILY = Family.TRUST
SEVERITY = Severity.WARNING

#: A version that is one: `name@1.2.3`, `name==1.2.3`, or a file, an address or a folder.
_EXACT = re.compile(r".+(?:@|==)v?\d+(?:\.\d+)+[\w.+-]*|[./].*|.*[a-z]://.*|git\+.*", re.DOTALL)
#: The same of an image: a digest, or a tag that is not that of the newest.
_EXACT_IMAGE = re.compile(r".+@sha256:.+|.+:(?!latest$)[^/]+", re.DOTALL)
#: Options of `docker run` that have a value, and those that have none. What stands behind any other
#: cannot be told.
_VALUED = frozenset({
    "-e", "--env", "--env-file", "-v", "--volume", "--mount", "--name", "--network", "--net", "-w",
    "--workdir", "-u", "--user", "-p", "--publish", "--entrypoint", "-m", "--memory", "--cpus",
    "--platform", "--pull", "--add-host", "-l", "--label", "--tmpfs",
})  # fmt: skip
_PLAIN = frozenset({
    "-i", "--interactive", "-t", "--tty", "-it", "-ti", "--rm", "--init", "--read-only",
    "--privileged", "-d", "--detach",
})  # fmt: skip


def check(context: Context) -> Iterator[Finding]:
    """Each program that is a package or an image without a version, at that."""
    for path, argv in _programs(context.pipeline) if context.pipeline is not None else ():
        program = posixpath.basename(argv[0])
        if program not in _FETCHERS:
            continue
        find, exact, form = _FETCHERS[program]
        at = find(argv)
        if at is None or exact.fullmatch(argv[at]):
            continue
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(program)} runs whatever version of {quoted(argv[at])} is the newest",
            location=context.document.locate(path(at)),
            help=f"name the version that you have looked at: {form}",
        )


def _programs(pipeline: Pipeline) -> Iterator[tuple[Callable[[int], Path], Sequence[str]]]:
    """Every program with its arguments, and where each of these stands."""
    for name, server in pipeline.servers.items():
        if server.command is not None:
            yield partial(_of_server, name), (server.command, *server.args)
    for key in ("agents", "channels"):
        for name, owner in getattr(pipeline, key).items():
            # Only some kinds have this key; this layer does not know which these are.
            argv = getattr(owner, "argv", None)
            if argv and not _may_be_local(argv):
                yield partial(_of_argv, key, name), argv


def _may_be_local(argv: Sequence[str]) -> bool:
    """May it be a package that the project has installed? `npx tsc` fetches nothing then, and asks
    before it does.
    """
    asked = {"-y", "--yes"}.isdisjoint(argv) and not any(word.endswith("@latest") for word in argv)
    return posixpath.basename(argv[0]) in ("npx", "bunx") and asked


def _of_server(name: str, at: int) -> Path:
    return ("servers", name, "args", at - 1)


def _of_argv(key: str, name: str, at: int) -> Path:
    return (key, name, "argv", at)


def _package(options: frozenset[str], skip: str | None, argv: Sequence[str]) -> int | None:
    """Where the package stands among the arguments."""
    for at, argument in enumerate(argv):
        if argument in options:
            return at + 1 if at + 1 < len(argv) else None
    plain = (at for at, argument in enumerate(argv) if at and argument[:1] not in ("-", ""))
    return next((at for at in plain if argv[at] != skip), None)


def _image(argv: Sequence[str]) -> int | None:
    """Where the image stands among the arguments of `docker run`."""
    if len(argv) < 2 or argv[1] != "run":
        return None
    at = 2
    while at < len(argv) and argv[at].startswith("-"):
        if argv[at] in _VALUED:
            at += 1
        elif argv[at] not in _PLAIN and "=" not in argv[at]:
            return None
        at += 1
    return at if at < len(argv) else None


_NPM = (partial(_package, frozenset({"-p", "--package"}), None), _EXACT, "NAME@1.2.3")
_PYPI = frozenset({"--from", "--spec"})
_IMAGE = (_image, _EXACT_IMAGE, "NAME:1.2.3, or NAME@sha256:…")
#: Programs that fetch packages: where one is named, when its version is exact, and how that is
#: written.
_FETCHERS: Mapping[str, tuple[Callable[[Sequence[str]], int | None], re.Pattern[str], str]] = {
    "npx": _NPM,
    "bunx": _NPM,
    "uvx": (partial(_package, _PYPI, None), _EXACT, "NAME==1.2.3"),
    "pipx": (partial(_package, _PYPI, "run"), _EXACT, "NAME==1.2.3"),
    "docker": _IMAGE,
    "podman": _IMAGE,
}
