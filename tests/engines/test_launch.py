"""Starting a run: who is given secrets by it."""

from agentflow.engines.launch import holders
from tests.core.world import pipeline, plan_of, spec_of


def test_workers_of_delegates_and_agents_of_inner_pipelines_are_called_too() -> None:
    work = {"plan": [], "workers": {"any": "write"}, "max_tasks": 1}
    child = spec_of({"work": {"delegate": work}}, name="child")
    plan = pipeline({"inner": {"pipeline": "child.yaml"}}, files={"child.yaml": child})
    assert [name for name, _ in holders(plan)] == ["agent 'write'"]


def test_servers_and_agents_that_stand_in_are_among_them() -> None:
    spec = spec_of(
        {"work": {"agent": "do", "catch": {"any": {"escalate": "other"}}}},
        servers={"tools": {"command": "tools"}, "idle": {"command": "idle"}},
        escalations={"other": {"levels": [{"agent": "teller"}], "on_exhausted": "fail"}},
    )
    tool = {"kind": "mcp", "server": "tools", "tool": "tell", "input": {}, "output": {}}
    spec["agents"]["teller"] = tool
    names = [name for name, _ in holders(plan_of(spec))]
    assert names == ["agent 'do'", "agent 'teller'", "server 'tools'"]
