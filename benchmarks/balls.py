"""Balls and ranges: time of an evaluation, as ratios to float64; 10^6 random points inside random boxes."""

from __future__ import annotations

import random
import sys
import time
from fractions import Fraction
from functools import lru_cache
from math import floor

import _one_core  # noqa: F401
from timing import in_turn

from numerics.boxes import Span
from numerics.compile import Compiled, compile_expression
from numerics.workers import WorkerPool
from theory.gaussian_mixture_bound import mixture_bound
from theory.mixture_moments import balanced_moments
from theory.stability import explicit_form, order_form
from theory.symbols import DOMAINS

POINTS = 1_000_000
_PER_BOX = 100
_PER_CALL = 10_000
_TIMED = 300


@lru_cache(maxsize=1)
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


def _contained(seed: int, points: int) -> tuple[int, int]:
    rng, functions, checked, outside = random.Random(seed), _expressions(), 0, 0  # noqa: S311 - no secrets
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
    return checked, outside


def containment(points: int = POINTS, workers: int = 2) -> dict[str, float]:
    """Count the points that were checked, and those outside the range of their box: none. Any workers, same points."""
    started = time.perf_counter()
    calls = max(points // _PER_CALL, 1)
    with WorkerPool(workers) as pool:
        found = list(pool.map(_contained, range(calls), [min(points, _PER_CALL)] * calls))
    checked, outside = (sum(column) for column in zip(*found, strict=True))
    return {"points": checked, "outside": outside, "wall_s": time.perf_counter() - started}


def evaluations(rounds: int) -> dict[str, float]:
    """Microseconds of a ball at a point and of a range over a box, against a call in float64; the explicit form."""
    rng, f = random.Random(0), compile_expression(explicit_form().total)  # noqa: S311
    boxes = [_box(rng, f) for _ in range(_TIMED)]
    points = [{symbol.name: _inside(rng, span) for symbol, span in box.items()} for box in boxes]
    floats = [{name: float(value) for name, value in point.items()} for point in points]
    seconds = in_turn(
        {
            "float": lambda: [f(**point) for point in floats],
            "ball": lambda: [f.at_ball(**point) for point in points],
            "range": lambda: [f.over(box) for box in boxes],
            "digits_60": lambda: [f.at_precision(60, **point) for point in points],
        },
        rounds,
    )
    micro = {f"{name}_us": 1e6 * value / _TIMED for name, value in seconds.items()}
    return {**micro, **{f"ratio_{name}": seconds[name] / seconds["float"] for name in ("ball", "range", "digits_60")}}


if __name__ == "__main__":
    print(evaluations(3))
    print(containment(int(sys.argv[1]) if len(sys.argv) > 1 else POINTS))
