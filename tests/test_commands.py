"""The commands: what they print, how they exit, what they say of bad input."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from click.testing import CliRunner

import weakhitl as wh
from projects import World, ready, start
from weakhitl.cli.main import _COMMANDS, _MEANT, cli
from weakhitl.files import read_table, write_table
from weakhitl.labeling import Run
from weakhitl.pipeline.workspace import Workspace


def run(*arguments: object, cwd: Path | None = None):
    """Run a command in this process."""
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


@pytest.fixture
def world():
    return World()


@pytest.fixture
def fresh(tmp_path, world):
    start(tmp_path, world)
    return tmp_path


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("finished")
    ready(folder)
    return folder


@pytest.mark.parametrize("name", _COMMANDS)
def test_every_command_has_help_with_an_example_that_fits_80_columns(name):
    result = run(name, "--help")
    assert result.exit_code == 0
    assert re.search(rf"Example:\s+weakhitl {name}", result.output)
    assert max(map(len, result.output.splitlines())) <= 80


def test_help_lists_every_command_and_the_exit_codes():
    output = run("--help").output
    assert all(re.search(rf"^  {name} ", output, re.MULTILINE) for name in _COMMANDS)
    assert "4" in output
    assert "undecided" in output


def test_an_unknown_command_is_wrong_usage_and_names_the_nearest():
    for wrong, right in {"lable": "label", "kappa": "agreement", "gate": "check", "audit": "route"}.items():
        result = run(wrong)
        assert result.exit_code == 2
        assert f"Did you mean '{right}'?" in result.output
    assert set(_MEANT.values()) <= set(_COMMANDS)
    assert not set(_MEANT) & set(_COMMANDS)


def test_the_exit_codes_are_those_of_the_design(finished, fresh, tmp_path_factory):
    assert run("check", "--project", finished).exit_code == 0
    failing = tmp_path_factory.mktemp("failing")
    ready(failing, right=0.4)
    assert run("check", "--project", failing).exit_code == 1
    assert run("label", "--project", fresh / "nowhere").exit_code == 2
    assert run("check", "--project", fresh).exit_code == 3  # nothing labelled yet
    (fresh / "weakhitl.toml").write_text(
        (fresh / "weakhitl.toml").read_text().replace("at_least = 0.4", "at_least = 0.0")
    )
    run("label", "--project", fresh)
    assert run("check", "--project", fresh).exit_code == 4


def test_init_label_lfs_status_work_from_an_empty_folder(tmp_path):
    data = tmp_path / "comments.csv"
    data.write_text("id,body\n007,spam spam\n008,hello\n")
    made = run("init", tmp_path / "p", "--class", "SPAM", "--class", "HAM", "--data", data)
    assert made.exit_code == 0, made.output
    labelled = run("label", "--project", tmp_path / "p", "--out", tmp_path / "labels.csv", "--json")
    assert labelled.exit_code == 0, labelled.output
    assert json.loads(labelled.output)["labelled"] == 1
    assert pd.read_csv(tmp_path / "labels.csv", dtype=str)["item"].tolist() == ["007", "008"]
    assert "mentions_spam" in run("lfs", "--project", tmp_path / "p").output
    assert "weakhitl route" in run("status", "--project", tmp_path / "p").output


@pytest.mark.parametrize(
    ("table", "options", "said"),
    [
        ("text,key,label\na,1,x\nb,2,x\n", [], "The column 'key' tells items apart"),
        ("text,label\na,x\nb,x\n", [], "The column 'text' tells items apart"),
        ("text,label\na,x\nb,x\n", ["--id", "key"], "no column 'key'; the columns are text, label"),
        (
            "text,label\na,x\nb,x\n",
            ["--id", "label"],
            "the column 'label' does not have a different value in every row",
        ),
        ("text,label\na,x\na,x\n", [], "no column has a different value in every row"),
        ("id;text\n1;a, b\n2;b\n", [], "The column 'id' tells items apart"),
    ],
)
def test_init_says_what_tells_items_apart_and_refuses_what_does_not(tmp_path, table, options, said):
    (tmp_path / "items.csv").write_text(table)
    made = run("init", tmp_path / "p", "--data", tmp_path / "items.csv", *options)
    assert said in made.output
    written = (tmp_path / "p" / "labeling_functions" / "functions.py").exists()
    assert written == (made.exit_code == 0) == said.startswith("The column")
    if written:
        assert "x['text']" in (tmp_path / "p" / "labeling_functions" / "functions.py").read_text()


@pytest.mark.parametrize(
    ("table", "options", "said"),
    [
        ("1,free money,spam\n2,lunch,ham\n", [], "'1', 'free money', 'spam'. If it is an item, put names above it."),
        ("free money\nsee you at lunch\n", ["--add-ids"], "'free money'. If it is"),
        ("text\nsee you at lunch\n", ["--add-ids"], None),
        ("id,how are you\n1,well\n", [], None),
    ],
)
def test_init_asks_whether_the_first_line_is_an_item(tmp_path, table, options, said):
    (tmp_path / "items.csv").write_text(table)
    made = run("init", tmp_path / "p", "--data", tmp_path / "items.csv", *options)
    assert made.exit_code == 0
    found = " ".join(made.output.split())
    assert f"as the names of the columns: {said}" in found if said else "the names of the columns" not in found


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "xlsx"])
def test_init_numbers_the_rows_of_data_without_ids_in_a_copy_of_the_same_kind(tmp_path, ending):
    data = tmp_path / f"comments.{ending}"
    rows = pd.DataFrame({"text": ["yes", "no", "yes", "a\r\nb"], "likes": ["1", "2", "2", "3"]})
    write_table(data, rows)
    before = data.read_bytes()
    refused = run("init", tmp_path / "p", "--data", data)
    assert refused.exit_code == 2
    assert "give --add-ids" in refused.output.replace("\n", " ")
    made = run("init", tmp_path / "p", "--data", data, "--add-ids", "--id", "row")
    assert made.exit_code == 0, made.output
    copy = read_table(tmp_path / "p" / f"comments_with_ids.{ending}")
    assert copy.columns.tolist() == ["row", "text", "likes"]
    assert copy["row"].tolist() == ["1", "2", "3", "4"]
    assert copy[["text", "likes"]].equals(read_table(data))
    assert data.read_bytes() == before
    labelled = run("label", "--project", tmp_path / "p", "--json")
    assert json.loads(labelled.output)["items"] == 4


def test_a_single_function_item_and_label_is_told_in_the_singular_and_functions_that_never_vote_come_first(tmp_path):
    (tmp_path / "items.csv").write_text("item,text\n1,hello\n")
    assert run("init", tmp_path / "p", "--data", tmp_path / "items.csv").exit_code == 0
    idle = run("label", "--project", tmp_path / "p").output
    assert "1 function voted 0 times on 1 item; 0 have a vote" in idle
    assert "1 source never votes" in run("doctor", "--project", tmp_path / "p").output
    assert "edit the functions, of which none votes" in run("status", "--json", "--project", tmp_path / "p").output
    functions = tmp_path / "p" / "labeling_functions" / "functions.py"
    functions.write_text(functions.read_text().replace("'no' in", "'hello' in"))
    assert "1 function voted 1 time on 1 item; 1 has a vote" in run("label", "--project", tmp_path / "p").output
    assert "edit" not in run("status", "--json", "--project", tmp_path / "p").output


@pytest.mark.parametrize(
    ("table", "read"),
    [
        ("id,label,text\n1,a,x\n2,b,y\n", 'text = "text"'),
        ("text\nx\ny\n", 'text = "text"'),
        ("id,label,body\n1,a,x x\n2,b,y y\n", '# text = "body"'),
    ],
)
def test_init_lets_people_read_the_text_alone_where_it_is_called_so(tmp_path, table, read):
    """Without, they would read all columns, and in the first case the label."""
    (tmp_path / "items.csv").write_text(table)
    assert run("init", tmp_path / "p", "--data", tmp_path / "items.csv").exit_code == 0
    assert f"\n{read} " in (tmp_path / "p" / "weakhitl.toml").read_text()
    shown = Workspace.open(tmp_path / "p").columns_read
    assert shown == (["text"] if read.startswith("text") else ["label", "body"])


@pytest.mark.parametrize(("key", "value"), [("text", '"txt"'), ("media", '["text", "txt"]'), ("html", '["txt"]')])
def test_a_column_that_people_are_to_read_and_that_is_not_there_is_named(tmp_path, key, value):
    """People would see an empty page."""
    (tmp_path / "items.csv").write_text("item,text\na,x\nb,y\n")
    run("init", tmp_path / "p", "--data", tmp_path / "items.csv")
    config = tmp_path / "p" / "weakhitl.toml"
    lines = [line for line in config.read_text().splitlines() if not line.startswith("text =")]
    config.write_text("\n".join(lines).replace("[annotation]", f"[annotation]\n{key} = {value}"))
    refused = run("status", "--project", tmp_path / "p")
    assert refused.exit_code == 3
    assert "(for [annotation]): no column 'txt'; the columns are item, text; did you mean 'text'?" in refused.output


def test_texts_that_are_the_ids_are_read(tmp_path):
    (tmp_path / "items.csv").write_text("text\nfog today\nsun\n")
    run("init", tmp_path / "p", "--data", tmp_path / "items.csv")
    assert Workspace.open(tmp_path / "p").texts(["fog today"]) == {"fog today": "fog today"}


def test_a_project_and_the_data_beside_it_can_be_moved_together(tmp_path):
    """The configuration of a repository must not name a folder of the machine where it was made."""
    before, after, elsewhere = tmp_path / "before", tmp_path / "after", tmp_path / "elsewhere" / "items.csv"
    for data in (before / "raw" / "items.csv", elsewhere):
        data.parent.mkdir(parents=True)
        data.write_text("item,text\na,yes\nb,no\n")
    run("init", before / "p", "--data", before / "raw" / "items.csv")
    before.rename(after)
    assert run("label", "--project", after / "p").exit_code == 0
    run("init", after / "q", "--data", elsewhere)
    assert Workspace.open(after / "q").config.data.path == str(elsewhere)


def test_a_guideline_that_nobody_has_written_is_named_until_it_is(tmp_path):
    (tmp_path / "items.csv").write_text("item,text\na,yes\nb,no\n")
    run("init", tmp_path, "--class", "a", "--class", "b", "--data", tmp_path / "items.csv")
    run("label", "--project", tmp_path)

    def said() -> str:
        return json.loads(run("status", "--project", tmp_path, "--json").output).get("guideline", "")

    guideline = tmp_path / "guidelines" / "guideline.md"
    assert "What is asked, in one sentence." in said()
    guideline.write_text(guideline.read_text().replace("What is asked, in one sentence.", "Is it a or b?"))
    assert "When it applies. Two examples." in said()
    guideline.write_text(guideline.read_text().replace("When it applies. Two examples.", "Always."))
    assert said() == ""
    guideline.unlink()
    assert said() == ""


def test_init_adds_no_ids_to_a_column_that_is_there_nor_without_data(tmp_path):
    (tmp_path / "items.csv").write_text("item,text\na,x\na,y\n")
    taken = run("init", tmp_path / "p", "--data", tmp_path / "items.csv", "--add-ids")
    assert (taken.exit_code, "a column 'item' already" in taken.output) == (2, True)
    assert run("init", tmp_path / "p", "--add-ids").exit_code == 2
    assert not (tmp_path / "p").exists()


def test_import_and_status_tell_ratings_to_come_from_decisions_to_make(fresh, world):
    """Of 140 routed items, 120 are the audit, which is decided in any case; one of three people has rated."""
    assert run("label", "--project", fresh).exit_code == 0
    assert run("route", "--project", fresh).exit_code == 0
    items = wh.Project.load(fresh).batches[0].items
    (fresh / "empty.csv").write_text("item,annotator,label\n000,,\n")
    assert "All ratings so far: none." in run("import", fresh / "empty.csv", "--project", fresh).output
    for people, printed, waiting in [
        (
            ["ana"],
            "120 items go to the adjudicator when all their ratings are there; what comes next: weakhitl status",
            140,
        ),
        (["bo", "cy"], " items wait for the adjudicator: weakhitl", 0),
    ]:
        world.ratings(items, dict.fromkeys(people, 0.9)).to_csv(fresh / "rated.csv", index=False)
        assert printed in run("import", fresh / "rated.csv", "--project", fresh).output.replace("\n", " ")
        status = json.loads(run("status", "--json", "--project", fresh).output)
        assert status["waiting for annotators"] == waiting
        assert ("tasks.csv" in status["next"], "--adjudication" in status["next"]) == (waiting > 0, True)


def test_lfs_shows_pairs_and_single_items(finished):
    pairs = json.loads(run("lfs", "--project", finished, "--pairs", 3, "--json").output)
    assert len(pairs) == 3
    assert pairs[0]["repeats"] >= pairs[-1]["repeats"]
    assert "repeats" in run("lfs", "--project", finished, "--pairs", 3).output
    votes = json.loads(run("lfs", "--project", finished, "--item", "000", "--json").output)
    assert list(votes) == ["says_sun", "says_rain", "says_snow", "first_word"]
    assert votes["first_word"] in ("sun", "rain", "snow")
    silent = [name for name, vote in votes.items() if vote is None]
    said = run("lfs", "--project", finished, "--item", "000").output
    assert said.splitlines()[-1].endswith(f"abstain{'s' * (len(silent) == 1)}: {', '.join(silent)}")
    assert f" first_word  {votes['first_word']}" in said
    assert "item 'x' is not among" in run("lfs", "--project", finished, "--item", "x").output
    assert run("lfs", "--project", finished, "--item", "x", "--pairs", 2).exit_code == 2


def test_lfs_shows_accuracies_and_gaps(finished, tmp_path):
    gold = tmp_path / "gold.csv"
    gold.write_text("item,label\n" + "".join(f"{n:03},sun\n" for n in range(40)))
    table = json.loads(run("lfs", "--project", finished, "--gold", gold, "--json").output)
    assert all(row["Low"] <= row["Emp. Acc."] <= row["High"] for row in table if row["Emp. Acc."] is not None)
    shown = run("lfs", "--project", finished, "--gold", gold).output
    assert re.search(r"\d+ of \d+ +\d+% \(\d+-\d+\)", shown)
    assert max(map(len, shown.splitlines())) <= 80
    audit = run("lfs", "--project", finished, "--audit", "--json")
    assert sum(row["Correct"] + row["Incorrect"] for row in json.loads(audit.output)) > 0
    gaps = json.loads(run("lfs", "--project", finished, "--gaps", 3, "--json").output)
    assert json.loads(run("lfs", "--project", finished, "--gaps", "--json").output)[:3] == gaps
    assert "repeats" in run("lfs", "--pairs", "--project", finished).output
    assert len(gaps) <= 3
    assert run("lfs", "--project", finished, "--gaps", 3, "--column", "no").exit_code == 3
    assert run("lfs", "--project", finished, "--audit", "--gaps", 3).exit_code == 2


def test_the_words_of_gaps_are_of_the_column_that_people_read(tmp_path):
    """Also where it has another name than text."""
    rows = "".join(f"{n},someone{n},yes indeed\n" if n % 2 else f"{n},someone{n},quite another\n" for n in range(40))
    (tmp_path / "items.csv").write_text(f"item,author,body\n{rows}")
    run("init", tmp_path / "p", "--class", "yes", "--class", "no", "--data", tmp_path / "items.csv")
    run("label", "--project", tmp_path / "p")
    gaps = json.loads(run("lfs", "--project", tmp_path / "p", "--gaps", "--json").output)
    assert {row["value"] for row in gaps} == {"quite", "another"}


def test_audit_accuracies_need_decisions(fresh):
    run("label", "--project", fresh)
    result = run("lfs", "--project", fresh, "--audit")
    assert result.exit_code == 3
    assert "no item of a random audit has been adjudicated yet" in result.output


def test_watch_shows_the_functions_again_when_a_file_is_saved(fresh):
    file = next((fresh / "labeling_functions").glob("*.py"))
    written = file.read_text()
    command = [sys.executable, "-m", "weakhitl", "lfs", "--watch", "--project", str(fresh)]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        preexec_fn=_heed_interrupts,  # noqa: PLW1509 - no other threads run here
    ) as process:
        try:
            first = until(process, "waiting for a change")
            file.write_text(written + "\ndef broken(:\n")
            second = until(process, "waiting for a change")
            file.write_text(written.replace("says_sun", "speaks_of_sun"))
            third = until(process, "waiting for a change")
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
        finally:
            process.kill()
    assert "says_sun" in first
    assert "invalid syntax" in second
    assert "speaks_of_sun" in third
    assert run("lfs", "--watch", "--json", "--project", fresh).exit_code == 2


def _heed_interrupts():
    """What was started in the background may ignore them."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def until(process, text):
    """Read what a process prints up to a line that holds a text."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if text in line:
            return "".join(lines)
    raise AssertionError("".join(lines))


def test_labeling_settings_are_followed_and_slow_functions_named(fresh, monkeypatch):
    config = fresh / "weakhitl.toml"
    config.write_text(config.read_text().replace("[labeling]", "[labeling]\nprocesses = 2\nmax_faults = 0.01"))
    assert run("label", "--project", fresh).exit_code == 0
    file = next((fresh / "labeling_functions").glob("*.py"))
    file.write_text(
        file.read_text() + "\n@labeling_function\ndef fails(x):\n    return [][0] if x.item < '020' else None\n"
    )
    result = run("label", "--project", fresh)
    assert result.exit_code == 3
    assert "max_faults allows 1%" in result.output
    file.write_text(file.read_text().replace("[][0] if x.item < '020' else None", "None"))
    monkeypatch.setattr(Run, "slow", lambda self: ["fails"])
    assert "Slow: 'fails' took" in run("label", "--project", fresh).output


def test_init_leaves_no_half_project_where_a_file_cannot_be_written(tmp_path):
    (tmp_path / "guidelines").write_text("mine")
    result = run("init", tmp_path, "--class", "a", "--class", "b")
    assert result.exit_code == 3, result.output
    assert [one.name for one in tmp_path.rglob("*")] == ["guidelines"]
    (tmp_path / "guidelines").unlink()
    assert run("init", tmp_path, "--class", "a", "--class", "b").exit_code == 0


def test_init_overwrites_nothing(fresh):
    before = (fresh / "weakhitl.toml").read_text()
    result = run("init", fresh, "--class", "a", "--class", "b")
    assert result.exit_code == 3
    assert "nothing was written" in result.output
    assert (fresh / "weakhitl.toml").read_text() == before


def test_the_whole_chain_by_commands(fresh, world):
    where = ("--project", fresh)
    assert run("label", *where).exit_code == 0
    assert run("route", "--pilot", 60, *where).exit_code == 0
    people = {"ana": 0.95, "bo": 0.95, "cy": 0.95, "random": 0.0}
    out = fresh / "to_rate.csv"
    for extra in (("--pilot", None), ("--route", None)):
        if extra[0] == "--route":
            assert run("route", *where).exit_code == 0
        exported = run("export", out, *where)
        assert exported.exit_code == 0, exported.output
        items = pd.read_csv(out, dtype=str)
        assert list(items.columns) == ["item", "text", "annotator", "label"]
        world.ratings(pd.Index(items["item"]), people).to_csv(fresh / "rated.csv", index=False)
        assert run("import", fresh / "rated.csv", *where).exit_code == 0
    listed = json.loads(run("annotators", "--json", *where).output)
    assert {row["annotator"]: row["qualified"] for row in listed} == {
        "ana": True,
        "bo": True,
        "cy": True,
        "random": False,
    }
    queue = fresh / "queue.csv"
    assert run("export", queue, "--adjudication", *where).exit_code == 0
    decided = world.ratings(pd.Index(pd.read_csv(queue, dtype=str)["item"]), {"senior": 1.0})
    decided.to_csv(fresh / "decided.csv", index=False)
    assert run("import", fresh / "decided.csv", "--adjudication", *where).exit_code == 0
    agreement = run("agreement", *where)
    assert agreement.exit_code == 0
    assert "60 pilot items are left out" in agreement.output
    checked = run("check", *where)
    assert checked.exit_code == 0, checked.output
    released = run("release", "1.0.0", "--json", *where)
    assert released.exit_code == 0, released.output
    digest = json.loads(released.output)["digest"]
    assert run("verify", fresh / "releases" / "1.0.0", "--digest", digest).exit_code == 0
    assert run("verify", fresh / "releases" / "1.0.0", "--digest", "0").exit_code == 1
    assert "release" in run("status", *where).output


@pytest.mark.parametrize("command", ["label", "lfs", "doctor", "annotators", "agreement", "check", "status"])
def test_json_is_all_that_goes_to_standard_output(finished, command):
    result = run(command, "--json", "--project", finished)
    assert result.exit_code == 0
    json.loads(result.stdout)


@pytest.mark.parametrize(
    "command", [("label",), ("lfs",), ("doctor",), ("annotators",), ("agreement",), ("check",), ("status",)]
)
def test_tables_fit_80_columns(finished, command):
    output = run(*command, "--project", finished).output
    assert max(map(len, output.splitlines())) <= 80


def test_labels_out_of_date_are_refused_with_the_file_that_changed(fresh):
    run("label", "--project", fresh)
    functions = fresh / "labeling_functions" / "functions.py"
    functions.write_text(functions.read_text() + "\n# edited\n")
    result = run("route", "--project", fresh)
    assert result.exit_code == 3
    assert "labeling_functions/functions.py; run `weakhitl label`" in result.output


def test_labeling_warns_of_what_the_doctor_finds(fresh):
    assert "Warning" not in run("label", "--project", fresh).output
    with (fresh / "labeling_functions" / "functions.py").open("a") as file:
        file.write("\n@labeling_function\ndef always(x):\n    return 'sun'\n")
    output = run("label", "--project", fresh).output
    assert "Warning: always-fires" in output
    assert "weakhitl doctor" in output


def test_routing_twice_by_mistake_is_refused(fresh):
    run("label", "--project", fresh)
    assert run("route", "--budget", 10, "--audit", 5, "--project", fresh).exit_code == 0
    again = run("route", "--budget", 10, "--audit", 5, "--project", fresh)
    assert again.exit_code == 3
    assert "--another" in again.output
    assert run("route", "--budget", 10, "--audit", 5, "--another", "--project", fresh).exit_code == 0


def test_all_faults_of_a_ratings_file_are_named_at_once_and_nothing_is_kept(fresh):
    run("label", "--project", fresh)
    rows = ["item,annotator,label", "000,ana,sun", "000,ana,rain", "zzz,bo,sun", "001,bo,fog", ",bo,sun", "002,,sun"]
    (fresh / "rated.csv").write_text("\n".join(rows) + "\n")
    result = run("import", fresh / "rated.csv", "--project", fresh)
    assert result.exit_code == 3
    for place in ("line 3", "line 4", "line 5", "line 6", "line 7"):
        assert place in result.output
    assert "did you mean" not in result.output
    status = json.loads(run("status", "--json", "--project", fresh).output)
    assert status["ratings"] == 0


def test_a_second_different_rating_in_a_later_file_is_refused_and_the_same_is_passed_over(fresh):
    run("label", "--project", fresh)
    (fresh / "one.csv").write_text("item,annotator,label\n000,ana,sun\n")
    (fresh / "two.csv").write_text("item,annotator,label\n002,bo,\n001,ana,sun\n000,ana,rain\n")
    assert run("import", fresh / "one.csv", "--project", fresh).exit_code == 0
    assert "(1 was known)" in run("import", fresh / "one.csv", "--project", fresh).output
    result = run("import", fresh / "two.csv", "--project", fresh)
    assert result.exit_code == 3
    assert "two.csv: line 4: 'ana' rates item '000' 'rain', but 'sun' is stored" in result.output  # line 2 waits
    assert "until the item is asked again (weakhitl route --again)" in result.output
    assert json.loads(run("status", "--json", "--project", fresh).output)["ratings"] == 1


def test_other_column_names_can_be_given(fresh):
    run("label", "--project", fresh)
    (fresh / "r.csv").write_text("task,worker,answer\n000,ana,sun\n")
    columns = ("--item", "task", "--annotator", "worker", "--label", "answer")
    assert run("import", fresh / "r.csv", *columns, "--project", fresh).exit_code == 0
    missing = run("import", fresh / "r.csv", "--project", fresh)
    assert missing.exit_code == 3
    assert missing.output.count("no column") == 3


def test_one_annotator_only_is_undecided_and_says_why(fresh, world):
    run("label", "--project", fresh)
    run("route", "--project", fresh)
    world.ratings(world.truth.index, {"ana": 1.0}).to_csv(fresh / "r.csv", index=False)
    assert run("import", fresh / "r.csv", "--project", fresh).exit_code == 0
    verdicts = json.loads(run("check", "--json", "--project", fresh).output)["checks"]
    assert verdicts[0]["status"] == "undecided"
    assert "no item has ratings by two sources" in verdicts[0]["why"]


def test_one_class_only_is_undecided_and_says_why(fresh, world):
    run("label", "--project", fresh)
    run("route", "--project", fresh)
    rows = [(item, who, "sun") for item in world.truth.index for who in ("ana", "bo")]
    pd.DataFrame(rows, columns=["item", "annotator", "label"]).to_csv(fresh / "r.csv", index=False)
    assert run("import", fresh / "r.csv", "--project", fresh).exit_code == 0
    verdicts = json.loads(run("check", "--json", "--project", fresh).output)["checks"]
    assert verdicts[0]["status"] == "undecided"
    assert "only one class was used" in verdicts[0]["why"]


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("items.csv", "", "the file is empty"),
        ("items.csv", "item,text\n", "the file has no rows"),
        ("items.csv", "id,text\n1,sun\n", "no column 'item'; the columns are id, text"),
        ("items.csv", "item,text\n1,sun a\n1,sun a\n,sun\n", "line 3: id '1' occurs before\n  - line 4: no item"),
        ("labeling_functions/functions.py", "def f(:\n", "functions.py, line 1"),
        ("labeling_functions/functions.py", "x = 1\n", "no labeling function in functions.py"),
        ("weakhitl.toml", "[labels\n", "not TOML"),
    ],
)
def test_bad_files_get_an_error_that_names_them(fresh, file, text, said):
    (fresh / file).write_text(text)
    result = run("label", "--project", fresh)
    assert result.exit_code in (2, 3)
    assert said in result.output
    assert Path(file).name in result.output
    assert "Traceback" not in result.output


def test_a_missing_data_file_names_the_nearest(fresh):
    (fresh / "items.csv").rename(fresh / "item.csv")
    assert "items.csv: there is no such file; did you mean 'item.csv'?" in run("label", "--project", fresh).output


def test_a_function_that_returns_nonsense_stops_the_run_with_its_name_and_item(fresh):
    functions = fresh / "labeling_functions" / "functions.py"
    functions.write_text(functions.read_text().replace('return "sun"', 'return "sunny"'))
    result = run("label", "--project", fresh)
    assert result.exit_code == 3
    assert re.search(
        r"functions\.py: 'says_sun' returned 'sunny' for item \d+; the classes are sun, rain, snow", result.output
    )


def test_a_function_that_fails_on_some_items_abstains_there_and_is_reported(fresh):
    functions = fresh / "labeling_functions" / "functions.py"
    functions.write_text(
        functions.read_text().replace(
            "return x.text.split()[0]", "return x.text.split()[0] if x.item != '003' else 1 / 0"
        )
    )
    result = run("label", "--project", fresh)
    assert result.exit_code == 0
    assert "'first_word' failed once, first on item 003: ZeroDivisionError" in result.output


def test_debug_shows_the_traceback(fresh):
    result = run("check", "--debug", "--project", fresh)
    assert type(result.exception).__name__ == "StateError"


def test_a_store_that_is_no_database_is_named(fresh):
    run("label", "--project", fresh)
    (fresh / "annotations.db").write_text("this is no database, whatever its name says" * 50)
    result = run("route", "--project", fresh)
    assert result.exit_code == 3
    assert "annotations.db" in result.output


def test_an_item_that_vanished_from_the_data_after_routing_is_named(finished, tmp_path):
    import shutil

    folder = shutil.copytree(finished, tmp_path / "copy")
    items = pd.read_csv(folder / "items.csv", dtype=str)
    items.iloc[5:].to_csv(folder / "items.csv", index=False)
    result = run("label", "--project", folder)
    assert result.exit_code == 3
    assert "was routed or rated, but is no longer in it" in result.output


def test_a_reader_that_stops_reading_is_no_fault(finished):
    """As in ``weakhitl check | head -1``: the pipe is closed, and nothing is said about it."""
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-c", "from weakhitl.cli.main import run; run()", "check", "--project", str(finished)]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True)
    os.close(write)
    assert done.stderr == ""


def test_help_imports_nothing_heavy():
    code = (
        "import sys, weakhitl.cli.main as m\ntry: m.cli(['label', '-h'])\nexcept SystemExit: print(sorted(sys.modules))"
    )
    loaded = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert not [name for name in ("numpy", "pandas", "scipy", "sklearn", "rich", "pydantic") if f"'{name}'" in loaded]


def test_what_a_command_writes_never_replaces_or_joins_what_the_project_reads(fresh):
    """The dataset above all: a queue written over it would be all that is left."""
    assert run("label", "--project", fresh).exit_code == 0
    assert run("route", "--project", fresh).exit_code == 0
    ours = ["items.csv", "weakhitl.toml", "guidelines/guideline.md"]
    before = {name: (fresh / name).read_bytes() for name in ours}
    commands = (["export"], ["label", "--out"], ["threshold", "--out"], ["online", "--out"], ["simulate", "--out"])
    for command in (*commands, ["check", "--format", "json", "--out"]):
        for name in ours:
            refused = run(*command, fresh / name, "--project", fresh)
            assert refused.exit_code == 2, (command, name, refused.output)
            assert "is what the project reads; choose another file" in refused.output
    assert {name: (fresh / name).read_bytes() for name in ours} == before
    assert run("export", fresh / "tasks.csv", "--project", fresh).exit_code == 0


def test_a_table_is_not_written_into_the_folder_of_the_data(fresh):
    (fresh / "data").mkdir()
    (fresh / "items.csv").rename(fresh / "data" / "items.csv")
    config = fresh / "weakhitl.toml"
    config.write_text(config.read_text().replace('"items.csv"', '"data"'))
    refused = run("label", "--out", fresh / "data" / "labels.csv", "--project", fresh)
    assert (refused.exit_code, [file.name for file in (fresh / "data").iterdir()]) == (2, ["items.csv"])
