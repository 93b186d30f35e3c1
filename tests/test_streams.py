"""Changes within a stream: rarely where nothing changes, soon where something does, and at the right place."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

import weakhitl as wh
from projects import World, start
from weakhitl.annotation import ANNOTATOR, AnnotationStore
from weakhitl.cli.main import cli
from weakhitl.errors import UsageError
from weakhitl.monitor.stream import Change, joined, stream_changes

pytestmark = pytest.mark.current
pytest.importorskip("river")


def flags(*parts: tuple[int, float], seed: int) -> np.ndarray:
    """So many flags, each true with its probability."""
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.random(n) < share for n, share in parts]).astype(float)


def test_a_stream_without_a_change_rarely_gives_an_alarm():
    """Of 100 streams of 1,000 ratings at most one in twenty."""
    alarms = [bool(stream_changes(flags((1000, 0.85), seed=seed))) for seed in range(100)]
    assert sum(alarms) <= 5


@pytest.mark.parametrize("method", ["adwin", "page-hinkley"])
def test_a_change_is_noticed_and_placed(method):
    """From 5 % to 40 %: noticed in all streams, and ADWIN places it within a hundred values of where it is."""
    found = [stream_changes(flags((600, 0.05), (400, 0.4), seed=seed), method=method) for seed in range(20)]
    later = [[one for one in changes if one.noticed >= 600] for changes in found]
    assert all(later)
    assert all(changes[0].after > changes[0].before for changes in later)
    for seed, changes in enumerate(found):
        values, first = flags((600, 0.05), (400, 0.4), seed=seed), changes[0]
        assert first.before == pytest.approx(values[: first.at].mean())
        assert first.after == pytest.approx(values[first.at : first.noticed + 1].mean())
    if method == "adwin":
        assert np.median([abs(changes[0].at - 600) for changes in later]) < 100


def test_alarms_of_one_change_are_joined():
    values = [0.0] * 10 + [0.5] * 5 + [1.0] * 5
    made = joined([Change(10, 12, 0.0, 0.5), Change(15, 19, 0.5, 1.0)], values)
    assert made == (Change(10, 19, 0.0, 0.75),)
    assert len(joined([Change(1, 2, 0.0, 1.0), Change(3, 4, 1.0, 0.0)], values)) == 2


@pytest.mark.parametrize("values", [[0.5, 2.0], [float("nan")], [[0.1], [0.2]]])
def test_a_stream_holds_shares(values):
    with pytest.raises(UsageError, match="from 0 to 1"):
        stream_changes(values)


def rated(folder, wrong: dict[str, float]) -> wh.Project:
    """A project in which people get worse after the first half of 240 items, by these shares."""
    world = World()
    project = start(folder, world)
    project.label()
    batch = project.route(budget=240, audit=200)
    rng = np.random.default_rng(1)
    rows = []
    for place, item in enumerate(batch.items):
        for minute, who in enumerate(("ana", "bo", "cy")):
            share = wrong.get(who, 0.03) if place >= 120 else 0.03
            label = world.truth[item] if rng.random() > share else rng.choice(["sun", "rain", "snow"])
            time = pd.Timestamp("2026-01-01", tz="UTC") + pd.Timedelta(minutes=10 * place + minute)
            rows.append((item, who, label, time.isoformat(), 8.0))
    table = pd.DataFrame(rows, columns=["item", "annotator", "label", "time", "seconds"])
    AnnotationStore(folder / "annotations.db").add_ratings(table.sample(frac=1, random_state=0), ANNOTATOR, "g")
    return wh.Project.load(folder)


def test_somebody_who_gets_worse_is_named_with_the_time(tmp_path):
    found = {one.name: one for one in rated(tmp_path, {"cy": 0.8}).watch()}
    (change,) = found["agreement of cy"].changes
    assert change.before > 0.9 > change.after
    assert "2026-01-01T16" < found["agreement of cy"].times[0] < "2026-01-02T00"
    assert found["agreement of ana"].changes == found["seconds of cy"].changes == ()
    assert found["seconds of cy"].scale == 180


def test_the_command_exits_1_with_a_change_0_without_and_4_with_too_few(tmp_path):
    def run(folder, *more):
        return CliRunner().invoke(cli, ["drift", "--over-time", *more, "--project", str(folder)])

    rated(tmp_path / "worse", {"cy": 0.8})
    result = run(tmp_path / "worse")
    assert (result.exit_code, "agreement of cy" in result.output) == (1, True), result.output
    rated(tmp_path / "same", {})
    assert run(tmp_path / "same").exit_code == 0
    assert all(one["changes"] == [] for one in json.loads(run(tmp_path / "same", "--json").output))
    start(tmp_path / "none", World()).label()
    assert run(tmp_path / "none").exit_code == 4
    assert run(tmp_path / "none", "x.csv").exit_code == 2
