"""Hugging Face's datasets and mlcroissant read a folder with our card and our description, offline and without a word.

They have an environment of their own, which `scripts/test` makes.
"""

import hashlib
import json
import warnings
from datetime import UTC, date, datetime, time
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import weakhitl as wh
from projects import CONFIG, ready
from weakhitl.config import parse_config
from weakhitl.release.description.card import render_card
from weakhitl.release.description.croissant import croissant
from weakhitl.release.evidence_files import NAMES
from weakhitl.release.shards import Shard

MADE = datetime(2026, 1, 2, tzinfo=UTC)
CARD = """\
[card]
pretty_name = 'Weather: "no" | on'
license = "cc-by-4.0"
language = ["en"]
authors = ["Ana Example"]
homepage = "https://example.org/weather"
citation = "@misc{weather}"
collection = "Written for the tests."
demographics = "Three students."
personal = "None."
intended = "For tests."
maintenance = "None."
"""
N = 12
COLUMNS = {
    "item": pa.array([f"{i:03d}" for i in range(N)]),
    "large": pa.array(["a", None] * 6, pa.large_string()),
    "n": pa.array(range(N), pa.int64()),
    "yes": pa.array([True, False, None] * 4),
    "when": pa.array([datetime(2024, 5, 1, 10, tzinfo=UTC)] * N, pa.timestamp("us", "UTC")),
    "day": pa.array([date(2024, 5, 1)] * N),
    "hour": pa.array([time(10, 30)] * N, pa.time64("us")),
    "bytes": pa.array([b"\xff\x00", None] * 6),
    "words": pa.array([["a", "b"], [], None] * 4),
    "grid": pa.array([[[1, 2], [3]], [[4]]] * 6),
    "fixed": pa.array([[1.0, 2.0]] * N, pa.list_(pa.float32(), 2)),
    "kind": pa.array(["web", "print"] * 6).dictionary_encode(),
    "price": pa.array([Decimal("1.50")] * N, pa.decimal128(10, 2)),
    "person": pa.array([{"name": "ana", "home town": {"zip": 1010}}, {"name": None, "home town": {"zip": 2}}] * 6),
    "links": pa.array([[{"to": "x", "n": 1}, {"to": "y", "n": 2}], [{"to": "z", "n": 3}]] * 6),
    'a "b": c | d\n': pa.array(["odd"] * N),
    "split": pa.array(["mine"] * N),
    "label": pa.array(["sun", "rain", "snow"] * 4),
    "probability": pa.array([0.5 + i / 100 for i in range(N)]),
    "provenance": pa.array(["functions", "people", "adjudicated"] * 4),
}
TABLE = pa.table(COLUMNS)
SPLITS = {"train": [slice(0, 5), slice(5, 8)], "validation": [slice(8, 10)], "test": [slice(10, 12)]}


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    ready(folder)
    return wh.Project.load(folder).release("1.0.0").path


