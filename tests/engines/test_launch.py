"""Starting a run: who is called by it."""

from agentflow.engines.launch import called
from tests.core.world import pipeline, spec_of


def test_workers_of_delegates_and_agents_of_inner_pipelines_are_called_too() -> None:
    work = {"plan": [], "workers": {"any": "write"}, "max_tasks": 1}
    child = spec_of({"work": {"delegate": work}}, name="child")
    plan = pipeline({"inner": {"pipeline": "child.yaml"}}, files={"child.yaml": child})
    assert [name for name, _ in called(plan)] == ["write"]
