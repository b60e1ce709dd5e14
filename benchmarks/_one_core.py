"""One thread for the process and those it starts. To be imported before NumPy, whose libraries read it once."""

from __future__ import annotations

import os

THREADS = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
os.environ.update(THREADS)
