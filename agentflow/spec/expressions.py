"""The parser of the expression language, a subset of CEL, the Common Expression Language.

    expression  = binary ["?" binary ":" expression]
    binary      = unary {("||" "&&" "==" "!=" "<" "<=" ">" ">=" "in" "+" "-" "*" "/" "%") unary}
    unary       = {"!" | "-"} member
    member      = primary {"." name ["(" arguments ")"] | "[" expression "]"}
    primary     = literal | name ["(" arguments ")"] | "(" expression ")" | list | map

It differs from CEL on purpose in this: values are JSON, so there are no bytes, no unsigned
numbers, no messages, and the keys of a map are strings. `has` takes any path and looks at the
whole of it, as `default` and `coalesce` do, which are our own. Any word may follow a dot, and the
words that CEL reserves for later (`loop`, `package`, …) are names like others.

Source: https://github.com/google/cel-spec/blob/master/doc/langdef.md, "Syntax".
"""

import typing
from collections.abc import Mapping
from typing import NoReturn

from agentflow.spec.cel.functions import FUNCTIONS, Style
from agentflow.spec.cel.mistakes import FUNCTIONS as FUNCTION_HELP
from agentflow.spec.cel.mistakes import WORDS
from agentflow.spec.cel.references import Reference, references
from agentflow.spec.cel.syntax import (
    Binary,
    BinaryOperator,
    Call,
    Coalesce,
    Comprehension,
    Conditional,
    Default,
    Expr,
    Has,
    Identifier,
    Index,
    ListLiteral,
    Literal,
    Macro,
    MapLiteral,
    Path,
    Select,
    Unary,
    UnaryOperator,
)
from agentflow.spec.cel.tokens import ExpressionError, Token, number, tokenize, unquote
from agentflow.spec.nearest import only_near
from agentflow.spec.wording import quoted, suggestion

__all__ = [
    "MAX_DEPTH",
    "MAX_LENGTH",
    "ExpressionError",
    "Reference",
    "parse_expression",
    "references",
]

#: The longest text, in characters; it bounds the number of nodes too.
MAX_LENGTH = 8_192
#: How deep an expression may nest. A chain of operators or of fields nests once for each.
MAX_DEPTH = 64

#: How tight the binary operators bind; all of them group to the left.
_TIGHTNESS: Mapping[str, int] = {
    "||": 1,
    "&&": 2,
    **dict.fromkeys(("==", "!=", "<", "<=", ">", ">=", "in"), 3),
    **dict.fromkeys(("+", "-"), 4),
    **dict.fromkeys(("*", "/", "%"), 5),
}
_CONSTANTS: Mapping[str, bool | None] = {"null": None, "true": True, "false": False}
_MACROS: tuple[Macro, ...] = typing.get_args(Macro)
_EXISTENCE = ("has", "default", "coalesce")


def parse_expression(text: str) -> Expr:
    """The tree of an expression.

    Raises `ExpressionError`, and nothing else, for any text that is not an expression.
    """
    if len(text) > MAX_LENGTH:
        message = f"the expression is longer than {MAX_LENGTH:,} characters"
        raise ExpressionError(message, 0, len(text), "split the work over several steps")
    tokens = tokenize(text)
    if tokens[0].kind == "end":
        raise ExpressionError("the expression is empty", 0, len(text))
    parser = _Parser(tokens)
    expr = parser.expression()
    if parser.token.kind != "end":
        parser.expected("an operator or the end")
    return expr


