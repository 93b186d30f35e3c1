"""The classes, in the user's order, and their level of measurement."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from functools import cached_property
from numbers import Integral
from typing import Any, Literal, get_args
from unicodedata import normalize

from weakhitl.errors import SchemaError, UsageError
from weakhitl.label_names import are_numbers, whole

ABSTAIN = -1

Level = Literal["nominal", "ordinal", "interval", "ratio"]
LEVELS: tuple[Level, ...] = get_args(Level)


@dataclass(frozen=True)
class LabelSchema:
    """Classes in order, their level of measurement, and the answers that are abstentions.

    A string is a class name, always; an integer is a class index, and only from a function, a matrix or gold in memory.
    From a function and in gold it is refused where it is the name of another class, as with the classes 1 to 5.

    Parameters
    ----------
    classes
        Names of the classes, at least two, in the order in which columns and ordinal distances use them.
    level
        ``nominal``, ``ordinal``, ``interval`` or ``ratio``. The last two need names that are numbers.
    skip
        Answers such as ``"I can't tell"``: they are read as abstentions.
    former
        Names that were classes once, and the class or skip answer that each is now: what was said is read by today's
        names, after a class was renamed, or two were made one.

    Raises
    ------
    SchemaError
        With every fault at once.

    Examples
    --------
    >>> schema = LabelSchema(["HAM", "SPAM"])
    >>> schema.encode("SPAM"), schema.encode(0), schema.encode(None)
    (1, 0, -1)
    >>> LabelSchema(["HAM", "SPAM"], former={"PHISHING": "SPAM"}).encode("PHISHING")
    1

    """

    classes: tuple[str, ...]
    level: Level = "nominal"
    skip: tuple[str, ...] = ()
    former: Mapping[str, str] = field(default_factory=dict, compare=False)

    def __init__(
        self,
        classes: Iterable[str],
        level: Level = "nominal",
        skip: Iterable[str] = (),
        former: Mapping[str, str] | None = None,
    ) -> None:
        if isinstance(classes, set | frozenset):
            raise SchemaError("label schema", "classes are a set, which is in another order each time; expected a list")
        object.__setattr__(self, "classes", _names(classes))
        object.__setattr__(self, "level", level)
        object.__setattr__(self, "skip", _names(skip))
        object.__setattr__(self, "former", dict(former or {}))
        if faults := _schema_faults(self):
            raise SchemaError("label schema", faults)

    @classmethod
    def numbered(cls, k: int) -> "LabelSchema":
        """Name k classes by their index: ``0``, ``1``, … ."""
        return cls([str(code) for code in range(k)])

    def __len__(self) -> int:
        return len(self.classes)

    @cached_property
    def _codes(self) -> dict[Any, int]:
        names = {name: index for index, name in enumerate(self.classes)}
        codes: dict[Any, int] = names | dict.fromkeys(self.skip, ABSTAIN) | {None: ABSTAIN}
        return codes | {name: codes[now] for name, now in self.former.items()}

    @cached_property
    def _loose_codes(self) -> dict[str, int]:
        """The same for whole numbers, however they are written, and letters with marks, however they are encoded."""
        return {_loose(name): code for name, code in self._codes.items() if name is not None}

    @property
    def values(self) -> tuple[float, ...]:
        """The number each class stands for: its name at interval and ratio level, else its rank from 1."""
        if self.level in ("interval", "ratio"):
            return tuple(float(name) for name in self.classes)
        return tuple(float(rank) for rank in range(1, len(self) + 1))

    def encode(self, label: Any) -> int:
        """Turn what a function returned into a class index, or ABSTAIN.

        Takes a class name, a skip answer, a class index, ABSTAIN or None; raises ``SchemaError`` else, and for an index
        that is the name of another class.
        """
        if isinstance(label, str) or label is None:
            code = self._codes.get(label)
            if code is None and (code := self._loose_codes.get(_loose(str(label)))) is None:
                raise SchemaError("label", f"{label!r} is not a class; {self.expected(label)}")
            return code
        is_number = isinstance(label, Integral) and type(label).__name__ not in ("bool", "bool_")
        if not is_number or int(label) not in self.indices:
            raise SchemaError("label", f"{label!r} is not a class; {self.expected(label)}")
        return int(label)

    @cached_property
    def indices(self) -> frozenset[int]:
        """The integers that are taken for a class index, or ABSTAIN: those that are the name of nothing else."""
        return frozenset(code for code in range(ABSTAIN, len(self)) if not self._is_name(code))

    def _is_name(self, code: int) -> bool:
        """Whether an integer, written out, is the name of something else than what it is the index of."""
        return self._loose_codes.get(str(code), code) != code

    def written(self, label: str | None) -> str | None:
        """Give a label as the schema writes it: ``1`` for ``1.0``, unless that is the class. Raises as ``encode``."""
        code = self.encode(label)
        return self.now(label) if code == ABSTAIN else self.classes[code]

    def now(self, label: str | None) -> str | None:
        """Give today's name of a label that is a former one; any other as it is."""
        return None if label is None else self.former.get(label, label)

    def name(self, code: int) -> str | None:
        """Give the class name of an index; None for ABSTAIN."""
        return None if code == ABSTAIN else self.classes[code]

    def expected(self, label: object = None) -> str:
        """Say which labels are valid, for an error message, with the nearest one to ``label``."""
        if isinstance(label, Integral) and self._is_name(int(label)):
            return (
                f"a number is the place of a class, from 0 (-1 abstains), and {str(label)!r} is a name: "
                "give names as text, and None to abstain"
            )
        text = f"the classes are {', '.join(self.classes)}"
        text += f" (skip: {', '.join(self.skip)})" if self.skip else " (or ABSTAIN)"
        known = [*self.classes, *self.skip]
        lowered = {name.lower(): name for name in reversed(known)}
        close = get_close_matches(label.strip().lower(), list(lowered), n=1) if isinstance(label, str) else []
        return text + (f"; did you mean {lowered[close[0]]!r}?" if label and close else "")


