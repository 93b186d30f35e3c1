"""Pictures of labeling functions for notebooks; each draws on the axes that it is given, or makes some."""

from typing import TYPE_CHECKING, Any

import numpy as np

from weakhitl.gold import Gold
from weakhitl.labeling.analysis import lf_accuracy, lf_summary
from weakhitl.labeling.compare import lf_pairs
from weakhitl.notebook import new_axes
from weakhitl.votes import Votes, require_votes

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def plot_label_frequency(votes: Votes, ax: "Axes | None" = None) -> "Axes":
    """Draw how many items have no vote, one vote, two votes and so on; gives the axes."""
    require_votes(votes)
    ax = ax or _axes(1)
    counts = np.bincount(votes.class_counts().sum(axis=1))
    ax.bar(np.arange(len(counts)), counts / len(votes))
    ax.set_xticks(np.arange(len(counts)))
    ax.set_xlabel("votes on an item")
    ax.set_ylabel("share of items")
    return ax


def plot_lf_summary(votes: Votes, ax: "Axes | None" = None) -> "Axes":
    """Draw each source's coverage, and which part of it overlaps and conflicts with others; gives the axes."""
    table = lf_summary(votes)
    ax = ax or _axes(len(table))
    places = np.arange(len(table))[::-1]
    for name, width, shade in (("Coverage", 0.8, "0.85"), ("Overlaps", 0.55, "0.6"), ("Conflicts", 0.3, "tab:red")):
        ax.barh(places, table[name], height=width, color=shade, label=name.lower())
    ax.set_yticks(places, [str(name) for name in table.index])
    ax.set_xlabel("share of items")
    ax.set_xlim(0, 1)
    ax.legend(frameon=False)
    return ax


def plot_lf_accuracy(votes: Votes, gold: Gold, ax: "Axes | None" = None, confidence: float = 0.95) -> "Axes":
    """Draw each source's accuracy on the items whose label is known, with its interval; gives the axes.

    A source that votes on none of them has no mark.
    """
    found = lf_accuracy(votes, gold, confidence)
    ax = ax or _axes(len(found))
    places = np.arange(len(found))[::-1]
    for place, estimate in zip(places, found.values(), strict=True):
        if estimate.value is not None:
            ax.plot([estimate.low or 0.0, estimate.high or 0.0], [place, place], color="0.4")
            ax.plot([estimate.value], [place], "o", color="tab:blue")
    ax.set_yticks(places, list(found))
    ax.set_xlim(0, 1)
    ax.set_xlabel(f"accuracy, {confidence:.0%} interval")
    return ax


def plot_lf_conflicts(votes: Votes, ax: "Axes | None" = None) -> "Axes":
    """Draw for every two sources how often they vote different classes where both vote; gives the axes.

    Pairs that never vote on the same item are grey.
    """
    require_votes(votes)
    names = list(votes.sources)
    ax = ax or _axes(len(names), square=True)
    shares = np.full((len(names), len(names)), np.nan)
    for row in lf_pairs(votes).itertuples():
        first, second = names.index(str(row.first)), names.index(str(row.second))
        shares[first, second] = shares[second, first] = row.conflict
    ax.set_facecolor("0.85")
    image = ax.imshow(shares, vmin=0, vmax=1, cmap="Reds")
    ax.set_xticks(np.arange(len(names)), names, rotation=90)
    ax.set_yticks(np.arange(len(names)), names)
    ax.figure.colorbar(image, ax=ax, label="conflicts, where both vote")
    return ax


def plot_polarity(votes: Votes, ax: "Axes | None" = None) -> "Axes":
    """Draw how many votes of each class every source gives; gives the axes."""
    require_votes(votes)
    _, column, label = votes.entries()
    counts = np.bincount(column * len(votes.schema) + label, minlength=len(votes.sources) * len(votes.schema))
    shares = counts.reshape(len(votes.sources), len(votes.schema)) / len(votes)
    ax = ax or _axes(len(shares))
    places, left = np.arange(len(shares))[::-1], np.zeros(len(shares))
    for code, name in enumerate(votes.schema.classes):
        ax.barh(places, shares[:, code], left=left, label=name)
        left += shares[:, code]
    ax.set_yticks(places, list(votes.sources))
    ax.set_xlabel("share of items")
    ax.legend(frameon=False)
    return ax


def _axes(rows: int, *, square: bool = False) -> Any:
    height = 1.2 + 0.28 * max(rows, 5)
    return new_axes(height + 1 if square else 7, height)
