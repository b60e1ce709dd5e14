"""What experiments on images say of the claims: committed results, words, answers, a cell trained anew."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from deep.analysis import compare, prediction_interval, recheck_differences
from deep.image_claims import GANS, Answer, answers
from deep.results import FILES, Results, read_results
from deep.spec import Spec, cifar_spec, main_spec, quick_spec
from gda.context import Context
from gda.errors import InputError, as_input_error
from gda.evidence import Artefact, Check, Evidence, joined
from gda.image_figure import draw_comparisons
from gda.image_tables import comparison_table, failures, lost_classifiers, quality_table

FOLDER, NAME = Path(__file__).parent / "data", "digits"
NAMES = (NAME, "cifar10")
"""Experiments that are looked for."""
RUN = "gda deep run --store digits.db"
REPORT = "gda deep report --store digits.db --out gda/data"
PENDING = f"experiment: `{RUN}`, then `{REPORT}`"
"""What a claim waits for while no results are committed."""
RECHECK_LEVEL, RECHECK_SEED, LEAST_RECHECKED = 0.999, 0, 8


def committed(folder: Path | None = None, name: str = NAME) -> Results | None:
    """Return the experiment that is committed in a folder, `FOLDER` by default; None if there is none.

    Raises:
        InputError: its files are damaged, one of them is missing, or it is another experiment than its name says.
    """
    folder = folder or FOLDER
    if not any((folder / f"{name}{ending}").exists() for ending in FILES):
        return None
    with as_input_error():
        found = read_results(folder, name)
    spec = found.spec
    if spec.data != name or spec.rule != usual_spec(spec).rule:
        raise InputError(f"{str(folder / name)!r} holds other data than its name says, or results by another rule")
    return found


def usual_spec(spec: Spec) -> Spec:
    """Return the project's own experiment on the same data."""
    return main_spec(spec.digest) if spec.data == "digits" else cifar_spec(spec.digest)


def about(results: Results) -> str:
    """Say in words what was run, for a reader who sees nothing else."""
    spec = results.spec
    return (
        f"{data_of(results)}, m_S {', '.join(map(str, spec.m_S))}, gamma {', '.join(f'{g:g}' for g in spec.gammas)}, "
        f"{spec.seeds} seeds, {spec.classifiers} classifiers a cell"
    )


def data_of(results: Results) -> str:
    """Say what the data are."""
    return "CIFAR-10" if results.spec.data == "cifar10" else "scikit-learn's 8 x 8 digits"


def level_of(results: Results) -> str:
    """Say at which level the words hold."""
    spec = results.spec
    return (
        f"{spec.rule.level:.0%} for all {spec.comparisons} comparisons of a figure together (Bonferroni, paired "
        "t-intervals), given the pool, the test part, and generators that passed the gate"
    )


def command_of(spec: Spec) -> str:
    """Return the command that runs an experiment: what differs from the main run, or from that on CIFAR-10."""
    usual = usual_spec(spec)
    words = ["gda deep run"] + ["--data cifar10 --dir DIR"] * (spec.data == "cifar10")
    if spec.training == quick_spec(usual).training:
        usual, words = quick_spec(usual), [*words, "--quick"]
    for flag, name in (("generator", "generators"), ("m-s", "m_S"), ("gamma", "gammas")):
        if (values := getattr(spec, name)) != getattr(usual, name):
            words.append(f"--{flag} {' '.join(f'{x:g}' if isinstance(x, float) else str(x) for x in values)}")
    if spec.standard != usual.standard:
        words.append(f"--standard-aug {spec.standard[0]}")
    if spec.seeds != usual.seeds:
        words.append(f"--seeds {spec.seeds}")
    if spec.device != usual.device:
        words.append(f"--device {spec.device}")
    return " ".join([*words, f"--store {spec.data}.db"])


