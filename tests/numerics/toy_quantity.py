"""A quantity that costs nothing, or as much as TOY_PAUSE says: for tests of what runs a sweep, not of what it computes.

It is a module of its own, so that workers can import it. With TOY_DEATH, a worker that computes the cell n = 13 is
killed: once, if that is the name of a file (which is then made), or each time, if it is "always".
"""

import hashlib
import os
import signal
import time
from pathlib import Path

from numerics.sweep_fields import Field, Value, integer, number
from numerics.sweep_quantities import Quantity, register

SPECIAL = (float("inf"), float("-inf"), float("nan"), -0.0, 5e-324, 1.7976931348623157e308, 0.1 + 0.2)


def compute(cell):
    time.sleep(float(os.environ.get("TOY_PAUSE", "0")))
    if cell["n"] == 13:
        _die_if_asked()
    if cell["n"] == 10**6:
        raise ValueError("n = 1000000\nhas no value")
    if cell["n"] == 10**6 + 1:
        raise KeyError("n")
    digest = hashlib.sha256(repr((cell["n"], cell["x"])).encode()).digest()
    found = int.from_bytes(digest[:8], "big") / 2**64
    return {
        "y": SPECIAL[cell["n"] % 14] if cell["n"] % 14 < 7 else found,
        "n_squared": cell["n"] ** 2 if cell["n"] % 3 else None,
        "even": cell["n"] % 2 == 0,
    }


def _die_if_asked():
    death = os.environ.get("TOY_DEATH", "")
    if not death or (death != "always" and Path(death).exists()):
        return
    if death != "always":
        Path(death).touch()
    os.kill(os.getpid(), signal.SIGKILL)


TOY = Quantity(
    "toy",
    "toy_quantity:compute",
    (Field("n", "int", integer(0)), Field("x", "float", number("a number"), 0.5)),
    (Value("y"), Value("n_squared", "int", optional=True), Value("even", "bool")),
)
register(TOY)
