"""Runs the Coq compiler over theorems: batches in one file each, a failing theorem dropped and the rest compiled again.

A theorem counts as proved when `coqc` has accepted a file with it, with the lemma that its hypotheses can be met, and
with nothing admitted; and when all that was accepted rests, by `Print Assumptions`, on the allowed axioms alone.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from gda.kernel_record import prelude
from theory.kernel import Theorem

SECONDS, PATIENT = 60, 600
"""For one tactic; a theorem that takes longer is not proved. The longer time is for theorems that are known to be."""
BATCH = 12
"""Theorems in one file."""

ALLOWED = re.compile(
    r"ClassicalDedekindReals\.sig_(not_dec|forall_dec)"  # Coq's classical reals
    r"|FunctionalExtensionality\.functional_extensionality_dep"
    r"|Classical_Prop\.classic"
    r"|(Uint63|PrimInt63|PrimFloat|FloatAxioms)\.\w+"  # the machine numbers that `interval` computes with
)
"""Axioms that a proof may rest on."""

_FORBIDDEN = re.compile(r"\b(Admitted|admit|Axiom|Axioms|Parameter|Parameters|Conjecture|Hypothesis|Variable|Abort)\b")
_HEAD = """Require Import prelude.
From Coq Require Import Reals Psatz.
From Coquelicot Require Import Coquelicot.
From Interval Require Import Tactic.
Open Scope R_scope.
Set Default Timeout {seconds}.
"""


class KernelError(RuntimeError):
    """The kernel could not be asked: no compiler, or a proof that rests on what it may not."""


@dataclass(frozen=True)
class Answer:
    """What the compiler said of a theorem: proved, or its message."""

    theorem: Theorem
    proved: bool
    reason: str = ""


def compiler() -> str | None:
    """Find `coqc`; None where it is not installed."""
    return shutil.which("coqc")


def prove(
    theorems: Sequence[Theorem], jobs: int, tell: Callable[[str], None] = lambda _: None, seconds: int = SECONDS
) -> tuple[Answer, ...]:
    """Ask the kernel about theorems.

    Args:
        theorems: to be compiled.
        jobs: compilers at a time; the answers do not depend on it.
        tell: told of each file.
        seconds: for one tactic.

    Returns:
        One answer for each theorem, in their order.

    Raises:
        KernelError: there is no compiler, its library is missing, or something rests on an axiom that is not allowed.
    """
    if compiler() is None:
        raise KernelError("coqc not found")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "prelude.v").write_text(prelude(), encoding="utf-8")
        message = _compile(folder, "prelude")
        if message:
            raise KernelError(f"the prelude does not compile: {message}")
        batches = [tuple(theorems[at : at + BATCH]) for at in range(0, len(theorems), BATCH)]
        with ThreadPoolExecutor(max_workers=jobs) as pool:
            work = [pool.submit(_batch, folder, f"b{index}", batch, seconds) for index, batch in enumerate(batches)]
            answers: list[Answer] = []
            accepted: list[str] = []
            for index, future in enumerate(work):
                found, modules = future.result()
                answers += found
                accepted += modules
                tell(f"{index + 1} of {len(batches)} files compiled")
        _check_assumptions(folder, accepted)
    return tuple(answers)


def source(name: str, theorems: Sequence[tuple[str, Theorem]], seconds: int = SECONDS) -> str:
    """Write a file of theorems, and one more that uses them all.

    Raises:
        KernelError: a text with a word that would admit something.
    """
    texts = [theorem.text(label) for label, theorem in theorems]
    for text in texts:
        found = _FORBIDDEN.search(text)
        if found:
            raise KernelError(f"a goal must admit nothing. Found {found[0]!r}.")
    used = "\n".join(
        f"pose proof {label}." + (f" pose proof {label}_witness." if theorem.witness[0] else "")
        for label, theorem in theorems
    )
    last = f"Theorem all_of_{name} : True.\nProof.\n{used}\nexact I.\nQed.\n"
    return "\n".join([_HEAD.format(seconds=seconds), *texts, last])


def _batch(folder: Path, name: str, theorems: Sequence[Theorem], seconds: int) -> tuple[list[Answer], list[str]]:
    # Where a theorem fails, those before it become a file of their own, and those after it are tried as the next.
    left = [(f"t{index}", theorem) for index, theorem in enumerate(theorems)]
    failed: dict[str, str] = {}
    modules: list[str] = []
    while left:
        module = f"{name}_{len(modules) + len(failed)}"
        message = _write_and_compile(folder, module, left, seconds)
        if not message:
            modules.append(module)
            break
        label = _culprit((folder / f"{module}.v").read_text(encoding="utf-8"), message)
        labels = [each for each, _ in left]
        if label not in labels:
            raise KernelError(f"coqc fails outside of any theorem: {message}")
        failed[label] = message
        good, left = left[: labels.index(label)], left[labels.index(label) + 1 :]
        if good:
            modules.append(f"{module}_good")
            again = _write_and_compile(folder, modules[-1], good, PATIENT)
            if again:
                raise KernelError(f"coqc does not accept again what it accepted: {again}")
    answers = [Answer(t, f"t{i}" not in failed, _short(failed.get(f"t{i}", ""))) for i, t in enumerate(theorems)]
    return answers, modules


def _write_and_compile(folder: Path, module: str, theorems: Sequence[tuple[str, Theorem]], seconds: int) -> str:
    (folder / f"{module}.v").write_text(source(module, theorems, seconds), encoding="utf-8")
    return _compile(folder, module)


def _compile(folder: Path, name: str) -> str:
    command = [str(compiler()), "-q", f"{name}.v"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    if run.returncode == 0:
        return ""
    errors = re.split(r"(?=^File )", run.stderr, flags=re.M)
    return errors[-1].strip() or f"exit code {run.returncode}"


def _culprit(text: str, message: str) -> str | None:
    found = re.search(r"line (\d+)", message)
    if not found:
        return None
    before = "\n".join(text.splitlines()[: int(found[1])])
    labels = re.findall(r"^(?:Theorem|Lemma) (t\d+)(?:_witness)? :", before, flags=re.M)
    return labels[-1] if labels else None


def _short(message: str) -> str:
    return " ".join(re.sub(r'^File "[^"]*", line \d+, characters [\d-]+:', "", message).split())[:200]


def _check_assumptions(folder: Path, names: Sequence[str]) -> None:
    lines = [f"Require {' '.join(names)}.", "Theorem everything : True.", "Proof."] if names else []
    lines += [f"pose proof {name}.all_of_{name}." for name in names]
    lines += ["exact I.", "Qed.", "Print Assumptions everything."] if names else []
    (folder / "assumptions.v").write_text("\n".join(lines) + "\n", encoding="utf-8")
    command = [str(compiler()), "-q", "assumptions.v"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603 - fixed words
    if run.returncode:
        raise KernelError(f"the assumptions cannot be printed: {_short(run.stderr)}")
    foreign = foreign_axioms(run.stdout)
    if foreign:
        raise KernelError(f"proofs must rest on the allowed axioms only. Found {', '.join(foreign)}.")


def foreign_axioms(printed: str) -> tuple[str, ...]:
    """Read the output of `Print Assumptions`: the axioms in it that are not allowed.

    Raises:
        KernelError: an output of another form.
    """
    if "Axioms:" not in printed and "Closed under the global context" not in printed:
        raise KernelError(f"Print Assumptions says something else: {printed[:80]!r}")
    names = re.findall(r"^([A-Za-z_][\w.']*)(?=\s*:|\s*$)", printed.partition("Axioms:")[2], flags=re.M)
    return tuple(name for name in names if not ALLOWED.fullmatch(name))
