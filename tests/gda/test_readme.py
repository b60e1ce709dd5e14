"""The README's examples print what it says they print."""

import re
import shlex
from pathlib import Path

import pytest

from gda import cli

README = Path(__file__).parents[2] / "README.md"
EXAMPLES = re.findall(r"```console\n\$ gda (.*?)\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_there_are_examples():
    assert len(EXAMPLES) >= 3


@pytest.mark.parametrize(("command", "expected"), EXAMPLES, ids=[command for command, _ in EXAMPLES])
def test_example(command, expected, capsys):
    assert cli.main(shlex.split(command)) == 0
    assert capsys.readouterr().out == expected


def test_the_python_example_runs():
    (block,) = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    lines = [line.strip() for line in block.splitlines() if line.strip()]
    namespace: dict[str, object] = {}
    exec(compile("\n".join(lines), "README", "exec"), namespace)  # noqa: S102 - our own text
    values = namespace["total"](M=1, beta=1e-5, D_TV=0.02, T=0, delta=0.05, m_S=10**5, m_G=[0, 10**4, 10**5])
    assert values.shape == (3,)


def test_links_of_the_readme_exist():
    for target in re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8")):
        assert (README.parent / target).exists(), target