def claim_evidence(claim: str, results: Results) -> Evidence:
    """Return what an experiment says of a claim: answers that it needs, an amendment where sizes differ, the rest.

    Args:
        claim: its id.
        results: of an experiment; one that is not complete answers nothing.
    """
    found = [answer for answer in answers(results) if answer.claim == claim]
    needed = [answer for answer in found if answer.decides]
    failed = [answer for answer in needed if answer.holds is False]
    sizes = {one.name: [answer for answer in found if answer.part_of == one.name] for one in failed}
    mixed = bool(failed) and all(any(a.holds for a in sizes[one.name]) for one in failed)
    amended = [a for one in failed for a in sizes[one.name] if a.holds is not None] if mixed else []
    return Evidence(
        stated=tuple(_check(answer, results) for answer in needed),
        amendment=" ".join(_amendment(one, sizes[one.name], results) for one in failed) if mixed else "",
        amended=tuple(replace(_check(a, results), claimed="yes" if a.holds else "no", holds=True) for a in amended),
        context=tuple(_check(a, results) for a in found if not (a.decides or a in amended)),
    )


def _amendment(whole: Answer, sizes: Sequence[Answer], results: Results) -> str:
    # What holds at which m_S.
    at = {value: ", ".join(str(a.m_S) for a in sizes if a.holds is value) for value in (True, False, None)}
    yes, no = whole.says
    rest = "; ".join(filter(None, [f"open at m_S = {at[None]}" if at[None] else "", whole.left_out]))
    told = f"{yes} at m_S = {at[True]}, {no} at m_S = {at[False]}" + (f"; {rest}" if rest else "")
    return f"On {data_of(results)}. {whole.subject}: {told}."


def _not_run() -> Check:
    # The claim names the data: other data can contradict what it says of images, but not verify what it says of these.
    asks = "On CIFAR-10 itself, m_S = 50 000, standard augmentation: does StyleGAN2-ADA hurt at gamma = 1 and 2?"
    command = "gda deep run --data cifar10 --dir DIR --generator stylegan2-ada --store cifar10.db"
    return Check("on CIFAR-10", asks, "experiment", "CIFAR-10 itself was not run", "yes", None, command)


def _check(answer: Answer, results: Results) -> Check:
    return Check(
        answer.name,
        f"On {data_of(results)}. {answer.asks}",
        "experiment",
        answer.computed,
        "yes",
        answer.holds,
        command_of(results.spec),
        f"{results.spec.rule.level:.0%}, corrected for {results.spec.comparisons} comparisons",
    )


def findings(results: Results, generators: Iterable[str]) -> tuple[str, ...]:
    """Say what a reader of the words on some generators should know."""
    spec = results.spec
    told = [
        f"The experiment: {about(results)}. All seeds share one pool and one test part: the intervals are over draws "
        "of real examples from the pool and over training, and not over other test images.",
        f"SGD takes {spec.training.steps} steps at every gamma; more generated images mean fewer looks at each."
        if spec.training.steps
        else f"SGD takes {spec.training.epochs} epochs at every gamma, so more steps with more generated images.",
    ]
    failed = failures(results, generators)
    if lost := lost_classifiers(results):
        told.append(f"{lost} of {len(results.rows)} classifiers failed in training; their pairs are left out.")
    if failed:
        told.append(f"Generators that failed the gate, whose seeds are left out: {'; '.join(failed)}.")
    return tuple(told)


def image_evidence(claim: str, generators: Iterable[str], standard: str, context: Context) -> Evidence:
    """Gather a claim's evidence from the committed experiments.

    Args:
        claim: its id.
        generators: those of the table.
        standard: standard augmentation of the table.
        context: of the run; a full one trains a cell anew for C12, which has the pictures, too.
    """
    there = [results for name in NAMES if (results := committed(name=name)) is not None]
    if not there:
        return Evidence(pending=(PENDING,))
    deciding = next((results for results in reversed(there) if _asks(claim, results)), there[0])
    kept = set(generators)
    parts = []
    for results in there:
        said = claim_evidence(claim, results)
        parts += [said if results is deciding else _beside(said), _shown(claim, results, kept, standard)]
        if claim == "C12":
            anew, pending = retrained(results, context)
            parts.append(Evidence(context=anew, pending=pending))
    lacking = "" if any(results.spec.data == "cifar10" for results in there) else "CIFAR-10 itself was not run"
    if claim == "C11" and deciding.spec.data != "cifar10":
        parts.append(Evidence(stated=(_not_run(),)))
    scope = "; ".join(filter(None, [data_of(deciding), lacking]))
    return joined(*parts, Evidence(scope=scope, findings=(f"{lacking}.",) if lacking else ()))


