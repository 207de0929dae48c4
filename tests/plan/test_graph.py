"""Graphs: named ones for what is promised, random ones against the definitions."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from agentflow.plan.graph import (
    MOST_CYCLES,
    components,
    cycles,
    reachable,
    topological_order,
)

NODES = st.integers(0, 7)
graphs = st.dictionaries(NODES, st.lists(NODES, max_size=5))


def test_order_follows_the_edges_and_then_the_keys() -> None:
    graph = {"c": [], "a": ["c", "d"], "b": ["d"], "d": []}
    assert topological_order(graph) == ("a", "b", "c", "d")


def test_order_leaves_out_cycles_and_what_comes_behind_them() -> None:
    assert topological_order({"a": ["b"], "b": ["c"], "c": ["b", "d"], "d": []}) == ("a",)


def test_cycles_that_share_nothing_come_once_each_in_the_order_of_the_keys() -> None:
    graph = {"x": [], "b": ["a"], "a": ["b"], "d": ["e"], "e": ["c"], "c": ["d"]}
    assert list(cycles(graph)) == [("b", "a"), ("d", "e", "c")]


def test_a_node_that_leads_to_itself_is_a_cycle() -> None:
    assert list(cycles({"a": ["a"], "b": []})) == [("a",)]


def test_the_shortest_cycle_through_the_first_node_comes_first() -> None:
    graph = {"a": ["b"], "b": ["c", "a"], "c": ["d"], "d": ["b"]}
    assert list(cycles(graph)) == [("a", "b"), ("b", "c", "d")]


def test_of_a_tangle_only_so_many_cycles_are_told() -> None:
    everyone = list(range(40))
    assert len(list(cycles(dict.fromkeys(everyone, everyone)))) == MOST_CYCLES


def test_a_long_path_needs_no_recursion() -> None:
    length = 20_000
    path = {n: [n + 1] for n in range(length)}
    assert len(topological_order({**path, length: []})) == length + 1
    assert list(cycles({**path, length: [0]})) == [tuple(range(length + 1))]


def test_reachable_takes_the_starts_that_are_nodes() -> None:
    graph = {"a": ["b"], "b": ["gone"], "c": ["a"]}
    assert reachable(graph, ["a", "gone"]) == {"a", "b"}


@given(graphs)
def test_components_are_those_that_reach_each_other(graph: dict[int, list[int]]) -> None:
    found = list(components(graph))
    assert sorted(node for component in found for node in component) == sorted(graph)
    for component in found:
        expected = {
            node
            for node in reachable(graph, component[:1])
            if component[0] in reachable(graph, [node])
        }
        assert set(component) == expected


@given(graphs)
def test_cycles_are_cycles_and_there_are_some_iff_the_order_is_not_complete(
    graph: dict[int, list[int]],
) -> None:
    found = list(cycles(graph))
    assert bool(found) == (len(topological_order(graph)) < len(graph))
    assert len(set(found)) == len(found)
    for cycle in found:
        assert len(set(cycle)) == len(cycle)
        for node, following in pairwise((*cycle, cycle[0])):
            assert following in graph[node]


@given(graphs)
def test_every_edge_leads_forward_in_the_order(graph: dict[int, list[int]]) -> None:
    order = topological_order(graph)
    place = {node: index for index, node in enumerate(order)}
    for node in order:
        for following in graph[node]:
            assert following not in place or place[node] < place[following]