def require_schema(given: object) -> None:
    """Raise ``UsageError`` for what is no ``LabelSchema``, such as a list of names."""
    if not isinstance(given, LabelSchema):
        raise UsageError(f"expected a LabelSchema, found {type(given).__name__}: LabelSchema(['HAM', 'SPAM'])")


def _loose(name: str) -> str:
    return normalize("NFC", whole(name))


def _names(names: Iterable[str]) -> tuple[Any, ...]:
    """List names, as Python's own strings where they are NumPy's."""
    listed = (names,) if isinstance(names, str) else tuple(names)
    return tuple(str(name) if isinstance(name, str) else name for name in listed)


def _schema_faults(schema: LabelSchema) -> list[str]:
    classes = schema.classes
    faults = [f"class {name!r} is no text" for name in classes if not isinstance(name, str)]
    if faults:
        return [*faults, "classes are strings, such as '1'"]
    if len(classes) < 2:
        faults.append(f"{len(classes)} class given; at least two are needed")
    faults += [f"class {name!r} is given twice" for name, times in sorted(Counter(classes).items()) if times > 1]
    faults += ["a class has an empty name" for name in classes if not name.strip()]
    faults += [f"{name!r} is both a class and a skip answer" for name in schema.skip if name in classes]
    known = {*classes, *schema.skip}
    faults += [f"{name!r} is a class or skip answer, and no former one" for name in schema.former if name in known]
    faults += [
        f"former class {name!r} is {now!r} now, which is neither a class nor a skip answer; {schema.expected(now)}"
        for name, now in schema.former.items()
        if now not in known
    ]
    if schema.level not in LEVELS:
        faults.append(f"level {schema.level!r} is unknown; levels are {', '.join(LEVELS)}")
    if schema.level in ("interval", "ratio"):
        faults += _number_faults(classes, schema.level)
    return faults


def _number_faults(classes: Sequence[str], level: str) -> list[str]:
    """Say which names are no numbers of the level, or the same one: ratings that are not apart would differ."""
    least = 0.0 if level == "ratio" else None
    faults = [
        f"class {name!r} is no number, as level {level!r} needs" for name in classes if not _is_number(name, least)
    ]
    if faults:
        return faults
    first: dict[float, str] = {}
    pairs = [(first.setdefault(float(name), name), name) for name in classes]
    return [
        f"classes {one!r} and {other!r} are the same number; level {level!r} takes it once"
        for one, other in pairs
        if one != other
    ]


def _is_number(name: str, least: float | None) -> bool:
    return are_numbers([name]) and (least is None or float(name) >= least)
