"""Which code a stored value belongs to: a hash of the source of every module of the project that computes it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

OWN = ("theory", "numerics", "deep", "gda")
"""Packages whose source counts, with the package of the computing function itself. Libraries do not: their versions
are recorded with each run."""
DIGITS = 16
"""Hexadecimal digits of a hash."""


@cache
def code_of(compute: str) -> str:
    """Return the hash for a computing function.

    Args:
        compute: "module:function".

    Returns:
        `DIGITS` hexadecimal digits, of the reference and of the source of its module and of everything of this
        project that it imports, at any depth and at any time.

    Raises:
        ModuleNotFoundError: the module has no source file.
    """
    digest = sha256(compute.encode())
    for name, path in sorted(closure(compute.partition(":")[0]).items()):
        text = path.read_bytes().replace(b"\r\n", b"\n")
        digest.update(f"\n{name} {sha256(text).hexdigest()}".encode())
    return digest.hexdigest()[:DIGITS]


def closure(module: str) -> dict[str, Path]:
    """Return the source file, by name, of a module and of every module of the project that it imports."""
    roots = {*OWN, module.partition(".")[0]}
    if _file(module) is None:
        raise ModuleNotFoundError(f"no source of the module {module!r}")
    found: dict[str, Path] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        path = None if name in found or name.partition(".")[0] not in roots else _file(name)
        if path is not None:
            found[name] = path
            parent = name.rpartition(".")[0]
            waiting.extend([parent] if parent else [])  # its __init__ runs first
            waiting.extend(_imported(path, name))
    return found


def _file(name: str) -> Path | None:
    # Found by path: asking the import system for a module imports its parents.
    root, *parts = name.split(".")
    spec = find_spec(root)
    if spec is None or spec.origin is None:
        return None
    path = Path(spec.origin)
    if parts:
        if spec.submodule_search_locations is None:
            return None
        path = path.parent.joinpath(*parts)
        path = next((p for p in (path / "__init__.py", path.with_name(f"{path.name}.py")) if p.is_file()), path)
    return path if path.suffix == ".py" and path.is_file() else None


def _imported(path: Path, name: str) -> Iterator[str]:
    package = name if path.name == "__init__.py" else name.rpartition(".")[0]
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            kept = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*kept, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)  # a module of the package, or no module
