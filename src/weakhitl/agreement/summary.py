"""All that agreement has to say of some ratings, as plain data: for the report, the command and programs."""

from typing import TYPE_CHECKING, Any

import pandas as pd

from weakhitl.agreement.breakdown import by_class, by_coder, by_item, by_slice, merges
from weakhitl.agreement.coefficients import COEFFICIENTS
from weakhitl.agreement.confusion import confused_classes, overlap_groups, paradox
from weakhitl.agreement.distances import WEIGHTING_OF
from weakhitl.agreement.pairwise import pairwise_cohen_kappa
from weakhitl.agreement.rater_groups import RaterGroup, by_group
from weakhitl.agreement.scale import leniency
from weakhitl.arrays import ArrayLike
from weakhitl.estimate import Estimate
from weakhitl.notebook import html_table
from weakhitl.votes import Votes

if TYPE_CHECKING:
    from collections.abc import Mapping

_MOST_ITEMS = 10
_MOST_CODERS = 100
_MOST_PAIRS = 2000
_MOST_PAIRS_OF_CLASSES = 10


class AgreementFigures(dict[str, Any]):
    """What ``agreement_summary`` gives and what is added to it: plain data, of which a notebook shows the figures."""

    def _repr_html_(self) -> str:
        """Show the figures of the dataset and of each class, and name what else there is."""
        figures = self["dataset"] | {f"alpha of {name}": one for name, one in self["by_class"].items()}
        estimates = {name: Estimate(**one) for name, one in figures.items()}
        rows = [(name, one, f"{one.n_pairable:,}") for name, one in estimates.items()]
        rest = ", ".join(name for name in self if name not in ("level", "dataset", "by_class"))
        return html_table(["figure", "estimate", "items"], rows, f"Agreement, {self['level']}", f"Also here: {rest}")


def agreement_summary(
    votes: Votes,
    *,
    weights: ArrayLike | None = None,
    seed: int = 0,
    slices: "dict[str, pd.Series[Any]] | None" = None,
    groups: "Mapping[str, pd.Series[Any]] | None" = None,
) -> dict[str, Any]:
    """Measure agreement in every way; ready for JSON, without nan.

    ``weights`` stand for the items of a dataset; ``slices`` maps the name of a column to item -> value, ``groups`` to
    rater -> group: only where it is given there is a ``by_group``.
    """
    pairs = pairwise_cohen_kappa(votes, weighting=WEIGHTING_OF[votes.schema.level])
    compared = {name: by_group(votes, values, weights=weights, seed=seed) for name, values in (groups or {}).items()}
    # Partial agreement, and higher than others, have a meaning only between classes in order.
    in_order = votes.schema.level != "nominal"
    names = [name for name in COEFFICIENTS if name != "gwet-ac2" or in_order]
    higher = {coder: {"higher": one.to_dict()} for coder, one in leniency(votes).items()} if in_order else {}
    return {
        "level": votes.schema.level,
        "dataset": {name: COEFFICIENTS[name](votes, weights=weights, seed=seed).to_dict() for name in names},
        "paradox": paradox(votes, weights=weights, seed=seed).to_dict(),
        "by_class": _estimates(by_class(votes, weights=weights, seed=seed)),
        "by_slice": {name: _slices(votes, values, weights, seed) for name, values in (slices or {}).items()},
        "by_coder": [
            row | {"confuses": _most_confused(votes, coder=row["coder"])} | higher.get(row["coder"], {})
            for row in _rows(by_coder(votes, weights=weights, most=_MOST_CODERS).reset_index())
        ],
        "confused": _rows(confused_classes(votes, weights=weights).head(_MOST_PAIRS_OF_CLASSES)),
        "merges": [
            pair | {"merged": pair["merged"].to_dict(), "gain": pair["gain"].to_dict()}
            for pair in merges(votes, weights=weights, seed=seed)
        ],
        "hardest_items": [
            {"item": str(item), "ratings": int(row["ratings"]), "agreement": float(row["agreement"])}
            for item, row in by_item(votes).head(_MOST_ITEMS).iterrows()
        ],
        "overlap_groups": overlap_groups(votes),
        "pairs": _rows(pairs.nlargest(_MOST_PAIRS, "n")),
        "n_pairs": len(pairs),
        **({"by_group": {name: _groups(found) for name, found in compared.items()}} if compared else {}),
    }


def _groups(found: dict[str, RaterGroup]) -> dict[str, Any]:
    return {name: group.to_dict() for name, group in found.items()}


def _slices(votes: Votes, values: "pd.Series[Any]", weights: ArrayLike | None, seed: int) -> dict[str, Any]:
    """Alpha of each slice, and the classes that are confused most there."""
    there = values.reindex(votes.items).astype("string")
    return {
        name: estimate.to_dict()
        | {"confuses": _most_confused(votes.take_items((there == name).fillna(value=False).to_numpy(dtype=bool)))}
        for name, estimate in by_slice(votes, values, weights=weights, seed=seed).items()
    }


def _most_confused(votes: Votes, coder: str | None = None) -> list[str] | None:
    """Names of the two classes that are confused most; None where nobody disagrees."""
    table = confused_classes(votes, coder=coder, examples=1)
    return None if table.empty else [str(table.loc[0, "first"]), str(table.loc[0, "second"])]


def _estimates(found: dict[str, Any]) -> dict[str, Any]:
    return {name: estimate.to_dict() for name, estimate in found.items()}


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as dicts; what is missing is None."""
    return [
        {str(key): value if isinstance(value, list) or pd.notna(value) else None for key, value in row.items()}
        for row in table.astype(object).to_dict("records")
    ]
