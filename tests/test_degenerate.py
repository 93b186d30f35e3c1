"""Projects with next to nothing in them: every command says what it can, and none ends in an unexpected error."""

import json

import pandas as pd
import pytest
from click.testing import CliRunner

from sites import Somebody, opened
from weakhitl.cli.main import cli
from weakhitl.pipeline.workspace import Workspace

SKIP = "I can't tell"
NOTHING = "@labeling_function\ndef never(x):\n    return ABSTAIN\n"
ALWAYS = "@labeling_function\ndef always(x):\n    return 'yes'\n"
POLICY = '[[gate.check]]\nmetric = "coverage"\nat_least = 0.0\n[release]\nmin_confidence = 0.5\n'

# case -> texts of the items, functions (None: people alone), (item, annotator, label)
CASES = {
    "one item, no function, one rating": (["a"], None, [(0, "ana", "yes")]),
    "one item, functions that never vote": (["a"], NOTHING, []),
    "functions that always vote, no ratings": (["a", "b", "c"], ALWAYS, []),
    "one person": (["a", "b", "c"], NOTHING, [(at, "ana", "yes") for at in range(3)]),
    "everybody says the same": (list("abcde"), ALWAYS, [(at, who, "yes") for at in range(5) for who in ("ana", "bo")]),
    "everybody skips": (list("abcde"), ALWAYS, [(at, who, SKIP) for at in range(5) for who in ("ana", "bo")]),
    "nobody shares an item": (
        list("abcd"),
        None,
        [(at, who, "no") for at, who in enumerate(("ana", "bo", "cy", "di"))],
    ),
    "one shares no item": (
        list("abcdef"),
        None,
        [(at, who, lab) for at in range(4) for who, lab in (("ana", "yes"), ("bo", "no" if at % 2 else "yes"))]
        + [(4, "cy", "yes"), (5, "cy", "no")],
    ),
    "empty texts": (["", "", "", ""], None, [(at, who, "yes") for at in range(3) for who in ("ana", "bo")]),
}
LOOKS = (
    ["status", "--checks", "--kpis"],
    ["doctor"],
    ["lfs"],
    ["lfs", "--pairs"],
    ["lfs", "--gaps"],
    ["explain", "i0"],
    ["agreement"],
    ["annotators"],
    ["plan"],
    ["check"],
    ["refine"],
    ["threshold"],
    ["bias", "text"],
    ["simulate"],
    ["train"],
    ["online"],
)

ALLOWED = {"annotator": (200, 303, 403), "adjudicator": (200, 303, 403), "owner": (200, 303)}
"""What pages and programs' places answer; the owner may open all."""


def made(folder, texts, functions):
    data = pd.DataFrame({"id": [f"i{at}" for at in range(len(texts))], "text": texts})
    data.to_csv(folder / "items.csv", index=False)
    alone = ["--no-functions"] if functions is None else []
    run("init", folder / "p", "--data", folder / "items.csv", "--class", "yes", "--class", "no", *alone)
    if functions is not None:
        source = f"from weakhitl import ABSTAIN, labeling_function\n\n\n{functions}"
        (folder / "p" / "labeling_functions" / "functions.py").write_text(source)
    return folder / "p"


def run(*arguments: object):
    done = CliRunner().invoke(cli, [*map(str, arguments)])
    assert "should not happen" not in done.output, (arguments, done.output)
    assert done.exit_code in (0, 1, 2, 3, 4), (arguments, done.exception)
    assert done.exit_code in (0, 1, 4) or "Error" in done.output, (arguments, done.output)
    return done


def look(project, *, as_json: bool) -> None:
    for command in LOOKS:
        told = run(*command, *(["--json"] if as_json else []), "--project", project)
        if as_json and told.exit_code in (0, 1, 4):
            json.loads(told.stdout, parse_constant=refuse)


def open_pages(project) -> None:
    """Everybody's pages and what programs read, before anybody has done anything there."""
    with opened(Workspace.open(project)) as app:
        for role in ("annotator", "adjudicator", "owner"):
            somebody = Somebody(app, role).join()
            for page in ("/", "/rate", "/adjudicate", "/project", "/metrics"):
                assert somebody.client.get(page).status_code in ALLOWED[role], (role, page)
            for place in ("/queue", "/people", "/online", "/export"):
                assert somebody.api(place, method="get").status_code in ALLOWED[role], (role, place)
            assert somebody.api("/next", {}).status_code in ALLOWED[role], role


def refuse(name: str) -> None:
    pytest.fail(f"{name} is no JSON")


@pytest.mark.parametrize("case", CASES)
def test_a_project_with_next_to_nothing_in_it_is_told_about_and_what_it_releases_verifies(tmp_path, case):
    texts, functions, ratings = CASES[case]
    project = made(tmp_path, texts, functions)
    assert run("label", "--project", project).exit_code == 0
    look(project, as_json=False)
    table = pd.DataFrame(ratings, columns=["item", "annotator", "label"])
    table.assign(item=[f"i{at}" for at in table["item"]]).to_csv(tmp_path / "ratings.csv", index=False)
    if len(table):
        assert run("import", tmp_path / "ratings.csv", "--project", project).exit_code == 0
    assert run("route", "--all", "--overlap", "2", "--project", project).exit_code == 0
    look(project, as_json=True)
    open_pages(project)
    assert run("agreement", "--project", project).exit_code == 0
    assert run("report", project / "draft", "--project", project).exit_code == 0
    assert "</html>" in (project / "draft" / "report.html").read_text()
    config = project / "weakhitl.toml"
    config.write_text(config.read_text().partition("[[gate.check]]")[0] + POLICY)
    released = run("release", "1.0.0", "--project", project)
    if case == "one item, functions that never vote":
        assert (released.exit_code, "nothing to release" in released.output) == (3, True), released.output
    else:
        assert released.exit_code == 0, released.output
        assert run("verify", project / "releases" / "1.0.0").exit_code == 0
