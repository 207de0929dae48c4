"""The words of the expression language: one regular expression cuts a text into tokens.

It also finds where the expression of a `${{ … }}` ends, which takes knowing what a string is.
"""

import math
import re
from typing import NamedTuple

from agentflow.spec.cel.mistakes import OPERATORS
from agentflow.spec.cel.values import INT_MAX, INT_MIN
from agentflow.spec.lookalikes import look_alike
from agentflow.spec.wording import quoted

#: Quoted text as CEL has it: over several lines in three quotes, within one line in single ones.
_ESCAPED = (
    r'"""(?:[^\\]|\\.)*?"""'
    r"|'''(?:[^\\]|\\.)*?'''"
    r'|"(?:[^"\\\r\n]|\\.)*+"'
    r"|'(?:[^'\\\r\n]|\\.)*+'"
)
_RAW = r"""[rR](?:"{3}.*?"{3}|'{3}.*?'{3}|"[^"\r\n]*"|'[^'\r\n]*')"""
_STRING = f"{_RAW}|{_ESCAPED}"

_TOKEN = re.compile(
    rf"""\s*+(?:
      (?P<string>{_STRING})
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<number>(?:[0-9]+\.[0-9]+|\.[0-9]+|[0-9]+)(?:[eE][+-][0-9]+)?[A-Za-z0-9_]*)
    | (?P<wrong>\$?\{{\{{|===|!==|<>|:=|\*\*|//|\?\?|\?\.(?![0-9])|=(?!=)|&(?!&)|\|(?!\|))
    | (?P<operator>\|\||&&|[=!<>]=|[-+*/%<>!?:.,()\[\]{{}}])
    | (?P<unknown>\S)
    )""",
    re.ASCII | re.DOTALL | re.VERBOSE,
)
_SPACES = " \t\n\r\f\v"
_STRING_OR_BRACE = re.compile(rf"{_STRING}|[{{}}'\"]", re.DOTALL)
_ESCAPE = re.compile(
    r"\\(?:[xX]([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2})|(.))",
    re.DOTALL,
)
_INTEGER = re.compile(r"0[xX][0-9a-fA-F]+|[0-9]+")
_DOUBLE = re.compile(r"(?:[0-9]+\.[0-9]+|\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?")
_ONE_LETTER = {
    "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v",
    "\\": "\\", "?": "?", '"': '"', "'": "'", "`": "`",
}  # fmt: skip


class ExpressionError(ValueError):
    """A text is not an expression of this language.

    `message` is one line in the style of a finding and `help` says how to mend it. `start` and
    `end` are offsets into the text, the end exclusive. `path` is empty for a bare expression; for
    one in a template it leads to the string that the offsets count in. `misspelt` is a name that
    stands there, and the only known one that is near to it.
    """

    def __init__(
        self,
        message: str,
        start: int,
        end: int,
        help: str | None = None,
        *,
        misspelt: tuple[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end
        self.help = help
        self.misspelt = misspelt
        self.path: tuple[str | int, ...] = ()


class Token(NamedTuple):
    """A piece of an expression. Its kind is `string`, `word`, `number`, `operator` or `end`."""

    kind: str
    text: str
    start: int
    end: int


def tokenize(text: str) -> list[Token]:
    """The tokens of a text, ended by one of kind `end`.

    Raises `ExpressionError` for what is no token: an unclosed string, an operator of another
    language, a character that means nothing.
    """
    tokens = []
    end_of_tokens = len(text.rstrip(_SPACES))
    for match in _TOKEN.finditer(text, 0, end_of_tokens):
        kind = match.lastgroup
        assert kind is not None, "every alternative has a name"
        start, end = match.span(kind)
        token = Token(kind, match[kind], start, end)
        if kind in ("wrong", "unknown"):
            raise _not_a_token(token, text)
        tokens.append(token)
    tokens.append(Token("end", "", len(text), len(text)))
    return tokens


def _not_a_token(token: Token, text: str) -> ExpressionError:
    """What to say about text that no token can start with."""
    if token.text in ("'", '"'):
        return _unclosed_string(text, token.start)
    message = f"{quoted(token.text)} means nothing here"
    advice = OPERATORS.get(token.text) or look_alike(token.text)
    return ExpressionError(message, token.start, token.end, advice)


def _unclosed_string(text: str, start: int) -> ExpressionError:
    advice = "close it with the quote it starts with; a string in single quotes stays on one line"
    quote = text[start]
    line, _, below = text[start + 1 :].partition("\n")
    if quote in below and quote not in line:
        advice = (
            "a string stays on one line: write '\\n' for a line end, and '\\\\n' where the value is in"
            " double quotes, in which YAML reads '\\n' itself"
        )
    return ExpressionError("a string starts here and never ends", start, start + 1, advice)


def unquote(token: Token) -> str:
    """The value of a token of kind `string`. Raises `ExpressionError` for an unknown escape."""
    raw = token.text[0] in "rR"
    text = token.text[1:] if raw else token.text
    width = 3 if text.startswith(('"""', "'''")) else 1
    body = text[width:-width]
    if raw or "\\" not in body:
        return body

    def character(match: re.Match[str]) -> str:
        x, u, long_u, octal, letter = match.groups()
        if letter is not None:
            value = _ONE_LETTER.get(letter)
        else:
            value = _code_point(int(octal, 8) if octal else int(x or u or long_u, 16))
        if value is None:
            start = token.start + width + match.start()
            raise ExpressionError(
                f"unknown escape {quoted(match[0])} in a string",
                start,
                start + len(match[0]),
                r"double the backslash, or write a raw string: r'…'",
            )
        return value

    return _ESCAPE.sub(character, body)


def _code_point(number: int) -> str | None:
    """The character of that number; surrogates are none."""
    return chr(number) if number < 0xD800 or 0xE000 <= number <= 0x10FFFF else None


def number(token: Token, sign: Token | None) -> int | float:
    """The value of a token of kind `number`, with the minus before it if there is one.

    Raises `ExpressionError` for what is no number or does not fit 64 bits.
    """
    text = ("-" if sign else "") + token.text
    start = sign.start if sign else token.start
    if _INTEGER.fullmatch(token.text):
        # Beyond 20 digits it cannot fit, and reading it could take long.
        base = 16 if token.text[1:2] in ("x", "X") else 10
        value = int(text, base) if len(text) <= 20 else INT_MAX + 1
        if INT_MIN <= value <= INT_MAX:
            return value
        raise ExpressionError(f"{quoted(text)} does not fit an int of 64 bits", start, token.end)
    if not _DOUBLE.fullmatch(token.text):
        advice = "a number has no suffix" if token.text[-1] in "uUfFlL" else None
        raise ExpressionError(f"{quoted(text)} is no number", start, token.end, advice)
    if math.isinf(float(text)):
        raise ExpressionError(f"{quoted(text)} does not fit a double", start, token.end)
    return float(text)


def end_of_expression(text: str, start: int) -> int:
    """The offset of the `}}` that ends the expression which starts at `start`, or -1.

    A `}}` in a string does not end it, nor one that closes the maps of the expression. Raises
    `ExpressionError` for a string that is not closed.
    """
    open_braces = 0
    for match in _STRING_OR_BRACE.finditer(text, start):
        if match[0] == "{":
            open_braces += 1
        elif match[0] == "}":
            if open_braces == 0 and text.startswith("}", match.end()):
                return match.start()
            open_braces = max(0, open_braces - 1)
        elif match[0] in ("'", '"'):
            raise _unclosed_string(text, match.start())
    return -1
