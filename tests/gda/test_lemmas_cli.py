"""The command `gda lemmas`: the table, the checks, exit codes, one line for bad input."""

import json
from dataclasses import replace

import pytest

from gda import cli, lemma_table
from gda.evidence import Check
from theory.tested_lemmas import STATEMENTS


def run(capsys, *arguments):
    code = cli.main(["lemmas", *arguments])
    captured = capsys.readouterr()
    return code, captured.out, captured.err


@pytest.mark.parametrize(
    ("arguments", "offender"),
    [
        (["--lemma", "L77"], "L77"),
        (["--lemma", ""], "''"),
        (["--lemma", "L"], "'L'"),
        (["--seed", "-1"], "-1"),
        (["--seed", "1.5"], "1.5"),
    ],
)
def test_bad_input_is_one_line(capsys, arguments, offender):
    code, out, err = run(capsys, *arguments)
    assert (code, out) == (2, "")
    assert offender in err
    assert err.count("\n") == 1


def test_one_lemma_as_json(capsys):
    code, out, err = run(capsys, "--lemma", "X2", "L4", "--json")
    records = json.loads(out)["lemmas"]
    assert (code, err) == (0, "")
    assert [record["key"] for record in records] == ["L4", "X2"]
    assert [record["holds"] for record in records] == [True, False]
    assert records[1]["tightest_ratio"] > 100
    assert records[1]["violations"] >= 1


def test_a_key_stands_for_every_version(capsys):
    code, out, _ = run(capsys, "--lemma", "L1")
    assert code == 0
    assert [line.split()[0] for line in out.splitlines()[2:]] == ["L1", "L1-sharpened", "L1-tree"]


def test_table_and_checks():
    table, checks = lemma_table.lemma_table(), lemma_table.lemma_checks()
    assert [row[0] for row in table.rows] == [each.key for each in STATEMENTS]
    assert all(len(row) == len(table.header) for row in table.rows)
    assert all(isinstance(check, Check) and check.kind == "certificate" for check in checks)
    assert [check.holds for check in checks] == [each.expected for each in STATEMENTS]
    assert [row[-1].startswith("**false**: ") for row in table.rows] == [not each.expected for each in STATEMENTS]
    assert lemma_table.power_check().holds is True


def test_a_surprise_breaks_the_command(capsys, monkeypatch):
    real = lemma_table._found

    def with_another_expectation(key, seed):
        finding = real(key, seed)
        return replace(finding, statement=replace(finding.statement, expected=not finding.statement.expected))

    monkeypatch.setattr(lemma_table, "_found", with_another_expectation)
    assert run(capsys, "--lemma", "L4")[0] == 1
    assert run(capsys, "--lemma", "X2")[0] == 1
    assert lemma_table.power_check().holds is False
