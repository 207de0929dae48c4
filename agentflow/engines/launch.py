"""Starting a run and taking one up again: plan, log, agents and engine put together."""

import os
import secrets
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from agentflow import __version__
from agentflow.agents import AGENT_KINDS
from agentflow.agents.protocol import AttemptError, Connection, Host
from agentflow.agents.recording import Recording
from agentflow.agents.secrets import Redactor, redactor
from agentflow.channels.protocol import Terminal
from agentflow.core.asking import contract_of
from agentflow.core.events import (
    AskPerson,
    AttemptFailed,
    AttemptSucceeded,
    Fact,
    RunResumed,
    RunStarted,
    StartAttempt,
)
from agentflow.core.state import State
from agentflow.engines.clock import WallClock
from agentflow.engines.driver import Driver, Listener
from agentflow.engines.examining import Recorded, examine
from agentflow.engines.office import Office
from agentflow.engines.recording import CHAT, Player
from agentflow.engines.virtual import Answer, Answerer, Person, Said, run_virtual
from agentflow.engines.watching import Onlooker, watcher
from agentflow.errors import UsageError
from agentflow.eventlog import Writer
from agentflow.plan.calls import (
    call_of,
    calls_in,
    every_call,
    plans_within,
    step_at,
    unpriced_models,
)
from agentflow.plan.channels import channel_of, named_channels
from agentflow.plan.servers import tool_named
from agentflow.plan.steps import Plan
from agentflow.plan.windows import window_of
from agentflow.project import find_root
from agentflow.spec.model import Agent, Channel, Json, Model, Server

if TYPE_CHECKING:
    from agentflow.engines.turnstile import Turnstile

#: Attempts in flight at a time, where the caller does not say.
CONCURRENCY = 16
#: Who answers questions in a simulated run.
_MADE_UP = "simulated"
_NO_TOOLS: Recorded = {}


#: US dollars for a million tokens in and out, by the name of the model.
Prices: TypeAlias = Mapping[str, tuple[float, float]]


class Settings(Struct, frozen=True):
    """How a run is to be carried out; the pipeline does not know of it.

    `wait` keeps the process of a run that only people can make go on until they have answered. `by`
    is who starts the run or takes it up. `terminal` is the one of this process, if somebody sits
    before it. `accept_tools` lets a run go on with tools of servers that have changed. `record` is
    the file to which the answers of chat models go, `playback` the one they come from.
    """

    simulate: bool = False
    seed: str = "0"
    concurrency: int = CONCURRENCY
    wait: bool = False
    by: str | None = None
    terminal: Terminal | None = None
    record: Path | None = None
    playback: Path | None = None
    accept_tools: bool = False


class Venue(Struct, frozen=True):
    """Where a run takes place: its log, who listens to it, the folder of its spec, its settings.

    `recording` is what lies at the `playback` of the settings, or was named as such when the run
    began. The `onlooker` sees what models are answering.
    """

    log: Writer
    listener: Listener
    folder: Path
    settings: Settings
    recording: Recording | None = None
    onlooker: Onlooker | None = None


def new_run_id() -> str:
    """A run id: the time, so that ids sort, and chance, so that they differ."""
    return time.strftime("%Y%m%d-%H%M%S-", time.gmtime()) + secrets.token_hex(3)


def launch(
    plan: Plan,
    venue: Venue,
    *,
    run_id: str,
    spec: str,
    sources: Mapping[str, str],
    inputs: Mapping[str, Json],
    prices: Prices,
) -> State:
    """Run a pipeline from its start; gives the state it ends in.

    `inputs` keep the pipeline's input contract, and `prices` are the `needed_prices`. The log is
    new and empty.
    """
    clock, settings = WallClock(), venue.settings
    first = RunStarted(
        at=clock.now(),
        run_id=run_id,
        spec=spec,
        folder=str(venue.folder),
        sources=sources,
        inputs=inputs,
        mode="simulated" if settings.simulate else "live",
        seed=settings.seed,
        by=settings.by,
        concurrency=settings.concurrency,
        agentflow=__version__,
        prices=prices,
        windows=needed_windows(plan),
        record=_absolute(settings.record),
        playback=_absolute(settings.playback),
    )
    driver = Driver(plan, State(plan), venue.log, venue.listener)
    if settings.simulate:
        answers = simulated_answers(driver.state, settings.seed)
        run_virtual(driver, first, answers, simulated_people(driver.state, settings.seed))
    else:
        _run_live(driver, first, venue, clock, settings.concurrency)
    return driver.state


