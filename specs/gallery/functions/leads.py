"""Candidates: read from a table, ranked by their scores, and written to."""

import csv
import re
from pathlib import Path
from typing import Any

from functions import files

COLUMNS = ("id", "name", "email", "bio", "skills")


def load(file: str) -> list[dict[str, str]]:
    """The candidates of a CSV file, in its order."""
    with Path(file).open(encoding="utf-8", newline="") as lines:
        return [{column: row[column] for column in COLUMNS} for row in csv.DictReader(lines)]


def rank(
    candidates: list[dict[str, Any]], scores: list[dict[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    """The candidates with their scores, the best first; of equals, the first in the table."""
    score_of = {score["id"]: score for score in scores}
    scored = [{**candidate, **score_of[candidate["id"]]} for candidate in candidates]
    ranked = sorted(scored, key=lambda candidate: -candidate["score"])
    return {"all": ranked, "best": ranked[:3]}


def post(id: str, name: str, letter: str) -> dict[str, str]:
    """Put a letter into a file of its own, also where two candidates have the same name."""
    plain = re.sub(r"[^A-Za-z0-9]+", "_", f"{name}_{id}").strip("_")
    return files.save(f"{plain}.txt", letter)
