"""The release policy: checks and waivers."""

from datetime import date
from typing import TYPE_CHECKING, Annotated, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from weakhitl.config.section import Count, Name, Section, Text


def is_own(metric: str) -> bool:
    """Whether a metric is a function of the user's: ``file.py:function``."""
    return ".py:" in metric


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


class CheckSection(Section, OneBar):
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
    class_: Name | None = Field(
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
        if self.slice is None and self.changed("min_slice"):
            raise ValueError("min_slice is about the values of a slice: name its column with slice")
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


def _day(value: object) -> date:
    """Take a day of TOML, or one in quotes."""
    try:
        return value if type(value) is date else date.fromisoformat(str(value))
    except ValueError:
        raise ValueError(f"{value!s:.40} is no day; expected one such as 2027-01-31") from None


class WaiverSection(Section):
    """A check that may miss its bar for a while, and who says so."""

    check: Text = Field(description="Name of the check, as the gate prints it.")
    reason: Text = Field(description="Why the release may go out all the same.")
    owner: Text = Field(description="Who answers for it.")
    expires: Annotated[date, BeforeValidator(_day)] = Field(
        description="Last day on which it holds, such as `2027-01-31`; after it the check fails."
    )


class GateSection(Section):
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
