"""The other sections, and the whole of ``weakhitl.toml``."""

import re
from collections.abc import Iterable
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from weakhitl.config.card import CardSection
from weakhitl.config.gate import GateSection
from weakhitl.config.judge import JudgeSection
from weakhitl.config.online import OnlineSection
from weakhitl.config.section import Count, FileName, Name, Section, Share, Text, Texts
from weakhitl.errors import SchemaError
from weakhitl.label_names import ALIKE, look_alikes
from weakhitl.schema import LabelSchema, Level


class ProjectSection(Section):
    """Who this is."""

    name: Text = Field(description="Name of the dataset, shown in the report.")


class LabelsSection(Section):
    """The classes."""

    classes: list[Name] = Field(description="Class names, in order.")
    skip: list[Name] = Field(default=[], description="Answers that are abstentions.")
    level: Level = Field(default="nominal", description="Level of measurement of the classes.")
    former: dict[Name, Name] = Field(
        default={},
        description="Former class names, and the class or skip answer that each is now: renamed, or made one.",
    )

    @model_validator(mode="after")
    def _is_schema(self) -> Self:
        try:
            self.as_schema()
        except SchemaError as error:
            raise ValueError("; ".join(error.faults)) from None
        return self

    def as_schema(self) -> LabelSchema:
        """Give the label schema."""
        return LabelSchema(self.classes, self.level, self.skip, self.former)


class DataSection(Section):
    """The items."""

    path: FileName = Field(description="A CSV, TSV, JSON Lines, Parquet or .xlsx file, or a folder of them.")
    id: Text = Field(default="item", description="Column that holds the item ids.")


class RuleSection(Section):
    """A labeling function that is declared instead of written."""

    name: Text = Field(description="Name of the source.")
    kind: Literal["keyword", "regex", "gazetteer", "threshold", "lookup"] = Field(description="What kind of rule.")
    label: Name | None = Field(default=None, description="The class it votes; `lookup` takes it from its table.")
    column: Text = Field(default="text", description="The column it looks at.")
    words: list[Text] = Field(default=[], description="`keyword`: words or phrases, in any case.")
    pattern: Text | None = Field(default=None, description="`regex`: a regular expression in Rust's dialect.")
    file: FileName | None = Field(
        default=None,
        description="`gazetteer`: a text file, one term a line; `lookup`: a table with columns key and label.",
    )
    whole_words: bool = Field(default=True, description="`keyword`, `gazetteer`: not inside of longer words.")
    above: float | None = Field(default=None, description="`threshold`: votes above this number.")
    below: float | None = Field(default=None, description="`threshold`: votes below this number.")

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        needs = {
            "keyword": ["label", "words"],
            "regex": ["label", "pattern"],
            "gazetteer": ["label", "file"],
            "threshold": ["label"],
            "lookup": ["file"],
        }
        missing = [key for key in needs[self.kind] if not getattr(self, key)]
        if self.kind == "threshold" and self.above is None and self.below is None:
            missing.append("above or below")
        if missing:
            raise ValueError(f"a {self.kind} needs {', '.join(missing)}")
        return self


class LabelingSection(Section):
    """The labeling functions."""

    functions: list[FileName] = Field(
        default=[], description="Python files or folders of labeling functions; none where people label everything."
    )
    files: list[FileName] = Field(
        default=[],
        description="Files in these folders that functions read, such as word lists; a release carries them.",
    )
    rule: list[RuleSection] = Field(default=[], description="Declared functions: `[[labeling.rule]]`.")
    engine: Literal["local", "dask", "spark"] = Field(default="local", description="What runs the functions.")
    processes: int = Field(
        default=1, ge=1, le=1024, description="Processes of the local engine; more pay for slow functions."
    )
    on_error: Literal["abstain", "raise"] = Field(
        default="abstain", description="Whether a function that fails abstains there, or stops the run."
    )
    max_faults: float = Field(
        default=0.5, ge=0, le=1, description="A function that fails on a larger share of the items stops the run."
    )
    cache: bool = Field(default=True, description="Whether only changed functions, and only changed rows, run again.")


class LabelModelSection(Section):
    """How votes become class probabilities."""

    name: Text = Field(default="auto", description="Name of the label model.")
    balance: list[float] | dict[str, float] | None = Field(
        default=None,
        description="Class shares, by name (`{ HAM = 0.9, SPAM = 0.1 }`) or in the order of the classes; without, "
        "`auto` estimates them where it can, others take them as uniform.",
    )
    gold: FileName | None = Field(
        default=None,
        description="A file with columns item and label: known labels, which teach the model and stand as they are.",
    )


