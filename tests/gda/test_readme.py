"""The README's examples print what it says they print."""

import re
import shlex
import textwrap
from pathlib import Path

import pytest
from hypothesis import settings

from gda import cli

README = Path(__file__).parents[2] / "README.md"
EXAMPLES = re.findall(r"```console\n\$ gda (.*?)\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_there_are_examples():
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize(("command", "expected"), EXAMPLES, ids=[command for command, _ in EXAMPLES])
def test_example(command, expected, capsys):
    assert cli.main(shlex.split(command)) == 0
    assert capsys.readouterr().out == expected


PYTHON = [
    textwrap.dedent(block)
    for block in re.findall(r" *```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
]


def run_block(text):
    namespace: dict[str, object] = {}
    exec(compile(text, "README", "exec"), namespace)  # noqa: S102 - our own text
    return namespace


def test_the_property_test_passes():
    (block,) = (text for text in PYTHON if "@given" in text)
    namespace = run_block(block)
    quick = settings(max_examples=40, deadline=None, derandomize=True)
    (test,) = (value for name, value in namespace.items() if name.startswith("test_"))
    quick(test)()


def test_the_python_example_runs():
    (block,) = (text for text in PYTHON if "@given" not in text)
    namespace = run_block(block)
    values = namespace["total"](M=1, beta=1e-5, D_TV=0.02, T=0, delta=0.05, m_S=10**5, m_G=[0, 10**4, 10**5])
    assert values.shape == (3,)


def test_links_of_the_readme_exist():
    for target in re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8")):
        assert (README.parent / target).exists(), target


def test_results_at_a_glance_are_those_of_the_report():
    report = (README.parent / "paper_checks.md").read_text(encoding="utf-8")
    text = README.read_text(encoding="utf-8")
    found = re.findall(r"^\| ([A-Z]\d+) \| .*? \| \*\*([a-z ]+)\*\* \| ([a-z ]+) \|", report, re.MULTILINE)
    shown = re.findall(r"^\| ([A-Z]\d+): .*? \| ([a-z ]+) \| ([a-z ]+) \|", text, re.MULTILINE)
    assert len(found) == 15
    assert shown == found
    low, high = re.search(r"\| ([0-9.]+) to ([0-9.]+) times over 144 cells", report).groups()
    assert f"with better ones {low} to {high} times the exact 95 % quantile" in text
    assert [round(float(low)), round(float(high))] == [3, 10]
    assert "three to ten times in most cells" in text
