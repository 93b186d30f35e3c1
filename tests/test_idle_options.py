"""An option that would say nothing where it is typed is refused, not ignored."""

import pytest
from click.testing import CliRunner

from sites import make_project
from weakhitl.cli.main import cli


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("idle")
    make_project(made)
    return made


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("route --pilot 5 --audit 3", "a pilot is drawn by lot"),
        ("route --pilot 5 --overlap 2", "a pilot is drawn by lot"),
        ("route --pilot 5 --strategy committee", "a pilot is drawn by lot"),
        ("route --again --all --overlap 2", "leave out --overlap: items are asked again as they were"),
        ("route --undo --seed 0", "leave out --seed: --undo takes back"),
        ("route --undo --all", "leave out --all: --undo takes back"),
        ("export a.csv --predictions", "--predictions and --text are about another tool's file"),
        ("export a.csv --text text", "--predictions and --text are about another tool's file"),
        ("export a.csv --ratings --adjudication", "choose one"),
        ("annotate --role adjudicator", "leave out --role: it is about a person who is invited"),
        ("annotate --list --quota 5", "leave out --quota: it is about a person who is invited"),
        ("annotate --list --port 9", "leave out --port: no server is started"),
        ("annotate --terminal --tls-key k", "leave out --tls-key: no server is started"),
        ("recall f --reason x --lift --dry-run", "leave out --dry-run: --lift only writes"),
        ("agreement --again --by text", "leave out --by: --again compares"),
        ("agreement --wide *", "leave out --wide: it is about a table of RATINGS"),
        ("agreement --level nominal", "leave out --level: it is about a table of RATINGS"),
        ("check --annotator who", "leave out --annotator: it is about a table of ratings (--votes)"),
        ("drift --over-time --alpha 0.1", "leave out --alpha: --over-time"),
        ("simulate --right 0.8", "leave out --right: it is about people that are invented (--people)"),
        ("simulate --judge-cost 0.1", "leave out --judge-cost: there are no votes of a judge (--judge)"),
        ("import x.csv --own-ids", "say which tool wrote it with --from"),
    ],
)
def test_it_is_said_which_option_to_leave_out(folder, typed, said):
    found = CliRunner().invoke(cli, [*typed.split(), "--project", str(folder)], catch_exceptions=False)
    assert found.exit_code == 2
    assert said in " ".join(found.output.split())
    assert not (folder / "a.csv").exists()


@pytest.mark.parametrize(
    ("line", "under", "said"),
    [
        ("gold_share = 0.1", "[annotation]", "gold_share is about known items: name their file with gold"),
        ("min_gold_accuracy = 0.8", "[annotation]", "min_gold_accuracy is about known items"),
        ("hide_share = 0.5", "[annotation]", "hide_share is about suggestions, and nobody sees any"),
        ("min_slice = 5", '[[gate.check]]\nmetric = "krippendorff-alpha"', "name its column with slice"),
        (
            "min_units = 5",
            '[[gate.check]]\nmetric = "release-accuracy"',
            "release-accuracy: min_units would do nothing",
        ),
        ("min_overlap = 2", '[[gate.check]]\nmetric = "coverage"', "coverage: min_overlap would do nothing"),
    ],
)
def test_a_setting_that_would_say_nothing_is_named(folder, line, under, said):
    config = folder / "weakhitl.toml"
    text = config.read_text()
    try:
        assert under in text
        config.write_text(text.replace(under, f"{under}\n{line}", 1))
        found = CliRunner().invoke(cli, ["check", "--project", str(folder)], catch_exceptions=False)
    finally:
        config.write_text(text)
    assert found.exit_code == 2
    assert said in " ".join(found.output.split())
