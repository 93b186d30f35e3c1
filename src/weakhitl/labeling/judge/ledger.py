"""All answers of a judge, a line each: what was paid for once is not paid for again."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from weakhitl.labeling.judge.answer import Answer


@dataclass(frozen=True)
class Spent:
    """What answers took, all in all."""

    answers: int
    tokens_in: int
    tokens_out: int
    cost: float
    seconds: float


class Ledger:
    """A file of answers that only grows; a line that was cut off by a crash is passed over.

    Attributes
    ----------
    answers
        Key -> its newest answer.

    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._all = list(self._read())
        self.answers: dict[str, Answer] = {one.key: one for one in self._all}

    def _read(self) -> Iterator[Answer]:
        if not self.path.exists():
            return
        fields = Answer.__dataclass_fields__
        with self.path.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                try:
                    found = json.loads(line)
                    yield Answer(**{name: found[name] for name in fields})
                except (ValueError, KeyError, TypeError):
                    continue

    def add(self, answer: Answer) -> None:
        """Keep an answer; it is written before this returns."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        line = json.dumps(asdict(answer) | {"at": datetime.now(UTC).isoformat(timespec="seconds")}, ensure_ascii=False)
        with self.path.open("ab+") as file:
            if file.seek(0, 2) and file.seek(-1, 2) and file.read(1) != b"\n":
                file.write(b"\n")  # ends a line that was cut off
            file.write(line.encode("utf-8", "replace") + b"\n")
        self._all.append(answer)
        self.answers[answer.key] = answer

    def spent(self) -> Spent:
        """Sum up everything, also what earlier prompts and models took."""
        return Spent(
            len(self._all),
            sum(one.tokens_in for one in self._all),
            sum(one.tokens_out for one in self._all),
            sum(one.cost for one in self._all),
            sum(one.seconds for one in self._all),
        )
