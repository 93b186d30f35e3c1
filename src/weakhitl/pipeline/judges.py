"""Judges: ask a model about the items of a project, and keep its votes."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandas as pd

from weakhitl.config.judge import JudgeSection
from weakhitl.errors import ConfigError, DataError, StateError, UsageError
from weakhitl.files import read_table, require_columns, write_json, write_table
from weakhitl.labeling import Rule, lookup
from weakhitl.labeling.judge import (
    DEFAULT,
    Asker,
    Endpoint,
    Ledger,
    Model,
    Own,
    Prices,
    Prompt,
    Spent,
    answers_to,
    ask_all,
    fill,
    rows_of,
)
from weakhitl.labeling.progress import Progress
from weakhitl.pipeline.gold_files import read_gold
from weakhitl.pipeline.guideline import left_to_write
from weakhitl.pipeline.own_functions import load_named
from weakhitl.pipeline.workspace import Workspace
from weakhitl.release.whole_folder import only_one


@dataclass(frozen=True)
class Judged:
    """What a run of a judge came to.

    Attributes
    ----------
    name
        The judge.
    new
        How many items were asked about now.
    votes
        Class -> its votes, old and new.
    abstained
        Answers that are none of the classes.
    problems
        What was wrong with answers that count as abstentions -> how often.
    failed
        Why items could not be asked about -> how many; the next run tries again.
    unasked
        Items that were left because the budget is spent.
    spent
        What all its answers took so far, with earlier models and prompts.
    guideline
        What is left to write in the guideline that it was told; empty where nothing is.

    """

    name: str
    new: int
    votes: dict[str, int]
    abstained: int
    problems: dict[str, int]
    failed: dict[str, int]
    unasked: int
    spent: Spent
    guideline: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give the figures, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Quote:
    """What a run would ask, and cost: how many items; the most it can cost; what it would by earlier answers' mean.

    ``left`` is what the budget leaves; ``guideline`` what is left to write in the guideline that it would be told.
    """

    items: int
    most: float
    likely: float | None
    first: Any
    left: float | None = None
    guideline: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Give the figures, ready for JSON."""
        return asdict(self)


def judge_section(workspace: Workspace, name: str) -> JudgeSection:
    """Find a judge by its name. Raises ``UsageError`` with those that there are."""
    known = {judge.name: judge for judge in workspace.config.judge}
    if name in known:
        return known[name]
    close = get_close_matches(name, known, n=1)
    hint = (
        f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(known) or 'none: declare a [[judge]]'}"
    )
    raise UsageError(f"no judge is called {name!r}{hint}")


def run_judge(
    workspace: Workspace, name: str, *, sample: int | None = None, seed: int = 0, progress: Progress | None = None
) -> Judged:
    """Ask a judge about all items, or a random sample, that it has not answered yet; write its votes.

    Raises ``ConfigError``, ``UsageError`` or ``StateError`` where it cannot be asked, or is being asked by another run;
    what it had answered is kept.
    """
    section = judge_section(workspace, name)
    with only_one(workspace.root / ".weakhitl" / f"judge-{name}.lock", f"asking judge {name}"):
        return _run(workspace, section, sample, seed, progress)


def _run(
    workspace: Workspace, section: JudgeSection, sample: int | None, seed: int, progress: Progress | None
) -> Judged:
    name = section.name
    asker, items = judge_asker(workspace, section), _items(workspace, section)
    ledger, state = Ledger(workspace.judges / f"{name}.jsonl"), workspace.judges / f"{name}.json"
    chosen = _sample(items, sample, seed)
    told = None if progress is None else lambda done: progress(done, len(chosen))
    at_once = section.concurrency if section.function is None else 1
    try:
        asked = ask_all(asker, rows_of(chosen), ledger, at_once=at_once, budget=section.budget, progress=told)
    finally:  # what was spent is on record, whatever stopped this; the votes are still those of before
        if ledger.answers:
            write_json(state, workspace.judge_state(name) | {"spent": ledger.spent().cost})
    answers = answers_to(asker, rows_of(items), ledger)
    labels = {item: answer.label for item, answer in answers.items() if answer.label is not None}
    _write_votes(workspace.judges / f"{name}.csv", labels)
    spent = ledger.spent()
    model = section.model or section.function
    write_json(state, {"identity": asker.identity, "model": model, "spent": spent.cost})
    problems = Counter(answer.problem for answer in answers.values() if answer.problem)
    votes = Counter(labels.values())
    classes = {str(label): votes[str(label)] for label in workspace.config.schema_.classes}
    abstained = len(answers) - len(labels)
    return Judged(
        name,
        asked.new,
        classes,
        abstained,
        dict(problems),
        dict(asked.failed),
        asked.unasked,
        spent,
        _left_to_write(workspace, section),
    )


def _write_votes(path: Path, labels: Mapping[str, str]) -> None:
    """Write a table; none where there is no vote, which is no source."""
    if labels:
        write_table(path, pd.DataFrame({"key": [*labels], "label": [*labels.values()]}))
    else:
        path.unlink(missing_ok=True)


