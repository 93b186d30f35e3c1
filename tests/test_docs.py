"""The documentation is complete, its snippets run, and it builds."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import click
import pytest

import forks
import weakhitl
from weakhitl.cli.main import _COMMANDS, cli
from weakhitl.config import describe_config
from weakhitl.gate import METRICS
from weakhitl.release.kpis import KPIS

ROOT = Path(__file__).resolve().parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LOOP_EXAMPLE = ROOT / "docs" / "loop-example.md"
"""Its own test runs it."""
BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)


def reference(name: str) -> str:
    return (ROOT / "docs" / "reference" / name).read_text(encoding="utf-8")


def blocks(page: Path, *languages: str) -> list[tuple[str, str]]:
    return [(kind, text) for kind, text in BLOCK.findall(page.read_text(encoding="utf-8")) if kind in languages]


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_command_and_option_is_documented(name):
    section = reference("cli.md").split(f"## `weakhitl {name}`")[1].split("\n## ")[0]
    command = cli.get_command(click.Context(cli), name)
    parts = {f"weakhitl {name} {part}": inner for part, inner in getattr(command, "commands", {}).items()}
    for title, inner in (parts or {f"weakhitl {name}": command}).items():
        text = section.split(f"`{title}`")[1].split("\n### ")[0] if parts else section
        for parameter in inner.params:
            if isinstance(parameter, click.Option):
                assert f"`{parameter.opts[0]}" in text, parameter.opts


def test_every_configuration_key_is_documented_with_its_default():
    page = reference("configuration.md")
    for section, key, default, description in describe_config():
        part = page.split(f"## `{section}`")[1].split("\n## ")[0]
        shown = default if default == "required" else f"`{default}`"
        assert f"| `{key}` | {shown} | {description} |" in part


def test_every_check_is_documented():
    assert [name for name in METRICS if f"`{name}`" not in reference("checks.md")] == []


def test_every_key_figure_is_documented():
    page = reference("kpis.md")
    assert [kpi.name for kpi in KPIS if f"| `{kpi.name}` | {kpi.title} | {kpi.meaning} |" not in page] == []


def test_every_public_name_is_documented():
    page = reference("api.md")
    undocumented = [name for name in weakhitl.__all__ if not re.search(rf"\b{name}\b", page)]
    assert undocumented == ["__version__"]


def test_every_decision_is_listed():
    index = (ROOT / "docs" / "decisions" / "index.md").read_text(encoding="utf-8")
    for path in (ROOT / "docs" / "decisions").glob("0*.md"):
        assert f"({path.name})" in index
        assert f"decisions/{path.name}" in (ROOT / "mkdocs.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_the_links_between_pages_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if blocks(page, "python", "console") and page != LOOP_EXAMPLE],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_the_snippets_of_a_page_run_from_top_to_bottom_in_an_empty_folder(page, tmp_path):
    for kind, parts in groupby(blocks(page, "python", "console"), itemgetter(0)):
        text = "\n".join(part for _, part in parts)
        if kind == "python":
            code, printed = _python(text, page, tmp_path)
            assert code == 0, f"{text}\n{printed}"
            continue
        lines = [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]
        assert lines, "a console block shows commands after `$ `"
        for line in lines:
            code, printed = _shell(line, tmp_path)
            assert code == 0, f"{line}\n{printed}"


@pytest.mark.current
def test_the_cells_of_the_loop_example_print_what_stands_below_them(tmp_path):
    """All but the digits, which other versions of the packages may move."""
    cells = blocks(LOOP_EXAMPLE, "python")
    script = "".join(f"{text}\nprint('@@@')\n" for _, text in cells)
    code, printed = _python(script, LOOP_EXAMPLE, tmp_path)
    assert code == 0, printed
    found = [part.strip() for part in printed.split("@@@\n") if part.strip()]
    shown = [text.strip() for _, text in blocks(LOOP_EXAMPLE, "text")]
    assert [_undigited(text) for text in found] == [_undigited(text) for text in shown]


def _undigited(text: str) -> list[str]:
    return [" ".join(re.sub(r"[\d.]+", "#", line).split()) for line in text.splitlines()]


def _python(text: str, page: Path, folder: Path) -> tuple[int, str]:
    """Run a block after the earlier ones of its page: names carry over, as in a notebook."""
    script = folder / ".snippets.py"
    earlier = script.read_text(encoding="utf-8") if script.exists() and page.name != "tutorial.md" else ""
    script.write_text(earlier + text, encoding="utf-8")
    return forks.script(script, folder)


def _shell(line: str, folder: Path) -> tuple[int, str]:
    """Run a line; one of our commands alone, or with the exit codes that it may have, needs no shell."""
    if found := re.fullmatch(r"weakhitl ([^|&;<>$`]+?)((?: \|\| test \$\? = \d)*)", line):
        code, printed = forks.command(shlex.split(found[1]), folder)
        return (0 if str(code) in re.findall(r"\d", found[2]) else code), printed
    there = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    done = subprocess.run(
        ["bash", "-euc", line], cwd=folder, capture_output=True, text=True, timeout=300, env=os.environ | there
    )
    return done.returncode, done.stdout + done.stderr


def test_the_commands_of_the_readme_exist(tmp_path):
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    for script in ("./scripts/demo", "./scripts/test"):
        assert script in page
        assert os.access(ROOT / script, os.X_OK)
    used = set(
        re.findall(r"weakhitl (\w+)", "\n".join(text for _, text in BLOCK.findall(page) if "weakhitl init" in text))
    )
    assert used <= set(_COMMANDS)
    (tmp_path / "comments.csv").write_text("id,text\n1,subscribe\n2,nice song\n")
    (tmp_path / "spam").mkdir()
    said = [[{"from_name": "c", "type": "choices", "value": {"choices": [label]}}] for label in ("HAM", "SPAM")]
    tasks = [
        {"id": at, "data": {"text": "x"}, "annotations": [{"completed_by": 1, "result": one}]}
        for at, one in enumerate(said)
    ]
    (tmp_path / "spam" / "export.json").write_text(json.dumps(tasks))
    folder = tmp_path
    for line in "\n".join(text for _, text in BLOCK.findall(page)).splitlines():
        if not line.startswith(("weakhitl init", "cd spam")):
            continue
        for part in map(str.strip, line.split("#")[0].split("&&")):
            if part.startswith("cd "):
                folder /= part.removeprefix("cd ")
                continue
            code, printed = _shell(part, folder)
            assert code == 0, f"{part}\n{printed}"


@pytest.mark.current
def test_the_site_builds_strictly(tmp_path):
    mkdocs = shutil.which("mkdocs", path=str(Path(sys.executable).parent))
    assert mkdocs, "install the docs group"
    command = [mkdocs, "build", "--strict", "--quiet", "--site-dir", str(tmp_path)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, env=os.environ | {"NO_MKDOCS_2_WARNING": "1"}
    )
    assert done.returncode == 0, done.stderr
    assert "krippendorff_alpha" in (tmp_path / "reference" / "api" / "index.html").read_text(encoding="utf-8")
