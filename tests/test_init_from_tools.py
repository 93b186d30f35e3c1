"""A project that starts from another tool's file: its items under its ids, and what people said of them."""

import json
import shlex

import pandas as pd
import pytest
from click.testing import CliRunner

import weakhitl as wh
from projects import World, collect, start
from weakhitl.cli.main import cli
from weakhitl.files import read_table

SAID = {  # item's text -> person -> label
    "fog today": {"ana": "sun", "bo": "rain"},
    "hot": {"ana": "sun", "bo": "sun"},
    "wet, and cold": {"ana": "rain", "bo": "rain"},
}
TEXTS = list(SAID)


def run(*arguments: object):
    return CliRunner().invoke(cli, [*map(str, arguments)])


def label_studio(folder):
    tasks = [
        {
            "id": at,
            "data": {"text": text, "meta": {"page": at}},
            "annotations": [
                {
                    "completed_by": {"email": who},
                    "result": [{"from_name": "sky", "type": "choices", "value": {"choices": [label]}}],
                }
                for who, label in said.items()
            ],
        }
        for at, (text, said) in enumerate(SAID.items(), start=70)
    ]
    (folder / "export.json").write_text(json.dumps(tasks))
    return folder / "export.json", ["70", "71", "72"]


def prodigy(folder):
    lines = [
        {"text": text, "_input_hash": -at, "accept": [label], "answer": "accept", "_session_id": who}
        for at, (text, said) in enumerate(SAID.items(), start=1)
        for who, label in said.items()
    ]
    (folder / "export.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return folder / "export.jsonl", ["-1", "-2", "-3"]


def argilla(folder):
    records = [
        {
            "id": f"r{at}",
            "fields": {"text": text},
            "responses": {
                "sky": [{"value": label, "user_id": who, "status": "submitted"} for who, label in said.items()]
            },
        }
        for at, (text, said) in enumerate(SAID.items())
    ]
    (folder / "export.json").write_text(json.dumps(records))
    return folder / "export.json", ["r0", "r1", "r2"]


def doccano(folder):
    (folder / "our export").mkdir()
    for who in ("ana", "bo"):
        lines = [{"id": at, "text": text, "label": [SAID[text][who]]} for at, text in enumerate(TEXTS)]
        (folder / "our export" / f"{who}.jsonl").write_text("\n".join(map(json.dumps, lines)))
    return folder / "our export", ["0", "1", "2"]


def mturk(folder):
    rows = [
        {"HITId": f"H{at}", "WorkerId": who, "AssignmentStatus": "Approved", "Input.text": text, "Answer.label": label}
        for at, (text, said) in enumerate(SAID.items())
        for who, label in said.items()
    ]
    pd.DataFrame(rows).to_csv(folder / "export.csv", index=False)
    return folder / "export.csv", ["H0", "H1", "H2"]


def sagemaker(folder):
    job = folder / "job"
    for at, said in enumerate(SAID.values()):
        answers = [
            {"workerId": who, "answerContent": {"c": {"label": label}}, "submissionTime": "2024-05-01T12:30:00Z"}
            for who, label in said.items()
        ]
        place = job / "annotations" / "worker-response" / "iteration-1" / str(at)
        place.mkdir(parents=True)
        (place / "2024.json").write_text(json.dumps({"answers": answers}))
    manifest = job / "manifests" / "output"
    manifest.mkdir(parents=True)
    (manifest / "output.manifest").write_text("\n".join(json.dumps({"source": text}) for text in TEXTS))
    return job, ["1", "2", "3"]


def long(folder):
    rows = [
        {"item": f"i{at}", "annotator": who, "label": label, "text": text}
        for at, (text, said) in enumerate(SAID.items())
        for who, label in said.items()
    ]
    pd.DataFrame(rows).to_csv(folder / "ratings.tsv", index=False, sep="\t")
    return folder / "ratings.tsv", ["i0", "i1", "i2"]


@pytest.mark.parametrize("tool", [label_studio, prodigy, argilla, doccano, mturk, sagemaker, long])
def test_a_project_starts_from_another_tools_file_under_the_tools_own_ids(tmp_path, tool):
    file, ids = tool(tmp_path)
    name = tool.__name__.replace("_", "-")
    made = run("init", tmp_path / "p", "--from", name, "--data", file, "--no-functions")
    assert made.exit_code == 0, made.output
    items = read_table(tmp_path / "p" / "items.csv")
    assert (items["item"].tolist(), items["text"].tolist()) == (ids, TEXTS)
    project = wh.Project.load(tmp_path / "p")
    assert sorted(project.config.labels.classes) == ["rain", "sun"]
    next_ = shlex.split(" ".join(made.output.split()).partition("Next: weakhitl ")[2])
    assert run(*next_).exit_code == 0
    assert json.loads(run(*next_, "--json").output)["known"] == 6
    project.route(everything=True, overlap=2)
    share = project.agreement()["dataset"]["percent-agreement"]["value"]
    assert share == pytest.approx(2 / 3)


def test_the_classes_of_a_tool_may_be_named_and_what_they_lack_is_a_fault(tmp_path):
    file, _ = label_studio(tmp_path)
    made = run("init", tmp_path / "p", "--from", "label-studio", "--data", file, "--class", "rain", "--class", "sun")
    assert made.exit_code == 0
    assert list(wh.Project.load(tmp_path / "p").config.labels.classes) == ["rain", "sun"]
    refused = run("init", tmp_path / "q", "--from", "label-studio", "--data", file, "--class", "wet", "--class", "dry")
    assert (refused.exit_code, refused.output.count("record")) == (3, 6)
    assert not (tmp_path / "q").exists()


def test_cells_of_a_tool_that_a_table_has_no_type_for_are_json(tmp_path):
    file, _ = label_studio(tmp_path)
    run("init", tmp_path / "p", "--from", "label-studio", "--data", file)
    assert read_table(tmp_path / "p" / "items.csv")["meta"].tolist() == [f'{{"page": {at}}}' for at in (70, 71, 72)]


def test_of_several_questions_one_is_the_label(tmp_path):
    file, _ = label_studio(tmp_path)
    tasks = json.loads(file.read_text())
    other = {"from_name": "mood", "type": "choices", "value": {"choices": ["calm"]}}
    tasks[0]["annotations"][0]["result"].append(other)
    file.write_text(json.dumps(tasks))
    refused = run("init", tmp_path / "p", "--from", "label-studio", "--data", file)
    assert (refused.exit_code, "say which holds the label: sky, mood" in refused.output) == (3, True)
    made = run("init", tmp_path / "p", "--from", "label-studio", "--data", file, "--label", "sky")
    assert (made.exit_code, "--own-ids --label sky" in " ".join(made.output.split())) == (0, True)


@pytest.mark.parametrize(
    ("choices", "said"), [("sun", ""), (5, "label '5'"), (None, ""), ({"a": 1}, "expected a text")]
)
def test_choices_of_label_studio_that_are_no_list_are_one_choice(tmp_path, choices, said):
    file, _ = label_studio(tmp_path)
    tasks = json.loads(file.read_text())
    tasks[0]["annotations"][0]["result"][0]["value"]["choices"] = choices
    file.write_text(json.dumps(tasks))
    classes = ["--class", "sun", "--class", "rain"]
    made = run("init", tmp_path / "p", "--from", "label-studio", "--data", file, *classes)
    assert (made.exit_code, said in made.output) == (3 if said else 0, True), made.output


def test_a_project_starts_from_a_file_that_does_not_say_who_rated(tmp_path):
    """As doccano's where members share labels: who it was is said when the ratings are imported."""
    lines = [{"id": at, "text": text, "label": [SAID[text]["ana"]]} for at, text in enumerate(TEXTS)]
    (tmp_path / "all.jsonl").write_text("\n".join(map(json.dumps, lines)))
    made = run("init", tmp_path / "p", "--from", "doccano", "--data", tmp_path / "all.jsonl", "--no-functions")
    assert made.exit_code == 0, made.output
    own = ["--from", "doccano", "--own-ids", "--project", tmp_path / "p"]
    refused = run("import", tmp_path / "all.jsonl", *own)
    assert (refused.exit_code, "no annotator; say who rated" in refused.output) == (3, True)
    assert "3 new ratings" in run("import", tmp_path / "all.jsonl", *own, "--by", "ana").output


def test_a_table_of_ratings_by_people_under_another_name_is_a_start(tmp_path):
    file, ids = long(tmp_path)
    pd.read_csv(file, sep="\t").rename(columns={"annotator": "worker"}).to_csv(tmp_path / "w.csv", index=False)
    made = run("init", tmp_path / "p", "--from", "long", "--data", tmp_path / "w.csv", "--no-functions")
    assert made.exit_code == 0, made.output
    assert read_table(tmp_path / "p" / "items.csv")["item"].tolist() == ids
    taken = run("import", tmp_path / "w.csv", "--annotator", "worker", "--project", tmp_path / "p")
    assert "6 new ratings" in taken.output


@pytest.mark.parametrize("classes", [[], ["--class", "sun", "--class", "rain"]])
def test_an_answer_that_is_no_class_is_none(tmp_path, classes):
    file, _ = long(tmp_path)
    table = pd.read_csv(file, sep="\t")
    table.loc[0, "label"] = "I can't tell"
    table.to_csv(file, index=False, sep="\t")
    made = run("init", tmp_path / "p", "--from", "long", "--data", file, "--no-functions", *classes)
    assert made.exit_code == 0, made.output
    config = wh.Project.load(tmp_path / "p").config
    assert (sorted(config.labels.classes), config.labels.skip) == (["rain", "sun"], ["I can't tell"])


def test_ratings_without_texts_make_items_of_ids_alone(tmp_path):
    file, ids = long(tmp_path)
    pd.read_csv(file, sep="\t").drop(columns="text").to_csv(tmp_path / "bare.csv", index=False)
    made = run("init", tmp_path / "p", "--from", "long", "--data", tmp_path / "bare.csv")
    assert made.exit_code == 0, made.output
    assert read_table(tmp_path / "p" / "items.csv").to_dict("list") == {"item": ids}
    assert run("label", "--project", tmp_path / "p").exit_code == 0


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--from", "label-studio"], "--from: say which data with --data"),
        (["--from", "magic", "--data", "export.json"], "there is no format 'magic'"),
        (["--from", "label-studio", "--data", "export.json", "--add-ids"], "has ids of its own"),
        (["--data", "export.json"], "say which with --from: label-studio, prodigy"),
    ],
)
def test_a_start_that_cannot_be_is_refused_and_leaves_nothing(tmp_path, monkeypatch, options, said):
    label_studio(tmp_path)
    monkeypatch.chdir(tmp_path)
    refused = run("init", "p", *options)
    assert refused.exit_code in (2, 3)
    assert said in refused.output
    assert not (tmp_path / "p").exists()


