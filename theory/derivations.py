"""Every derivation of the theory: found where it is written, so that a new one needs no entry anywhere."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from itertools import product
from pkgutil import iter_modules
from types import ModuleType
from typing import Any, Literal, get_args, get_origin, get_type_hints

import sympy as sp

import theory
from theory.derivation import Derivation
from theory.foundations import PROOFS


def makers() -> Iterator[Callable[[], Derivation]]:
    """List what makes the derivations, without making them.

    A public function of a module of `theory` that returns a `Derivation` makes one. An argument without a default must
    be a choice among literals, and makes one for each; one with a `size` makes one more, for nothing generated.

    Raises:
        TypeError: such a function has an argument without default or choice.
    """
    for info in iter_modules(theory.__path__):
        yield from _of_module(import_module(f"theory.{info.name}"))


def all_derivations() -> Iterator[Derivation]:
    """Make every derivation, module by module, and the lemmas' proofs as `theory.foundations` has them, if others."""
    seen: set[str] = set()
    for make in makers():
        chain = make()
        seen.add(chain.name)
        yield chain
    for chain in (make() for make in PROOFS.values()):
        if chain.name not in seen:
            yield chain


def _of_module(module: ModuleType) -> Iterator[Callable[[], Derivation]]:
    for name, function in sorted(vars(module).items()):
        plain = inspect.unwrap(function) if callable(function) else function  # one that keeps what it made, too
        made_here = inspect.isfunction(plain) and plain.__module__ == module.__name__
        if made_here and not name.startswith("_") and plain.__annotations__.get("return") == "Derivation":
            yield from _calls(plain)


def _calls(function: Callable[..., Derivation]) -> Iterator[Callable[[], Derivation]]:
    parameters, hints = inspect.signature(function).parameters, get_type_hints(function)
    choices: dict[str, tuple[Any, ...]] = {}
    for name, parameter in parameters.items():
        if parameter.default is parameter.empty:
            if get_origin(hints[name]) is not Literal:
                raise TypeError(f"{function.__name__} must have a default for {name}, or a choice. Found neither.")
            choices[name] = get_args(hints[name])
    for values in product(*choices.values()):
        yield partial(function, **dict(zip(choices, values, strict=True)))
    if "size" in parameters and not choices:
        yield partial(function, size=sp.Integer(0))
