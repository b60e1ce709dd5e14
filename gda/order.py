"""The commands `gda order` and `gda table`: rates with and without augmentation, for any learner and generator."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sympy as sp

from gda.errors import InputError, UndecidedError
from theory.augmentation import Case, Setting, m, m_G, verdict
from theory.order import Order, Undecided
from theory.parse import parse_assumptions, parse_expression, to_text

NAMES = {"m": m, "m_G": m_G}


@contextmanager
def questions() -> Iterator[None]:
    """Turn what the order algebra refuses into bad input, and what it cannot decide into an undecided question."""
    try:
        yield
    except Undecided as error:
        raise UndecidedError(str(error)) from error
    except ValueError as error:
        raise InputError(str(error)) from error


def read_setting(args: argparse.Namespace) -> Setting:
    """Read a setting from its expressions, in `m` (and `m_G` in the dependence) and the symbols of `--assume`."""
    symbols, conditions = parse_assumptions(args.assume or ())
    own = {**symbols, "m": m}

    def read(option: str, names: dict[str, sp.Symbol]) -> sp.Expr:
        text = getattr(args, option)
        try:
            return parse_expression(text, names)
        except ValueError as error:
            raise InputError(f"--{option.replace('_', '-')}: {error}") from error

    return Setting(
        beta=read("beta", own),
        tv=read("tv", own),
        dependence=read("dependence", {**own, "m_G": m_G}),
        loss_bound=read("loss_bound", own),
        assumptions=sp.And(*conditions),
    )


def order_args(args: argparse.Namespace) -> dict[str, Any]:
    """Answer `gda order`: the cases of a setting.

    Raises:
        InputError: an option is missing, or an expression is no setting's.
        UndecidedError: the answer depends on a symbol in a way that the algebra does not split.
    """
    with questions():
        setting = named_setting(args) if args.learner or args.generator else own_setting(args)
        cases = verdict(setting, args.reading)
    return {"reading": args.reading, "cases": [case_record(case) for case in cases]}


def own_setting(args: argparse.Namespace) -> Setting:
    """Read a user's own setting."""
    missing = [f"--{name}" for name in ("beta", "tv") if getattr(args, name) is None]
    if missing:
        raise InputError(f"gda order needs {' and '.join(missing)}, or --learner and --generator")
    return read_setting(args)


def named_setting(args: argparse.Namespace) -> Setting:
    """Look up a learner and a generator."""
    from theory.generators import find_generator, settings
    from theory.learners import find_learner

    if args.learner is None or args.generator is None:
        raise InputError("--learner and --generator go together")
    given = [f"--{name}" for name in ("beta", "tv") if getattr(args, name) is not None]
    if given or args.assume:
        raise InputError(f"{(given or ['--assume'])[0]} does not go with --learner and --generator")
    return settings(find_learner(args.learner), find_generator(args.generator))


def case_record(case: Case) -> dict[str, Any]:
    """Write a case with expressions that the parser reads back."""
    return {
        "conditions": to_text(case.condition),
        "no_augmentation": order_text(case.no_augmentation),
        "most_efficient_m_g": order_text(case.most_efficient),
        "binding_term": case.binding,
        "with_most_efficient": order_text(case.with_most_efficient),
        "at_equal_size": order_text(case.at_equal_size),
        "verdict": case.verdict,
        "reason": case.reason,
    }


def order_text(order: Order | None) -> str | None:
    """Write an order in `m`."""
    return None if order is None else to_text(order.as_expr(m))


def render_cases(answer: dict[str, Any]) -> str:
    """Write the cases as text."""
    lines = []
    for case in answer["cases"]:
        if len(answer["cases"]) > 1:
            lines.append(f"if {case['conditions']}:")
        lines += [
            f"  {case['verdict']}: {case['reason']}",
            f"    without augmentation   {case['no_augmentation']}",
            f"    most efficient m_G     {case['most_efficient_m_g'] or '-'} (binding: {case['binding_term']})",
            f"    with that m_G          {case['with_most_efficient'] or '-'}",
            f"    with m_G = Theta(m_S)  {case['at_equal_size']}",
        ]
    return "\n".join(lines)
