"""Items that arrive one by one: ``[online]``."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Self

from pydantic import Field, model_validator

from weakhitl.config.section import Section, Share, Text


class OnlineSection(Section):
    """What becomes of an item that a program sends to the server."""

    accept: Share | dict[str, Share] | None = Field(
        default=None,
        description="Confidence from which on a label needs no person: for all, or class = its own; without, none is.",
    )
    route: Share | dict[str, Share] = Field(
        default=0.0, description="Confidence under which an item gets no label and goes to nobody; for all or by class."
    )
    accept_rules: list[Text] = Field(
        default=[], description="Declared rules whose vote is the label, whatever a model says."
    )
    route_rules: list[Text] = Field(
        default=[], description="Declared rules whose vote, whatever it is, brings an item to people; they come first."
    )
    model: Text | None = Field(
        default=None, description="Folder of an end model, asked where an item comes without a class: `models`."
    )
    watch: Share = Field(default=0.05, description="Share of the accepted that people see all the same, by lot.")
    max_error: Share | None = Field(
        default=None, description="`weakhitl online` raises an alarm when surely more of the accepted are wrong."
    )
    overlap: Annotated[int, Field(ge=1)] = Field(default=1, description="Ratings that such an item gets.")

    @model_validator(mode="after")
    def _are_in_order(self) -> Self:
        names = [*_keys(self.accept), *_keys(self.route)]
        wrong = [name or "all" for name in dict.fromkeys([*names, ""]) if self.accept_at(name) < self.route_at(name)]
        if wrong:
            raise ValueError(f"accept is below route for {', '.join(wrong)}; between the two, people are asked")
        return self

    def accept_at(self, name: str) -> float:
        """Give the confidence from which on a class is accepted; more than 1 where none is."""
        found = self.accept.get(name) if isinstance(self.accept, dict) else self.accept
        return 2.0 if found is None else found

    def route_at(self, name: str) -> float:
        """Give the confidence from which on people are asked about a class."""
        return self.route.get(name, 0.0) if isinstance(self.route, dict) else self.route

    def faults(self, classes: Sequence[str], rules: Sequence[str]) -> Iterator[str]:
        """Name every class and rule that there is not."""
        for key, given in (("accept", self.accept), ("route", self.route)):
            for name in _keys(given):
                if name not in classes:
                    yield f"online.{key}: there is no class {name!r}; there are {', '.join(classes)}"
        for key in ("accept_rules", "route_rules"):
            for name in getattr(self, key):
                if name not in rules:
                    known = f"there are {', '.join(rules)}" if rules else "there is no [[labeling.rule]]"
                    yield f"online.{key}: there is no declared rule {name!r}; {known}"


def _keys(given: float | dict[str, float] | None) -> list[str]:
    return list(given) if isinstance(given, dict) else []
