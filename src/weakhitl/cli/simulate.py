"""Command ``simulate``."""

from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weakhitl.cli.shared import (
    column_options,
    echo_notices,
    echo_wrapped,
    guarded,
    json_option,
    leave_out,
    open_project,
    print_json,
    print_table,
    project_option,
)
from weakhitl.errors import UsageError

if TYPE_CHECKING:
    from weakhitl.feedback.simulate import Plan
    from weakhitl.pipeline.simulate import Recorded, Simulated


@click.command("simulate")
@click.argument("ratings", required=False, type=click.Path(path_type=Path))
@click.option("--truth", type=click.Path(path_type=Path), help="Table of item and label, for RATINGS.")
@column_options
@click.option("--skip", "skips", multiple=True, help="A label of RATINGS that is an abstention; repeatable.")
@click.option("--people", type=click.IntRange(1), help="Invent so many people, in place of RATINGS.")
@click.option("--right", type=float, default=0.9, show_default=True, help="How often those are right.")
@click.option("--order", "orders", multiple=True, help="random, disagreement, margin or oracle.  [default: all]")
@click.option("--model", "models", multiple=True, help="A label model by its name.  [default: majority, auto]")
@click.option("--overlap", type=click.IntRange(1), help="Ratings an item gets at most.  [default: all]")
@click.option("--judge", type=click.Path(path_type=Path), help="Votes of a model (item, label): plans with it, too.")
@click.option("--judge-cost", type=float, default=0.0, show_default=True, help="What one of its votes costs.")
@click.option("--seconds", type=float, help="Time of a rating.  [default: the median of the project's]")
@click.option("--cost-per-hour", type=float, help="Of people.  [default: [annotation] cost_per_hour]")
@click.option("--mark", type=float, help="Accuracy to compare at.  [default: majority vote on all ratings]")
@click.option("--seeds", type=click.IntRange(2), default=5, show_default=True, help="How often each plan is replayed.")
@click.option("--steps", type=click.IntRange(1), default=20, show_default=True, help="Batches.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Write the curves to a table (csv, tsv, jsonl, parquet, xlsx)."
)
@click.option("--plot", "picture", type=click.Path(path_type=Path), help="Draw accuracy against cost (svg, png).")
@project_option
@json_option
@guarded
def simulate_command(
    *,
    ratings: Path | None,
    truth: Path | None,
    columns: tuple[str, str, str],
    wide: tuple[str, ...],
    skips: tuple[str, ...],
    people: int | None,
    right: float,
    orders: tuple[str, ...],
    models: tuple[str, ...],
    overlap: int | None,
    judge: Path | None,
    judge_cost: float,
    seconds: float | None,
    cost_per_hour: float | None,
    mark: float | None,
    seeds: int,
    steps: int,
    out: Path | None,
    picture: Path | None,
    project_path: Path,
    as_json: bool,
) -> None:
    """Replay recorded ratings to see what each plan would have cost.

    A project's own ratings, with its decisions and gold as the truth; or
    RATINGS with --truth; or --people that are invented. Each order of asking
    people with each label model; `oracle` asks where labels are wrong, which
    nobody can know: a bound.

    \b
    Example:
      weakhitl simulate ratings.csv --truth truth.csv --plot curves.svg
      weakhitl simulate --truth truth.csv --people 5 --right 0.8 --seconds 12
    """
    from weakhitl.files import write_table
    from weakhitl.pipeline.simulate import judge_votes, plot, price, simulate

    if people is None:
        leave_out("it is about people that are invented (--people)", "right")
    if judge is None:
        leave_out("there are no votes of a judge (--judge)", "judge_cost")
    cost = price(seconds, cost_per_hour)
    given = _recorded(ratings, truth, columns, wide, skips=skips, people=people, right=right, cost=cost)
    recorded = given or _of_project(project_path, out, seconds, cost_per_hour)
    echo_notices(recorded.left_out)
    plans = _plans(orders, models, overlap)
    if judge is not None:
        votes = judge_votes(judge, recorded.people.schema)
        plans += [replace(one, name=f"{one.name}, judge", judge=votes, judge_cost=judge_cost) for one in plans]
    found = simulate(recorded, plans, seeds=seeds, steps=steps, mark=mark)
    if out is not None:
        write_table(out, found.curves)
    if picture is not None:
        plot(found, picture)
    if as_json:
        print_json(found.to_dict())
    else:
        _print(found, recorded, seeds)


def _of_project(path: Path, out: Path | None, seconds: float | None, cost_per_hour: float | None) -> "Recorded":
    project = open_project(path)
    project.check_output(out)
    return project.recorded(seconds, cost_per_hour)


def _recorded(
    ratings: Path | None,
    truth: Path | None,
    columns: tuple[str, str, str],
    wide: tuple[str, ...],
    *,
    skips: tuple[str, ...],
    people: int | None,
    right: float,
    cost: float,
) -> "Recorded | None":
    """Read what is replayed from files, or invent it; None where it is the project's own."""
    from weakhitl.pipeline.simulate import invented, recorded_by

    if (ratings is None and people is None) != (truth is None):
        raise UsageError("RATINGS and --truth belong together; or --people and --truth")
    if ratings is not None and people is not None:
        raise UsageError("--people invents people where there are no RATINGS; give one of the two")
    if truth is None:
        return None
    if ratings is not None:
        return recorded_by(ratings, truth, columns, cost, skips, wide)
    return invented(truth, people or 1, right, cost, skip=skips)


def _plans(orders: tuple[str, ...], models: tuple[str, ...], overlap: int | None) -> "list[Plan]":
    """Each order with each label model; by default the oracle, a bound, with the better model alone."""
    from weakhitl.feedback.simulate import ORDERS, Plan

    return [
        Plan(f"{order}, {model}", order, model, overlap)
        for order, model in product(orders or ORDERS, models or ("majority", "auto"))
        if orders or order != "oracle" or model != "majority"
    ]


def _print(found: "Simulated", recorded: "Recorded", seeds: int) -> None:
    echo_wrapped(
        f"{recorded.people.n_votes:,} ratings on {len(recorded.people):,} items, {len(recorded.truth):,} with a true "
        f"class; {seeds} seeds. The mark is an accuracy of {found.mark:.3f}."
    )
    rows = [
        (
            str(row["plan"]),
            f"{row['accuracy']:.3f}",
            _number(row["ratings"], ",.0f"),
            "" if row["fewest"] is None else f"{row['fewest']:,.0f} to {_number(row['most'], ',.0f')}",
            _number(row["cost"], ",.2f"),
        )
        for row in found.to_dict()["plans"]
    ]
    header = ("plan", "in the end", "ratings", "over seeds", "cost")
    print_table("Until the mark is reached", header, rows, [1, 2, 3, 4])
    compared = [row for row in found.to_dict()["plans"] if row["gain"] is not None]
    if compared:
        gains = [(str(row["plan"]), f"{row['gain']:+.3f}", _bounds(row), _verdict(row)) for row in compared]
        print_table("Mean accuracy against asking by lot", ("plan", "gain", "95 %, for all", ""), gains, [1])


def _bounds(row: dict[str, Any]) -> str:
    return f"[{row['low']:+.3f}, {row['high']:+.3f}]"


def _verdict(row: dict[str, Any]) -> str:
    return "better" if row["low"] > 0 else "worse" if row["high"] < 0 else "not shown to be better"


def _number(value: Any, form: str) -> str:
    return "never" if value is None else format(value, form)