def write(folder, released, table=TABLE, splits=SPLITS, card=CARD):
    """Write shards, card and description, and the evidence beside them."""
    shards = []
    (folder / "data").mkdir(parents=True)
    for split, parts in splits.items():
        for at, part in enumerate(parts):
            path = folder / "data" / f"{split}-{at:05d}-of-{len(parts):05d}.parquet"
            rows = table.slice(part.start, part.stop - part.start)
            pq.write_table(rows, path)
            sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
            shards.append(Shard(f"data/{path.name}", split, rows.num_rows, path.stat().st_size, sha256))
    report = json.loads((released / "report.json").read_text(encoding="utf-8"))
    config = parse_config(CONFIG + card, NAMES)
    described = croissant(config, report, shards, table.schema, MADE)
    (folder / "README.md").write_text(render_card(config, report, shards, table.schema), encoding="utf-8")
    (folder / "croissant.json").write_text(json.dumps(described, ensure_ascii=False), encoding="utf-8")
    for name in ("annotations", "votes", "consensus"):
        (folder / f"{name}.parquet").write_bytes((released / f"{name}.parquet").read_bytes())
    (folder / "report.json").write_text("{}", encoding="utf-8")
    return folder


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """Give Hugging Face's datasets, with its cache in a temporary folder and without the network."""
    for name, value in {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")}.items():
        monkeypatch.setenv(name, value)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        datasets = pytest.importorskip("datasets")
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", tmp_path / "cache")
    monkeypatch.setattr(datasets.config, "HF_HUB_OFFLINE", True)
    datasets.disable_progress_bars()
    return datasets


@pytest.fixture
def mlcroissant(monkeypatch):
    """Give mlcroissant, without the network."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        package = pytest.importorskip("mlcroissant")
    import socket

    def no_network(*_):
        raise AssertionError("the description asks for the network")

    monkeypatch.setattr(socket.socket, "connect", no_network)
    return package


@pytest.mark.parametrize("streaming", [False, True])
def test_datasets_reads_every_row_and_type(hub, tmp_path, released, streaming):
    loaded = hub.load_dataset(str(write(tmp_path / "bundle", released)), streaming=streaming)
    assert list(loaded) == list(SPLITS)
    rows = [row for split in SPLITS for row in loaded[split]]
    names = loaded["train"].features["label"].names
    assert names == ["sun", "rain", "snow"]
    expected = TABLE.to_pylist()
    assert [row | {"label": names[row["label"]]} for row in rows] == expected


def test_datasets_reads_a_release_with_odd_and_empty_splits(hub, tmp_path, released):
    splits = {"train-2": [slice(0, 4)], "all": [slice(4, 9)], "tr[ai]n*": [slice(9, N)], "none": [slice(N, N)]}
    loaded = hub.load_dataset(str(write(tmp_path / "bundle", released, splits=splits)))
    assert {split: len(rows) for split, rows in loaded.items()} == {"train_2": 4, "all_": 5, "tr_ai_n_": 3}


def test_datasets_reads_the_evidence_beside_the_data(hub, tmp_path, released):
    folder = str(write(tmp_path / "bundle", released))
    assert hub.get_dataset_config_names(folder) == ["default", "annotations", "votes", "consensus"]
    votes = hub.load_dataset(folder, "votes")["train"]
    assert (len(votes), votes.column_names[:2]) == (240, ["item", "source:says_sun"])
    assert hub.load_dataset(folder, "annotations")["train"].column_names[:3] == ["item", "annotator", "label"]
    assert len(hub.load_dataset(folder, "consensus")["train"]) == 240


def test_datasets_reads_files_with_the_metadata_of_pandas_and_of_another_dataset(hub, tmp_path, released):
    table = pa.Table.from_pandas(TABLE.select(["item", "label", "probability", "provenance"]).to_pandas())
    other = {"info": {"features": {"item": {"dtype": "int64", "_type": "Value"}}}}
    table = table.replace_schema_metadata({**table.schema.metadata, b"huggingface": json.dumps(other).encode()})
    loaded = hub.load_dataset(str(write(tmp_path / "bundle", released, table, {"train": [slice(0, N)]})))
    assert loaded["train"]["item"][:2] == ["000", "001"]
    label = loaded["train"].features["label"]
    assert (label.int2str if isinstance(label, hub.ClassLabel) else str)(loaded["train"]["label"][1]) == "rain"


def test_mlcroissant_reads_every_row_and_finds_no_fault(mlcroissant, tmp_path, released, caplog):
    folder = write(tmp_path / "bundle", released)
    dataset = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    assert (dataset.metadata.issues.errors, dataset.metadata.issues.warnings) == (set(), set())
    records = {record["data/item"].decode(): record for record in dataset.records("data")}
    assert list(records) == [f"{i:03d}" for i in (10, 11, *range(10))]  # by path: test, train, validation
    for i, row in enumerate(TABLE.to_pylist()):
        record = records[row["item"]]
        assert record["data/split_"].decode() == ("train" if i < 8 else "validation" if i < 10 else "test")
        assert record["data/label"].decode() == row["label"]
        assert record["data/probability"] == row["probability"]
        assert record["data/n"] == row["n"]
        assert record["data/bytes"] == row["bytes"]
        assert record["data/person"]["data/person/home%20town/zip"] == row["person"]["home town"]["zip"]
        assert [link["data/links/n"] for link in record["data/links"]] == [link["n"] for link in row["links"]]
        assert [word.decode() for word in record["data/words"] or []] == (row["words"] or [])
        assert [list(line) for line in record["data/grid"]] == row["grid"]
        assert record["data/a%20%22b%22%3A%20c%20%7C%20d%0A"] == b"odd"
    assert caplog.messages == []


def test_mlcroissant_reads_odd_and_empty_splits(mlcroissant, tmp_path, released):
    splits = {"train": [slice(0, 2)], "train-2": [slice(2, 9)], "tr[ai]n*": [slice(9, N)], "none": [slice(N, N)]}
    folder = write(tmp_path / "bundle", released, splits=splits)
    records = list(mlcroissant.Dataset(jsonld=str(folder / "croissant.json")).records("data"))
    found = {record["data/item"].decode(): record["data/split_"].decode() for record in records}
    assert [found[f"{i:03d}"] for i in range(N)] == ["train"] * 2 + ["train-2"] * 7 + ["tr[ai]n*"] * 3


def test_mlcroissant_reads_one_split_and_the_lists(mlcroissant, tmp_path, released):
    folder = write(tmp_path / "bundle", released)
    dataset = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    assert [row["splits/name"] for row in dataset.records("splits")] == list(SPLITS)
    assert [row["classes/name"] for row in dataset.records("classes")] == ["sun", "rain", "snow"]
    assert dataset.metadata.annotations_per_item.startswith("3 by design")
    assert dataset.metadata.annotator_demographics == ["Three students."]
    train = list(dataset.records("data", filters={"data/split_": "train"}))
    assert [record["data/item"].decode() for record in train] == [f"{i:03d}" for i in range(8)]


def test_mlcroissant_reads_a_bare_project_and_only_misses_what_nobody_said(mlcroissant, tmp_path, released):
    folder = write(tmp_path / "bundle", released, splits={"train": [slice(0, N)]}, card="")
    dataset = mlcroissant.Dataset(jsonld=str(folder / "croissant.json"))
    assert dataset.metadata.issues.errors == set()
    assert all("recommended" in warning for warning in dataset.metadata.issues.warnings)
    assert len(list(dataset.records("data"))) == N


@pytest.fixture(scope="module")
def split_release(tmp_path_factory):
    """A release in three splits, as a user makes it."""
    folder = tmp_path_factory.mktemp("split")
    ready(folder)
    config = folder / "weakhitl.toml"
    config.write_text(config.read_text() + "splits = { train = 0.5, validation = 0.25, test = 0.25 }\n" + CARD)
    wh.Project.load(folder).label()
    path = wh.Project.load(folder).release("1.0.0").path
    assert wh.verify(path).holds
    return path


def test_datasets_reads_a_release_as_it_is(hub, split_release):
    loaded = hub.load_dataset(str(split_release))
    report = json.loads((split_release / "report.json").read_text())
    assert list(loaded) == ["train", "validation", "test"]
    assert sum(map(len, loaded.values())) == report["counts"]["released"]
    for split in loaded:
        stored = pq.read_table(split_release / "data" / f"{split}-00000-of-00001.parquet").to_pylist()
        names = loaded[split].features["label"].names
        assert [row | {"label": names[row["label"]]} for row in loaded[split]] == stored


def test_mlcroissant_reads_a_release_as_it_is(mlcroissant, split_release):
    dataset = mlcroissant.Dataset(jsonld=str(split_release / "croissant.json"))
    assert (dataset.metadata.issues.errors, dataset.metadata.issues.warnings) == (set(), set())
    assert dataset.metadata.conforms_to
    found = {record["data/item"].decode(): record["data/label"].decode() for record in dataset.records("data")}
    stored = pq.ParquetDataset(split_release / "data").read().to_pylist()
    assert found == {row["item"]: row["label"] for row in stored}
