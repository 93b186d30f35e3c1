"""Command ``bias``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from weakhitl.cli.shared import (
    SEED,
    echo_wrapped,
    guarded,
    json_option,
    open_project,
    print_json,
    print_table,
    project_option,
)
from weakhitl.wording import a_few

if TYPE_CHECKING:
    from weakhitl.estimate import Estimate
    from weakhitl.pipeline.bias import Bias


@click.command("bias")
@click.argument("column")
@click.option("--confidence", type=float, default=0.95, show_default=True, help="Of all groups of a figure together.")
@click.option("--smallest", type=click.IntRange(1), default=20, show_default=True, help="Items that a group needs.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of permutations.")
@project_option
@json_option
@guarded
def bias_command(
    *, column: str, confidence: float, smallest: int, seed: int, project_path: Path, as_json: bool
) -> None:
    """Compare groups of items: the values of a COLUMN.

    Accuracy on the audit, overturned labels, agreement, coverage and classes of
    each group, and whether somebody rates one group otherwise than the rest.
    Groups with few items are left out.

    \b
    Example:
      weakhitl bias dialect
    """
    found = open_project(project_path).bias(column, confidence=confidence, smallest=smallest, seed=seed)
    if as_json:
        print_json(found.to_dict())
        return
    _print(found)


def _print(found: "Bias") -> None:
    names = {"accuracy": "accuracy on the audit", "overturned": "functions' labels overturned on the audit"}
    names |= {"agreement": "agreement (Krippendorff's alpha)", "released": "would be released"}
    names |= {"covered": "some function votes"}
    for figure, groups in found.figures.items():
        rows = [(group, f"{found.sizes[group]:,}", _shown(estimate)) for group, estimate in groups.items()]
        print_table(names[figure], (found.column, "items", "with interval"), rows, [1])
        gap = found.gaps[figure]
        sure = gap.low is not None and gap.low > 0
        where = f" ({gap.method.split(', of')[0]})" if gap.value is not None else ""
        click.secho(f"largest gap: {_shown(gap)}{where}", fg="red" if sure else None)
    alarms = [shift for shift in found.shifts if shift.alarm]
    for shift in alarms:
        what = "other classes than elsewhere" if shift.kind == "classes" else "other agreement than elsewhere"
        echo_wrapped(f"{shift.name}: {what}, effect {shift.effect:.3f}, {shift.p_text}: {shift.what}")
    if found.small:
        echo_wrapped(f"Left out, too small: {a_few(found.small)}.")
    for text in found.advice:
        echo_wrapped(f"next: {text}")


def _shown(estimate: "Estimate") -> str:
    return str(estimate) if estimate.value is not None else f"not known: {estimate.reason}"
