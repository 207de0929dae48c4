"""`agentflow tools`: what the servers of a spec have, its pins, and the files of definitions."""

from collections.abc import Mapping
from pathlib import Path

from agentflow.agents.protocol import AttemptError, Host
from agentflow.agents.secrets import Redactor, redactor, require
from agentflow.cli.report import emit
from agentflow.cli.specs import read_spec
from agentflow.errors import CouldNot, ExitCode, SpecError, UsageError
from agentflow.formats import tools_json, tools_text
from agentflow.formats.words import count
from agentflow.loading import Spec
from agentflow.plan.definitions import Definition, render_definitions
from agentflow.plan.servers import ServerPlan, difference
from agentflow.project import find_root, write_text
from agentflow.spec.nearest import nearest
from agentflow.spec.wording import quoted


def list_tools(path: Path, *, server: str | None, format: str, write: bool) -> int:
    """Start the servers of a spec and print what they have; gives the exit code.

    It is 1 if a tool is not as pinned, unless it is pinned anew.

    Raises:
        SpecError: the spec does not say which servers there are.
        UsageError: it has none, or none of that name, or there is no file to write to.
        MissingSecret: the environment lacks a secret of a server.
        CouldNot: a server cannot be used, or a file not be written.
    """
    spec = read_spec(str(path), imports=False)
    known = _servers(spec, server)
    files = _files(known) if write else {}
    found = _ask(spec, known)
    if write:
        for name, file in files.items():
            write_text(spec.folder, file, render_definitions(found[name]))
            emit(f"{file}: {count(len(found[name]), 'tool')} of server '{name}'")
        return ExitCode.OK
    render = tools_json.render if format == "json" else tools_text.render
    emit(render(known, found))
    return ExitCode.FINDINGS if _drifted(known, found) else ExitCode.OK


def _drifted(
    known: Mapping[str, ServerPlan], found: Mapping[str, Mapping[str, Definition]]
) -> bool:
    """Is any tool not what the spec pins?"""
    return any(
        difference(name, tool, plan, found[name].get(tool)) is not None
        for name, plan in known.items()
        for tool in plan.pins
    )


def _servers(spec: Spec, wanted: str | None) -> Mapping[str, ServerPlan]:
    if spec.plan is None:
        texts = {spec.document.file: spec.document.text}
        message = f"'{spec.file}' does not say which servers there are"
        raise SpecError(message, spec.problems, texts)
    servers = spec.plan.servers
    if not servers:
        raise UsageError(f"'{spec.file}' has no servers", help="define them under 'servers'")
    if wanted is None:
        return servers
    if wanted not in servers:
        near = nearest(wanted, servers)
        advice = f"did you mean {quoted(near)}?" if near else f"there is: {', '.join(servers)}"
        raise UsageError(f"'{spec.file}' has no server {quoted(wanted)}", help=advice)
    return {wanted: servers[wanted]}


def _files(known: Mapping[str, ServerPlan]) -> dict[str, str]:
    """Where the definitions of each server go."""
    files = {
        name: plan.options.definitions
        for name, plan in known.items()
        if plan.options.definitions is not None
    }
    if not files:
        raise UsageError(
            "no server says where its definitions are to be written",
            help="write 'definitions: FILE' to a server, and leave its 'pins' out",
        )
    return files


def _ask(spec: Spec, known: Mapping[str, ServerPlan]) -> dict[str, dict[str, Definition]]:
    from agentflow.agents import mcp_servers

    holders = [(f"server '{name}'", plan.options) for name, plan in known.items()]
    require(holders)
    root = find_root(spec.folder)
    host = Host(root=root, folder=spec.folder, models={}, texts={}, servers=known)
    try:
        return mcp_servers.list_tools(host, tuple(known))
    except AttemptError as error:
        redact = redactor(holders)
        message = redact.excerpt(error.message) if isinstance(redact, Redactor) else error.message
        raise CouldNot(message) from error