def _asks(claim: str, results: Results) -> bool:
    # Whether the experiment has cells that the claim is about.
    return any(answer.comparisons for answer in answers(results) if answer.claim == claim and answer.decides)


def _beside(evidence: Evidence) -> Evidence:
    # The same, deciding nothing.
    each = tuple(replace(check, claimed="yes", holds=check.claimed == "yes") for check in evidence.amended)
    return Evidence(context=evidence.stated + each + evidence.context)


def _shown(claim: str, results: Results, generators: Collection[str], standard: str) -> Evidence:
    # For a reader: what to know, the tables, the picture.
    found = [one for one in compare(results) if one.generator in generators and one.standard == standard]
    title = f"Reductions by generated images, {level_of(results)}"
    picture = Artefact(f"images.{results.spec.data}.png", draw_comparisons(results))
    return Evidence(
        findings=findings(results, generators),
        tables=(comparison_table(title, found), quality_table(results, generators)),
        artefacts=(picture,) if claim == "C12" else (),
    )


def with_experiment(claim: str, orders: Evidence, context: Context) -> Evidence:
    """Add the experiment's answers to a claim's evidence from orders; what is pending is the experiment until then."""
    found = image_evidence(claim, GANS, "off", context)
    # The orders decide, and the experiment stands beside them; the generators' quality is told with C10 and C11.
    return joined(
        orders, replace(_beside(found), findings=found.findings, tables=found.tables[::2], pending=found.pending)
    )


def retrained(results: Results, context: Context) -> tuple[tuple[Check, ...], tuple[str, ...]]:
    """Train the short cell of one seed anew, if the run is a full one, and compare it with the other seeds."""
    from gda.verify import FULL_REPEATS

    if not results.spec.recheck or results.missing() or len(recheck_differences(results)) < LEAST_RECHECKED:
        return (), ()
    if context.repeats < FULL_REPEATS:
        return (), ("a short cell of EDM is trained anew by a full run",)
    if find_spec("torch") is None or find_spec("safetensors") is None:
        return (), ("a cell trained anew: it needs pip install 'gda-verifier[deep]'",)
    context.report("training a cell of EDM anew")
    with as_input_error():
        return (recheck_check(results),), ()


def recheck_check(results: Results) -> Check:
    """Ask whether the short cell, trained anew, is where the committed ones say it should be."""
    from deep.experiment import compute
    from deep.tasks import read_rows, recheck_task

    others = [value for seed, value in recheck_differences(results).items() if seed != RECHECK_SEED]
    expected = prediction_interval(others, RECHECK_LEVEL)
    rows = tuple(read_rows(compute(recheck_task(replace(results.spec, device="cpu"), RECHECK_SEED).fields)))
    anew = recheck_differences(Results(results.spec, rows, ()))  # empty if training failed
    inside = any(expected.contains(value) for value in anew.values())
    return Check(
        "trained anew",
        f"A short cell of the experiment (EDM of {results.spec.recheck} steps), trained anew here: is the reduction of "
        f"the test error where the {len(others)} other seeds put it?",
        "statistical",
        "inside" if inside else "outside",
        f"inside [{expected.low:.2f}, {expected.high:.2f}] pp",
        inside,
        "gda verify --claim C12",
        level=f"prediction interval, false alarm {1 - RECHECK_LEVEL:.1%}",
        internal=True,
    )
