"""Command ``demo``."""

from pathlib import Path

import click

from weakhitl.cli.shared import guarded


@click.command("demo")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("weakhitl-demo"),
    show_default=True,
    help="Folder for the projects of the demo; an earlier demo there is replaced.",
)
@guarded
def demo_command(out: Path) -> None:
    """Tell the whole story on 1,000 real tweets, offline.

    \b
    Example:
      weakhitl demo --out /tmp/weather
    """
    from weakhitl.demo.story import tell

    tell(out, invoke, click.echo)


def invoke(arguments: list[str]) -> int:
    """Run a command of ours in this process and give its exit code."""
    from weakhitl.cli.main import cli

    try:
        cli.main(arguments, prog_name="weakhitl", standalone_mode=False)
    except SystemExit as end:
        return int(end.code or 0)
    return 0
