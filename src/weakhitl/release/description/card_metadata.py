"""The front matter of a dataset card: what Hugging Face reads of it."""

import re
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from weakhitl.config import Config
from weakhitl.release.description.features import features
from weakhitl.release.description.statements import Report, provenance_counts, title
from weakhitl.release.shards import Shard

DEFAULT = "default"
EVIDENCE = {"annotations": "annotations.parquet", "votes": "votes.parquet", "consensus": "consensus.parquet"}
"""Further configurations: tables of the evidence beside the data."""
TAGS = ("weak-supervision", "weakhitl")
_SCALES = ("1K", "10K", "100K", "1M", "10M", "100M", "1B", "10B", "100B", "1T")


def card_metadata(config: Config, report: Report, shards: Sequence[Shard], schema: pa.Schema) -> dict[str, Any]:
    """Collect the front matter; what is not known is left out. Raises ``DataError`` for types no card can name.

    Files without rows are not named: ``datasets`` fails on them, and then loads nothing at all.
    """
    card = config.card
    shards = [shard for shard in shards if shard.rows]
    content = {
        "annotations_creators": _creators(config, report),
        "language": list(dict.fromkeys(tag.split("-")[0].lower() for tag in card.language)),
        "language_details": card.language if any("-" in tag for tag in card.language) else [],
        "license": card.license and card.license.lower(),
        "pretty_name": title(config),
        "size_categories": [size_category(sum(shard.rows for shard in shards))],
        "task_categories": card.task_categories,
        "tags": list(dict.fromkeys([*TAGS, *card.tags])),
        "configs": [
            _data_files(shards),
            *({"config_name": name, "data_files": path} for name, path in EVIDENCE.items()),
        ],
        "dataset_info": {
            "config_name": DEFAULT,
            "features": features(schema, config.labels.classes),
            "splits": _splits(shards),
            "download_size": sum(shard.size for shard in shards),
            "dataset_size": sum(shard.size for shard in shards),
        },
    }
    return {key: value for key, value in content.items() if value}


def size_category(rows: int) -> str:
    """Give Hugging Face's bracket for a number of rows.

    >>> size_category(999), size_category(1_000), size_category(25_000)
    ('n<1K', '1K<n<10K', '10K<n<100K')
    """
    place = max(0, len(str(rows)) - 3)
    if place == 0:
        return f"n<{_SCALES[0]}"
    if place >= len(_SCALES):
        return f"n>{_SCALES[-1]}"
    return f"{_SCALES[place - 1]}<n<{_SCALES[place]}"


def by_split(shards: Sequence[Shard]) -> dict[str, list[Shard]]:
    """Group the files by split, in the order in which the splits come."""
    groups: dict[str, list[Shard]] = {}
    for shard in shards:
        groups.setdefault(shard.split, []).append(shard)
    return groups


def split_names(shards: Sequence[Shard]) -> dict[str, str]:
    """Map each split to the name under which ``datasets`` loads it.

    There a name is made of letters, digits, underscores and inner dots, and ``all`` is taken.
    """
    names: dict[str, str] = {}
    for split in by_split(shards):
        name = split if re.fullmatch(r"\w+(\.\w+)*", split) else re.sub(r"\W", "_", split) or "_"
        while name == "all" or name in names.values():
            name += "_"
        names[split] = name
    return names


def _data_files(shards: Sequence[Shard]) -> dict[str, Any]:
    names = split_names(shards)
    files = [
        {"split": names[split], "path": [_pattern(shard.path) for shard in group]}
        for split, group in by_split(shards).items()
    ]
    return {"config_name": DEFAULT, "default": True, "data_files": files}


def _pattern(path: str) -> str:
    """Escape what a pattern of files would not take at its word."""
    return re.sub(r"[*?\[]", lambda found: f"[{found[0]}]", path)


def _splits(shards: Sequence[Shard]) -> list[dict[str, Any]]:
    names = split_names(shards)
    return [
        {
            "name": names[split],
            "num_bytes": sum(shard.size for shard in group),
            "num_examples": sum(shard.rows for shard in group),
        }
        for split, group in by_split(shards).items()
    ]


def _creators(config: Config, report: Report) -> list[str]:
    """Name who made the labels; that people are a crowd, or experts, only the owner can say."""
    counts = provenance_counts(report)
    people = [config.card.annotators or "other"] if counts.get("people") or counts.get("adjudicated") else []
    machine = ["machine-generated"] if counts.get("functions") else []
    known_before = ["other"] if counts.get("gold") else []
    return list(dict.fromkeys([*people, *machine, *known_before]))