def test_an_import_names_the_way_where_the_ids_are_the_tools_own_and_a_json_file_where_the_tool_is_missing(tmp_path):
    world = World()
    start(tmp_path / "p", world)
    file, _ = label_studio(tmp_path)
    refused = run("import", file, "--from", "label-studio", "--project", tmp_path / "p")
    assert (refused.exit_code, "or take the tool's own ids (--own-ids)" in refused.output) == (3, True)
    unknown = run("import", file, "--from", "label-studio", "--own-ids", "--label", "sky", "--project", tmp_path / "p")
    assert unknown.exit_code == 3
    plain = run("import", file, "--project", tmp_path / "p")
    assert (plain.exit_code, "say which with --from: label-studio" in plain.output) == (3, True)


def test_our_own_ids_come_first(tmp_path):
    """A file that went out from a project comes back under the project's ids, whatever numbers the tool gave."""
    world = World()
    start(tmp_path / "p", world)
    project = wh.Project.load(tmp_path / "p")
    project.label()
    collect(project, tmp_path, world.ratings(world.truth.index[:5], {"ana": 1.0}))
    project.export(tmp_path / "e.json", to="label-studio", ratings=True)
    made = run("init", tmp_path / "q", "--from", "label-studio", "--data", tmp_path / "e.json")
    assert made.exit_code == 0, made.output
    assert set(read_table(tmp_path / "q" / "items.csv")["item"]) <= set(project.items.index)
