"""From a text to Python's syntax tree, and from a node of the tree back to the character.

Python's own parser makes the tree; nothing is ever run. It sees names, numbers, operators and brackets only.
"""

from __future__ import annotations

import ast
from dataclasses import dataclass
from typing import NoReturn

from theory.parse_text import JOINTS, SHOWN, ParseError, checked_tokens

MAX_DEPTH = 50  # of the tree
MAX_NODES = 120


@dataclass(frozen=True)
class Source:
    """A text and its syntax tree; `columns` leads from a place in what was parsed back to the text."""

    text: str
    columns: tuple[int, ...]
    tree: ast.expr

    def written(self, node: ast.expr) -> str:
        """Return a node as it was written."""
        return self.text[self.columns[node.col_offset] - 1 : self.columns[(node.end_col_offset or 1) - 1]]

    def refuse(self, node: ast.expr, problem: str, hint: str = "") -> NoReturn:
        """Raise the error that names a node, unless the problem has its name, and points at it."""
        part = "" if isinstance(node, ast.Name) else f": {self.written(node)[:SHOWN]!r}"
        raise ParseError(problem + part, self.text, self.columns[node.col_offset], hint)


def source_of(text: str, condition: bool) -> Source:
    """Parse a text into a syntax tree.

    Args:
        text: what a person wrote.
        condition: whether ``&`` and ``|`` are read, as ``and`` and ``or``.

    Returns:
        The text with its tree, of limited depth and size.

    Raises:
        ParseError: if it is no expression of Python's, or beyond the limits.
    """
    tokens = checked_tokens(text, condition)
    pieces = [JOINTS.get(token.text, token.text) if condition else token.text for token in tokens]
    code = " ".join(pieces)
    columns = [
        token.column + min(i, len(token.text) - 1)
        for token, piece in zip(tokens, pieces, strict=True)
        for i in range(len(piece) + 1)
    ]
    try:
        tree = ast.parse(code, mode="eval").body
    except SyntaxError as error:
        place = min(max(error.offset or 1, 1), len(code)) - 1
        raise ParseError("not understood", text, columns[place]) from None
    except (ValueError, RecursionError, MemoryError):
        raise ParseError("too deeply nested", text, 1) from None
    source = Source(text, tuple(columns), tree)
    _check_tree(source)
    return source


def _check_tree(source: Source) -> None:
    """Refuse a tree that is too deep or has too many nodes."""
    waiting: list[tuple[ast.expr, int]] = [(source.tree, 1)]
    count = 0
    while waiting:
        node, depth = waiting.pop()
        count += 1
        if depth > MAX_DEPTH:
            source.refuse(node, f"more than {MAX_DEPTH} operations deep")
        if count > MAX_NODES:
            raise ParseError(f"more than {MAX_NODES} operations, names and numbers", source.text, 1)
        waiting += [(child, depth + 1) for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)]
