"""The command line: answers, exit codes, and one clear line for every kind of bad input."""

import json
import math
import os
import shlex
import signal
import subprocess
import sys
import time

import pytest

from gda import cli

SIMULATE = ["simulate", "--m-s", "10", "--d", "3", "--gamma", "0", "5"]
CUSTOM = ["bound", "--setting", "custom", "--m-s", "100", "--m-g", "50", "--beta", "0.01", "--tv", "0.1"]
MIXTURE = ["bound", "--setting", "bgmm", "--m-s", "10", "--m-g", "10", "--d", "5"]


def run(capsys, *arguments):
    code = cli.main(list(arguments))
    captured = capsys.readouterr()
    return code, captured.out, captured.err


def run_json(capsys, *arguments):
    code, out, err = run(capsys, *arguments, "--json")
    assert (code, err) == (0, "")
    return json.loads(out)


BAD = {
    "negative size": ([*SIMULATE[:1], "--m-s", "-4", "--d", "3", "--gamma", "0"], "-4"),
    "zero dimension": (["simulate", "--m-s", "10", "--d", "0", "--gamma", "0"], "0"),
    "size no integer": (["simulate", "--m-s", "2.5", "--d", "3", "--gamma", "0"], "2.5"),
    "size no number": (["simulate", "--m-s", "ten", "--d", "3", "--gamma", "0"], "ten"),
    "size absurd": (["simulate", "--m-s", "1e999999", "--d", "3", "--gamma", "0"], "1e999999"),
    "sigma zero": ([*SIMULATE, "--sigma", "0"], "0"),
    "sigma nan": ([*SIMULATE, "--sigma", "nan"], "nan"),
    "sigma tiny": ([*SIMULATE, "--sigma", "1e-200"], "1e-200"),
    "sigma huge": ([*SIMULATE, "--sigma", "1e200"], "1e+200"),
    "too much to draw": (
        ["simulate", "--m-s", "10", "--d", "3", "--gamma", "1e20", "--sampler", "literal"],
        "3000000000000000000",
    ),
    "too many examples": (["simulate", "--m-s", "10", "--d", "3", "--gamma", "1e20"], "1000000000000000000010"),
    "too many statistics": ([*SIMULATE, "--repeats", "1e14"], "600000000000000"),
    "unknown sampler": ([*SIMULATE, "--sampler", "lazy"], "lazy"),
    "no sufficient statistics": ([*SIMULATE, "--loss", "zero_one", "--sampler", "sufficient"], "literal"),
    "sigma negative": ([*SIMULATE, "--sigma", "-1"], "-1"),
    "gamma negative": (["simulate", "--m-s", "10", "--d", "3", "--gamma", "-1"], "-1"),
    "gamma m_S no integer": (["simulate", "--m-s", "10", "--d", "3", "--gamma", "0.25"], "0.25"),
    "too small for a variance": (["simulate", "--m-s", "2", "--d", "3", "--gamma", "1"], "2"),
    "too small for iid": (["simulate", "--m-s", "3", "--d", "3", "--gamma", "0", "--labels", "iid"], "3"),
    "too small per class": (["simulate", "--m-s", "3", "--d", "1", "--gamma", "1", "--variance", "per-class"], "3"),
    "no repeats": ([*SIMULATE, "--repeats", "0"], "0"),
    "negative seed": ([*SIMULATE, "--seed", "-1"], "-1"),
    "no test points": ([*SIMULATE, "--risk", "0"], "0"),
    "risk no number": ([*SIMULATE, "--risk", "rough"], "rough"),
    "unknown labels": ([*SIMULATE, "--labels", "skewed"], "skewed"),
    "delta one": ([*MIXTURE, "--delta", "1"], "1"),
    "delta above one": ([*MIXTURE, "--delta", "1.2"], "1.2"),
    "delta zero": ([*MIXTURE, "--delta", "0"], "0"),
    "negative m_G": (["bound", "--setting", "bgmm", "--m-s", "10", "--m-g", "-1", "--d", "5"], "-1"),
    "m_S zero": (["bound", "--setting", "bgmm", "--m-s", "0", "--m-g", "0", "--d", "5"], "0"),
    "m_S too small": (["bound", "--setting", "bgmm", "--m-s", "2", "--m-g", "1", "--d", "5"], "2"),
    "no dimension": (["bound", "--setting", "bgmm", "--m-s", "10", "--m-g", "1"], "--d"),
    "tv above one": ([*CUSTOM[:-1], "1.5", "--loss-bound", "1"], "1.5"),
    "dependence above one": ([*CUSTOM, "--loss-bound", "1", "--dependence", "2"], "2"),
    "negative beta": ([*CUSTOM[:8], "-0.1", "--tv", "0.1", "--loss-bound", "1"], "-0.1"),
    "no loss bound": (CUSTOM, "--loss-bound"),
    "foreign option": ([*MIXTURE, "--beta", "1"], "--beta"),
    "optimum too small": (["optimal", "--setting", "bgmm", "--m-s", "2", "--d", "5"], "2"),
    "optimum without dimension": (["optimal", "--setting", "bgmm", "--m-s", "20", "--d", "0"], "0"),
    "unknown setting": (["bound", "--setting", "xgmm", "--m-s", "10", "--m-g", "1"], "xgmm"),
    "unknown claim": (["verify", "--claim", "C99"], "C99"),
    "unknown claim to explain": (["explain", "Z1"], "Z1"),
    "no workers": (["verify", "--claim", "C2", "--workers", "0"], "0"),
    "unknown command": (["disprove"], "disprove"),
    "no command": ([], "COMMAND"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_with_the_value_and_exit_code_2(case, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    arguments, value = BAD[case]
    code, out, err = run(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert err.startswith("gda: ")
    assert err.count("\n") == 1
    assert value in err
    assert "Traceback" not in err


def test_a_folder_that_cannot_be_written_to_is_refused_before_anything_is_computed(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").write_text("")
    code, _, err = run(capsys, "verify", "--claim", "C1", "--out", "file/below")
    assert code == 2
    assert "file/below" in err
    assert err.count("\n") == 1


def test_simulate_json_has_the_documented_fields(capsys):
    answer = run_json(capsys, *SIMULATE, "--repeats", "50")
    fields = {"m_S", "d", "gamma", "m_G", "sigma", "labels", "repeats", "seed", "mean_gap", "mean_abs_gap"}
    fields |= {"loss", "risk", "variance", "sampler"}
    fields |= {"sem_abs_gap", "mean_test_risk", "mean_train_risk"}
    assert [cell["m_G"] for cell in answer["cells"]] == [0, 50]
    for cell in answer["cells"]:
        assert fields <= set(cell)
        assert cell["mean_gap"] == pytest.approx(cell["mean_test_risk"] - cell["mean_train_risk"])
        assert cell["mean_abs_gap"] >= abs(cell["mean_gap"])
    assert {answer["cells"][0][k] for k in ("labels", "repeats", "seed", "sigma")} == {"balanced", 50, 0, 0.6}


def test_simulate_takes_the_sampler_that_the_loss_allows(capsys):
    found = [
        run_json(capsys, *SIMULATE, "--repeats", "20", *more)["cells"][0]["sampler"]
        for more in ([], ["--loss", "zero_one"], ["--sampler", "literal"], ["--sampler", "sufficient"])
    ]
    assert found == ["sufficient", "literal", "literal", "sufficient"]


def test_a_cell_does_not_depend_on_the_other_gammas(capsys):
    both = run_json(capsys, *SIMULATE, "--repeats", "20")["cells"][1]
    alone = run_json(capsys, "simulate", "--m-s", "10", "--d", "3", "--gamma", "5", "--repeats", "20")["cells"][0]
    assert both == alone


@pytest.mark.parametrize("form", ["order", "explicit"])
@pytest.mark.parametrize("m_g", ["0", "10"])
def test_bound_json_for_the_mixture(capsys, form, m_g):
    arguments = ["bound", "--setting", "bgmm", "--m-s", "10", "--m-g", m_g, "--d", "50", "--form", form]
    answer = run_json(capsys, *arguments)
    assert set(answer) == {"total", "terms", "inputs", "status"}
    assert "not a certified bound" in answer["status"]
    assert answer["total"] == pytest.approx(math.fsum(answer["terms"].values()), rel=1e-15)
    assert answer["total"] >= math.fsum(answer["terms"].values())
    assert answer["inputs"]["delta"] == 0.05
    assert answer["inputs"]["M"] == pytest.approx(50 + math.log(10))
    assert answer["inputs"]["T"] == (0 if m_g == "0" else 1)


def test_bound_json_for_own_numbers(capsys):
    answer = run_json(capsys, *CUSTOM, "--loss-bound", "1")
    assert answer["inputs"] == {"m_S": 100, "m_G": 50, "delta": 0.05, "beta": 0.01, "D_TV": 0.1, "M": 1, "T": 0}
    assert answer["terms"]["divergence"] == pytest.approx(50 / 150 * 0.1)
    assert answer["terms"]["dependence"] == 0
    with_dependence = run_json(capsys, *CUSTOM, "--loss-bound", "1", "--dependence", "0.2")
    assert with_dependence["total"] > answer["total"]
    assert "not a certified bound" in run_json(capsys, *CUSTOM, "--loss-bound", "1", "--form", "order")["status"]


@pytest.mark.parametrize("form", ["order", "explicit"])
def test_optimal_is_no_worse_than_its_neighbours_and_than_nothing(capsys, form):
    setting = ["--setting", "bgmm", "--m-s", "1000", "--d", "2", "--form", form]
    answer = run_json(capsys, "optimal", *setting)
    assert answer["proved"]
    assert answer["bound"] <= answer["bound_without"]
    amounts = {0, 1, 100, 1000, 10**4} | ({answer["m_g"], answer["m_g"] + 1} if answer["m_g"] is not None else set())
    for amount in amounts:
        other = run_json(capsys, "bound", *setting, "--m-g", str(amount))["total"]
        assert answer["bound"] <= other * (1 + 1e-12)


def test_text_output_has_every_term(capsys):
    code, out, _ = run(capsys, *MIXTURE)
    assert code == 0
    assert all(name in out for name in ("divergence", "dependence", "total", "status"))
    code, out, _ = run(capsys, *SIMULATE, "--repeats", "20")
    assert code == 0
    assert len(out.splitlines()) == 3


def test_explain_prints_claim_derivation_and_evidence(capsys):
    code, out, _ = run(capsys, "explain", "R1")
    assert code == 0
    assert "## R1: verified" in out
    assert "mixture [calculus]" in out
    assert "5 of 5 steps hold" in out


def test_a_partial_run_leaves_the_report_alone(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, out, _ = run(capsys, "verify", "--claim", "r1", "C2", "--out", "there")
    assert code == 0
    assert not (tmp_path / "paper_checks.md").exists()
    records = json.loads((tmp_path / "there" / "verdicts.json").read_text())
    assert [record["id"] for record in records] == ["C2", "R1"]
    assert {"id", "claim", "verdict", "kind", "evidence", "command"} <= set(records[0])
    assert "verified" in out


def test_help_needs_no_heavy_import():
    code = "import sys; from gda import cli; cli.build_parser(); sys.exit(any(m in sys.modules for m in sys.argv[1:]))"
    heavy = ["sympy", "numpy", "scipy", "mpmath", "torch", "matplotlib"]
    assert subprocess.run([sys.executable, "-c", code, *heavy], check=False).returncode == 0


@pytest.mark.parametrize("package", ["theory", "theory.stability_proof", "theory.order", "theory.published_curve"])
def test_theory_pulls_in_nothing_heavy(package):
    code = f"import sys, {package}; sys.exit(' '.join(m for m in sys.argv[1:] if m in sys.modules))"
    heavy = ["numpy", "scipy", "torch", "matplotlib", "pandas", "hypothesis"]
    done = subprocess.run([sys.executable, "-c", code, *heavy], check=False, capture_output=True, text=True)
    assert done.stderr.strip() == ""


def test_ctrl_c_ends_a_run_at_once_in_one_line(tmp_path):
    command = [sys.executable, "-m", "gda.cli", "verify", "--claim", "F1", "--workers", "2"]
    process = subprocess.Popen(
        command,
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # A shell's background job ignores Ctrl-C, and so would everything that it starts.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not (tmp_path / "out").exists():  # made before anything is computed
        assert process.poll() is None
        time.sleep(0.1)
    time.sleep(3)
    os.killpg(process.pid, signal.SIGINT)
    try:
        _, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == cli.INTERRUPTED
    assert err == "gda: interrupted\n"


def test_a_reader_that_leaves_early_is_no_error(tmp_path):
    pipeline = f"{shlex.quote(sys.executable)} -m gda.cli explain C1 | head -n 1"
    done = subprocess.run(["sh", "-c", pipeline], cwd=tmp_path, capture_output=True, text=True, check=False)  # noqa: S607
    assert done.stdout.startswith("## C1")
    assert done.stderr == ""


OWN = ["bound", "--setting", "custom", "--m-s", "1000", "--beta", "0.001", "--tv", "0.02", "--loss-bound", "1"]


def test_tighter_constants_give_smaller_bounds(capsys):
    totals = []
    for constants in ("published", "sharp", "best"):
        assert cli.main([*OWN, "--m-g", "1000", "--dependence", "0.3", "--constants", constants, "--json"]) == 0
        totals.append(json.loads(capsys.readouterr().out)["total"])
    assert totals == sorted(totals, reverse=True)
    assert totals[-1] < totals[0] / 10


def test_the_dependence_of_one_generated_example_lowers_the_bound(capsys):
    totals = []
    for words in ([], ["--dependence-of-one", "0.0001"]):
        assert cli.main([*OWN, "--m-g", "1000", "--dependence", "0.3", "--constants", "best", *words, "--json"]) == 0
        totals.append(json.loads(capsys.readouterr().out)["total"])
    assert totals[1] < totals[0]


@pytest.mark.parametrize(
    "words",
    [
        [*OWN, "--m-g", "10", "--dependence-of-one", "0.1"],
        [*OWN, "--m-g", "10", "--form", "order", "--constants", "best"],
        ["bound", "--setting", "bgmm", "--m-s", "10", "--m-g", "10", "--d", "2", "--constants", "best"],
        [*OWN, "--m-g", "10", "--constants", "best", "--dependence-of-one", "2"],
    ],
    ids=["published", "order", "bgmm", "above 1"],
)
def test_constants_that_do_not_belong_are_named(words, capsys):
    assert cli.main(words) == 2
    assert "Found" in capsys.readouterr().err
