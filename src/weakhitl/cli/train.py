"""Command ``train``."""

from pathlib import Path

import click

from weakhitl.cli.shared import SEED, echo_wrapped, guarded, json_option, open_project, print_json, project_option
from weakhitl.wording import number_of


@click.command("train")
@click.option("--column", "columns", multiple=True, help="A column to read; repeatable.  [default: all but ids]")
@click.option("--estimator", help="Classifier by import path.  [default: logistic regression]")
@click.option("--folds", type=click.IntRange(2), default=5, show_default=True, help="Parts of the cross-fitting.")
@click.option("--seed", type=SEED, default=0, show_default=True, help="Seed of the parts.")
@click.option("--votes-above", type=float, help="Also write its votes from this probability on.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder.  [default: models in the project]")
@project_option
@json_option
@guarded
def train_command(
    *,
    columns: tuple[str, ...],
    estimator: str | None,
    folds: int,
    seed: int,
    votes_above: float | None,
    out: Path | None,
    project_path: Path,
    as_json: bool,
) -> None:
    """Train a classifier of the items on their labels.

    It learns from class probabilities, and is compared with the labels on the
    decided audit, out of fold. Written: the model (skops), its out-of-fold
    probabilities, and with --votes-above a table that a rule can look up.

    \b
    Example:
      weakhitl train
      weakhitl train --estimator sklearn.ensemble.RandomForestClassifier
    """
    settings = {"columns": columns, "estimator": estimator, "folds": folds, "seed": seed}
    project = open_project(project_path)
    found = project.train(**settings, votes_above=votes_above, out=out)
    if as_json:
        print_json(found.to_dict())
        return
    click.echo(f"Learned from {number_of(found.items, 'item')}; reads {', '.join(found.model.kinds_)}.")
    click.echo(f"Accuracy on the audit, out of fold: {found.accuracy}")
    if found.labels.value is not None:
        click.echo(f"Labels of the functions alone:      {found.labels}")
        click.echo(f"Difference:                         {found.gain}")
    click.echo(f"Written to {found.folder}")
    if found.votes is not None:
        echo_wrapped(
            f"{number_of(found.votes, 'vote')}, each by a model that has not seen the item. To count them as a source:"
        )
        rule = {"name": "end_model", "kind": "lookup", "column": project.config.data.id}
        rule["file"] = str((found.folder / "votes.csv").resolve())
        click.echo("\n".join(["[[labeling.rule]]", *(f'{key} = "{value}"' for key, value in rule.items())]))
