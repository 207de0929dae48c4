"""`agentflow doctor`: what is there that runs need, and what is not."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from agentflow import diagnosis
from agentflow.agents.protocol import AttemptError, Host
from agentflow.checkup import Check
from agentflow.cli.outlet import Outlet
from agentflow.cli.report import emit, wants_color
from agentflow.cli.specs import read_spec
from agentflow.cli.stores import open_store
from agentflow.errors import ExitCode
from agentflow.formats import doctor_json, doctor_text
from agentflow.formats.words import count
from agentflow.loading import Spec
from agentflow.plan.definitions import Definition
from agentflow.plan.servers import ServerPlan, difference
from agentflow.project import find_root


def examine(spec: Path | None, *, store: Path | None, start: bool, format: str) -> int:
    """Look at everything and print it; gives the exit code, which is 1 if something is in the way.

    `start` starts the servers of the spec. Raises `FileProblem` if the spec cannot be read.
    """
    found = list(diagnosis.versions())
    read = read_spec(str(spec), imports=False) if spec is not None else None
    if read is None:
        found += diagnosis.common_keys(os.environ)
    else:
        found += diagnosis.spec_checks(read, os.environ)
        found += _servers(read, start=start)
    found += diagnosis.store_checks(open_store(store))
    found += diagnosis.terminal(
        is_terminal=sys.stdout.isatty(),
        encoding=sys.stdout.encoding or "unknown",
        unicode=Outlet(sys.stdout).unicode,
        color=wants_color(sys.stdout),
    )
    found += diagnosis.addresses(os.environ)
    found += diagnosis.proxies(os.environ)
    emit(doctor_json.render(found) if format == "json" else doctor_text.render(found))
    problems = any(each.state == "problem" for each in found)
    return ExitCode.FINDINGS if problems else ExitCode.OK


def _servers(spec: Spec, *, start: bool) -> list[Check]:
    """The servers of a spec; they are started only if all that is needed for it is there."""
    known = spec.plan.servers if spec.plan is not None else {}
    found = list(diagnosis.servers(known, spec.folder))
    if not start:
        return found
    from agentflow.agents import mcp_servers

    started: list[Check] = []
    for each in found:
        if each.state == "problem":
            started.append(each)
            continue
        one = {each.name: known[each.name]}
        root = find_root(spec.folder)
        host = Host(root=root, folder=spec.folder, models={}, texts={}, servers=one)
        try:
            tools = mcp_servers.list_tools(host, (each.name,))[each.name]
        except AttemptError as error:
            started.append(Check("servers", each.name, "problem", error.message))
        else:
            started.append(_answered(each.name, known[each.name], tools))
    return started


def _answered(name: str, known: ServerPlan, tools: Mapping[str, Definition]) -> Check:
    """A server that answers; what it has is held against its pins, as a run would do."""
    changes = (difference(name, tool, known, tools.get(tool)) for tool in known.pins)
    changed = next((change for change in changes if change is not None), None)
    if changed is not None:
        return Check("servers", name, "problem", changed)
    return Check("servers", name, "ok", f"answers: {count(len(tools), 'tool')}")