class _Parser:
    """Recursive descent over the tokens.

    `height` is that of the node parsed last. It is kept so that no walk of the tree, by whomever,
    can exhaust the stack; `_depth` does the same for the parser itself.
    """

    __slots__ = ("_depth", "_position", "_tokens", "height", "token")

    def __init__(self, tokens: list[Token]) -> None:
        self._tokens = tokens
        self._position = 0
        self._depth = 0
        self.token = tokens[0]
        self.height = 0

    # What the rules are made of.

    def _advance(self) -> Token:
        token = self.token
        self._position += 1
        self.token = self._tokens[self._position]
        return token

    def _expect(self, text: str) -> None:
        if self.token.text != text:
            self.expected(quoted(text))
        self._advance()

    @property
    def _end(self) -> int:
        """Where the token that was taken last ends."""
        return self._tokens[self._position - 1].end

    def expected(self, what: str) -> NoReturn:
        """Raises the error for a token that does not fit, with help for the usual mistakes."""
        token = self.token
        before = self._tokens[self._position - 1] if self._position else None
        found = "the end" if token.kind == "end" else quoted(token.text)
        advice = WORDS.get(token.text)
        if advice is None and before is not None and before.kind == "word":
            advice = WORDS.get(before.text)
        if advice is None and token.kind == "number" and token.text.startswith("."):
            advice = f"write '[{token.text[1:]}]' for an item of a list"
        raise ExpressionError(f"expected {what}, found {found}", token.start, token.end, advice)

    def _grow(self, height: int) -> None:
        """Notes the height of a node whose highest child has the given one."""
        self.height = height + 1
        if self.height > MAX_DEPTH:
            self._too_deep()

    def _too_deep(self) -> NoReturn:
        message = f"the expression nests deeper than {MAX_DEPTH} levels"
        advice = "every operator of a chain counts as a level; split the work over several steps"
        raise ExpressionError(message, self.token.start, self.token.end, advice)

    # The rules of the grammar, loosest first.

    def expression(self) -> Expr:
        """A whole expression; the position is left behind it."""
        start = self.token.start
        condition = self._binary(1)
        if self.token.text != "?":
            return condition
        self._advance()
        height = self.height
        then = self._binary(1)
        height = max(height, self.height)
        self._expect(":")
        self._depth += 1
        otherwise = self.expression()
        self._depth -= 1
        self._grow(max(height, self.height))
        return Conditional(condition, then, otherwise, start, self._end)

    def _binary(self, tightest: int) -> Expr:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            self._too_deep()
        start = self.token.start
        left = self._unary()
        while (tightness := _TIGHTNESS.get(self.token.text, 0)) >= tightest:
            operator = typing.cast(BinaryOperator, self._advance().text)
            height = self.height
            right = self._binary(tightness + 1)
            self._grow(max(height, self.height))
            left = Binary(operator, left, right, start, self._end)
        self._depth -= 1
        return left

    def _unary(self) -> Expr:
        operators = []
        while self.token.text in ("!", "-"):
            operators.append(self._advance())
        if operators and operators[-1].text == "-" and self.token.kind == "number":
            sign = operators.pop()
            operand = self._member(self._number(sign), sign.start)
        else:
            start = self.token.start
            operand = self._member(self._primary(), start)
        for token in reversed(operators):
            self._grow(self.height)
            operator = typing.cast(UnaryOperator, token.text)
            operand = Unary(operator, operand, token.start, self._end)
        return operand

    def _member(self, operand: Expr, start: int) -> Expr:
        while True:
            if self.token.text == ".":
                self._advance()
                if self.token.kind != "word":
                    self.expected("the name of a field")
                name = self._advance()
                if self.token.text == "(":
                    operand = self._method(operand, start, name)
                else:
                    operand = Select(operand, name.text, start, name.end)
                    self._grow(self.height)
            elif self.token.text == "[":
                self._advance()
                height = self.height
                key = self.expression()
                self._expect("]")
                operand = Index(operand, key, start, self._end)
                self._grow(max(height, self.height))
            else:
                return operand

    def _primary(self) -> Expr:
        token = self.token
        self.height = 1
        if token.kind == "word":
            return self._word()
        if token.kind == "number":
            return self._number(None)
        if token.kind == "string":
            self._advance()
            return Literal(unquote(token), token.start, token.end)
        if token.text == "(":
            self._advance()
            inner = self.expression()
            self._expect(")")
            return inner
        if token.text == "[":
            self._advance()
            items = self._items("]")
            self._grow(self.height)
            return ListLiteral(items, token.start, self._end)
        if token.text == "{":
            return self._map()
        return self.expected("a value")

    def _word(self) -> Expr:
        token = self._advance()
        name = token.text
        if self.token.text == "(":
            return self._call(token)
        if name in _CONSTANTS:
            return Literal(_CONSTANTS[name], token.start, token.end)
        if name == "in" or (name in WORDS and name[0].isupper()):
            message = f"expected a value, found {quoted(name)}"
            raise ExpressionError(message, token.start, token.end, WORDS.get(name))
        return Identifier(name, token.start, token.end)

    def _number(self, sign: Token | None) -> Literal:
        """A number, with the minus before it: only so can the least int be written."""
        token = self._advance()
        self.height = 1
        start = sign.start if sign else token.start
        return Literal(number(token, sign), start, token.end)

    def _items(self, closing: str) -> tuple[Expr, ...]:
        """Expressions between commas up to the closing bracket, and that; sets the height."""
        items: list[Expr] = []
        height = 0
        while self.token.text != closing:
            items.append(self.expression())
            height = max(height, self.height)
            if self.token.text != ",":
                break
            self._advance()
        self._expect(closing)
        self.height = height
        return tuple(items)

    def _map(self) -> MapLiteral:
        start = self._advance().start
        entries: list[tuple[Expr, Expr]] = []
        height = 0
        while self.token.text != "}":
            key = self.expression()
            if isinstance(key, Literal) and not isinstance(key.value, str):
                raise ExpressionError("a key of a map is a string", key.start, key.end)
            height = max(height, self.height)
            self._expect(":")
            entries.append((key, self.expression()))
            height = max(height, self.height)
            if self.token.text != ",":
                break
            self._advance()
        self._expect("}")
        self._grow(height)
        return MapLiteral(tuple(entries), start, self._end)

    # Calls.

    def _call(self, name: Token) -> Expr:
        """A call whose name has been taken and whose bracket comes next."""
        if name.text in _EXISTENCE:
            return self._existence(name)
        function = FUNCTIONS.get(name.text)
        if function is None or Style.PLAIN not in function.style:
            raise _not_callable(name, method=False)
        self._advance()
        args = self._items(")")
        self._check_count(name, len(args), len(function.parameters), function.optional)
        self._grow(self.height)
        return Call(name.text, args, name.start, self._end)

    def _method(self, receiver: Expr, start: int, name: Token) -> Expr:
        """A method call whose name has been taken and whose bracket comes next."""
        if name.text in _MACROS:
            return self._macro(receiver, start, name)
        function = FUNCTIONS.get(name.text)
        if function is None or Style.METHOD not in function.style:
            raise _not_callable(name, method=True)
        height = self.height
        self._advance()
        args = self._items(")")
        self._check_count(name, len(args), len(function.parameters) - 1, function.optional)
        self._grow(max(height, self.height))
        return Call(name.text, (receiver, *args), start, self._end)

    def _check_count(self, name: Token, found: int, most: int, optional: int = 0) -> None:
        least = most - optional
        if least <= found <= most:
            return
        takes = f"{least} or {most}" if optional else f"{most}"
        noun = "argument" if takes == "1" else "arguments"
        message = f"{quoted(name.text)} takes {takes} {noun}, found {found}"
        raise ExpressionError(message, name.start, self._end)

    def _macro(self, source: Expr, start: int, name: Token) -> Comprehension:
        height = self.height
        macro = typing.cast(Macro, name.text)
        self._advance()
        variable = self.token
        if variable.kind != "word" or variable.text in _CONSTANTS or variable.text == "in":
            message = f"the first argument of {quoted(macro)} is the name of a variable"
            advice = f"write x.{macro}(v, …) with an expression that uses v"
            raise ExpressionError(message, variable.start, variable.end, advice)
        self._advance()
        self._expect(",")
        body = self.expression()
        self._expect(")")
        self._grow(max(height, self.height))
        return Comprehension(macro, source, variable.text, body, start, self._end)

    def _existence(self, name: Token) -> Has | Default | Coalesce:
        self._advance()
        args = self._items(")")
        self._grow(self.height)
        start, end = name.start, self._end
        if name.text == "has":
            self._check_count(name, len(args), 1)
            if isinstance(args[0], Identifier):
                raise _not_a_path(name, args[0])
            return Has(_path(name, args[0]), start, end)
        if name.text == "default":
            self._check_count(name, len(args), 2)
            return Default(_path(name, args[0]), args[1], start, end)
        if len(args) < 2:
            message = f"'coalesce' takes 2 or more arguments, found {len(args)}"
            raise ExpressionError(message, start, end)
        paths = tuple(_path(name, arg) for arg in args[:-1])
        return Coalesce(paths, args[-1], start, end)


def _path(name: Token, arg: Expr) -> Path:
    """The argument of a function that looks at existence, which only a path can have."""
    if isinstance(arg, Path):
        return arg
    raise _not_a_path(name, arg)


def _not_a_path(name: Token, arg: Expr) -> ExpressionError:
    message = f"{quoted(name.text)} looks whether a path exists, and this is none"
    return ExpressionError(message, arg.start, arg.end, "write a path such as inputs.x")


def _not_callable(name: Token, *, method: bool) -> ExpressionError:
    """What to say about a function that does not exist, or that is called the other way."""
    known, near = (*FUNCTIONS, *_MACROS, *_EXISTENCE), None
    if name.text not in known:
        message = f"unknown function {quoted(name.text)}"
        advice = FUNCTION_HELP.get(name.text)
        near = None if advice else only_near(name.text, known)
        advice = advice or suggestion(name.text, known)
    elif method:
        message, advice = f"{quoted(name.text)} is not a method", f"write {name.text}(x)"
    else:
        message, advice = f"{quoted(name.text)} is a method", f"write x.{name.text}(…)"
    misspelt = None if near is None else (name.text, near)
    return ExpressionError(message, name.start, name.end, advice, misspelt=misspelt)
