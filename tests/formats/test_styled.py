from agentflow.formats.styled import Line, Piece, Style, crop, line_width, plain


def tree(size: int, running: int | None = None) -> list[Line]:
    lines: list[Line] = [(Piece("head"),)]
    for number in range(size):
        style = Style.SPIN if number == running else Style.OK
        lines.append((Piece("*", style), Piece(f" {number}")))
    return [*lines, (Piece("foot"),)]


def cropped(size: int, room: int, running: int | None = None) -> list[str]:
    return plain(crop(tree(size, running), room, "…")).split("\n")


def test_what_has_room_stays() -> None:
    assert cropped(3, 5) == ["head", "* 0", "* 1", "* 2", "foot"]


def test_the_end_is_cut_off_while_nothing_runs() -> None:
    assert cropped(9, 5) == ["head", "* 0", "* 1", "… 7 more lines", "foot"]


def test_what_runs_is_in_sight() -> None:
    lines = ["head", "… 5 lines above", "* 5", "* 6", "* 7", "… 12 more lines", "foot"]
    assert cropped(20, 7, running=5) == lines
    assert cropped(9, 5, running=8) == ["head", "… 7 lines above", "* 7", "* 8", "foot"]


def test_there_is_room_for_next_to_nothing() -> None:
    assert cropped(9, 3, running=4) == ["head", "… 5 more lines", "foot"]


def test_width_counts_cells() -> None:
    assert line_width((Piece("日本"), Piece(" x"))) == 6
