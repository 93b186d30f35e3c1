"""Run the functions of a bundle again, in a process of their own, on the released rows.

That is no sandbox: they can do all that whoever runs this can do. So it happens only when it is asked for.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa

from weakhitl.config import CONFIG_NAME, load_config
from weakhitl.errors import WeakHITLError
from weakhitl.labeling import discover, run
from weakhitl.labeling.declared import declared
from weakhitl.labeling.function_files import function_files
from weakhitl.release.checking.findings import Finding
from weakhitl.release.evidence_files import NAMES, VOTES
from weakhitl.release.shards import LABEL_COLUMNS, read_shards
from weakhitl.votes import Votes
from weakhitl.votes_file import read_votes, write_votes
from weakhitl.wording import number_of

_SECONDS = 3600
_FUNCTIONS = "labeling_functions"


def rerun_finding(folder: Path, functions: Votes) -> Finding:
    """Compare what the functions say now with the votes in the bundle; ``functions`` are those."""
    with tempfile.TemporaryDirectory(prefix="weakhitl-rerun-") as place:
        out = Path(place) / VOTES
        command = [sys.executable, "-m", "weakhitl.release.checking.rerun", str(folder.resolve()), str(out)]
        try:
            done = subprocess.run(  # noqa: S603 - this very file
                command, capture_output=True, text=True, errors="replace", timeout=_SECONDS, cwd=place, check=False
            )
        except subprocess.TimeoutExpired:
            return Finding("functions", False, f"ran for over {_SECONDS:,} seconds and were stopped", checked=False)
        if done.returncode or not out.exists():
            last = (done.stderr.strip().splitlines() or [f"the process ended with {done.returncode}"])[-1]
            return Finding("functions", False, f"cannot be run: {last}", checked=False)
        again = read_votes(out, functions.schema)
    return _compared(functions, again)


def _compared(functions: Votes, again: Votes) -> Finding:
    if missing := sorted({*functions.sources} - {*again.sources}):
        return Finding("functions", False, f"not in the bundle's files: {', '.join(missing)}")
    before = functions.reindex(again.items)
    different = before.to_matrix() != again.take_sources(functions.sources).to_matrix()
    if not different.any():
        said = f"{len(functions.sources)} functions, run again on {len(again):,} released rows, vote the same"
        return Finding("functions", True, said)
    row, column = (int(at[0]) for at in np.nonzero(different))
    where = f"first {functions.sources[column]!r} on item {again.items[row]!r}"
    return Finding(
        "functions", False, f"{number_of(int(different.sum()), 'vote comes', 'votes come')} out otherwise, {where}"
    )


def _run_functions(folder: Path, out: Path) -> None:
    config = load_config(folder / CONFIG_NAME, NAMES)
    parts = [part for split in config.release.splits for part in read_shards(folder, split)]
    rows = pa.concat_tables(parts).to_pandas().drop(columns=LABEL_COLUMNS)
    rows = rows.rename(columns={f"original_{name}": name for name in LABEL_COLUMNS})
    rows[config.data.id] = rows[config.data.id].astype(str)
    place = folder / _FUNCTIONS
    functions = discover(place) if function_files([place]) else []
    for section in config.labeling.rule:
        functions.append(declared(section, place / Path(section.file).name if section.file else None))
    write_votes(out, run(functions, rows, config.schema_, id=config.data.id).votes)


if __name__ == "__main__":
    try:
        _run_functions(Path(sys.argv[1]), Path(sys.argv[2]))
    except WeakHITLError as fault:
        sys.exit(str(fault))
