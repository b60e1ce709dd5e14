"""The text of an expression, before it means anything: its characters, its words, its brackets.

What a text may hold is listed here, and everything else is refused, at the character, before it is parsed.
"""

from __future__ import annotations

import keyword
import re
from dataclasses import dataclass

MAX_LENGTH = 1000  # characters
MAX_BRACKETS = 50  # inside one another
SHOWN = 60  # characters of a long text that a message shows

FUNCTIONS = ("abs", "exp", "log", "max", "min", "sqrt")
JOINTS = {"&": "and", "|": "or", "and": "and", "or": "or"}
"""What joins conditions, in Python's words: its ``&`` binds closer than ``<``."""

_TOKEN = re.compile(
    r"(?P<number>(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)"
    r"|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<sign>\*\*|<=|>=|==|!=|[-+*/(),<>&|])"
)
_HINTS = {
    "^": "write ** for a power",
    "=": "write == in a condition",
    ".": "a point stands inside a number only",
    "//": "write / for a quotient",
}


class ParseError(ValueError):
    """A text that is not read: one line that names the offending part and points at its first character."""

    def __init__(self, problem: str, text: str, column: int, hint: str = "") -> None:
        """Name the problem, the text, the column (from 1), and what to do instead."""
        start = max(0, min(column - 1 - SHOWN // 2, len(text) - SHOWN))
        shown = text[start : start + SHOWN]
        shown = f"{'...' if start else ''}{shown!a}{'...' if start + SHOWN < len(text) else ''}"
        super().__init__(f"{problem} at column {column} of {shown}" + (f"; {hint}" if hint else ""))
        self.text = text
        self.column = column


@dataclass(frozen=True)
class Token:
    """A piece of the text: `number`, `name` or `sign`, and the column at which it begins, from 1."""

    kind: str
    text: str
    column: int


def is_name(text: str) -> bool:
    """Tell whether a symbol may have this name: plain ASCII, no reserved word, no function."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", text) is not None and not (
        keyword.iskeyword(text) or text in FUNCTIONS
    )


def tokens_of(text: str) -> list[Token]:
    """Cut a text into numbers, names and signs.

    Args:
        text: what a person wrote.

    Returns:
        The tokens, in order.

    Raises:
        ParseError: if the text is empty or too long, or holds a character that has no meaning here.
    """
    if len(text) > MAX_LENGTH:
        raise ParseError(f"more than {MAX_LENGTH} characters", text, MAX_LENGTH + 1)
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        if text[at] == " ":
            at += 1
            continue
        found = _TOKEN.match(text, at)
        if found is None or text.startswith("//", at):
            wrong = "//" if found else text[at]
            raise ParseError(f"no meaning for {wrong!a}", text, at + 1, _HINTS.get(wrong, ""))
        tokens.append(Token(str(found.lastgroup), found.group(), at + 1))
        at = found.end()
    if not tokens:
        raise ParseError("nothing to read", text, 1)
    return tokens


def checked_tokens(text: str, condition: bool) -> list[Token]:
    """Cut a text into tokens that Python's parser may see.

    Args:
        text: what a person wrote.
        condition: whether the words of a condition are allowed.

    Returns:
        The tokens: no reserved words, matching brackets, operands and operators in turn.

    Raises:
        ParseError: if the text is not of that kind.
    """
    tokens = tokens_of(text)
    _check_words(text, tokens, condition)
    _check_brackets(text, tokens)
    _check_order(text, tokens)
    return tokens


def _check_words(text: str, tokens: list[Token], condition: bool) -> None:
    """Refuse Python's reserved words, but for those of a condition."""
    allowed = ("and", "or", "True", "False") if condition else ()
    for token in tokens:
        if keyword.iskeyword(token.text) and token.text not in allowed:
            hint = "'d in N' stands in an assumption of its own" if token.text == "in" and condition else ""
            raise ParseError(f"{token.text!r} is a reserved word", text, token.column, hint)


def _check_brackets(text: str, tokens: list[Token]) -> None:
    """Refuse brackets that do not match, and those nested so deeply that parsing would take long."""
    opened: list[Token] = []
    for token in tokens:
        if token.text == "(":
            opened.append(token)
            if len(opened) > MAX_BRACKETS:
                raise ParseError(f"more than {MAX_BRACKETS} brackets deep", text, token.column)
        elif token.text == ")":
            if not opened:
                raise ParseError("a bracket that was not opened", text, token.column)
            opened.pop()
    if opened:
        raise ParseError("a bracket that is not closed", text, opened[-1].column)


def _check_order(text: str, tokens: list[Token]) -> None:
    """Refuse two operands without an operator between them, and operators without operands."""
    complete = False  # whether what has been read may end here
    last = ""
    for token in tokens:
        operand = token.kind == "number" or (token.kind == "name" and token.text not in JOINTS)
        opening = token.text == "("
        if complete and (operand or (opening and last != "name")):
            raise ParseError(f"no operator before {token.text[:SHOWN]!r}", text, token.column)
        if not complete and not operand and token.text not in ("(", "+", "-"):
            raise ParseError(f"nothing before {token.text!r}", text, token.column)
        complete = operand or token.text == ")"
        last = token.kind
    if not complete:
        raise ParseError(f"nothing after {tokens[-1].text!r}", text, tokens[-1].column)