def _absolute(path: Path | None) -> str | None:
    return os.path.abspath(path) if path is not None else None


def needed_prices(plan: Plan) -> Prices:
    """The prices that a budget in US dollars needs and the spec does not say.

    Raises:
        UsageError: one is not known.
    """
    plans = plans_within(plan)
    steps = [step for each in plans for step in each.steps.values()]
    budgets = [*(each.budget.bounds for each in plans), *(step.budget or {} for step in steps)]
    if not any("usd" in bounds for bounds in budgets):
        return {}
    models = unpriced_models(plan)
    if not models:
        return {}
    from agentflow.agents.known_models import known_prices

    prices = known_prices(models)
    for model in models:
        if model not in prices:
            raise UsageError(
                f"'budget.usd' cannot be kept: nobody knows the price of '{model}'",
                help="write it under 'models', for a million tokens: price: {input: …, output: …}",
            )
    return prices


def needed_windows(plan: Plan) -> dict[str, int]:
    """The windows of models with fallbacks that the spec does not say, as far as they are known."""
    chats = [chat for call in every_call(plan) if call.fallbacks for chat in call.chats()]
    models = {chat.model for chat in chats if chat.window is None}
    if not models:
        return {}
    from agentflow.agents.known_models import known_model

    windows = {name: window_of(Model(model=name), known_model(name)) for name in sorted(models)}
    return {name: window.tokens for name, window in windows.items() if window is not None}


def take_up(plan: Plan, state: State, venue: Venue, tools: Recorded) -> State:
    """Go on with a run whose state was folded from its log.

    `tools` is what it has found of the tools of servers so far. Of the settings, only those about
    people and changed tools count; the others are those it began with.
    """
    clock = WallClock()
    driver = Driver(plan, state, venue.log, venue.listener)
    resumed = RunResumed(clock.now(), __version__)
    _run_live(driver, resumed, venue, clock, state.concurrency, tools)
    return driver.state


def tell_the_rest(plan: Plan, state: State, venue: Venue) -> State:
    """Deliver what a run that has ended still has to tell people."""
    from agentflow.engines.posting import post  # asyncio, which `runs` and `show` do without

    driver = Driver(plan, state, venue.log, venue.listener, redactor(holders(plan)))
    office = Office(venue.log.mailbox, venue.folder, terminal=venue.settings.terminal)
    post(driver, office, WallClock())
    return driver.state


def holders(plan: Plan) -> list[tuple[str, Agent | Server | Channel]]:
    """All that a run of a plan gives secrets to, as messages call them, with their options."""
    found: dict[tuple[str, str], Agent | Server | Channel] = {}
    for within in plans_within(plan):
        for call in calls_in(within):
            found[within.file, f"agent '{call.agent}'"] = call.options
            server, _ = tool_named(call.options) or ("", "")
            if server:
                found[within.file, f"server '{server}'"] = within.servers[server].options
        for _, name in named_channels(within):
            if (channel := channel_of(within.pipeline, name)) is not None:
                found[within.file, f"channel '{name}'"] = channel
    return [(holder, options) for (_, holder), options in found.items()]


def called_models(plan: Plan) -> list[tuple[str, str, str | None]]:
    """The models that a plan may call: the agent, the model, and its address if one is given."""
    calls = list(every_call(plan))
    calls += [fallback.call for call in calls for fallback in call.fallbacks]
    return [(call.agent, call.chat.model, call.chat.api_base) for call in calls if call.chat]


