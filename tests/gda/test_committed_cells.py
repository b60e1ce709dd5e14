"""The tasks of the main run that are done: of one code, of the experiment that is meant, and what the tables say."""

from pathlib import Path

import pytest

pytest.importorskip("torch", reason="the extra `deep` is not installed: pip install 'gda-verifier[deep]'")

from deep.tasks import claim_store, collect, tasks
from gda import images
from gda.command_line import build_parser
from gda.deep import asked_for
from numerics.store import Store
from numerics.sweep_export import import_rows, read_export

CELLS = Path(__file__).parents[2] / "experiments" / "digits.cells.csv"


@pytest.fixture(scope="module")
def spec():
    return asked_for(build_parser().parse_args(images.RUN.split()[1:]))[0]


@pytest.fixture(scope="module")
def rows():
    return read_export(CELLS)


def test_they_are_tasks_of_the_main_run_and_of_one_code(rows, spec):
    assert {row.content for row in rows} <= {cell.content for cell in tasks(spec)}
    assert len({row.content for row in rows}) == len(rows) > 0
    assert len({row.code for row in rows}) == 1


def test_they_are_imported_and_are_the_tables_once_all_are_there(rows, spec, tmp_path):
    with Store(tmp_path / "digits.db") as store:
        claim_store(store, spec)
        assert import_rows(rows, CELLS, store) == len(rows)
        found = collect(spec, store)
    whole = len(rows) == len(tasks(spec))
    assert (found.results.missing() == 0) == whole
    there = images.committed()
    assert (there is not None) == whole
    if there is not None:
        assert there.spec == found.results.spec
        assert set(there.rows) == set(found.results.rows)
        assert set(there.runs) == set(found.results.runs)
