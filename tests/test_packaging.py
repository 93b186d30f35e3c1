"""What the package promises about itself."""

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import weakhitl


def test_the_lowest_versions_that_are_tested_are_those_that_are_promised(root):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    promised = [*project["dependencies"], *project["optional-dependencies"]["excel"]]
    pinned = [line for line in (root / "scripts" / "lowest.txt").read_text().splitlines() if line[:1] not in ("", "#")]
    everywhere = [line for line in promised if ";" not in line]
    assert pinned == [line.replace(">=", "==") for line in everywhere]


def test_every_public_name_is_there_and_unknown_ones_are_not():
    for name in weakhitl.__all__:
        assert getattr(weakhitl, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = weakhitl.nothing


def test_a_type_checker_is_told_of_each_public_name_where_it_is():
    """And that it is one of ours: a name that is imported as itself."""
    tree = ast.parse(Path(weakhitl.__file__).read_text(encoding="utf-8"))
    typed = [
        one for one in ast.walk(tree) if isinstance(one, ast.ImportFrom) and str(one.module).startswith("weakhitl.")
    ]
    told = {alias.asname: one.module for one in typed for alias in one.names}
    assert told == {name: f"weakhitl.{home}" for name, home in weakhitl._HOMES.items()}
    assert all(alias.name == alias.asname for one in typed for alias in one.names)


def test_importing_the_package_is_quick():
    code = "import sys, weakhitl; print('numpy' in sys.modules, 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == [
        "False",
        "False",
    ]
