"""The page on images: its commands are understood, and its numbers are those of the code."""

import re
import shlex
from pathlib import Path

import pytest

from deep.results import FILES, recheck_cell
from deep.spec import Rule, cifar_spec, main_spec
from deep.tasks import RECHECK_STEPS
from deep.where import here
from gda import images
from gda.command_line import build_parser

PAGE = (Path(__file__).parents[2] / "docs" / "images.md").read_text(encoding="utf-8")
MAIN, CIFAR = main_spec("0" * 16), cifar_spec("0" * 16)


def blocks():
    return re.findall(r"```\n(.*?)```", PAGE, re.DOTALL)


def row(start):
    (line,) = (line for line in PAGE.splitlines() if line.startswith(f"| {start}"))
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_the_commands_are_understood_and_are_those_of_the_report():
    block, elsewhere, *_ = blocks()
    commands, others = ([line.split("#")[0].strip() for line in part.splitlines()] for part in (block, elsewhere))
    actions = [build_parser().parse_args(shlex.split(command)[1:]).action for command in commands + others]
    assert actions == ["run", "report", "report", "report", "export", "import"]
    assert {images.RUN, images.REPORT} <= set(commands)
    assert all(f"digits{ending}" in block for ending in FILES)


def test_places_and_a_file_of_images_are_named_as_the_code_reads_them(monkeypatch):
    _, _, places, own = blocks()
    monkeypatch.setenv(*places.strip().replace("'", "").split("=", 1))
    assert all((here().data, here().checkpoints, here().files))
    saved, command = own.strip().splitlines()
    asked = build_parser().parse_args(shlex.split(command)[1:])
    assert (asked.action, asked.generator) == ("run", ["npz:mine.npz"])
    assert "image=" in saved
    assert "label=" in saved
    pytest.importorskip("torch", reason="the extra `deep` is not installed: pip install 'gda-verifier[deep]'")
    from deep.experiment import load
    from deep.gate import LARGEST_SAMPLE

    assert f"{len(load('digits', '').pool) // 2} on the digits, {LARGEST_SAMPLE} on CIFAR-10" in PAGE


def test_the_settings_are_those_of_the_specifications():
    for column, spec in ((1, MAIN), (2, CIFAR)):
        sizes = ", ".join(f"{m_S:_}".replace("_", " ") if m_S >= 10_000 else str(m_S) for m_S in spec.m_S)
        assert row("m_S, stratified")[column] == sizes
        assert row("gamma = m_G/m_S")[column].startswith(", ".join(f"{gamma:g}" for gamma in spec.gammas))
        assert row("seeds; classifiers")[column] == f"{spec.seeds}; {spec.classifiers}"
        training = spec.training
        said = row("SGD, Nesterov")[column]
        assert f"rate {training.rate:g}" in said
        assert str(training.batch) in said
        assert f"{training.steps} steps" in said or f"{training.epochs} epochs" in said
    assert MAIN.generators == CIFAR.generators == ("cdcgan", "stylegan2-ada", "edm")


def test_the_rule_is_that_of_the_code():
    rule = Rule()
    assert MAIN.rule == rule
    assert f"({MAIN.comparisons} in the main run" in PAGE
    assert f"t-interval at {rule.level:.0%}".replace("%", " %") in PAGE
    assert row("*helps*")[1] == f"above +{rule.threshold:g} pp"
    assert f"Fewer than {rule.least_seeds} pairs" in PAGE
    assert rule.least_passing == 0.5
    assert f"m_S >= {rule.large}," in row("C8")[1]
    assert f"m_S <= {rule.small}," in row("C9")[1]
    assert f"is {rule.room:g} % or more" in PAGE
    m_S, m_G = recheck_cell(MAIN)
    short = f"EDM of {MAIN.recheck} steps at m_S = {m_S}, gamma = {m_G // m_S}, one classifier of {RECHECK_STEPS} steps"
    assert short in PAGE
    assert f"{images.RECHECK_LEVEL:.1%}".replace("%", " %") in PAGE
    m_S, name, gamma = MAIN.epoch_check
    assert name == "edm"
    assert f"EDM at m_S = {m_S}, gamma = {gamma} is run" in " ".join(PAGE.split())
