"""All certificates of the claims: seconds to prove and to check them again, on one process and on two."""

from __future__ import annotations

import time

import _one_core  # noqa: F401

from gda.certificates import all_claims
from gda.certificates.run import SECONDS, settle_all
from numerics.certify import Certificate, prove
from numerics.compile import compile_expression
from numerics.recheck import recheck


def certificates(workers: int = 2) -> dict[str, float]:
    """Seconds of one core to list, prove and check all claims; of the clock with some processes; against float64.

    The baseline is the float64 evaluation of each claim's expression once for each box of its certificate.
    """
    started = time.process_time()
    claims = all_claims()
    listed = time.process_time()
    found = [prove(claim.goal, invert_symbols=claim.inverted, seconds=SECONDS) for claim in claims]
    proved = time.process_time()
    pairs = [(one, claim.goal) for one, claim in zip(found, claims, strict=True) if isinstance(one, Certificate)]
    faults = sum(bool(recheck(one, goal)) for one, goal in pairs)
    rechecked = time.process_time()
    floats = 0.0
    for one, goal in pairs:
        f = compile_expression(goal.expression, goal.symbols)
        point = {s.name: float(span.middle()) for s, span in zip(goal.symbols, goal.box, strict=True)}
        before = time.process_time()
        for _ in range(one.boxes):
            f(**point)
        floats += time.process_time() - before
    clock = time.perf_counter()
    settled = settle_all(claims, workers)
    together = time.perf_counter() - clock
    boxes = sum(one.boxes for one, _ in pairs)
    return {
        "claims": len(claims),
        "wrong": faults + sum(not one.as_wanted for one in settled),
        "boxes": boxes,
        "list_s": listed - started,
        "prove_s": proved - listed,
        "recheck_s": rechecked - proved,
        f"wall_{workers}_s": together,
        "box_ms": 1000 * (proved - listed) / boxes,
        "ratio_float": (proved - listed) / floats,
        "ratio_recheck": (rechecked - proved) / (proved - listed),
    }


if __name__ == "__main__":
    print(certificates())
