"""Hand items out to other tools, and collect what comes back."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from weakhitl.annotation import ADJUDICATOR, ANNOTATOR
from weakhitl.annotation.counting import SURPLUS
from weakhitl.annotation.formats import ROW, Columns, read_long, write_queue
from weakhitl.annotation.formats.content import plain, queue_table
from weakhitl.annotation.formats.exchange import Exchange, Layout, format_named, refuse_json
from weakhitl.errors import DataError, RowsError, StateError, UsageError
from weakhitl.files import row_places
from weakhitl.frames import as_pandas
from weakhitl.gate import Assessment
from weakhitl.pipeline.workspace import Workspace
from weakhitl.routing.batch import PILOT
from weakhitl.vote_names import alike_people, unknown_item
from weakhitl.wording import number_of

MODEL = "weakhitl"
"""The name of our labels in other tools."""


@dataclass(frozen=True)
class Collected:
    """What an import brought: new ratings, those known, the annotators' by their fate, and what was left out.

    ``fates`` is None where functions have to run first: what becomes of the ratings is told afterwards. ``surplus``
    counts the new ones whose items had all the ratings that count.
    Of the items that are ``waiting`` for the adjudicator, ``unfinished`` have not got all their ratings yet.
    """

    new: int
    known: int
    role: str
    fates: dict[str, int] | None
    waiting: int
    unfinished: int
    surplus: int = 0
    notices: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Give all fields, ready for JSON."""
        return dict(self.__dict__) | {"notices": list(self.notices)}


@dataclass(frozen=True)
class Exported:
    """What was written.

    ``table`` is the queue (item, needed, or why), or the ratings. Of items for the adjudicator ``early`` still want
    ratings by people. ``cannot_hold`` says what the file does not hold.
    """

    table: pd.DataFrame
    cannot_hold: tuple[str, ...] = field(default=())
    early: int = 0


def export(
    workspace: Workspace,
    out: Path,
    *,
    adjudication: bool = False,
    to: str | None = None,
    ratings: bool = False,
    predictions: bool = False,
    text: str | None = None,
) -> Exported:
    """Write the items that still need ratings (or decisions); with ``ratings`` those that have some, and what was said.

    Without ``to`` it is a table with empty annotator and label cells. The reason why an item waits for the adjudicator
    is not in the file: they should not know that it is a tie. ``predictions`` are the labels so far, which lead people.
    Raises ``UsageError`` where the file is one that the project reads.
    """
    workspace.check_output(out)
    if ratings and adjudication:
        raise UsageError("what people said (--ratings), or what waits for the adjudicator (--adjudication): choose one")
    if to is None and not ratings and (predictions or text):
        raise UsageError("--predictions and --text are about another tool's file: say which with --to")
    if to is None and not ratings:
        return _write_table(workspace, out, adjudication=adjudication)
    found = format_named(to or "long")
    assessment = workspace.assess()
    queue = _queue(assessment, adjudication=adjudication)
    everything = workspace.store.ratings()
    said = everything[everything["item"].isin(workspace.items.index)]
    items = said["item"].unique().tolist() if ratings else queue["item"].tolist()
    if not items:
        if not ratings:
            raise StateError(_nothing(workspace, assessment, adjudication=adjudication))
        late = "only items that arrived have ratings; `weakhitl label` takes them into the data first"
        raise StateError("nobody has rated anything yet" if everything.empty else late)
    needed = queue.get("needed", pd.Series(1, index=queue.index))
    table, column = _with_text(workspace, text)
    content = Exchange(
        items=table.loc[items],
        predictions=_predictions(assessment, items if predictions else []),
        ratings=said if ratings else said[:0],
        queue=queue_table({} if ratings else dict(zip(queue["item"], needed, strict=True))),
        schema=workspace.config.schema_,
        text=column,
    )
    found.write(out, content)
    cannot_hold = found.cannot_hold if ratings or predictions else ()
    if not ratings:
        return _exported(queue, assessment, cannot_hold)
    if arrived := len(everything) - len(said):
        what = number_of(arrived, "rating of an item that arrived", "ratings of items that arrived")
        cannot_hold = (*cannot_hold, f"{what}: `weakhitl label` takes them into the data first")
    return Exported(said, cannot_hold)


