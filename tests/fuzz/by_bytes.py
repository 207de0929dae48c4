"""Bytes that atheris makes of the corpus, guided by what they reach in our code (libFuzzer).

    python -m tests.fuzz.by_bytes SECONDS SEED

Atheris ends the process by itself. With a trouble it writes the bytes to `.fuzz/crash-…` and goes
no further; the exit code is then not 0.
"""

import sys

import atheris

# What is instrumented is what atheris sees; so these imports come before any others of ours.
with atheris.instrument_imports(include=["agentflow"]):
    from agentflow.spec.document import parse_document
    from tests.fuzz.corpus import Case, corpus
    from tests.fuzz.hunting import FOUND, tried

_MOST_BYTES = 4_000
_MOST_MEGABYTES = 1_000
#: Seconds by the clock, on a machine that does much else. How much work one may be says `tried`.
_HANGS = 120


def one(data: bytes) -> None:
    """Try some bytes. Raises what goes wrong."""
    document = parse_document(data, "spec.yaml")
    assert document.root is not None or document.findings
    tried(Case(document.text))


def main(seconds: str, seed: str) -> None:
    """Try bytes until the time is over, and end the process."""
    seeds = FOUND / "corpus"
    seeds.mkdir(parents=True, exist_ok=True)
    for number, case in enumerate(corpus()):
        (seeds / f"{number}.yaml").write_text(case.text, encoding="utf-8")
    options = [
        f"-max_total_time={seconds}",
        f"-seed={seed}",
        f"-timeout={_HANGS}",
        f"-max_len={_MOST_BYTES}",
        f"-rss_limit_mb={_MOST_MEGABYTES}",
        f"-artifact_prefix={FOUND}/",
        "-verbosity=0",
        "-print_final_stats=1",
    ]
    atheris.Setup([sys.argv[0], *options, str(seeds)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
