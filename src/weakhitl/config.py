"""``weakhitl.toml``: read it, check all of it, name every fault at once."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails

from weakhitl.errors import ConfigError, SchemaError
from weakhitl.schema import LabelSchema, Level

CONFIG_NAME = "weakhitl.toml"

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Text = Annotated[str, Field(min_length=1)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class ProjectSection(_Section):
    """Who this is."""

    name: Text = Field(description="Name of the dataset, shown in the report.")


class LabelsSection(_Section):
    """The classes."""

    classes: list[str] = Field(description="Class names, in order.")
    skip: list[str] = Field(default=[], description="Answers that are abstentions.")
    level: Level = Field(default="nominal", description="Level of measurement of the classes.")

    @model_validator(mode="after")
    def _is_schema(self) -> Self:
        try:
            LabelSchema(self.classes, self.level, self.skip)
        except SchemaError as error:
            raise ValueError("; ".join(error.faults)) from None
        return self


class DataSection(_Section):
    """The items."""

    path: Text = Field(description="A CSV, JSON Lines or Parquet file, or a folder of them.")
    id: Text = Field(default="item", description="Column that holds the item ids.")


class RuleSection(_Section):
    """A labeling function that is declared instead of written."""

    name: Text = Field(description="Name of the source.")
    kind: Literal["keyword", "regex", "gazetteer", "threshold", "lookup"] = Field(description="What kind of rule.")
    label: Text | None = Field(default=None, description="The class it votes; `lookup` takes it from its table.")
    column: Text = Field(default="text", description="The column it looks at.")
    words: list[Text] = Field(default=[], description="`keyword`: words or phrases, in any case.")
    pattern: Text | None = Field(default=None, description="`regex`: a regular expression in Rust's dialect.")
    file: Text | None = Field(
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


class LabelingSection(_Section):
    """The labeling functions."""

    functions: list[Text] = Field(default=[], description="Python files or folders of labeling functions.")
    rule: list[RuleSection] = Field(default=[], description="Declared functions: `[[labeling.rule]]`.")
    engine: Literal["local", "dask", "spark"] = Field(default="local", description="What runs the functions.")
    processes: int = Field(default=1, ge=1, description="Processes of the local engine; more pay for slow functions.")
    on_error: Literal["abstain", "raise"] = Field(
        default="abstain", description="Whether a function that fails abstains there, or stops the run."
    )
    max_faults: float = Field(
        default=0.5, ge=0, le=1, description="A function that fails on a larger share of the items stops the run."
    )
    cache: bool = Field(default=True, description="Whether only changed functions, and only changed rows, run again.")

    @model_validator(mode="after")
    def _has_some(self) -> Self:
        if not self.functions and not self.rule:
            raise ValueError("expected functions, or a [[labeling.rule]]")
        return self


class LabelModelSection(_Section):
    """How votes become class probabilities."""

    name: Text = Field(default="auto", description="Name of the label model.")
    balance: list[float] | None = Field(
        default=None,
        description="Class shares in the order of the classes; without, `auto` estimates them where it can, "
        "others take them as uniform.",
    )
    gold: Text | None = Field(
        default=None,
        description="A file with columns item and label: known labels, which teach the model and stand as they are.",
    )


class RoutingSection(_Section):
    """Which items go to annotators."""

    budget: Count = Field(default=100, description="Items for annotators in one batch.")
    overlap: Annotated[int, Field(ge=1)] = Field(default=3, description="Ratings that count per item.")
    audit: Count = Field(default=50, description="How many of the budget are a random sample of all items.")
    seed: Count = Field(default=0, description="Seed of the random draws.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.audit > self.budget:
            raise ValueError(f"audit = {self.audit} is more than budget = {self.budget}; the audit is a part of it")
        return self


class AnnotationSection(_Section):
    """People and their ratings."""

    guideline: Text | None = Field(default=None, description="The annotators' guideline, a Markdown file.")
    store: Text = Field(default="annotations.db", description="SQLite file of batches and ratings.")
    qualify_agreement: Share = Field(
        default=0.75,
        description="Leave-one-out agreement on the pilot from which an annotator counts.",
    )
    qualify_ratings: Annotated[int, Field(ge=1)] = Field(
        default=10, description="Pilot ratings that are needed to tell."
    )
    adjudicate_below: Share = Field(
        default=0.6,
        description="Items whose leading class has a smaller share of the ratings are adjudicated.",
    )
    adjudicator_independent: bool = Field(
        default=True,
        description="Whether the adjudicator decided without having seen ratings or labels.",
    )


class OneBar:
    """What has a bar on one side: a check, and its verdict."""

    if TYPE_CHECKING:  # not fields of its own: pydantic would put them before those of the section
        at_least: float | None
        at_most: float | None

    @property
    def bar(self) -> float:
        """The bar, whichever side it is on."""
        return self.at_least if self.at_least is not None else self.at_most or 0.0

    @property
    def bar_text(self) -> str:
        """The bar in words."""
        return f"at {'least' if self.at_least is not None else 'most'} {self.bar:g}"


class CheckSection(_Section, OneBar):
    """One check of the gate."""

    metric: Text = Field(description="What is measured; or `file.py:function`, a function of your own.")
    name: Text | None = Field(default=None, description="Name of the check; by default what it measures, and where.")
    at_least: float | None = Field(default=None, description="The bar that the one-sided lower bound must clear.")
    at_most: float | None = Field(default=None, description="The bar that the one-sided upper bound must not exceed.")
    confidence: Annotated[float, Field(gt=0.5, lt=1)] = Field(
        default=0.95, description="One-sided confidence of the bound."
    )
    min_units: Count | None = Field(
        default=None,
        description="Pairable items without which there is no verdict: by default 50, and 100 where distances count.",
    )
    min_minority: Count = Field(
        default=20, description="Pairable items with a rating off the commonest class, likewise."
    )
    min_overlap: Annotated[float, Field(ge=0)] = Field(
        default=0.0, description="Mean number of ratings per rated item, likewise."
    )
    class_: Text | None = Field(
        default=None, alias="class", description="Agreement on this class against the rest; `*` for every class."
    )
    slice: Text | None = Field(
        default=None, description="A column of the data: every one of its values must pass by itself."
    )
    min_slice: Count = Field(default=0, description="Values of the slice with fewer items are left out, and named.")
    otherwise: Literal["refuse", "withhold"] = Field(
        default="refuse",
        description="What a value of the slice that does not pass does: refuse the release, or withhold its own items.",
    )
    where: dict[str, str | list[str]] = Field(
        default={}, description='Only items whose columns have these values, such as `{ origin = "synthetic" }`.'
    )
    sequential: bool = Field(
        default=False, description="Whether the bound holds at every look, so that one may check after each batch."
    )
    predictions: bool = Field(
        default=False, description="Whether the model's probabilities sharpen a sequential release accuracy."
    )

    @model_validator(mode="after")
    def _has_one_bar(self) -> Self:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("expected at_least or at_most, one of the two")
        if self.class_ == "*" and self.slice is not None:
            raise ValueError("class = '*' and slice together would be too many parts; write a check for each class")
        if self.otherwise == "withhold" and (self.slice is None or self.where):
            raise ValueError("otherwise = 'withhold' needs a slice, and no where: it says whose items stay behind")
        return self

    def least_units(self, *, graded: bool) -> int:
        """Pairable items without which there is no verdict; ``graded``: some disagreements weigh more than others."""
        if self.min_units is not None:
            return self.min_units
        return 100 if graded else 50

    @property
    def label(self) -> str:
        """What the check is called in output and by waivers."""
        if self.name is not None:
            return self.name
        parts = [self.metric]
        parts += [] if self.class_ is None else ["by class" if self.class_ == "*" else f"of {self.class_}"]
        parts += [] if self.slice is None else [f"by {self.slice}"]
        places = [f"{key}={value if isinstance(value, str) else '|'.join(value)}" for key, value in self.where.items()]
        parts += [f"where {', '.join(places)}"] if places else []
        return " ".join(parts)

    @property
    def columns(self) -> list[str]:
        """Columns of the data that the check looks at."""
        return [*([] if self.slice is None else [self.slice]), *self.where]


class WaiverSection(_Section):
    """A check that may miss its bar for a while, and who says so."""

    check: Text = Field(description="Name of the check, as the gate prints it.")
    reason: Text = Field(description="Why the release may go out all the same.")
    owner: Text = Field(description="Who answers for it.")
    expires: date = Field(description="Last day on which it holds, such as `2027-01-31`; after it the check fails.")


class GateSection(_Section):
    """The release policy."""

    check: list[CheckSection] = Field(default=[], description="The checks, all of which must pass.")
    waiver: list[WaiverSection] = Field(default=[], description="Checks that may miss their bar for a while.")

    @model_validator(mode="after")
    def _names_fit(self) -> Self:
        names = [check.label for check in self.check]
        if twice := sorted({name for name in names if names.count(name) > 1}):
            raise ValueError(f"two checks are called {', '.join(map(repr, twice))}; give each a name of its own")
        faults = [
            f"waiver {number} is for {waiver.check!r}, which is no check; there are {', '.join(names) or 'none'}"
            for number, waiver in enumerate(self.waiver, start=1)
            if waiver.check not in names
        ]
        if faults:
            raise ValueError("; ".join(faults))
        return self

    @property
    def columns(self) -> list[str]:
        """Columns of the data that the checks look at, each once."""
        return list(dict.fromkeys(name for check in self.check for name in check.columns))


class ReleaseSection(_Section):
    """What is released."""

    min_confidence: Share = Field(default=0.0, description="Labels below are withheld, and counted.")


class Config(_Section):
    """A whole ``weakhitl.toml``."""

    project: ProjectSection
    labels: LabelsSection
    data: DataSection
    labeling: LabelingSection
    label_model: LabelModelSection = LabelModelSection()
    routing: RoutingSection = RoutingSection()
    annotation: AnnotationSection = AnnotationSection()
    gate: GateSection = GateSection()
    release: ReleaseSection = ReleaseSection()

    @cached_property
    def schema_(self) -> LabelSchema:
        """The label schema."""
        return LabelSchema(self.labels.classes, self.labels.level, self.labels.skip)


@dataclass(frozen=True)
class Names:
    """Names that only higher floors know, so that a configuration can be checked against them."""

    metrics: Collection[str]
    models: Collection[str]
    counts: Collection[str] = ()
    """Metrics that count something; all others are shares or coefficients, so their bars lie within -1 to 1."""


def load_config(path: Path, names: Names) -> Config:
    """Read and check ``weakhitl.toml``. Raises ``ConfigError`` with every fault and the nearest valid name."""
    return parse_config(_text(path, "`weakhitl init` makes one"), names, str(path))


def parse_config(text: str, names: Names, where: str = CONFIG_NAME) -> Config:
    """Check the text of a ``weakhitl.toml``; see ``load_config``."""
    return _validated(Config, text, names, where)


def _text(path: Path, hint: str) -> str:
    if not path.is_file():
        raise ConfigError(str(path), f"there is no such file; {hint}")
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), f"byte {error.start} is not UTF-8; save the file as UTF-8") from error


_Model = TypeVar("_Model", bound=_Section)


def _validated(model: type[_Model], text: str, names: Names, where: str) -> _Model:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(where, f"not TOML: {error}") from error
    faults = _name_faults(content, names)
    try:
        config = model.model_validate(content)
    except ValidationError as error:
        faults = [_sentence(detail) for detail in error.errors()] + faults
    if faults:
        raise ConfigError(where, faults)
    return config


class Policy(_Section):
    """The gate of a bare table of ratings: ``[labels]`` and ``[[gate.check]]``, nothing else."""

    labels: LabelsSection
    gate: GateSection = GateSection()

    @cached_property
    def schema_(self) -> LabelSchema:
        """The label schema."""
        return LabelSchema(self.labels.classes, self.labels.level, self.labels.skip)


def load_policy(path: Path, names: Names) -> "Policy | Config":
    """Read and check a policy file, or a whole ``weakhitl.toml``, which holds one.

    Raises ``ConfigError`` with every fault and the nearest valid name.
    """
    text = _text(path, "write one with [labels] classes and [[gate.check]]")
    if any(line.strip() == "[project]" for line in text.splitlines()):
        return _validated(Config, text, names, str(path))
    return _validated(Policy, text, names, str(path))


def describe_config() -> list[tuple[str, str, str, str]]:
    """List every key as (section, key, default, description), for the documentation."""
    rows = []
    for section, field in Config.model_fields.items():
        model: Any = field.annotation
        label = f"[{section}]"
        models = [(label, model)]
        if section == "labeling":
            models.append(("[[labeling.rule]]", RuleSection))
        if section == "gate":
            models = [("[[gate.check]]", CheckSection), ("[[gate.waiver]]", WaiverSection)]
        for where, part in models:
            for key, inner in part.model_fields.items():
                default = "required" if inner.is_required() else repr(inner.default)
                rows.append((where, inner.alias or key, default, inner.description or ""))
    return rows


def _name_faults(content: Mapping[str, Any], names: Names) -> list[str]:
    faults = []
    model = content.get("label_model", {})
    if isinstance(model, dict) and isinstance(model.get("name", "auto"), str):
        faults += _unknown("label_model.name", model.get("name", "auto"), names.models)
    gate = content.get("gate", {})
    checks = gate.get("check", []) if isinstance(gate, dict) else []
    for number, check in enumerate(checks if isinstance(checks, list) else [], start=1):
        if isinstance(check, dict) and isinstance(check.get("metric"), str) and not is_own(check["metric"]):
            faults += _unknown(f"gate.check {number}: metric", check["metric"], names.metrics)
            faults += _bar_faults(f"gate.check {number}", check, names)
    return faults


def _bar_faults(where: str, check: Mapping[str, Any], names: Names) -> list[str]:
    if check["metric"] in names.counts:
        return []
    bars = {key: check[key] for key in ("at_least", "at_most") if isinstance(check.get(key), int | float)}
    return [f"{where}: {key} = {bar}: expected a number from -1 to 1" for key, bar in bars.items() if abs(bar) > 1]


def is_own(metric: str) -> bool:
    """Whether a metric is a function of the user's: ``file.py:function``."""
    return ".py:" in metric


