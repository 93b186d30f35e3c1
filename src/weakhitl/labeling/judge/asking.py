"""Ask a judge about many items: several at once, each once, within a budget."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Protocol

from weakhitl.errors import DataError, StateError
from weakhitl.labeling.chunk import cells_of, usual_types
from weakhitl.labeling.judge.answer import Answer
from weakhitl.labeling.judge.endpoint import AskError
from weakhitl.labeling.judge.ledger import Ledger

_GIVEN_UP = 20
"""Failures, or answers that count as none, in a row after which a run stops."""

_SHOWN = 100
"""Letters of an answer that an error shows."""

Item = tuple[str, Mapping[str, Any]]


class Asker(Protocol):
    """Whatever can be asked about an item."""

    @property
    def identity(self) -> str:
        """Hash of all that its answers depend on beside the item."""

    def question(self, item: Mapping[str, Any]) -> tuple[str, Any]:
        """Give the key of a question, and what is asked."""

    def most(self, asked: Any) -> float:
        """Give what a call can cost at most."""

    def check(self) -> None:
        """Be ready to ask, or raise."""

    def ask(self, item: str, key: str, asked: Any) -> Answer:
        """Ask, or raise ``AskError``."""


@dataclass
class Asked:
    """What came of it.

    Attributes
    ----------
    new
        How many were asked now.
    failed
        Reason -> how many items could not be asked about; the next run tries again.
    unasked
        How many were left because the budget is spent.

    """

    new: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    unasked: int = 0


def ask_all(
    asker: Asker,
    items: Iterable[Item],
    ledger: Ledger,
    *,
    at_once: int = 4,
    budget: float | None = None,
    progress: Callable[[int], None] | None = None,
) -> Asked:
    """Ask about every item that has no answer yet.

    Parameters
    ----------
    asker
        The judge.
    items
        Ids and rows.
    ledger
        Where answers are kept, each as soon as it is there: whatever stops this, the next run goes on.
    at_once
        Calls that are under way together.
    budget
        Money that the ledger's sum never exceeds; a call is made only if the most it can cost is left.
    progress
        Told how many items are done.

    Raises
    ------
    ConfigError, UsageError, StateError
        Nothing can be asked, or it is of no use: calls that only fail, answers that all count as none.

    """
    asker.check()
    found = Asked()
    with ThreadPoolExecutor(at_once) as pool:
        calls = _Calls(asker, ledger, pool, budget, found)
        try:
            for done, (item, row) in enumerate(items):
                try:
                    key, asked = asker.question(row)
                except DataError as error:
                    found.failed[str(error)] += 1
                    continue
                if key not in ledger.answers:
                    calls.add(item, key, asked)
                calls.settle(2 * at_once)
                if progress is not None:
                    progress(done + 1)
            calls.settle(1)
        except BaseException:
            pool.shutdown(cancel_futures=True)  # calls under way are paid for: they are waited for, and kept
            calls.keep_finished()
            raise
    return found


def answers_to(asker: Asker, items: Iterable[Item], ledger: Ledger) -> dict[str, Answer]:
    """Give each item's answer, of those that have one."""
    found = {}
    for item, row in items:
        with suppress(DataError):  # an image is gone
            key, _ = asker.question(row)
            if key in ledger.answers:
                found[item] = ledger.answers[key]
    return found


class _Calls:
    """Calls under way, and the money they may take."""

    def __init__(
        self, asker: Asker, ledger: Ledger, pool: ThreadPoolExecutor, budget: float | None, found: Asked
    ) -> None:
        self._asker, self._ledger, self._pool, self._found = asker, ledger, pool, found
        self._left = None if budget is None else budget - ledger.spent().cost
        self._waiting: dict[Future[Answer], float] = {}
        self._keys: set[str] = set()
        self._in_a_row = self._useless = 0
        self._last: Answer

    def add(self, item: str, key: str, asked: Any) -> None:
        """Ask, unless the same is being asked, the money might not do, or it is for nothing."""
        if key in self._keys:
            return
        if self._useless >= _GIVEN_UP:
            raise StateError(
                f"{self._useless} answers in a row count as none; the last answer {self._last.problem}: "
                f"{_quoted(self._last.text)}; change the prompt, `format` or `max_tokens` of the judge"
            )
        most = self._asker.most(asked)
        if self._left is not None and most > self._left - sum(self._waiting.values()):
            self.settle(1)  # those under way may turn out cheaper
            if most > self._left:
                self._found.unasked += 1
                return
        self._keys.add(key)
        self._waiting[self._pool.submit(self._asker.ask, item, key, asked)] = most

    def settle(self, fewer: int) -> None:
        """Keep answers until fewer calls than this are under way."""
        while len(self._waiting) >= fewer:
            for call in wait(self._waiting, return_when=FIRST_COMPLETED).done:
                self._keep(call)

    def keep_finished(self) -> None:
        """Keep what has been paid for already."""
        for call in [*self._waiting]:
            if not call.cancelled() and call.exception() is None:
                self._keep(call)

    def _keep(self, call: "Future[Answer]") -> None:
        self._waiting.pop(call)
        try:
            answer = call.result()
        except AskError as error:
            self._found.failed[str(error)] += 1
            self._in_a_row += 1
            if self._in_a_row >= _GIVEN_UP:
                raise StateError(
                    f"{_GIVEN_UP} items in a row could not be asked about, the last one: {error}"
                ) from None
            return
        self._in_a_row = 0
        self._useless, self._last = (self._useless + 1 if answer.problem else 0), answer
        self._ledger.add(answer)
        self._found.new += 1
        if self._left is not None:
            self._left -= answer.cost


def _quoted(text: str) -> str:
    """Give the beginning of an answer in one line."""
    line = " ".join(text.split())
    return repr(line if len(line) <= _SHOWN else line[:_SHOWN] + "…")


def rows_of(table: Any) -> Iterator[Item]:
    """Give the ids and rows of a table that is indexed by id; cells are as labeling functions see them."""
    table = usual_types(table)
    names = [str(name) for name in table.columns]
    columns = [cells_of(table.iloc[:, at]) for at in range(len(names))]
    for at, item in enumerate(table.index):
        yield str(item), {name: cells[at] for name, cells in zip(names, columns, strict=True)}
