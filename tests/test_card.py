"""The dataset card and Croissant's description: whatever the names, they say what the release says."""

import copy
import json
import re
from datetime import UTC, datetime
from itertools import pairwise

import pyarrow as pa
import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings, strategies as st
from markdown_it import MarkdownIt

import weakhitl as wh
from projects import CONFIG, ready
from weakhitl.config import Config, parse_config
from weakhitl.config.card import CardSection
from weakhitl.errors import ConfigError, DataError
from weakhitl.release.description.card import render_card
from weakhitl.release.description.croissant import croissant
from weakhitl.release.description.features import features
from weakhitl.release.description.front_matter import front_matter
from weakhitl.release.evidence_files import NAMES
from weakhitl.release.shards import Shard

MADE = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
SCHEMA = pa.schema(
    {
        "item": pa.string(),
        "text": pa.string(),
        "label": pa.string(),
        "probability": pa.float64(),
        "provenance": pa.string(),
    }
)
SHARDS = [
    Shard("data/train-00000-of-00002.parquet", "train", 100, 3000, "a" * 64),
    Shard("data/train-00001-of-00002.parquet", "train", 61, 2000, "b" * 64),
    Shard("data/test-00000-of-00001.parquet", "test", 50, 1000, "c" * 64),
]
FULL = {
    "pretty_name": "Weather: what people write",
    "description": "Short texts\nabout the weather.",
    "license": "CC-BY-4.0",
    "language": ["en", "pt-BR", "pt"],
    "authors": ["Ana Example", "The Weather People"],
    "homepage": "https://example.org/weather",
    "citation": "@misc{weather, title={Weather}}",
    "task_categories": ["text-classification"],
    "tags": ["weather", "weakhitl"],
    "annotators": "crowdsourced",
    "demographics": "Three students.",
    "personal": "Names were cut.",
    "collection": "Written for the tests.",
    "intended": "For tests, for nothing else.",
    "maintenance": "Nobody keeps it.",
}
TRAPS = [
    "no",
    "on",
    "y",
    "1.0",
    "~",
    "null",
    "0x1f",
    "2024-01-01",
    "- x",
    "a: b",
    "# c",
    "|",
    "> d",
    "{e}",
    "[f](g)",
    "`h`",
]
TRAPS += [
    'say "i"',
    "it's",
    "back\\slash",
    "two\nlines",
    "tab\there",
    "\x85\u2028\ufeff",
    "🙂 naïve 漢字",
    "<b>j</b>",
    "*k* _l_",
    "---",
]
RAI = {
    "dataCollection", "dataCollectionType", "dataCollectionMissingData", "dataCollectionRawData",
    "dataCollectionTimeframe", "dataImputationProtocol", "dataManipulationProtocol", "dataPreprocessingProtocol",
    "dataAnnotationProtocol", "dataAnnotationPlatform", "dataAnnotationAnalysis", "dataReleaseMaintenancePlan",
    "personalSensitiveInformation", "dataSocialImpact", "dataBiases", "dataLimitations", "dataUseCases",
    "annotationsPerItem", "annotatorDemographics", "machineAnnotationTools",
}  # fmt: skip


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The report of a real release."""
    folder = tmp_path_factory.mktemp("project")
    ready(folder)
    released = wh.Project.load(folder).release("1.0.0")
    return json.loads((released.path / "report.json").read_text(encoding="utf-8"))


def config_with(card: dict | None = None, classes: list[str] | None = None) -> Config:
    content = parse_config(CONFIG, NAMES).model_dump(by_alias=True)
    content["gate"] = {}
    content["labels"]["classes"] = classes or content["labels"]["classes"]
    return Config.model_validate(content | {"card": card or {}})


def renamed(value, names: dict[str, str]):
    """Give a report in which classes, people or functions have other names."""
    if isinstance(value, dict):
        return {names.get(key, key): renamed(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [renamed(inner, names) for inner in value]
    return names.get(value, value) if isinstance(value, str) else value


def head(card: str) -> dict:
    """Read a card's front matter as Hugging Face's datasets does: lines between the first two of dashes."""
    lines = card.splitlines()
    assert lines[0] == "---"
    return yaml.safe_load("\n".join(lines[1 : lines.index("---", 1)]))


def part(card: str, heading: str) -> str:
    return re.split(r"^## ", card.split(f"\n## {heading}\n", 1)[1], flags=re.MULTILINE)[0].strip()


def cells(markdown: str) -> list[str]:
    """Read the cells of all tables as a reader sees them."""
    tokens = MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(markdown)
    inside = [after for before, after in pairwise(tokens) if before.type in ("th_open", "td_open")]
    assert all(child.type in ("text", "text_special") for token in inside for child in token.children)
    return ["".join(child.content for child in token.children) for token in inside]


def test_the_front_matter_says_what_hugging_face_asks_for(report):
    found = head(render_card(config_with(FULL), report, SHARDS, SCHEMA))
    info = found.pop("dataset_info")
    assert found == {
        "annotations_creators": ["crowdsourced", "machine-generated"],
        "language": ["en", "pt"],
        "language_details": ["en", "pt-BR", "pt"],
        "license": "cc-by-4.0",
        "pretty_name": "Weather: what people write",
        "size_categories": ["n<1K"],
        "task_categories": ["text-classification"],
        "tags": ["weak-supervision", "weakhitl", "weather"],
        "configs": [
            {
                "config_name": "default",
                "default": True,
                "data_files": [
                    {"split": "train", "path": [shard.path for shard in SHARDS[:2]]},
                    {"split": "test", "path": [SHARDS[2].path]},
                ],
            },
            {"config_name": "annotations", "data_files": "annotations.parquet"},
            {"config_name": "votes", "data_files": "votes.parquet"},
            {"config_name": "consensus", "data_files": "consensus.parquet"},
        ],
    }
    assert info["splits"] == [
        {"name": "train", "num_bytes": 5000, "num_examples": 161},
        {"name": "test", "num_bytes": 1000, "num_examples": 50},
    ]
    label = {"class_label": {"names": {"0": "sun", "1": "rain", "2": "snow"}}}
    assert info["features"][2] == {"name": "label", "dtype": label}


def test_what_nobody_said_is_left_out_and_a_missing_license_is_said_plainly(report):
    card = render_card(config_with(), report, SHARDS, SCHEMA)
    found, described = head(card), croissant(config_with(), report, SHARDS, SCHEMA, MADE)
    assert set(found) == {"annotations_creators", "pretty_name", "size_categories", "tags", "configs", "dataset_info"}
    assert found["annotations_creators"] == ["other", "machine-generated"]
    assert "No license is given" in part(card, "License")
    assert part(card, "Cite") == "small, version 1.0.0."
    assert {"Uses", "Maintenance", "Where the items come from"} & set(
        re.findall(r"^## (.*)$", card, re.MULTILINE)
    ) == set()
    assert {"license", "url", "creator", "citeAs", "inLanguage", "rai:dataCollection"} & set(described) == set()
    assert {"rai:annotatorDemographics", "rai:personalSensitiveInformation", "rai:dataUseCases"} & set(
        described
    ) == set()


@pytest.mark.parametrize("key", CardSection.model_fields)
def test_every_key_of_the_section_reaches_the_pages(key, report):
    config, bare = config_with({key: FULL[key]}), config_with()
    assert render_card(config, report, SHARDS, SCHEMA) != render_card(bare, report, SHARDS, SCHEMA)
    value = FULL[key][0] if isinstance(FULL[key], list) else FULL[key]
    assert value.lower() in render_card(config, report, SHARDS, SCHEMA).lower()
    if key not in ("annotators", "task_categories"):
        described = croissant(config, report, SHARDS, SCHEMA, MADE)
        assert described != croissant(bare, report, SHARDS, SCHEMA, MADE)
        assert json.dumps(value)[1:-1].lower() in json.dumps(described).lower()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('license = ""', "card.license: '' is no identifier of a license"),
        ('license = "all mine"', "card.license: 'all mine' is no identifier"),
        ('language = ["en", "english"]', "card.language: 'english': no BCP 47 tag"),
        ('homepage = "example.org"', "card.homepage: 'example.org' is no http:// or https:// address"),
        ('authors = [" "]', "card.authors 1: it is empty"),
        ('licence = "mit"', "unknown key 'licence' in [card]; did you mean 'license'?"),
        ('annotators = "experts"', "card.annotators = 'experts'"),
    ],
)  # fmt: skip
def test_what_cannot_stand_on_a_card_is_named(line, message):
    with pytest.raises(ConfigError, match=re.escape(message)):
        parse_config(f"{CONFIG}[card]\n{line}\n", NAMES)


@pytest.mark.parametrize("name", TRAPS)
def test_names_are_shown_as_they_are(name, report):
    classes = [name, "rain", "snow"]
    config = config_with({"pretty_name": name, "tags": [name]}, classes)
    schema = SCHEMA.append(pa.field(name, pa.list_(pa.struct({name: pa.int64()}))))
    named = renamed(report, {"sun": name, "ana": name, "says_sun": name, "small": name})
    card = render_card(config, named, SHARDS, schema)
    found = head(card)
    assert found["pretty_name"] == name
    assert found["tags"][-1] == name
    assert found["dataset_info"]["features"][2]["dtype"]["class_label"]["names"]["0"] == name
    assert found["dataset_info"]["features"][-1] == {"name": name, "list": [{"name": name, "dtype": "int64"}]}
    shown = cells(card.split("\n---\n", 1)[1])
    on_one_line = " ".join(name.split())
    assert shown.count(on_one_line) >= 4  # a class, a column, a person, a function
    described = json.loads(json.dumps(croissant(config, named, SHARDS, schema, MADE)))
    field = described["recordSet"][-1]["field"][-1]
    assert field["source" if "source" in field else "name"] == name
    assert field["subField"][0]["source"]["extract"]["column"] == name
    assert described["recordSet"][1]["data"][0] == {"classes/name": name}


texts = st.text(min_size=1).filter(str.strip)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(text=texts, citation=texts)
@example(text="\x7f\x80\ufffe\uffff\U0001f642 ---\n---", citation="````\n```")
def test_any_text_survives(report, text, citation):
    config = config_with({"pretty_name": text, "description": text, "citation": citation, "tags": [text]})
    card = render_card(config, report, SHARDS, SCHEMA)
    assert head(card)["pretty_name"] == text
    assert head(card)["tags"][-1] == text
    described = json.loads(json.dumps(croissant(config, report, SHARDS, SCHEMA, MADE)))
    assert (described["description"], described["citeAs"]) == (text, citation)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.dictionaries(
            st.text(), inner | st.lists(st.text() | st.dictionaries(st.text(), inner, min_size=1))
        ),
    ).map(lambda value: {"key": value})
)
def test_front_matter_is_yaml(content):
    assert head(front_matter(content)) == content


def test_the_same_release_gives_the_same_pages(report):
    one, two = config_with(FULL), config_with(dict(reversed(FULL.items())))
    assert render_card(one, report, SHARDS, SCHEMA) == render_card(two, copy.deepcopy(report), list(SHARDS), SCHEMA)
    described = [croissant(config, report, SHARDS, SCHEMA, MADE) for config in (one, two)]
    assert json.dumps(described[0]) == json.dumps(described[1])


def test_the_card_says_how_good_the_labels_are_with_intervals_and_who_waived_what(report):
    report = copy.deepcopy(report)
    waiver = {"check": "coverage", "reason": "It is | a test.", "owner": "ana", "expires": "2027-01-31"}
    report["gate"]["checks"][2] |= {"status": "waived", "waiver": waiver}
    card = render_card(config_with(FULL), report, SHARDS, SCHEMA)
    quality = part(card, "How good the labels are")
    assert re.search(r"\| release-accuracy \| pass \| 0\.\d+ \[0\.\d+, 0\.\d+\] \|", quality)
    assert re.search(r"- krippendorff-alpha: 0\.\d+ \[0\.\d+, 0\.\d+\] on 140 items", quality)
    assert "It is | a test." in cells(quality)
    assert "Waived check coverage" in part(card, "Limits")
    assert "under 0.955" in part(card, "Limits")
    name, counted = cells(part(card, "Who annotated"))[3:5]
    assert name.startswith("person-")
    assert counted == "140"
    assert "Three students." in part(card, "Who annotated")
    assert "weakhitl verify ." in part(card, "Verify")


def test_a_project_without_people_has_a_card(report):
    report = copy.deepcopy(report)
    report["annotators"] = []
    report["counts"] |= {
        "annotators": 0,
        "ratings": 0,
        "released_by_origin": {"functions": 5, "people": 0},
    }
    found = head(card := render_card(config_with(), report, SHARDS, SCHEMA))
    assert found["annotations_creators"] == ["machine-generated"]
    assert "## Who annotated" not in card
    described = croissant(config_with(), report, SHARDS, SCHEMA, MADE)
    assert {"rai:dataAnnotationPlatform", "rai:annotationsPerItem"} & set(described) == set()


def test_splits_that_datasets_would_refuse_get_other_names(report):
    shards = [
        Shard(f"data/{name}-00000-of-00001.parquet", name, 1, 1, "") for name in ("all", "dev-set", "dev_set", "été")
    ]
    found = head(render_card(config_with(), report, shards, SCHEMA))
    names = [split["name"] for split in found["dataset_info"]["splits"]]
    assert names == ["all_", "dev_set", "dev_set_", "été"]
    assert [files["split"] for files in found["configs"][0]["data_files"]] == names


def test_files_without_rows_are_not_offered_to_datasets(report):
    card = render_card(
        config_with(), report, [Shard("data/dev-00000-of-00001.parquet", "dev", 0, 9, ""), *SHARDS], SCHEMA
    )
    assert [files["split"] for files in head(card)["configs"][0]["data_files"]] == ["train", "test"]
    assert 'data["train"]' in part(card, "Load")
    assert cells(part(card, "Splits"))[4:6] == ["dev", "0"]


TYPES = {
    "null": pa.null(), "bool": pa.bool_(), "int8": pa.int8(), "uint64": pa.uint64(), "float16": pa.float16(),
    "float32": pa.float32(), "float64": pa.float64(), "large_string": pa.large_string(), "binary": pa.binary(),
    "large_binary": pa.large_binary(), "fixed_size_binary[4]": pa.binary(4), "date32": pa.date32(),
    "date64": pa.date64(), "time32[s]": pa.time32("s"), "time64[us]": pa.time64("us"),
    "timestamp[us]": pa.timestamp("us"), "timestamp[ns, tz=Europe/Vienna]": pa.timestamp("ns", "Europe/Vienna"),
    "duration[ms]": pa.duration("ms"), "decimal128(10, 2)": pa.decimal128(10, 2),
    "string": pa.dictionary(pa.int32(), pa.string()),
}  # fmt: skip


def test_every_type_that_datasets_knows_has_its_name():
    assert [row["dtype"] for row in features(pa.schema(TYPES), [])] == list(TYPES)
    nested = {
        "list": pa.list_(pa.list_(pa.string())),
        "fixed": pa.list_(pa.float32(), 3),
        "large": pa.large_list(pa.struct({"a": pa.int8()})),
        "struct": pa.struct({"a": pa.int8(), "b": pa.struct({"c": pa.list_(pa.bool_())})}),
    }
    assert features(pa.schema(nested), []) == [
        {"name": "list", "list": {"list": "string"}},
        {"name": "fixed", "list": "float32", "length": 3},
        {"name": "large", "large_list": [{"name": "a", "dtype": "int8"}]},
        {
            "name": "struct",
            "struct": [{"name": "a", "dtype": "int8"}, {"name": "b", "struct": [{"name": "c", "list": "bool"}]}],
        },
    ]


def test_a_column_that_datasets_cannot_hold_is_named():
    schema = pa.schema(
        {"ok": pa.int8(), "m": pa.map_(pa.string(), pa.int8()), "l": pa.list_(pa.month_day_nano_interval())}
    )
    with pytest.raises(DataError, match="column 'm' holds map<string, int8") as caught:
        features(schema, [])
    assert len(caught.value.faults) == 2


def test_croissant_has_the_specifications_names_and_every_file_with_its_hash(report):
    described = croissant(config_with(FULL), report, SHARDS, SCHEMA, MADE)
    assert {key.removeprefix("rai:") for key in described if key.startswith("rai:")} <= RAI
    assert described["conformsTo"] == ["http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0"]
    assert described["license"] == "https://spdx.org/licenses/CC-BY-4.0.html"
    assert described["datePublished"] == "2026-01-02T03:04:05+00:00"
    *files, together = described["distribution"]
    assert {file["contentUrl"]: file["sha256"] for file in files} == {shard.path: shard.sha256 for shard in SHARDS}
    assert together["includes"] == [shard.path for shard in SHARDS]
    splits, classes, records = described["recordSet"]
    assert [row["splits/url"] for row in splits["data"]] == ["cr:TrainingSplit", "cr:TestSplit"]
    assert [row["classes/name"] for row in classes["data"]] == ["sun", "rain", "snow"]
    assert [field["name"] for field in records["field"]] == ["split", *SCHEMA.names]
    assert records["field"][3]["dataType"] == ["sc:Text", "cr:Label"]
    assert any("krippendorff-alpha: 0." in line for line in described["rai:dataAnnotationAnalysis"])


def test_a_column_without_a_type_in_croissant_is_left_out_by_name(report):
    odd = {"took": pa.duration("s"), "deep": pa.list_(pa.list_(pa.struct({"a": pa.int8()}))), "gone": pa.struct({})}
    schema = pa.schema([*SCHEMA, *pa.schema(odd)])
    records = croissant(config_with(), report, SHARDS, schema, MADE)["recordSet"][-1]
    assert [field["name"] for field in records["field"]] == ["split", *SCHEMA.names]
    assert records["description"].endswith("Columns without a type in Croissant: took, deep, gone.")


def test_identifiers_in_croissant_are_each_given_once(report):
    schema = SCHEMA.append(pa.field("split", pa.string())).append(pa.field("split_", pa.string()))
    schema = schema.append(pa.field("a b", pa.string())).append(pa.field("a%20b", pa.string()))
    described = croissant(config_with(), report, SHARDS, schema, MADE)
    ids = [node["@id"] for node in described["distribution"] + described["recordSet"]]
    ids += [field["@id"] for node in described["recordSet"] for field in node["field"]]
    assert len(ids) == len(set(ids))
    assert described["recordSet"][-1]["field"][0]["name"] == "split__"
