"""What the package promises about itself."""

import subprocess
import sys
import tomllib

import pytest

import weakhitl


def test_the_lowest_versions_that_are_tested_are_those_that_are_promised(root):
    project = tomllib.loads((root / "pyproject.toml").read_text())["project"]
    promised = [*project["dependencies"], *project["optional-dependencies"]["excel"]]
    pinned = [line for line in (root / "scripts" / "lowest.txt").read_text().splitlines() if line[:1] not in ("", "#")]
    assert pinned == [line.replace(">=", "==") for line in promised]


def test_every_public_name_is_there_and_unknown_ones_are_not():
    for name in weakhitl.__all__:
        assert getattr(weakhitl, name) is not None
    with pytest.raises(AttributeError, match="has no attribute 'nothing'"):
        _ = weakhitl.nothing


def test_importing_the_package_is_quick():
    code = "import sys, weakhitl; print('numpy' in sys.modules, 'pandas' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split() == [
        "False",
        "False",
    ]
