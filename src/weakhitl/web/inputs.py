"""What may be sent to the server: lengths, and characters that a database can hold."""

from typing import Annotated, Self
from uuid import uuid4

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from weakhitl.annotation.people import Role


def storable(text: str) -> str:
    """Refuse what a database cannot hold."""
    if "\0" in text or any(0xD800 <= ord(sign) <= 0xDFFF for sign in text):
        raise ValueError("has characters that no text holds (NUL, or half of a surrogate pair)")
    return text


Text = Annotated[str, Field(max_length=2000), AfterValidator(storable)]
Filled = Annotated[str, Field(min_length=1, max_length=2000), AfterValidator(storable)]
Id = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(storable)]
Name = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(storable)]
Seconds = Annotated[float, Field(ge=0, le=1e6)]
Quota = Annotated[int, Field(ge=0, le=10**9)]

Cell = Annotated[str, Field(max_length=100_000), AfterValidator(storable)]
Number = Annotated[float, Field(allow_inf_nan=False)]

Row = dict[Filled, Cell | Number | bool | None]


class Body(BaseModel):
    """JSON that a program sends."""

    model_config = ConfigDict(extra="forbid")


class RatingBody(Body):
    """A rating. ``label`` null is a skip; ``id`` is yours, so that sending twice stores once."""

    item: Text
    label: Text | None
    id: Id = Field(default_factory=lambda: uuid4().hex)
    note: Text = ""
    seconds: Seconds | None = None


class ItemBody(Body):
    """An item's id."""

    item: Text


class FlagBody(Body):
    """What is wrong with an item."""

    item: Text
    note: Filled
    id: Id = Field(default_factory=lambda: uuid4().hex)


class ItemsBody(Body):
    """Items for annotators: ids of the dataset, or new rows with an id and the columns of the data."""

    items: list[Row | Filled] = Field(min_length=1, max_length=10_000)
    overlap: int = Field(1, ge=1, le=100)


class ArrivalBody(Body):
    """An item that arrives: an id and columns of the data, and what a model upstream says, if one does."""

    row: Row = Field(min_length=1, max_length=1000)
    label: Filled | None = None
    confidence: Annotated[float, Field(ge=0, le=1)] | None = None


class PersonBody(Body):
    """Whom to invite."""

    name: Name
    role: Role = "annotator"
    skills: list[Filled] = Field(default=[], max_length=50)
    quota: Quota | None = None


class PageForm(BaseModel):
    """What every form holds: the secret that proves that it is a page of ours."""

    csrf: Id


class RatingForm(PageForm):
    """A rating by one of the page's buttons: a class, or a skip."""

    item: Text
    id: Id
    label: Text | None = None
    skip: Text | None = None
    note: Text = ""
    seconds: Seconds | None = None
    guideline: Text = ""

    @property
    def said(self) -> str | None:
        """The class or skip answer; None for a bare skip."""
        return self.label if self.label is not None else self.skip or None

    @model_validator(mode="after")
    def _is_answered(self) -> Self:
        if self.label is None and self.skip is None:
            raise ValueError("choose a class, or skip")
        return self


class FlagForm(PageForm):
    """What is wrong with an item."""

    item: Text
    id: Id
    note: Filled


class InviteForm(PageForm):
    """Whom to invite; skills are separated by commas."""

    name: Name
    role: Role
    skills: Text = ""
    quota: Annotated[str, Field(max_length=9, pattern="^[0-9]*$")] = ""


class NameForm(PageForm):
    """Of whom it is."""

    name: Name
