"""What there is on this machine that runs need: versions, keys, servers, store, terminal.

Nothing is called and nothing connected to; of keys it is only told whether they are there. Servers
are started if the caller says so.
"""

import os
import re
import shutil
import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from urllib.parse import urlsplit

from agentflow import __version__
from agentflow.agents import command, llm, python
from agentflow.agents.clouds import missing, this_machine
from agentflow.agents.credentials import (
    ALLOWED_HOSTS,
    keys_of,
    may_see_keys,
    needs_key,
    provider_of,
    redirections,
)
from agentflow.agents.known_models import known_model
from agentflow.agents.presence import has_module, has_program
from agentflow.agents.provider_keys import KEYS
from agentflow.agents.secrets import secrets_of
from agentflow.checkup import Check
from agentflow.contracts.describe import count
from agentflow.engines.launch import called_models, holders
from agentflow.errors import StoreError
from agentflow.eventlog import Store
from agentflow.eventlog.codec import UnknownEvent
from agentflow.findings import Severity
from agentflow.history import summary_of
from agentflow.loading import Spec, check
from agentflow.plan.calls import plans_within
from agentflow.plan.providers import has_provider, meant
from agentflow.plan.servers import ServerPlan
from agentflow.plan.steps import Plan
from agentflow.project import find_root
from agentflow.spec.model import Agent, PythonTool
from agentflow.summary import Summary