def _run_live(
    driver: Driver,
    first: Fact,
    venue: Venue,
    clock: WallClock,
    concurrency: int,
    tools: Recorded = _NO_TOOLS,
) -> None:
    from agentflow.engines.local import Connections, run_local

    driver.redact = redact = redactor(holders(driver.plan))
    excerpt = redact.excerpt if isinstance(redact, Redactor) else str
    ears = watcher(venue.onlooker, excerpt) if venue.onlooker is not None else None
    recording, settings = venue.recording, venue.settings

    def connected(kind: str, host: Host) -> Connection:
        if recording is not None and kind == CHAT:
            return Player(host, recording)
        return AGENT_KINDS[kind].connect(replace(host, watcher=ears))

    def connect() -> Connections:
        kinds = {
            (plan.file, call.options.kind): plan
            for plan in plans_within(driver.plan)
            for call in calls_in(plan)
        }
        # Libraries are imported one after the other, and LiteLLM, of which nothing is asked before
        # the first call, takes longest.
        in_turn = sorted(kinds.items(), key=lambda item: item[0][1] == CHAT)
        return {
            (file, kind): connected(kind, _host(plan, venue.folder, concurrency))
            for (file, kind), plan in in_turn
        }

    async def prepare(connections: Connections, fact: Fact) -> Fact:
        assert isinstance(fact, RunStarted | RunResumed)
        accept, by = settings.accept_tools, settings.by
        found = await examine(driver.plan, connections, fact, tools, accept=accept, by=by)
        # Servers may take long to start, and no step's time is over before it could begin.
        return replace(found, at=clock.now())

    office = Office(venue.log.mailbox, venue.folder, settings.wait, settings.terminal)
    turnstile = None if recording is not None else _turnstile(driver.plan)
    run_local(driver, first, connect, clock, office, prepare, turnstile)


def _turnstile(plan: Plan) -> "Turnstile | None":
    """What lets calls through whose limits other runs share; None if there are none.

    Raises `StoreError` if the folder where runs meet cannot be used.
    """
    from agentflow.engines.turnstile import Turnstile, is_shared, shared_folder

    shared = any(is_shared(chat) for call in every_call(plan) for chat in call.chats())
    return Turnstile(shared_folder()) if shared else None


def _host(plan: Plan, folder: Path, concurrency: int) -> Host:
    """Where the agents of one pipeline run; `folder` is that of the spec that the run is about."""
    here = (folder / plan.file).parent.resolve()
    return Host(
        root=find_root(here),
        folder=here,
        models=plan.pipeline.models,
        texts=plan.texts,
        concurrency=concurrency,
        servers=plan.servers,
    )


def simulated_answers(state: State, seed: str) -> Answerer:
    """Answers made from the contracts, the same for the same seed in the same state of the run."""
    from agentflow.agents.simulated import ASKING, Wanted, simulated_calls
    from agentflow.agents.simulated import answer as simulated_answer
    from agentflow.engines.wishes import kept_by, wished_for

    def answer(decision: StartAttempt) -> Answer:
        step, attempt, instance = decision.step, decision.attempt, state.running.get(decision.step)
        caller = step_at(state.plan, step)[1]
        call = call_of(caller, decision.agent)
        assert call is not None
        if decision.turn == 1 and call.max_turns > 1:
            calls = simulated_calls(call, f"{seed}/{step}")
            if calls:
                return Answer(AttemptSucceeded(0, step, attempt, calls=calls), ASKING)
        try:
            wanted = Wanted(call.confidence, caller.plans, given=decision.input)
            if instance is not None:  # otherwise it has been given up already
                wanted = wished_for(instance, wanted)
            made = simulated_answer(kept_by(caller, call), seed, step, attempt, wanted)
        except AttemptError as error:
            return Answer(AttemptFailed(0, step, attempt, error.failure, error.message), 0)
        return Answer(AttemptSucceeded(0, step, attempt, value=made.reply.value), made.duration)

    return answer


def simulated_people(state: State, seed: str) -> Person:
    """What people say, made from the contracts: yes where that is possible, or else a value."""
    from agentflow.agents.simulated import Wanted
    from agentflow.agents.simulated import answer as simulated_answer
    from agentflow.engines.wishes import wished_for

    def say(question: AskPerson) -> Said | None:
        instance, at = state.people.open.get(question.question), question.step
        contract = contract_of(step_at(state.plan, at)[1], question)
        assert contract is not None
        wanted = wished_for(instance) if instance is not None else Wanted()
        try:
            made = simulated_answer(contract.schema, seed, at, question.number, wanted)
        except AttemptError:
            return None
        # People take their time: a part of what they have, however long that is.
        after = (question.due - question.asked) * made.duration / 10
        if "approve" in question.answers:
            return Said("approve", None, after, by=_MADE_UP)
        return Said("replace", made.reply.value, after, by=_MADE_UP)

    return say
