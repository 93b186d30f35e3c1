"""A judge that runs here: a Python function of a row, or what has ``predict``, such as a fitted scikit-learn model."""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from time import perf_counter
from typing import Any

import joblib
import pandas as pd

from weakhitl.labeling.chunk import Row
from weakhitl.labeling.judge.answer import Answer, decode
from weakhitl.labeling.judge.endpoint import AskError
from weakhitl.schema import ABSTAIN, LabelSchema


class Own:
    """Asks a function, or a model, about one item at a time.

    Its identity covers its file's text and, of a model, what it has learned; files that it reads when asked, and what
    it imports, cannot be seen.

    Parameters
    ----------
    function
        Takes a row and gives a class name, or None; or an object whose ``predict`` takes a table and gives names.
    columns
        Columns that it is shown.
    schema
        The classes.
    source
        All that its answers depend on, as text: its code.

    """

    def __init__(self, function: Callable[..., Any], columns: Sequence[str], schema: LabelSchema, source: str) -> None:
        self.function, self.columns, self.schema = function, list(columns), schema
        self._source = source

    @cached_property
    def identity(self) -> str:
        """Hash of all that its answers depend on beside the item."""
        learned = joblib.hash(vars(self.function)) if hasattr(self.function, "predict") else ""
        return _digest([self._source, learned, self.columns, self.schema.classes, self.schema.skip])

    def question(self, item: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
        """Give the key of a question, and the row."""
        row = {name: item[name] for name in self.columns}
        return _digest([self.identity, {name: repr(cell) for name, cell in row.items()}]), row

    def most(self, _: object) -> float:
        """Give what a call can cost at most."""
        return 0.0

    def check(self) -> None:
        """Be ready to ask."""

    def ask(self, item: str, key: str, row: Mapping[str, Any]) -> Answer:
        """Ask about an item. Raises ``AskError`` where the function raises."""
        start = perf_counter()
        try:
            given = self._given(row)
        except (Exception, SystemExit) as error:  # a fault of a user's function is told, whatever it is
            raise AskError(f"{type(error).__name__}: {error}") from error
        given = given.item() if hasattr(given, "item") else given
        abstains = given is None or given == ABSTAIN
        label, problem = (None, "") if abstains else decode(given, self.schema)
        return Answer(key, item, label, problem, str(given), seconds=perf_counter() - start)

    def _given(self, row: Mapping[str, Any]) -> Any:
        if hasattr(self.function, "predict"):
            return self.function.predict(pd.DataFrame([dict(row)]))[0]
        return self.function(Row(**{str(name): cell for name, cell in row.items()}))


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, ensure_ascii=False, default=str).encode("utf-8", "replace")).hexdigest()
