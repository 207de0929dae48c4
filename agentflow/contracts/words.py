"""A text that is the answer itself, and no JSON: where a contract admits only strings.

What begins like JSON may be JSON that was cut or is damaged, and then it is not what was meant. It
is prose only if it is that for sure:

- after quotes, `"Hello," she said.`: all quotes surround words as in prose, and the sentence goes
  on after the first of them in the same line;
- after brackets, `[draft] Dear Ada`: they hold what brackets in prose do, with words beside them;
- after a fence, if it names a language other than JSON, and every fence is closed: Markdown code.
"""

import re

from agentflow.contracts.strict import Limits
from agentflow.contracts.unwrap import KEY, ONLY_SCALARS, marks

#: Control sequences for a terminal, and halves of surrogate pairs, which UTF-8 cannot carry.
_UNKEPT = re.compile("[\x1b\x9b\ud800-\udfff]")
#: What prose has in quotes, and then anything that is no quote. An escape is none of prose.
_QUOTED = re.compile(r'(?<!\w)"[^\s"\\](?:[^"\\]*[^\s"\\])?"(?!\w)')
#: The line that opens a fence in a language, CommonMark 0.31, "Fenced code blocks".
_IN_A_LANGUAGE = re.compile(r"`{3,}[ \t]*([A-Za-z][\w+#.-]{0,50})[^`\n]*\n")
_LIKE_JSON = frozenset({"json", "json5", "jsonc", "jsonl", "ndjson", "geojson", "javascript", "js"})
_FENCE = re.compile(r"^[ \t]*(`{3,})[ \t]*(.*)$", re.MULTILINE)
_WORD = re.compile(r"[^\W\d_]{2,}")


def is_words(text: str, limits: Limits) -> bool:
    """Is a text that is no JSON meant as it stands?"""
    words = text.removeprefix("\ufeff").strip()
    if not 0 < len(words) <= limits.size or _UNKEPT.search(words):
        return False
    if words.startswith("```"):
        return _is_code(words)
    if words.startswith('"'):
        return _is_quoting(words)
    if words.startswith(("[", "{")):
        return _is_marked(words)
    return True


def _is_code(words: str) -> bool:
    first = _IN_A_LANGUAGE.match(words)
    if first is None or first[1].lower() in _LIKE_JSON:
        return False
    opened = 0
    for fence in _FENCE.finditer(words):
        ticks, after = len(fence[1]), fence[2].strip()
        if not opened:
            opened = ticks
        elif ticks >= opened and not after:
            opened = 0
    return not opened


def _is_quoting(words: str) -> bool:
    first = _QUOTED.match(words)
    if first is None or KEY.search(words) or ONLY_SCALARS.fullmatch(words):
        return False
    goes_on = words[first.end() :].partition("\n")[0]
    return _WORD.search(goes_on) is not None and '"' not in _QUOTED.sub("", words)


def _is_marked(words: str) -> bool:
    besides = marks(words)
    return besides is not None and _WORD.search(besides) is not None
