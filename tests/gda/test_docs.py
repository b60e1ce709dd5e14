"""The page on a corollary of one's own: its command answers as printed, its tests pass and fail as said."""

import re
import shlex
from pathlib import Path

import pytest
from hypothesis import settings

from gda import cli

PAGE = (Path(__file__).parents[2] / "docs" / "your_own_corollary.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_command_begins_as_printed(capsys):
    (block,) = blocks("console")
    command, expected = block.removeprefix("$ gda ").split("\n", 1)
    assert cli.main(shlex.split(command)) == 0
    assert capsys.readouterr().out.startswith(expected)


def test_the_corollary_holds_and_its_converse_is_falsified():
    namespace: dict[str, object] = {}
    for block in blocks("python"):
        exec(compile(block, "page", "exec"), namespace)  # noqa: S102 - our own text
    quick = settings(max_examples=40, deadline=None, derandomize=True)
    quick(namespace["test_my_corollary"])()
    with pytest.raises(AssertionError):
        quick(namespace["test_my_converse"])()