def _unknown(where: str, name: str, known: Collection[str]) -> list[str]:
    if name in known:
        return []
    return [f"{where} = {name!r} is unknown; expected one of {', '.join(sorted(known))}{_nearest(name, known)}"]


def _sentence(detail: ErrorDetails) -> str:
    *parents, last = detail["loc"] or ("",)
    where = _place(detail["loc"])
    if detail["type"] == "extra_forbidden":
        section = f"[{_place(tuple(parents))}]" if parents else "the file"
        return f"unknown key {str(last)!r} in {section}{_nearest(str(last), _keys(parents))}"
    if detail["type"] == "missing":
        return f"{where} is missing"
    message = detail["msg"].removeprefix("Value error, ")
    if detail["type"] == "value_error":
        return f"{where}: {message}"
    return f"{where} = {detail['input']!r}: {message[0].lower()}{message[1:]}"


def _place(location: tuple[int | str, ...]) -> str:
    text = ""
    for part in location:
        text += f" {part + 1}:" if isinstance(part, int) else (f" {part}" if text.endswith(":") else f".{part}")
    return text.strip(". :")


_LISTS: dict[int | str, type[_Section]] = {"check": CheckSection, "waiver": WaiverSection, "rule": RuleSection}


def _keys(parents: list[int | str]) -> list[str]:
    model: Any = Config
    for part in parents:
        if part in _LISTS:
            model = _LISTS[part]
        elif isinstance(part, str):
            model = model.model_fields[part].annotation
    return [inner.alias or name for name, inner in model.model_fields.items()]


def _nearest(name: str, known: Collection[str]) -> str:
    close = get_close_matches(name, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