_DISTRIBUTION = "agentflow-cli"
#: Providers whose keys are missed aloud.
_COMMON = frozenset({"anthropic", "gemini", "groq", "mistral", "openai", "openrouter", "xai"})
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
#: File systems that forget when the machine stops, and those whose locks may hold nobody back.
_FORGETFUL = frozenset({"tmpfs", "ramfs"})
_DISTANT = frozenset({"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "fuse.sshfs"})


def versions() -> Iterator[Check]:
    """Python, agentflow and the libraries that it is built on."""
    yield Check("versions", "python", "ok", sys.version.split()[0])
    yield Check("versions", "agentflow", "ok", __version__)
    try:
        required = metadata.requires(_DISTRIBUTION) or []
    except metadata.PackageNotFoundError:
        yield Check("versions", _DISTRIBUTION, "note", "is not installed as a package")
        return
    for requirement in sorted(line for line in required if "extra ==" not in line):
        found = re.match(r"[A-Za-z0-9._-]+", requirement)
        name = found[0] if found else requirement
        try:
            yield Check("versions", name, "ok", metadata.version(name))
        except metadata.PackageNotFoundError:
            advice = f"install it: pip install '{requirement}'"
            yield Check("versions", name, "problem", "is not installed", advice)


def spec_checks(spec: Spec, environment: Mapping[str, str]) -> Iterator[Check]:
    """The spec itself, and the keys and secrets that a run of it needs."""
    errors = sum(finding.severity is Severity.ERROR for finding in check(spec))
    if errors or spec.plan is None:
        found = "1 error" if errors == 1 else f"{errors} errors"
        yield Check("spec", spec.file, "problem", found, f"agentflow validate {spec.file}")
    else:
        yield Check("spec", spec.file, "ok", "no errors")
    if spec.plan is not None:
        yield from _needed_keys(spec.plan, environment)
        yield from _secrets(spec.plan, environment)
        yield from _agents(spec.plan, spec.folder)


def _needed_keys(plan: Plan, environment: Mapping[str, str]) -> Iterator[Check]:
    """The keys for all models that may be called, each model once."""
    for model, address in dict.fromkeys((m, where) for _, m, where in called_models(plan)):
        keys, known = keys_of(model), known_model(model)
        found = [name for name in keys if environment.get(name)]
        if not has_provider(model, known):
            near = meant(model, known)
            advice = f"did you mean '{near}'?" if near else "name it as PROVIDER/MODEL"
            yield Check("keys", model, "problem", "is of no known provider", advice)
        elif address is not None:
            gets = "gets the key"
            if not may_see_keys(address):
                gets = f"gets no key, since {ALLOWED_HOSTS} does not name its host"
            elif keys and not found:
                gets = f"gets no key, since {' or '.join(keys)} is not set"
            yield Check("keys", model, "note", f"{address} {gets}")
        elif found:
            yield Check("keys", model, "ok", f"{found[0]} is set")
        elif needs_key(model):
            names = " or ".join(keys)
            yield Check("keys", model, "problem", f"{names} is not set", "set it")
        elif lacking := missing(provider_of(model), None, this_machine(environment)):
            yield Check("keys", model, "problem", lacking, "sign in at its provider")
        else:
            yield Check("keys", model, "note", "nobody knows whether it needs a key")


def common_keys(environment: Mapping[str, str]) -> Iterator[Check]:
    """The keys of the providers in common use, and all others that are there."""
    for provider, keys in KEYS.items():
        found = [name for name in keys if environment.get(name)]
        if found:
            yield Check("keys", provider, "ok", f"{found[0]} is set")
        elif provider in _COMMON:
            yield Check("keys", provider, "absent", f"{' or '.join(keys)} is not set")


def _secrets(plan: Plan, environment: Mapping[str, str]) -> Iterator[Check]:
    wanted: dict[str, str] = {}
    for holder, options in holders(plan):
        for name in secrets_of(options):
            wanted.setdefault(name, holder)
    for name, holder in wanted.items():
        if environment.get(name):
            yield Check("secrets", name, "ok", f"set, for {holder}")
        else:
            advice = f"set the environment variable {name}"
            yield Check("secrets", name, "problem", f"not set, and {holder} needs it", advice)


def _agents(plan: Plan, folder: Path) -> Iterator[Check]:
    """The programs and modules that agents run, each agent once; nothing is started or imported."""
    root = find_root(folder)
    for each in plans_within(plan):
        place = (folder / each.file).parent
        for name, agent in each.pipeline.agents.items():
            if isinstance(agent, command.Options):
                what, is_there = f"program '{agent.argv[0]}'", has_program(agent.argv[0], place)
                advice = "install it, or mend 'argv'"
            elif isinstance(agent, python.Options):
                module = agent.call.partition(":")[0]
                what, is_there = f"module '{module}'", has_module(module, (place, root))
                advice = "install it, or mend 'call'"
            else:
                yield from _functions(name, agent, (place, root))
                continue
            yield _is_there(name, what, advice, there=is_there)


def _functions(name: str, agent: Agent, roots: Sequence[Path]) -> Iterator[Check]:
    """The modules of the functions that a chat model may call, each once."""
    tools = agent.tools if isinstance(agent, llm.Options) else ()
    modules = (tool.python.partition(":")[0] for tool in tools if isinstance(tool, PythonTool))
    for module in dict.fromkeys(modules):
        what, advice = f"module '{module}'", "install it, or mend 'python' under 'tools'"
        yield _is_there(name, what, advice, there=has_module(module, roots))


def _is_there(name: str, what: str, advice: str, *, there: bool) -> Check:
    if there:
        return Check("agents", name, "ok", f"{what} is there")
    return Check("agents", name, "problem", f"there is no {what}", advice)


def servers(known: Mapping[str, ServerPlan], folder: Path) -> Iterator[Check]:
    """The MCP servers of a spec, as far as can be seen without starting them."""
    for name, plan in known.items():
        options = plan.options
        program = options.command
        if program is None:
            yield Check("servers", name, "note", f"{options.url}: not connected to")
            continue
        if not has_program(program, folder):
            advice = "install it, or mend 'command'"
            yield Check("servers", name, "problem", f"there is no program '{program}'", advice)
        else:
            yield Check("servers", name, "ok", f"'{program}' is there: not started")


def store_checks(store: Store) -> Iterator[Check]:
    """Where the runs are: can it be written, is it ours alone, is every log whole?"""
    root = store.root
    if not root.exists():
        parent = next(folder for folder in root.parents if folder.exists())
        if os.access(parent, os.W_OK | os.X_OK):
            yield Check("store", str(root), "note", "is not there yet; the first run makes it")
        else:
            detail = f"is not there, and '{parent}' cannot be written"
            yield Check("store", str(root), "problem", detail, "name another one with '--store'")
        return
    if os.access(root, os.W_OK | os.X_OK):
        yield Check("store", str(root), "ok", "can be written")
    else:
        advice = "name another one with '--store'"
        yield Check("store", str(root), "problem", "cannot be written", advice)
    mode = root.stat().st_mode & 0o777
    if mode & 0o077:
        advice = f"chmod 700 '{root}'"
        yield Check("store", "mode", "problem", f"{mode:04o}: others can look into it", advice)
    else:
        yield Check("store", "mode", "ok", f"{mode:04o}")
    yield _file_system(root)
    yield from _runs(store)


def _file_system(root: Path) -> Check:
    kind = _kind_of_file_system(root)
    if kind in _FORGETFUL:
        return Check("store", "file system", "note", f"{kind}: gone when the machine stops")
    if kind in _DISTANT:
        detail = f"{kind}: locks and writes may not be what they are on a local disk"
        return Check("store", "file system", "note", detail)
    return Check("store", "file system", "ok", kind or "unknown")


def _kind_of_file_system(path: Path) -> str | None:
    """The kind of the file system that a path is on; None where the system does not tell."""
    try:
        lines = Path("/proc/self/mounts").read_text().splitlines()
    except OSError:
        return None
    longest, found = "", None
    for line in lines:
        _, place, kind, *_ = line.split(" ")
        place = place.replace("\\040", " ")
        if path.is_relative_to(place) and len(place) >= len(longest):
            longest, found = place, kind
    return found


def _runs(store: Store) -> Iterator[Check]:
    """The runs whose logs are damaged, those for somebody to resume, and how many there are."""
    try:
        run_ids = store.runs()
    except StoreError as error:
        yield Check("store", "runs", "problem", error.message, error.help)
        return
    damaged = 0
    for run_id in run_ids:
        try:
            with store.read(run_id) as reader:
                reader.verify()
            if not store.ended(run_id):
                yield from _left(summary_of(store, run_id))
        except (StoreError, UnknownEvent) as error:
            damaged += 1
            advice = error.help if isinstance(error, StoreError) else None
            yield Check("store", run_id, "problem", str(error), advice)
    if unmade := store.unmade():
        what = f"{count(len(unmade), 'run')} whose process was killed as it was made"
        yield Check("store", "leftovers", "note", f"{what}: the next run removes what is left")
    whole = len(run_ids) - damaged
    yield Check("store", "runs", "ok", f"{whole} of {len(run_ids)} are whole")


def _left(run: Summary) -> Iterator[Check]:
    """A run that goes on only if somebody resumes it; one that has done nothing need not."""
    if not run.entries:
        if run.status == "crashed":
            what = "its process was killed before its first entry, and nothing of it was done"
            remove = f"remove it: agentflow cancel {run.run_id}"
            yield Check("store", run.run_id, "problem", what, remove)
        return
    if run.mode != "live":
        return
    advice = f"agentflow resume {run.run_id}, or end it: agentflow cancel {run.run_id}"
    if run.status == "crashed":
        yield Check("store", run.run_id, "problem", "its process died", advice)
    elif run.status == "interrupted":
        yield Check("store", run.run_id, "note", f"was interrupted; {advice}")


def terminal(*, is_terminal: bool, encoding: str, unicode: bool, color: bool) -> Iterator[Check]:
    """What stdout can show."""
    if is_terminal:
        columns = shutil.get_terminal_size().columns
        yield Check("terminal", "stdout", "ok", f"a terminal, {columns} columns wide")
    else:
        yield Check("terminal", "stdout", "note", "no terminal: runs print a line for each event")
    if unicode:
        yield Check("terminal", "encoding", "ok", encoding)
    else:
        shown = f"{encoding}: symbols are shown as escapes"
        yield Check("terminal", "encoding", "note", shown)
    yield Check("terminal", "color", "ok" if color else "absent", "yes" if color else "no")


def proxies(environment: Mapping[str, str]) -> Iterator[Check]:
    """Proxies that chat models are reached through; agents of kind `http` go past them."""
    for name in _PROXIES:
        value = environment.get(name) or environment.get(name.lower())
        if value:
            host = value if name == "NO_PROXY" else _host(value)
            yield Check("proxies", name, "note", host)
    if not any(environment.get(n) or environment.get(n.lower()) for n in _PROXIES):
        yield Check("proxies", "none", "ok", "connections are direct")


def addresses(environment: Mapping[str, str]) -> Iterator[Check]:
    """The variables that send what is meant for a provider elsewhere, and where."""
    found = [Check("addresses", name, "note", _host(at)) for name, at in redirections(environment)]
    none = Check(
        "addresses", "none", "ok", "no variable sends what is meant for a provider elsewhere"
    )
    yield from found or [none]


def _host(address: str) -> str:
    """Where an address is, without the password that may stand in its address."""
    try:
        parts = urlsplit(address if "//" in address else f"//{address}")
        host, port = parts.hostname, parts.port
    except ValueError:
        return "set, and no address"
    return f"{host or 'set'}{f':{port}' if port else ''}"
