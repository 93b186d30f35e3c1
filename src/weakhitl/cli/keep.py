"""Commands ``backup`` and ``restore``."""

from pathlib import Path

import click

from weakhitl.cli.shared import guarded, json_option, open_project, print_json, project_option


@click.command("backup")
@click.argument("out", type=click.Path(path_type=Path))
@project_option
@json_option
@guarded
def backup_command(project_path: Path, out: Path, as_json: bool) -> None:
    """Copy what people said into one file, while they go on.

    Also from PostgreSQL. The copy is checked: its chain of events holds.

    \b
    Example:
      weakhitl backup backups/monday.db
    """
    events = open_project(project_path).backup(out)
    if as_json:
        print_json({"file": str(out), "events": events})
        return
    click.echo(f"wrote {out}: {events:,} events; their chain holds.")


@click.command("restore")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Move the store that is there aside; nothing is deleted.")
@project_option
@json_option
@guarded
def restore_command(project_path: Path, file: Path, replace: bool, as_json: bool) -> None:
    """Bring back what a backup holds, into an empty store.

    Stop the server first.

    \b
    Example:
      weakhitl restore backups/monday.db --replace
    """
    events, aside = open_project(project_path).restore(file, replace=replace)
    if as_json:
        print_json({"events": events, "before": None if aside is None else str(aside)})
        return
    click.echo(f"{events:,} events are back." + ("" if aside is None else f" What was there is in {aside}."))
