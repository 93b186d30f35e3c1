"""Recall: withdraw a source or items, see what rests on them, release without them."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from weakhitl.annotation.pseudonyms import pseudonyms, secret_key
from weakhitl.errors import DataError, StateError, UsageError
from weakhitl.gate import FUNCTION, ITEM, PERSON, Evidence, assess, of_kind
from weakhitl.pipeline.clock import moment
from weakhitl.pipeline.hindsight import note_votes
from weakhitl.pipeline.recalls import MODEL, ONLINE, UPSTREAM, Recall, add_recalls, read_recalls, standing
from weakhitl.pipeline.release import Released, release
from weakhitl.pipeline.workspace import Workspace
from weakhitl.release import Difference, diff
from weakhitl.release.bundle import CONSENSUS
from weakhitl.release.consensus_file import Labels
from weakhitl.release.evidence_files import read_evidence
from weakhitl.release.last_release import next_patch, release_folders
from weakhitl.vote_names import unknown_item
from weakhitl.wording import a_few, number_of


@dataclass(frozen=True)
class Affected:
    """A release that rests on a source, or holds items.

    Attributes
    ----------
    version
        Which one.
    votes
        Votes, ratings or decisions of the source, or on the items, that it holds.
    labels
        Items whose label comes out otherwise without them; recalled items have none.
    released
        Rows of it with another label then, with none, or under the confidence that it needs.

    """

    version: str
    votes: int
    labels: int
    released: int


@dataclass(frozen=True)
class Recalled:
    """What a recall came to.

    Attributes
    ----------
    source, why
        What was recalled, and why; of several items, how many.
    affected
        The releases that rest on it, lowest version first.
    released
        The release without it, or its refusal; None where none was needed or wanted.
    difference
        What is other in that release; None where there is none.

    """

    source: str
    why: str
    affected: tuple[Affected, ...]
    released: Released | None = None
    difference: Difference | None = None

    def to_dict(self) -> dict[str, Any]:
        """Give all fields, ready for JSON."""
        return {
            "source": self.source,
            "why": self.why,
            "affected": [asdict(one) for one in self.affected],
            "released": None if self.released is None else self.released.to_dict(),
            "difference": None if self.difference is None else self.difference.to_dict(),
        }


def recall(
    workspace: Workspace, source: str | Sequence[str], why: str, *, dry_run: bool = False, make_release: bool = True
) -> Recalled:
    """Withdraw a function, a person, or items (``item:ID``, or a list of such), from now on.

    Votes, ratings and decisions of a source count no more. Items are released no more, and nobody is asked about them;
    what was said of them goes on counting in agreement, and those that were audited count as wrong in lower bounds.
    Where the last release rests on it, the next patch version is made without it, if the gate passes. With ``dry_run``
    nothing is written.

    Raises ``UsageError`` for a source that nobody knows and a reason that cannot stand in a release, ``DataError``
    naming every item that is none, ``StateError`` where it is recalled already.
    """
    names = _known_names(workspace, [source] if isinstance(source, str) else source)
    for one in names:
        _check_reason(one, why)
    recalls = read_recalls(workspace.recalls_file)
    if already := [one for one in names if one in standing(recalls)]:
        told = "; ".join(f"{one} is recalled already: {standing(recalls)[one]}" for one in already)
        raise StateError(f"{told}. `weakhitl release` makes a release without it")
    items = [*of_kind(ITEM, dict.fromkeys(names, ""))]
    name = names[0] if len(names) == 1 else number_of(len(items), ITEM)
    folders = release_folders(workspace.releases)
    found = (_holding(one, items) if items else _affected(workspace, one, name, why) for one in folders)
    affected = [one for one in found if one is not None]
    result = Recalled(name, why, tuple(affected))
    if dry_run:
        return result
    now = moment().isoformat()
    add_recalls(workspace.recalls_file, [Recall(one, why, now) for one in names])
    workspace.desk.withdraw(items)
    with suppress(StateError):  # votes that are out of date are noted when the functions run again
        note_votes(workspace.store, workspace.votes())
    if not make_release or not affected or affected[-1].version != folders[-1].name:
        return result
    try:
        made = release(workspace, next_patch(folders[-1].name))
    except StateError as error:
        be, them = ("is", "it") if len(names) == 1 else ("are", "them")
        raise StateError(
            f"{name} {be} recalled from now on, but there is no release without {them}: {error}"
        ) from error
    difference = diff(folders[-1], made.path) if made.digest else None
    return Recalled(name, why, tuple(affected), made, difference)


def lift(workspace: Workspace, source: str, why: str) -> str:
    """Let what was recalled count again; give its name. Raises ``StateError`` where it is not recalled."""
    known = standing(read_recalls(workspace.recalls_file))
    names = [name for name in known if source in (name, name.partition(":")[2])]
    if len(names) != 1:
        raise StateError(f"{source!r} is neither recalled nor paused; those that are: {a_few([*known]) or 'none'}")
    _check_reason(names[0], why)
    add_recalls(workspace.recalls_file, [Recall(names[0], why, moment().isoformat(), lifted=True)])
    if items := [*of_kind(ITEM, {names[0]: ""})]:
        workspace.desk.settle(items)
    return names[0]


def _known_names(workspace: Workspace, sources: Sequence[str]) -> list[str]:
    """Give whole names: of one source, or of items. Raises ``UsageError`` and ``DataError`` for what is neither."""
    sources = list(dict.fromkeys(sources))
    items = list(of_kind(ITEM, dict.fromkeys(sources, "")))
    if len(sources) != 1 and len(items) < len(sources):
        raise UsageError("recall one function or person at a time, or items: item:ID item:ID …")
    if not items:
        return [_known_source(workspace, sources[0])]
    known = workspace.items.index
    if unknown := [item for item in items if item not in known]:
        raise DataError(str(workspace.data_path), [unknown_item(item, known) for item in unknown])
    return [f"{ITEM}:{item}" for item in items]


def _known_source(workspace: Workspace, source: str) -> str:
    """Give a source's whole name. Raises ``UsageError`` where there is none of this name, or two."""
    online = [f"{ONLINE}:{name}" for name in (UPSTREAM, MODEL)]
    if source in online:
        return source
    functions = [f"{FUNCTION}:{name}" for name in _function_names(workspace)]
    people = [f"{PERSON}:{name}" for name in workspace.store.ratings()["annotator"].unique()]
    known = [*functions, *people, *online]
    found = [name for name in known if source in (name, name.partition(":")[2])]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(f"{source!r} is the name of several; say {' or '.join(found)}")
    near = get_close_matches(source, [*known, *(name.partition(":")[2] for name in known)], n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    if source in workspace.items.index:
        hint = f"; the item is {ITEM}:{source}"
    raise UsageError(f"there is no function or person {source!r}{hint}")


def _function_names(workspace: Workspace) -> list[str]:
    try:
        names = list(workspace.votes().sources)
    except StateError:  # not labelled yet, or not anew: to stop a source must be possible all the same
        names = [rule.name for rule in workspace.config.labeling.rule]
    return [*names, *(name for name in workspace.recalled(FUNCTION) if name not in names)]


def _check_reason(name: str, why: str) -> None:
    """Raise ``UsageError`` unless a reason says something, and no name that a release must not hold."""
    kind, _, own = name.partition(":")
    if not why.strip():
        raise UsageError("a recall needs a reason: --reason TEXT")
    if kind == PERSON and own.casefold() in why.casefold():
        raise UsageError(f"the reason stands in releases, which hold no person's name: leave {own!r} out of it")


def _affected(workspace: Workspace, folder: Path, source: str, why: str) -> Affected | None:
    """Say what of a release rests on a source; None where nothing does."""
    evidence = read_evidence(folder)
    inside = _as_released(workspace, evidence, source)
    votes = _n_votes(evidence, inside)
    if not votes or inside in evidence.context.withdrawn:
        return None
    again = assess(evidence.without(inside, why))
    now, confident = Labels(again).frame(), again.confident
    before = pq.read_table(folder / CONSENSUS, columns=["label", "released"])
    label = before.column("label").to_pandas().astype(object)
    released = before.column("released").to_numpy()
    other = (label.fillna("") != now["label"].fillna("")).to_numpy()
    return Affected(folder.name, votes, int(other.sum()), int((released & (other | ~confident)).sum()))


def _holding(folder: Path, items: list[str]) -> Affected | None:
    """Say what of a release is about items; None where it releases none of them."""
    table = pq.read_table(folder / CONSENSUS, columns=["item", "released"]).to_pandas()
    released = int((table["item"].isin(items) & table["released"]).sum())
    if not released:
        return None
    evidence = read_evidence(folder)
    votes = evidence.functions.take_items(np.flatnonzero(evidence.items.isin(items))).n_votes
    said = int(evidence.ratings["item"].isin(items).sum())
    return Affected(folder.name, votes + said, released, released)


def _as_released(workspace: Workspace, evidence: Evidence, source: str) -> str:
    """Give a source's name in a release: people are called otherwise there."""
    name = next(iter(of_kind(PERSON, {source: ""})), None)
    if name is None:
        return source
    (pseudonym,) = pseudonyms([name], secret_key(workspace.pseudonym_key)).values()
    known = [one for one in evidence.ratings["annotator"].unique() if str(one).startswith(pseudonym)]
    return f"{PERSON}:{known[0] if known else pseudonym}"


def _n_votes(evidence: Evidence, source: str) -> int:
    kind, _, name = source.partition(":")
    if kind == PERSON:
        return int((evidence.ratings["annotator"] == name).sum())
    if name not in evidence.functions.sources:
        return 0
    return int(np.asarray(evidence.functions.take_sources([name]).n_votes))
