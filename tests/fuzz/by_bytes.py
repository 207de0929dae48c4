"""Bytes that atheris makes of the corpus, guided by what they reach in our code (libFuzzer).

    python -m tests.fuzz.by_bytes SECONDS SEED

Each is looked at, and what is found is said in every format; the other strategies of the hunt go on to
fixes and runs, which would leave too few bytes to be tried in a minute. Atheris begins with what is
in `.fuzz/corpus`: specs of the project, and what has reached something new in earlier hunts. It
ends the process by itself. With a trouble it writes the bytes to `.fuzz/crash-…` and goes no further;
the exit code is then not 0.
"""

import json
import sys
import time

import atheris

# What is instrumented is what atheris sees; so these imports come before any others of ours.
with atheris.instrument_imports(include=["agentflow"]):
    from agentflow.spec.document import parse_document
    from tests.fuzz.corpus import Case, corpus
    from tests.fuzz.grammar import words
    from tests.fuzz.hunting import FOUND, SLOW
    from tests.fuzz.properties import every_finding_has_a_place, every_format_can_say_it, look

_MOST_BYTES = 4_000
#: Specs of the project that it begins with: short ones, as all of them are tried before any other.
_SEEDS, _SHORT = 100, 1_000
_MOST_MEGABYTES = 1_000
#: Seconds by the clock, on a machine that does much else. How much work one may be says `tried`.
_HANGS = 120


def one(data: bytes) -> None:
    """Look at some bytes. Raises what goes wrong; that it takes too long is wrong, too."""
    began = time.process_time()
    document = parse_document(data, "spec.yaml")
    assert document.root is not None or document.findings
    seen = look(Case(document.text))
    every_finding_has_a_place(seen)
    every_format_can_say_it(seen)
    # What is instrumented takes some three times as long.
    assert time.process_time() - began < 3 * SLOW, "it took too long"


def _prepared() -> list[str]:
    """The folder of seeds and the file of words, as arguments of libFuzzer."""
    seeds = FOUND / "corpus"
    seeds.mkdir(parents=True, exist_ok=True)
    short = [case.text for case in corpus() if len(case.text) <= _SHORT]
    for number, text in enumerate(short[:: -(-len(short) // _SEEDS)]):
        (seeds / f"{number}.yaml").write_text(text, encoding="utf-8")
    known = FOUND / "words"
    plain = filter(str.isascii, words())
    known.write_text("".join(f"{json.dumps(word)}\n" for word in plain), encoding="ascii")
    return [f"-dict={known}", str(seeds)]


def main(seconds: str, seed: str) -> None:
    """Try bytes until the time is over, and end the process."""
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
    atheris.Setup([sys.argv[0], *options, *_prepared()], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main(*sys.argv[1:])