Score = Literal[
    "disagreement", "vote-entropy", "conflict", "entropy", "margin", "expected-error", "novelty", "random",
    "model-error", "model-margin", "model-entropy", "committee", "gradient-length",
]  # fmt: skip


class RoutingSection(Section):
    """Which items go to annotators."""

    budget: Count = Field(default=100, description="Items for annotators in one batch.")
    overlap: Annotated[int, Field(ge=1)] = Field(default=3, description="Ratings that count per item.")
    max_overlap: Annotated[int, Field(ge=1)] | None = Field(
        default=None,
        description="Ratings that an item gets at most where people differ (see `adjudicate_below`); "
        "without, no more than `overlap`.",
    )
    skill: Text | None = Field(
        default=None, description="A column that says what an annotator has to know for an item, such as its language."
    )
    audit: Count = Field(default=50, description="How many of the budget are a random sample of all items.")
    audit_requested: Annotated[float, Field(ge=0, le=1)] = Field(
        default=0.1,
        description="Share of the items that arrive online, or are asked for by name, that an adjudicator decides too.",
    )
    seed: Count = Field(default=0, description="Seed of the random draws.")
    score: Score = Field(default="disagreement", description="What the rest of the budget goes by.")
    near: Text | None = Field(
        default=None, description="`novelty`: the column of texts, or of vectors, that says which items are alike."
    )
    stratify: Text | None = Field(
        default=None, description="A column whose values take turns; `class` for the functions' labels."
    )
    diverse: Text | None = Field(
        default=None,
        description="A column of texts, or of vectors; those with high scores that are far apart come first.",
    )
    density: Text | None = Field(
        default=None, description="A column of texts, or of vectors; scores are multiplied by likeness to all items."
    )
    cost: Text | None = Field(default=None, description="A column of what an item costs; scores are divided by it.")
    learn: list[Text] = Field(
        default=[], description="Columns that `model-…`, `committee` and `gradient-length` read; without, all but ids."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.score == "novelty" and self.near is None:
            raise ValueError('score = "novelty" needs near = "COLUMN"')
        if self.stratify and self.diverse:
            raise ValueError("stratify and diverse are two orders; choose one")
        if self.max_overlap is not None and self.max_overlap < self.overlap:
            raise ValueError(f"max_overlap = {self.max_overlap} is less than overlap = {self.overlap}")
        if self.audit > self.budget:
            raise ValueError(f"audit = {self.audit} is more than budget = {self.budget}; the audit is a part of it")
        return self


class WebhookSection(Section):
    """Whom the server tells of what happens."""

    url: Text = Field(description="Where to; http:// or https://.")
    events: list[Literal["item-labelled", "queue-empty", "gate-changed"]] = Field(
        default=["item-labelled", "queue-empty", "gate-changed"], description="What of."
    )
    secret: Text = Field(description="Environment variable that holds the secret by which messages are signed.")

    @field_validator("url")
    @classmethod
    def _is_url(cls, url: str) -> str:
        if not url.startswith(("http://", "https://")):
            raise ValueError(f"{url!r} is no http:// or https:// address")
        return url


class AnnotationSection(Section):
    """People and their ratings."""

    guideline: FileName | None = Field(default=None, description="The annotators' guideline, a Markdown file.")
    store: FileName = Field(
        default="annotations.db", description="SQLite file of batches and ratings, or the URL of a PostgreSQL database."
    )
    text: Texts = Field(
        default=[],
        description="The column that people read, or a list; without, all but the id are shown, one below the other.",
    )
    media: list[Text] = Field(
        default=[], description="Columns that name files of the project (images, audio, video) to be shown."
    )
    html: list[Text] = Field(default=[], description="Columns that hold HTML; what is not harmless is taken out.")
    lease: Annotated[float, Field(ge=10)] = Field(
        default=600, description="Seconds without a sign of life after which an item goes to somebody else."
    )
    idle: Annotated[float, Field(ge=1)] = Field(
        default=180, description="Seconds of one item that count at most as time spent on it."
    )
    gold: FileName | None = Field(
        default=None, description="A file with columns item and label: known items that are mixed in, to test people."
    )
    gold_share: Share = Field(default=0.05, description="Share of what a person gets that is gold.")
    min_gold_accuracy: Share | None = Field(
        default=None, description="People who are surely right on less of the gold do not count."
    )
    min_self_consistency: Share | None = Field(
        default=None, description="Nor do those who surely repeat less of their own answers."
    )
    max_patterns: Count | None = Field(
        default=None, description="Nor those in whose answers more patterns of spam are found; 0 for any."
    )
    repeat_share: Share = Field(
        default=0.0, description="Share that a person had before: whether they say the same again."
    )
    suggest: Literal["never", "show", "review"] = Field(
        default="never",
        description="Whether people see the functions' label: not at all, beside the item, or to confirm or correct.",
    )
    hide_share: Share = Field(
        default=0.1, description="Share of the items whose suggestion is hidden all the same, to measure what it does."
    )
    qualify_agreement: Share = Field(
        default=0.75,
        description="Leave-one-out agreement on the pilot from which an annotator counts.",
    )
    qualify_ratings: Annotated[int, Field(ge=1)] = Field(
        default=10, description="Pilot ratings that are needed to tell."
    )
    webhook: list[WebhookSection] = Field(
        default=[], description="Messages to other programs: `[[annotation.webhook]]`."
    )
    adjudicate_below: Share = Field(
        default=0.6,
        description="Items whose leading class has a smaller share of the ratings are adjudicated.",
    )
    adjudicator_independent: bool = Field(
        default=True,
        description="Whether the adjudicator decided without having seen ratings or labels.",
    )
    cost_per_hour: Annotated[float, Field(ge=0)] | None = Field(
        default=None, description="What an hour of people's time costs; the report adds it up."
    )
    currency: str = Field(default="", description="The currency of `cost_per_hour`, as the report writes it.")

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.gold is None and (idle := self.changed("gold_share", "min_gold_accuracy")):
            raise ValueError(f"{idle[0]} is about known items: name their file with gold")
        if self.suggest == "never" and self.changed("hide_share"):
            raise ValueError('hide_share is about suggestions, and nobody sees any: set suggest = "show" or "review"')
        return self


def _require_file_names(what: str, names: Iterable[str]) -> None:
    """Raise ``ValueError`` where two names would be one file's on a system that takes letters for equal in any case."""
    if alike := look_alikes(names):
        groups = "; ".join(" and ".join(map(repr, group)) for group in alike)
        raise ValueError(f"{what} {groups} {ALIKE}; they name files, which Windows takes for one")


class ReleaseSection(Section):
    """What is released."""

    min_confidence: Share = Field(default=0.0, description="Labels below are withheld, and counted.")
    splits: dict[str, Annotated[float, Field(gt=0, le=1)]] = Field(
        default={"train": 1.0}, description="Name of a split -> share of the released items; they sum to 1."
    )
    stratify: bool = Field(default=False, description="Whether every split has the same share of each class.")
    group: Text | None = Field(
        default=None, description="A column whose rows stay together in one split, such as the author: nothing leaks."
    )
    seed: Count = Field(default=0, description="Seed of the splits.")

    @field_validator("splits")
    @classmethod
    def _are_shares(cls, splits: dict[str, float]) -> dict[str, float]:
        if wrong := [name for name in splits if not re.fullmatch(r"\w+(\.\w+)*", name, flags=re.ASCII)]:
            raise ValueError(f"{', '.join(map(repr, wrong))}: the name of a split is letters, digits, _ and dots")
        if "all" in splits:
            raise ValueError("no split is called 'all': for loaders of datasets that is all of them")
        _require_file_names("splits", splits)
        if abs(sum(splits.values()) - 1) > 1e-9:
            raise ValueError(f"the shares sum to {sum(splits.values()):g}; expected 1")
        return splits

    @model_validator(mode="after")
    def _is_one_way(self) -> Self:
        if self.stratify and self.group:
            raise ValueError("stratify and group are two ways to split; choose one")
        return self


class Config(Section):
    """A whole ``weakhitl.toml``."""

    project: ProjectSection
    labels: LabelsSection
    data: DataSection
    labeling: LabelingSection = LabelingSection()
    judge: list[JudgeSection] = Field(default=[])
    label_model: LabelModelSection = LabelModelSection()
    routing: RoutingSection = RoutingSection()
    annotation: AnnotationSection = AnnotationSection()
    online: OnlineSection = OnlineSection()
    gate: GateSection = GateSection()
    release: ReleaseSection = ReleaseSection()
    card: CardSection = CardSection()

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [*(judge.name for judge in self.judge), *(rule.name for rule in self.labeling.rule)]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two of the judges and rules are called {', '.join(map(repr, twice))}")
        _require_file_names("judges", [judge.name for judge in self.judge])
        return self

    @model_validator(mode="after")
    def _online_fits(self) -> Self:
        if faults := [*self.online.faults(self.labels.classes, [rule.name for rule in self.labeling.rule])]:
            raise ValueError("; ".join(faults))
        return self

    @property
    def has_functions(self) -> bool:
        """Whether anything but people is to vote: functions, rules or judges."""
        return bool(self.labeling.functions or self.labeling.rule or self.judge)

    @cached_property
    def schema_(self) -> LabelSchema:
        """The label schema."""
        return self.labels.as_schema()
