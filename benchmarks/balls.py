"""Balls, ranges and certificates: 10^6 random points inside random boxes, time of an evaluation, time of all proofs."""

from __future__ import annotations

import random
import sys
import time
from fractions import Fraction
from math import floor

import _one_core  # noqa: F401

from gda.certificates import all_claims
from numerics.boxes import Span
from numerics.certify import Certificate, Counterexample, prove
from numerics.compile import Compiled, compile_expression
from numerics.recheck import recheck
from theory.gaussian_mixture_bound import mixture_bound
from theory.mixture_moments import balanced_moments
from theory.stability import explicit_form, order_form
from theory.symbols import DOMAINS

POINTS = 1_000_000
_PER_BOX = 100


def _expressions() -> list[Compiled]:
    forms = [explicit_form().total, order_form().total, *(mixture_bound(form).total for form in ("explicit", "order"))]
    return [compile_expression(form) for form in (*forms, *balanced_moments().named().values())]


def _box(rng: random.Random, compiled: Compiled) -> dict:
    box = {}
    for symbol in compiled.arguments:
        domain = DOMAINS[symbol]
        if domain.integer:
            low = Fraction(rng.choice([3, 10, 2 ** rng.randint(2, 40)]) + rng.randint(0, 1))
            box[symbol] = Span(low, low + rng.randint(0, 2 ** rng.randint(0, 20)), True)
        else:
            low = Fraction(rng.uniform(0.01, 0.9))
            top = 1 if domain.upper == 1 else 10
            box[symbol] = Span(low, low + (top - low) * Fraction(rng.randint(0, 99), 100))
    return box


def _inside(rng: random.Random, span: Span) -> Fraction:
    value = span.low + (span.high - span.low) * Fraction(rng.choice([0.0, 1.0, rng.random(), rng.random()]))
    return Fraction(floor(value)) if span.integer else value


def containment(points: int = POINTS) -> dict[str, int]:
    """Count the points that were checked, and those outside the range of their box: none."""
    rng, functions, checked, outside = random.Random(0), _expressions(), 0, 0  # noqa: S311 - no secrets
    while checked < points:
        f = rng.choice(functions)
        box = _box(rng, f)
        around = f.over(box)
        if not around.defined:
            continue
        for _ in range(_PER_BOX):
            ball = f.at_ball(160, **{symbol.name: _inside(rng, span) for symbol, span in box.items()})
            outside += not (around.low <= ball.upper() and around.high >= ball.lower())
            checked += 1
    return {"points": checked, "outside": outside}


def certificates() -> dict[str, float]:
    """Seconds to prove or refute every claim, and to check the certificates again; how many boxes they have."""
    started = time.process_time()
    claims = all_claims()
    found = [prove(claim.goal, invert_symbols=claim.inverted) for claim in claims]
    proved = time.process_time()
    pairs = [(one, claim.goal) for one, claim in zip(found, claims, strict=True) if isinstance(one, Certificate)]
    wrong = sum(bool(recheck(one, goal)) for one, goal in pairs)
    wrong += sum(
        isinstance(one, Certificate if c.true else Counterexample) is False
        for one, c in zip(found, claims, strict=True)
    )
    return {
        "claims": len(claims),
        "wrong": wrong,
        "boxes": sum(one.boxes for one, _ in pairs),
        "prove_s": proved - started,
        "recheck_s": time.process_time() - proved,
    }


if __name__ == "__main__":
    print(certificates())
    started = time.perf_counter()
    print(containment(int(sys.argv[1]) if len(sys.argv) > 1 else POINTS), f"{time.perf_counter() - started:.0f} s")