def quote_judge(workspace: Workspace, name: str, *, sample: int | None = None, seed: int = 0) -> Quote:
    """Say what a run would ask and cost; nothing is sent."""
    section = judge_section(workspace, name)
    asker, items = judge_asker(workspace, section), _items(workspace, section)
    ledger = Ledger(workspace.judges / f"{name}.jsonl")
    questions = dict(asker.question(row) for _, row in rows_of(_sample(items, sample, seed)))
    open_ = {key: asked for key, asked in questions.items() if key not in ledger.answers}
    spent = ledger.spent()
    likely = spent.cost / spent.answers * len(open_) if spent.answers else None
    return Quote(
        len(open_),
        sum(map(asker.most, open_.values())),
        likely,
        next(iter(open_.values()), None),
        None if section.budget is None else max(0.0, section.budget - spent.cost),
        _left_to_write(workspace, section),
    )


def _left_to_write(workspace: Workspace, section: JudgeSection) -> str:
    """Say what is left to write in the guideline; nothing of a judge that is not told it."""
    told = section.function is None and "$guideline" in _template(workspace, section)
    return left_to_write(workspace.guideline_path) if told else ""


def judge_asker(workspace: Workspace, section: JudgeSection) -> Asker:
    """Make what is asked.

    Raises ``ConfigError`` or ``DataError`` for a prompt, columns, examples or a function that are amiss.
    """
    schema, where = workspace.config.schema_, f"[[judge]] {section.name}"
    columns = _columns(workspace, section)
    require_columns(workspace.items, [*columns, *section.images], f"{workspace.data_path} (for {where})")
    if section.function is not None:
        function, fault = load_named(section.function, workspace.root)
        if fault:
            raise ConfigError(where, fault)
        source = _text(workspace.root / section.function.rsplit(":", 1)[0])
        return Own(function, columns, schema, f"{section.function}\n{source}")
    known = _examples(workspace, section)
    shown = workspace.items.loc[list(known), [*columns, *section.images]]
    examples = [(row, known[item]) for item, row in rows_of(shown)]
    prompt = Prompt(_instruction(workspace, section, where), columns, section.images, workspace.root, examples)
    model = Model(
        section.model or "", section.url or "", section.temperature, section.max_tokens, section.format, section.options
    )
    prices = Prices(section.price_in, section.price_out)
    return Endpoint(model, prompt, schema, prices, key=section.key, retries=section.retries, timeout=section.timeout)


def judge_rules(workspace: Workspace) -> list[Rule]:
    """Give the votes of all judges that have voted, as sources.

    Raises ``StateError`` for a judge that changed since.
    """
    found, changed = [], []
    for name, path in workspace.judge_votes.items():
        if (
            workspace.judge_state(name).get("identity")
            != judge_asker(workspace, judge_section(workspace, name)).identity
        ):
            changed.append(name)
            continue
        table = read_table(path)
        require_columns(table, ["key", "label"], str(path))
        votes = dict(zip(table["key"], table["label"], strict=True))
        found.append(lookup(name, votes, column=workspace.config.data.id, ignore_case=False))
    if changed:
        raise StateError(
            f"changed since they voted: {', '.join(changed)} (model, prompt, guideline or examples); "
            f"run `weakhitl judge run {changed[0]}`"
        )
    return found


def _columns(workspace: Workspace, section: JudgeSection) -> list[str]:
    config = workspace.config
    if section.columns:
        return section.columns
    if config.annotation.text:
        return config.annotation.text
    return [str(name) for name in workspace.items.columns if name not in (config.data.id, *section.images)]


def _items(workspace: Workspace, section: JudgeSection) -> pd.DataFrame:
    """Give the rows that it is asked about: all but those that it is shown as examples."""
    columns = list(dict.fromkeys([*_columns(workspace, section), *section.images]))
    items = workspace.items[columns]
    return items[~items.index.isin(list(_examples(workspace, section)))]


def _sample(items: pd.DataFrame, size: int | None, seed: int) -> pd.DataFrame:
    if size is None or size >= len(items):
        return items
    if size < 1:
        raise UsageError(f"a sample of {size} is none; expected at least one item")
    return items.sample(size, random_state=seed)


def _examples(workspace: Workspace, section: JudgeSection) -> dict[str, str]:
    """Draw so many items of each class from the gold, always the same ones: item -> label."""
    gold = workspace.config.label_model.gold
    if not section.examples:
        return {}
    if gold is None:
        raise ConfigError(f"[[judge]] {section.name}", "examples come from the gold of [label_model]; there is none")
    path = workspace.root / gold
    table = read_gold(path, workspace.config.schema_.classes)
    table = table[table["item"].isin(workspace.items.index)]
    table = table.assign(label=table["label"].map(workspace.config.schema_.now))
    lots = [hashlib.sha256(str(item).encode()).hexdigest() for item in table["item"]]
    table = table.iloc[sorted(range(len(table)), key=lots.__getitem__)]
    found: dict[str, str] = {}
    for label in workspace.config.schema_.classes:
        found |= dict.fromkeys(table.loc[table["label"] == label, "item"].head(section.examples), str(label))
    return found


def _instruction(workspace: Workspace, section: JudgeSection, where: str) -> str:
    path = workspace.guideline_path
    guideline = _text(path) if path is not None and path.is_file() else ""
    return fill(_template(workspace, section), [str(one) for one in workspace.config.schema_.classes], guideline, where)


def _template(workspace: Workspace, section: JudgeSection) -> str:
    return DEFAULT if section.prompt is None else _text(workspace.root / section.prompt)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(str(path), f"cannot be read as text ({error})") from error
