"""The dataset card: ``README.md``, for people and for Hugging Face."""

from collections.abc import Iterator, Sequence

import pyarrow as pa

from weakhitl.config import Config
from weakhitl.release.description import statements
from weakhitl.release.description.card_metadata import DEFAULT, EVIDENCE, by_split, card_metadata, split_names
from weakhitl.release.description.features import in_words
from weakhitl.release.description.front_matter import front_matter
from weakhitl.release.description.markdown import code_block, plain, table
from weakhitl.release.description.statements import Report
from weakhitl.release.report.section import Section
from weakhitl.release.report.sections import chapters_of
from weakhitl.release.shards import LABEL, PROBABILITY, PROVENANCE, Shard

Part = tuple[str, str]
"""A heading, and what stands below it; a part without text is left out."""


def render_card(config: Config, report: Report, shards: Sequence[Shard], schema: pa.Schema) -> str:
    """Write the card of a release: front matter, then Markdown.

    ``report`` is the content of ``report.json``, ``schema`` that of the shards. Raises ``DataError`` for columns whose
    type Hugging Face's ``datasets`` cannot hold.
    """
    head = front_matter(card_metadata(config, report, shards, schema))
    parts = [part for part in _parts(config, report, shards, schema) if part[1]]
    body = "\n\n".join(f"## {heading}\n\n{text}" for heading, text in parts)
    return f"{head}\n# {plain(statements.title(config))}\n\n{_opening(config, report)}\n\n{body}\n"


def _parts(config: Config, report: Report, shards: Sequence[Shard], schema: pa.Schema) -> Iterator[Part]:
    sections = {section.title: section for chapter in chapters_of(report) for section in chapter.sections}
    card = config.card
    yield "Load", _loading(config, shards, schema)
    yield "Splits", _splits(shards)
    yield "Columns", _columns(config, schema)
    yield "Classes", _classes(report)
    yield "Provenance", _provenance(report)
    yield "Where the items come from", card.collection or ""
    yield "How the labels were made", _making(config, report, sections)
    yield "How good the labels are", _quality(report, sections)
    yield "Who annotated", _annotators(config, report)
    yield "Uses", card.intended or ""
    yield "Personal and sensitive information", card.personal or ""
    yield "Limits", _bullets([*statements.limitations(report), *statements.biases(report)])
    yield "License", _license(config)
    yield "Maintenance", card.maintenance or ""
    yield "Cite", _citation(config, report)
    yield "Verify", _verifying()


def _opening(config: Config, report: Report) -> str:
    paragraphs = [config.card.description, statements.summary(report)]
    if config.card.homepage:
        paragraphs.append(f"Homepage: <{config.card.homepage}>")
    return "\n\n".join(filter(None, paragraphs))


def _loading(config: Config, shards: Sequence[Shard], schema: pa.Schema) -> str:
    first = next(iter(split_names([shard for shard in shards if shard.rows]).values()), None)
    lines = ["from datasets import load_dataset", "", 'data = load_dataset(".")  # or the path of this folder']
    if first is not None and schema.field(LABEL).type == pa.string():
        lines.append(f'names = data["{first}"].features["{LABEL}"].names  # the classes, in order')
    lines += [f'{name} = load_dataset(".", "{name}")' for name in EVIDENCE]
    return (
        f"`label` is a class's text in the files; `datasets` gives its position among the {len(config.labels.classes)} "
        f"classes. The configurations beside `{DEFAULT}` are the evidence: every rating, every vote of a function, and "
        f"the consensus of all items, released or not.\n\n{code_block(chr(10).join(lines), 'python')}"
    )


def _splits(shards: Sequence[Shard]) -> str:
    names = split_names(shards)
    rows = [
        (names[split], f"{sum(s.rows for s in group):,}", len(group), f"{sum(s.size for s in group):,}")
        for split, group in by_split(shards).items()
    ]
    return table(("split", "items", "files", "bytes"), rows)


def _columns(config: Config, schema: pa.Schema) -> str:
    own = {
        config.data.id: "identifies the item",
        LABEL: "the class",
        PROBABILITY: "probability of the label, from 0 to 1",
        PROVENANCE: "where the label comes from; see below",
    }
    rows = [(field.name, in_words(field.type), own.get(field.name, "from the items")) for field in schema]
    return table(("column", "type", "meaning"), rows)


def _classes(report: Report) -> str:
    rows = [(row["class"], f"{row['released']:,}", f"{row['share']:.1%}") for row in report["classes"]]
    return table(("class", "items", "share"), rows)


def _provenance(report: Report) -> str:
    rows = [
        (origin, f"{count:,}", statements.PROVENANCE.get(origin, ""))
        for origin, count in statements.provenance_counts(report).items()
    ]
    return table(("value", "items", "the label is"), rows)


def _making(config: Config, report: Report, sections: dict[str, Section]) -> str:
    return "\n\n".join(
        [
            plain(statements.protocol(config, report)),
            *_tables(sections, "How the labels were made", "Labeling functions"),
        ]
    )


def _quality(report: Report, sections: dict[str, Section]) -> str:
    agreement = _bullets(statements.agreement(report))
    shown = [f"Agreement, with 95% intervals:\n\n{agreement}"] if agreement else []
    return "\n\n".join([*_tables(sections, "Checks", "Gate by part", "Waivers"), *shown])


def _tables(sections: dict[str, Section], *titles: str) -> list[str]:
    """Give the report's tables of these titles, those that it has."""
    return [table(sections[title].header, sections[title].rows) for title in titles if title in sections]


def _annotators(config: Config, report: Report) -> str:
    rows = [(row["annotator"], f"{row.get('counted', 0):,}", row.get("excluded") or "") for row in report["annotators"]]
    known = table(("annotator", "ratings that count", "excluded"), rows) if rows else ""
    return "\n\n".join(filter(None, [config.card.demographics, known]))


def _license(config: Config) -> str:
    if config.card.license is None:
        return "No license is given: nobody has said that others may use this dataset. Ask its owner."
    return plain(config.card.license)


def _citation(config: Config, report: Report) -> str:
    card = config.card
    if card.citation:
        return code_block(card.citation, "bibtex")
    who = f"{'; '.join(card.authors)}: " if card.authors else ""
    page = f" <{card.homepage}>" if card.homepage else ""
    return plain(f"{who}{statements.title(config)}, version {report['version']}.") + page


def _verifying() -> str:
    commands = code_block("pip install weakhitl\nweakhitl verify .", "sh")
    return (
        f"In this folder, offline:\n\n{commands}\n\n"
        "It computes every label and every figure of the report again from the evidence in this folder."
    )


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {plain(line)}" for line in lines)
