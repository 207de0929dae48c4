"""Algorithms on directed graphs: components, cycles, order, reach.

A graph maps each node to the nodes that its edges lead to; an edge to a node that is not a key of
the graph is ignored. Nothing here recurses, since a chain of 10,000 steps is a path of 10,000
edges, and everything is linear in nodes and edges. Results follow the order of the graph's keys,
so the same graph gives the same answer on every machine.

Sources: R. Tarjan, "Depth-first search and linear graph algorithms" (1972); A. B. Kahn,
"Topological sorting of large networks" (1962).
"""

from collections import deque
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import TypeAlias, TypeVar

N = TypeVar("N")
Graph: TypeAlias = Mapping[N, Collection[N]]

#: How many cycles are told apart in one tangle of nodes that can all reach each other. There may
#: be more of them than there are edges, and mending some mends others.
MOST_CYCLES = 8


def cycles(graph: Graph[N]) -> Iterator[tuple[N, ...]]:
    """The cycles of a graph, each once and as short as can be, from its first node on.

    Where cycles share nodes, these come out: the shortest through the first node, then what is
    left of the tangle without that node, up to `MOST_CYCLES`.
    """
    for component in components(graph):
        if len(component) == 1 and component[0] not in graph[component[0]]:
            continue
        tangles = [component]
        for _ in range(MOST_CYCLES):
            if not tangles:
                break
            tangle = tangles.pop()
            inside = set(tangle)
            part = {node: [n for n in graph[node] if n in inside] for node in tangle}
            cycle = _shortest_cycle(part, tangle[0])
            if cycle is None:
                continue
            yield cycle
            del part[tangle[0]]
            tangles.extend(reversed(list(components(part))))


def components(graph: Graph[N]) -> Iterator[list[N]]:
    """The strongly connected components, the nodes of each in the order of the graph's keys."""
    rank = {node: number for number, node in enumerate(graph)}
    found = [sorted(component, key=rank.__getitem__) for component in _tarjan(graph)]
    yield from sorted(found, key=lambda component: rank[component[0]])


def _tarjan(graph: Graph[N]) -> Iterator[list[N]]:
    """Components in the order in which Tarjan's algorithm completes them."""
    number: dict[N, int] = {}
    low: dict[N, int] = {}  # the lowest number on the stack that a node is known to reach
    stack: list[N] = []
    on_stack: set[N] = set()
    for start in graph:
        if start in number:
            continue
        trail: list[tuple[N, Iterator[N]]] = [(start, iter(graph[start]))]
        number[start] = low[start] = len(number)
        stack.append(start)
        on_stack.add(start)
        while trail:
            node, edges = trail[-1]
            for following in edges:
                if following not in graph:
                    continue
                if following not in number:
                    number[following] = low[following] = len(number)
                    stack.append(following)
                    on_stack.add(following)
                    trail.append((following, iter(graph[following])))
                    break
                if following in on_stack:
                    low[node] = min(low[node], number[following])
            else:
                trail.pop()
                if trail:
                    above = trail[-1][0]
                    low[above] = min(low[above], low[node])
                if low[node] == number[node]:
                    yield _unstack(stack, on_stack, node)


def _unstack(stack: list[N], on_stack: set[N], node: N) -> list[N]:
    """Take everything from the stack down to `node`."""
    component = []
    while True:
        member = stack.pop()
        on_stack.discard(member)
        component.append(member)
        if member == node:
            return component


def _shortest_cycle(graph: Graph[N], start: N) -> tuple[N, ...] | None:
    """A shortest way from a node back to itself, by breadth-first search; None if there is none."""
    came_from: dict[N, N] = {}
    waiting = deque([start])
    while waiting:
        node = waiting.popleft()
        for following in graph[node]:
            if following == start:
                way = [node]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return tuple(reversed(way))
            if following in graph and following not in came_from:
                came_from[following] = node
                waiting.append(following)
    return None


def topological_order(graph: Graph[N]) -> tuple[N, ...]:
    """The nodes such that every edge leads forward; nodes on cycles, or behind one, are left out.

    Of nodes that are free at the same time, the one that became free first comes first.
    """
    incoming = dict.fromkeys(graph, 0)
    for edges in graph.values():
        for following in edges:
            if following in incoming:
                incoming[following] += 1
    free = deque(node for node, count in incoming.items() if count == 0)
    order: list[N] = []
    while free:
        node = free.popleft()
        order.append(node)
        for following in graph[node]:
            if following in incoming:
                incoming[following] -= 1
                if incoming[following] == 0:
                    free.append(following)
    return tuple(order)


def reachable(graph: Graph[N], starts: Iterable[N]) -> set[N]:
    """Every node of the graph that can be reached from the given ones, those included."""
    seen = {node for node in starts if node in graph}
    waiting = list(seen)
    while waiting:
        for following in graph[waiting.pop()]:
            if following in graph and following not in seen:
                seen.add(following)
                waiting.append(following)
    return seen
