"""A server is whatever version of a package is the newest when the run starts.

`npx`, `bunx`, `uvx` and `pipx run` fetch a package and run it with your authority and with the secrets of `env`. Without
an exact version that is what was published last, by whoever could publish it. Pins of tools do not help
against that: the program has run before it says what its tools are.

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
from collections.abc import Iterator, Sequence

from agentflow.findings import Finding, Severity
from agentflow.lint.rule import Context, Family
from agentflow.spec.wording import quoted

NAME = "floating-package"
FAMILY = Family.TRUST
SEVERITY = Severity.WARNING

#: Programs that fetch packages, the options that name one, and how a version is written.
_NPM = (frozenset({"-p", "--package"}), "NAME@1.2.3")
_PYPI = (frozenset({"--from", "--spec"}), "NAME==1.2.3")
_FETCHERS = {"npx": _NPM, "bunx": _NPM, "uvx": _PYPI, "pipx": _PYPI}
#: A version that is one: `name@1.2.3`, `name==1.2.3`, or a file, an address or a folder.
_EXACT = re.compile(r".+(?:@|==)v?\d+(?:\.\d+)+[\w.+-]*|[./].*|.*[a-z]://.*|git\+.*", re.DOTALL)


def check(context: Context) -> Iterator[Finding]:
    """Each server that is a package without a version, at the package."""
    if context.pipeline is None:
        return
    for name, server in context.pipeline.servers.items():
        program = posixpath.basename(server.command or "")
        if program not in _FETCHERS:
            continue
        options, form = _FETCHERS[program]
        at = _package(server.args, options, skip="run" if program == "pipx" else None)
        if at is None or _EXACT.fullmatch(server.args[at]):
            continue
        package = server.args[at]
        yield Finding(
            rule=NAME,
            severity=SEVERITY,
            message=f"{quoted(program)} runs whatever version of {quoted(package)} is the newest",
            location=context.document.locate(("servers", name, "args", at)),
            help=f"name the version that you have looked at: {form}",
        )


def _package(args: Sequence[str], options: frozenset[str], skip: str | None) -> int | None:
    """Where the package stands among the arguments."""
    for at, argument in enumerate(args):
        if argument in options:
            return at + 1 if at + 1 < len(args) else None
    plain = (at for at, argument in enumerate(args) if argument[:1] not in ("-", ""))
    return next((at for at in plain if args[at] != skip), None)
