"""``croissant.json``: the release in Croissant 1.1 with its extension for responsible AI.

Specifications: http://mlcommons.org/croissant/1.1 and http://mlcommons.org/croissant/RAI/1.0.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa

from weakhitl import __version__
from weakhitl.config import Config
from weakhitl.release.description import statements
from weakhitl.release.description.card_metadata import TAGS, by_split
from weakhitl.release.description.croissant_fields import FILES, RECORDS, columns
from weakhitl.release.description.licenses import license_url
from weakhitl.release.description.statements import Report
from weakhitl.release.shards import Shard

CONFORMS_TO = ("http://mlcommons.org/croissant/1.1", "http://mlcommons.org/croissant/RAI/1.0")
_PARQUET = "application/x-parquet"
_TERMS = (
    "annotation arrayShape citeAs column containedIn equivalentProperty excludes extract field fileObject fileProperty "
    "fileSet format includes isArray isLiveDataset jsonPath key md5 parentField path readLines recordSet references "
    "regex repeated replace samplingRate sdVersion separator source subField transform unArchive value"
)
_KINDS = {
    "train": "cr:TrainingSplit",
    "training": "cr:TrainingSplit",
    "validation": "cr:ValidationSplit",
    "valid": "cr:ValidationSplit",
    "val": "cr:ValidationSplit",
    "dev": "cr:ValidationSplit",
    "test": "cr:TestSplit",
}

Node = dict[str, Any]


def croissant(
    config: Config, report: Report, shards: Sequence[Shard], schema: pa.Schema, created: datetime
) -> dict[str, Any]:
    """Describe a release so that Croissant's tools find, check and read it from its folder, without the network.

    ``report`` is the content of ``report.json``, ``schema`` that of the shards, ``created`` when it was made.
    What is neither in the ledger nor in ``[card]`` is left out, also where Croissant asks for it.
    """
    card = config.card
    content = {
        "@context": _context(),
        "@type": "sc:Dataset",
        "conformsTo": list(CONFORMS_TO),
        "name": statements.title(config),
        "description": card.description or statements.summary(report),
        "version": report["version"],
        "datePublished": created.isoformat(),
        "license": card.license and license_url(card.license),
        "url": card.homepage,
        "creator": [{"@type": "sc:Person", "name": name} for name in card.authors],
        "citeAs": card.citation,
        "inLanguage": card.language,
        "keywords": list(dict.fromkeys([*TAGS, *card.tags])),
        **_responsible(config, report),
        "distribution": _distribution(shards),
        "recordSet": [_splits(shards), _classes(config), _records(shards, schema)],
    }
    return {key: value for key, value in content.items() if value}


def _context() -> Node:
    """Give the context of the specification in full, so that nobody has to fetch it."""
    return {
        "@language": "en",
        "@vocab": "https://schema.org/",
        "sc": "https://schema.org/",
        "cr": "http://mlcommons.org/croissant/",
        "rai": "http://mlcommons.org/croissant/RAI/",
        "dct": "http://purl.org/dc/terms/",
        "conformsTo": "dct:conformsTo",
        "data": {"@id": "cr:data", "@type": "@json"},
        "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
        "examples": {"@id": "cr:examples", "@type": "@json"},
        **{term: f"cr:{term}" for term in _TERMS.split()},
    }


def _responsible(config: Config, report: Report) -> Node:
    """Fill the terms of the extension that the ledger and the owner know something of."""
    card = config.card
    people = bool(report["counts"]["annotators"])
    return {
        "rai:dataCollection": card.collection,
        "rai:dataAnnotationProtocol": statements.protocol(config, report),
        "rai:dataAnnotationPlatform": [f"weakhitl {__version__}"] if people else None,
        "rai:dataAnnotationAnalysis": [*statements.agreement(report), *statements.checks(report)],
        "rai:annotationsPerItem": statements.ratings_per_item(config, report) if people else None,
        "rai:annotatorDemographics": card.demographics and [card.demographics],
        "rai:machineAnnotationTools": statements.machine_tools(config, report),
        "rai:dataLimitations": statements.limitations(report),
        "rai:dataBiases": statements.biases(report),
        "rai:personalSensitiveInformation": card.personal and [card.personal],
        "rai:dataUseCases": card.intended and [card.intended],
        "rai:dataReleaseMaintenancePlan": card.maintenance,
    }


def _distribution(shards: Sequence[Shard]) -> list[Node]:
    """List every file with its hash, and all of them as the set that the records are read from.

    A record set can be read from one file or from one set of files, and a set has no hashes; hence both.
    """
    files = [
        {
            "@type": "cr:FileObject",
            "@id": shard.path,
            "name": shard.path,
            "contentUrl": shard.path,
            "contentSize": f"{shard.size} B",
            "encodingFormat": _PARQUET,
            "sha256": shard.sha256,
        }
        for shard in shards
    ]
    includes = [re.sub(r"[*?\[]", lambda found: f"[{found[0]}]", shard.path) for shard in shards]
    return [
        *files,
        {"@type": "cr:FileSet", "@id": FILES, "name": FILES, "encodingFormat": _PARQUET, "includes": includes},
    ]


def _splits(shards: Sequence[Shard]) -> Node:
    """List the splits; what each is for only where Croissant has a word for all of them."""
    names = list(by_split(shards))
    rows = [{"splits/name": name} for name in names]
    fields: list[Node] = [{"@type": "cr:Field", "@id": "splits/name", "name": "name", "dataType": "sc:Text"}]
    if all(name in _KINDS for name in names):
        rows = [row | {"splits/url": _KINDS[row["splits/name"]]} for row in rows]
        fields.append({"@type": "cr:Field", "@id": "splits/url", "name": "url", "dataType": ["sc:URL", "cr:Split"]})
    return _listing("splits", "cr:Split", fields, rows)


def _classes(config: Config) -> Node:
    """List the classes in their order."""
    fields: list[Node] = [{"@type": "cr:Field", "@id": "classes/name", "name": "name", "dataType": "sc:Text"}]
    return _listing("classes", "sc:Enumeration", fields, [{"classes/name": name} for name in config.labels.classes])


def _listing(name: str, data_type: str, fields: list[Node], rows: list[dict[str, str]]) -> Node:
    return {
        "@type": "cr:RecordSet",
        "@id": name,
        "name": name,
        "dataType": data_type,
        "key": {"@id": f"{name}/name"},
        "field": fields,
        "data": rows,
    }


def _records(shards: Sequence[Shard], schema: pa.Schema) -> Node:
    fields = list(columns(schema))
    shown = {field["name"] for field in fields}
    left_out = [name for name in schema.names if name not in shown]
    also = f" Columns without a type in Croissant: {', '.join(left_out)}." if left_out else ""
    return {
        "@type": "cr:RecordSet",
        "@id": RECORDS,
        "name": RECORDS,
        "description": f"The released items in their splits, in the order of the dataset.{also}",
        "field": [_split_field(shards, schema), *fields],
    }


def _split_field(shards: Sequence[Shard], schema: pa.Schema) -> Node:
    """Read the split from the path of the file.

    The pattern also fits the bare name of a split: mlcroissant applies it a second time to its own result.
    """
    name = "split"
    while name in schema.names:
        name += "_"
    folder = re.escape(shards[0].path[: shards[0].path.rfind("/") + 1]) if shards else ""
    names = "|".join(sorted(map(re.escape, by_split(shards)), key=len, reverse=True))
    return {
        "@type": "cr:Field",
        "@id": f"{RECORDS}/{name}",
        "name": name,
        "description": "The split that the item belongs to.",
        "dataType": "sc:Text",
        "source": {
            "fileSet": {"@id": FILES},
            "extract": {"fileProperty": "fullpath"},
            "transform": {"regex": rf"(?:{folder})?({names})(?:-.+\.parquet)?$"},
        },
        "references": {"field": {"@id": "splits/name"}},
    }