def _exported(queue: pd.DataFrame, assessment: Assessment, cannot_hold: tuple[str, ...] = ()) -> Exported:
    early = int(queue["item"].isin(assessment.still_wanted.index).sum()) if "why" in queue else 0
    return Exported(queue, cannot_hold, early)


def _write_table(workspace: Workspace, out: Path, *, adjudication: bool) -> Exported:
    assessment = workspace.assess()
    queue = _queue(assessment, adjudication=adjudication)
    if queue.empty:
        raise StateError(_nothing(workspace, assessment, adjudication=adjudication))
    items, schema = workspace.items[workspace.columns_read], workspace.config.schema_
    write_queue(out, queue[["item"]], items, schema, ADJUDICATOR if adjudication else ANNOTATOR)
    return _exported(queue, assessment)


def _nothing(workspace: Workspace, assessment: Assessment, *, adjudication: bool) -> str:
    if adjudication:
        return "no item waits for the adjudicator"
    known = assessment.evidence.items
    arrived = sum(one.asked and one.item not in known for one in workspace.arrivals.all())
    if arrived:
        waits = number_of(arrived, "item waits", "items wait")
        return (
            f"{waits} on the pages since they arrived; `weakhitl label` takes them into the data, and then into files"
        )
    return "no item waits for annotators: run `weakhitl route`"


def _with_text(workspace: Workspace, asked: str | None) -> tuple[pd.DataFrame, str]:
    """Give the items and the column that people read: asked for, the configuration's, one called text, or the only one.

    Where people read several columns, the items get one that holds all.
    """
    items, id_ = workspace.items, workspace.config.data.id
    names = [str(name) for name in items.columns]
    others = [name for name in names if name != id_]
    only = ["text"] if "text" in names else others if len(others) == 1 else []
    columns = [asked] if asked else workspace.config.annotation.text or only
    if len(columns) > 1:
        name = _free_name("text", names)
        return items.assign(**{name: [_lines(row) for row in items[columns].to_dict("records")]}), name
    if not columns or columns[0] not in names:
        wrong = f"no column {columns[0]!r}" if columns else "say which column people read"
        raise UsageError(f"{wrong}: --text, or [annotation] text; the columns are {', '.join(others)}")
    return items, columns[0]


def _free_name(name: str, taken: Collection[str]) -> str:
    while name in taken:
        name += "_"
    return name


def _lines(row: Mapping[Hashable, Any]) -> str:
    """Write the cells of a row one below the other, each with its name."""
    return "\n\n".join(f"{name}: {cell}" for name, cell in row.items() if plain(cell) not in (None, ""))


def _predictions(assessment: Assessment, items: list[str]) -> pd.DataFrame:
    joint, schema = assessment.joint, assessment.evidence.schema
    table = pd.DataFrame(
        {
            "item": joint.items,
            "label": [schema.name(int(code)) for code in joint.labels],
            "score": joint.confidence,
            "model": MODEL,
        }
    )
    return table[table["item"].isin(items) & table["label"].notna()]


def collect(
    workspace: Workspace,
    ratings: Path | str | pd.DataFrame,
    *,
    adjudication: bool = False,
    columns: Columns = ("item", "annotator", "label"),
    wide: str | Sequence[str] = (),
    source: str | None = None,
    people: Mapping[str, str] | None = None,
    default_annotator: str = "",
    own_ids: bool = False,
) -> Collected:
    """Take ratings (or the adjudicator's decisions), of a file or a table, into the store, all or none.

    ``wide`` are the annotators' columns, names or patterns, of a table whose rows are items. ``source`` names another
    tool's format; ``people`` says who is meant by names or numbers, ``default_annotator`` who rated where a file does
    not say.
    A table without a column ``item`` may have the dataset's column of ids instead, unless another one is named.
    With ``own_ids`` the ids of items are the tool's, where a file has none of ours.
    """
    role, ratings = ADJUDICATOR if adjudication else ANNOTATOR, as_pandas(ratings)
    notices: tuple[str, ...] = ()
    if source is None:
        if not isinstance(ratings, pd.DataFrame):
            refuse_json(Path(ratings))
        if own_ids:
            raise UsageError("the tool's own ids are in no plain table; say which tool wrote it with --from")
        table = read_long(
            ratings,
            workspace.config.schema_,
            workspace.items.index,
            columns,
            wide,
            adjudication=adjudication,
            ids=workspace.config.data.id,
            people=people,
            default_annotator=default_annotator,
            others=workspace.items.columns.map(str),
        )
    elif wide:
        raise UsageError("a table with a column an annotator is of no other tool; leave out --from")
    elif isinstance(ratings, pd.DataFrame):
        raise UsageError(f"source={source!r} names the format of a file; a table of ratings needs none")
    else:
        item, annotator, label = columns
        layout = Layout(
            item=item,
            annotator=annotator,
            label=label,
            default_annotator=default_annotator,
            people=dict(people or {}),
            own_ids=own_ids,
        )
        content = format_named(source).read(Path(ratings), workspace.config.schema_, layout)
        table, notices = _checked(workspace, Path(ratings), content, adjudication=adjudication), content.notices
    return _stored(workspace, table, role, str(ratings) if isinstance(ratings, Path | str) else "ratings", notices)


