"""The files of a release's data: one or more Parquet files for each split."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Shard:
    """One file of the data.

    Attributes
    ----------
    path
        Relative to the bundle: ``data/train-00000-of-00002.parquet``.
    split
        The split whose rows it holds: ``train``.
    rows
        How many rows it has.
    size
        Bytes of the file.
    sha256
        Hash of its bytes, in hexadecimal digits.

    """

    path: str
    split: str
    rows: int
    size: int
    sha256: str
