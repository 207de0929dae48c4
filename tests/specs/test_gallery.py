"""The pipelines of the gallery and of the page of patterns: no findings, and as their tests say."""

import importlib
import sys
from pathlib import Path

import pytest

from agentflow.engines.rehearsal import perform, rehearse
from agentflow.eventlog.codec import decode, encode
from agentflow.formats.tests_text import told
from agentflow.loading import Spec, check, load, runnable
from agentflow.replay import replay

from .night import SPECS

FOLDERS = ("gallery", "patterns")
PATHS = [path for folder in FOLDERS for path in sorted((SPECS / folder).glob("*.yaml"))]

sys.path.insert(0, str(SPECS / "gallery"))
rag_metrics = importlib.import_module("functions.rag_metrics")
files = importlib.import_module("functions.files")
leads = importlib.import_module("functions.leads")
research = importlib.import_module("functions.research")


@pytest.fixture(scope="module", params=PATHS, ids=lambda path: f"{path.parent.name}/{path.stem}")
def spec(request: pytest.FixtureRequest) -> Spec:
    return load(request.param)


def test_the_linter_has_nothing_to_say(spec: Spec) -> None:
    assert check(spec) == ()


def test_its_tests_pass(spec: Spec) -> None:
    plan = runnable(spec)
    assert len(plan.scripts) >= 2
    for name, script in plan.scripts.items():
        verdict = rehearse(plan, script, spec.name, spec.sources)
        assert [told(difference) for difference in verdict.differences] == [], name


def test_the_log_of_each_of_its_tests_replays(spec: Spec) -> None:
    """As it would be read from the store, and with the same decisions."""
    plan = runnable(spec)
    blobs: dict[str, bytes] = {}

    def put_blob(data: bytes) -> str:
        blobs[str(len(blobs))] = data
        return str(len(blobs) - 1)

    for name, script in plan.scripts.items():
        entries = perform(plan, script, spec.name, spec.sources).entries
        records = [{**encode(entry, put_blob), "seq": entry.seq} for entry in entries]
        read = [decode(record, blobs.__getitem__) for record in records]
        assert read == list(entries), name
        replayed = replay(plan, read)
        assert replayed.divergence is None, name
        assert perform(plan, script, spec.name, spec.sources).entries == entries, name


def test_it_is_told_of_in_the_docs(spec: Spec) -> None:
    path = f"specs/{spec.folder.name}/{spec.name}"
    page = SPECS.parent / "docs" / f"{spec.folder.name}.md"
    assert f"]({'../' + path})" in page.read_text(encoding="utf-8")


# --- the functions of the gallery ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "score"),
    [
        ("Fine. Quality score: 4/5", 4.0),
        ("quality score 3.5 / 5 for this", 3.5),
        ("n/a", None),
        ("Quality score: 9/5", None),
        ("", None),
    ],
)
def test_the_score_of_a_judge_is_read(text: str, score: float | None) -> None:
    assert rag_metrics.read_score(text)["quality_score"] == score


def test_a_mean_leaves_out_what_has_no_number() -> None:
    rows = [
        {"gpt_groundedness": None, "gpt_relevance": score, "gpt_retrieval_score": 1.0}
        for score in (4.0, None, 5.0)
    ]
    assert rag_metrics.summarize(rows, ["gpt_relevance", "gpt_groundedness"]) == {
        "gpt_groundedness": None,
        "gpt_relevance": 4.5,
        "gpt_retrieval_score": None,
    }


def test_a_file_is_written_as_a_whole_and_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert files.save("a.txt", "one") == {"path": "out/a.txt"}
    assert files.save("a.txt", "zwölf") == {"path": "out/a.txt"}
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["a.txt"]
    assert (tmp_path / "out/a.txt").read_text(encoding="utf-8") == "zwölf"


@pytest.mark.parametrize("name", ["../a.txt", "a/b.txt", ".hidden", ""])
def test_a_file_lies_in_its_folder(name: str) -> None:
    with pytest.raises(ValueError, match="not a file name"):
        files.save(name, "text")


def test_candidates_are_ranked_and_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_text(
        'id,name,email,bio,skills\na,Ada,a@x,"Python, and tea",py\nb,Ada,b@x,React,js\nc,Cid,c@x,,\n'
        "d,Dee,d@x,Rust,rs\n",
        encoding="utf-8",
    )
    people = leads.load("people.csv")
    assert people[0] == {
        "id": "a",
        "name": "Ada",
        "email": "a@x",
        "bio": "Python, and tea",
        "skills": "py",
    }
    scores = [
        {"id": i, "score": s, "reason": ""} for i, s in zip("dcba", (5, 9, 5, 7), strict=True)
    ]
    ranked = leads.rank(people, scores)
    assert [candidate["id"] for candidate in ranked["all"]] == ["c", "a", "b", "d"]
    assert ranked["best"] == ranked["all"][:3]
    paths = [leads.post(person["id"], person["name"], "Dear you") for person in people]
    assert len({path["path"] for path in paths}) == 4


def test_sources_are_named_once_and_in_order() -> None:
    evidence = [{"sources": ["https://b", "https://a"]}, {"sources": ["https://b"]}]
    assert research.sources(evidence) == {"urls": ["https://a", "https://b"]}
