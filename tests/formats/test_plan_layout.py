"""The picture of a pipeline: nothing in it covers anything else."""

from collections.abc import Iterator
from itertools import combinations, pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from agentflow.formats.plan_layout import Box, Line, Picture, layout, shown_edges
from agentflow.plan.overview import Capabilities, overview
from agentflow.spec.model import Json
from tests.core.world import examples, plan_of, spec_of


@st.composite
def scopes(draw: Any, depth: int = 1) -> dict[str, Json]:
    """Steps each of which may wait for any of those before it, and may hold others."""
    made: dict[str, Json] = {}
    for number in range(draw(st.integers(1, 7))):
        inside = depth and draw(st.integers(0, 3)) == 0
        step: dict[str, Json] = {"steps": draw(scopes(depth - 1))} if inside else {"agent": "write"}
        step["needs"] = [name for name in made if draw(st.integers(0, 2)) == 0]
        made["s" * draw(st.integers(1, 9)) + str(number)] = step
    return made


def picture(steps: dict[str, Json]) -> Picture:
    return layout(overview(plan_of(spec_of(steps)), {}, 16, Capabilities(), {}).nodes)


def scopes_of(drawn: Picture) -> Iterator[Picture]:
    yield drawn
    for box in drawn.boxes:
        yield from scopes_of(box.inside)


def covers(box: Box, line: Line) -> bool:
    """Does a line come to a place where the box is? A curve stays between its ends."""
    return any(
        min(x1, x2) < box.x + box.width - 0.01
        and max(x1, x2) > box.x + 0.01
        and min(y1, y2) < box.y + box.height
        and max(y1, y2) > box.y
        for (x1, y1), (x2, y2) in pairwise(line.points)
    )


def overlap(one: Box, other: Box) -> bool:
    beside = one.x + one.width <= other.x or other.x + other.width <= one.x
    return not (beside or one.y + one.height <= other.y or other.y + other.height <= one.y)


@examples(60)
@given(scopes())
def test_no_line_runs_behind_a_step_and_no_step_over_another(steps: dict[str, Json]) -> None:
    for scope in scopes_of(picture(steps)):
        assert not any(overlap(*pair) for pair in combinations(scope.boxes, 2))
        assert not any(covers(box, line) for box in scope.boxes for line in scope.lines)
        for box in scope.boxes:
            assert box.x + box.width <= scope.width + 0.01
            assert box.y + box.height <= scope.height
        assert all(y <= scope.height for line in scope.lines for _, y in line.points)


@examples(60)
@given(scopes())
def test_each_line_goes_from_the_right_of_a_step_to_the_left_of_what_waits_for_it(
    steps: dict[str, Json],
) -> None:
    for scope in scopes_of(picture(steps)):
        ends = {id(box.node): (box.x, box.x + box.width) for box in scope.boxes}
        shown = shown_edges([box.node for box in scope.boxes])
        assert sorted((line.points[0][0], line.points[-1][0]) for line in scope.lines) == sorted(
            (ends[id(edge.before)][1], ends[id(edge.after)][0]) for edge in shown
        )


def test_a_step_stands_beside_what_it_waits_for_and_a_long_line_has_a_lane() -> None:
    do: Json = {"agent": "do"}
    drawn = picture(
        {
            "a": do,
            "b": do,
            "c": {"agent": "do", "needs": ["b"]},
            "d": {"agent": "do", "needs": ["c"], "retry": {"max_attempts": 2}},
            "e": {"agent": "do", "needs": ["a", "d"]},
        }
    )
    at = {box.node.part.step.id: box for box in drawn.boxes}
    assert at["b"].y == at["c"].y == at["d"].y == at["e"].y > at["a"].y
    long, *_, last = drawn.lines
    (left, high), (right, as_high), end = long.points
    assert (left, high) == (at["a"].x + at["a"].width, as_high)
    assert right == at["d"].x + at["d"].width < at["e"].x
    assert end == last.points[-1]
