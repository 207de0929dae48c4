"""The random pipelines that hold the worst case honest use all of the language that it depends
on."""

from collections.abc import Iterator

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct
from msgspec.structs import fields

from agentflow.agents import command, llm
from agentflow.spec.model import (
    AgentLevel,
    AgentStep,
    Approval,
    Backoff,
    Bounds,
    Case,
    Confidence,
    Delegate,
    Escalation,
    ForEach,
    GroupStep,
    HumanLevel,
    HumanStep,
    Json,
    Loop,
    Model,
    ModelLevel,
    NotifyLevel,
    Pipeline,
    PipelineStep,
    RetryPolicy,
    SwitchStep,
)
from agentflow.spec.model.tools import AgentTool, PythonTool
from tests.core.world import examples
from tests.plan.test_bounds import SMALL, Specs, specs, talks

MODELS: tuple[type[Struct], ...] = (
    *(Pipeline, AgentStep, GroupStep, HumanStep, SwitchStep, Case, Loop, PipelineStep, Delegate),
    *(
        ForEach,
        RetryPolicy,
        Backoff,
        Escalation,
        ModelLevel,
        AgentLevel,
        HumanLevel,
        NotifyLevel,
        Bounds,
        Confidence,
        Model,
    ),
    *(Approval, AgentTool, PythonTool, command.Options, llm.Options),
)
#: Keys on which no worst case depends, and what it is that holds them.
WITHOUT = {
    "for people": {"description", "who", "why_multi_agent", "pattern", "message"},
    "found before a run, or after it": {"tests", "effects_reason", "contracts", "outputs"},
    "where something is": {"argv", "cwd", "env", "api_base", "channels", "channel", "servers"},
    "how a question is put, and who may answer": {"ask", "four_eyes"},
    "how a provider answers": {"temperature", "top_p", "seed", "stop", "reasoning_effort"}
    | {"params", "stream", "window", "images"},
    "a name for what stands where it is used": {"retries"},
    "said to be left out: waits by the limits of a model": {"limits"},
}


def keys(data: Json) -> Iterator[str]:
    if isinstance(data, dict):
        yield from data
    for part in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from keys(part)


def test_every_key_that_a_worst_case_depends_on_is_drawn() -> None:
    drawn: set[str] = set()

    @settings(examples(150), derandomize=True)
    @given(specs(st.just({})) | specs(SMALL) | talks())
    def collect(written: Specs) -> None:
        spec, files = written
        drawn.update(keys([spec, *files.values()]))

    collect()
    known = {field.encode_name for model in MODELS for field in fields(model)}
    assert known - drawn - set().union(*WITHOUT.values()) == set()