def _stored(workspace: Workspace, table: pd.DataFrame, role: str, where: str, notices: tuple[str, ...]) -> Collected:
    """Store ratings, settle the places of those who gave them, and say what becomes of them."""
    table = table.assign(label=table["label"].map(workspace.config.schema_.written, na_action="ignore"))
    try:
        new = workspace.store.add_ratings(table, role, workspace.guideline_hash)
    except RowsError as error:
        raise _in_file(where, table, error) from None
    workspace.desk.settle(table["item"].unique().tolist())
    if role == ANNOTATOR and "role" in table and (decided := int(table["role"].eq(ADJUDICATOR).sum())):
        notices += (f"{number_of(decided, 'row is a decision', 'rows are decisions')} of an adjudicator, by the role",)
    try:
        assessment = workspace.assess()
    except StateError as error:  # the ratings are in the store; what they do waits for the functions
        return Collected(new, len(table) - new, role, None, 0, 0, notices=(*notices, str(error)))
    waiting = assessment.adjudication_queue["item"]
    remedy = "recall the one (weakhitl recall), and import those ratings under the name of the other"
    notices += alike_people(assessment.counted.ratings["annotator"], table["annotator"], remedy)
    return Collected(
        new=new,
        known=len(table) - new,
        role=role,
        fates=assessment.counted.fates,
        waiting=len(waiting),
        unfinished=int(waiting.isin(assessment.still_wanted.index).sum()),
        surplus=0 if role == ADJUDICATOR else int((assessment.counted.ratings["fate"].tail(new) == SURPLUS).sum()),
        notices=notices,
    )


def _in_file(where: str, table: pd.DataFrame, error: RowsError) -> DataError:
    """Name ratings that contradict stored ones, in a plain table with their rows in the file."""
    faults = [f"{what}, which stands until the item is asked again (weakhitl route --again)" for _, what in error.rows]
    if table.index.name == ROW:
        places = row_places(where, table.index[[row for row, _ in error.rows]].tolist())
        faults = [f"{place}: {what}" for place, what in zip(places, faults, strict=True)]
    return DataError(where, faults)


def _checked(workspace: Workspace, path: Path, content: Exchange, *, adjudication: bool) -> pd.DataFrame:
    ratings = content.ratings
    unknown = ratings["item"][~ratings["item"].isin(workspace.items.index)].unique()
    if len(unknown):
        raise DataError(str(path), [unknown_item(item, workspace.items.index) for item in unknown])
    return ratings.assign(role=ADJUDICATOR) if adjudication else ratings


def _queue(assessment: Assessment, *, adjudication: bool) -> pd.DataFrame:
    """List what waits: item and how many ratings it needs, or why it needs a decision."""
    if adjudication:
        return assessment.adjudication_queue
    wanted = assessment.still_wanted.rename_axis("item").rename("needed").reset_index()
    batches = assessment.evidence.batches
    if not batches or batches[-1].kind != PILOT:
        return wanted
    pilot = batches[-1].items[~batches[-1].items.isin(assessment.evidence.recalled_items)]
    return pd.concat([pd.DataFrame({"item": pilot, "needed": 1}), wanted], ignore_index=True)
