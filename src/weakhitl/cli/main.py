"""The ``weakhitl`` command."""

import sys
from importlib import import_module

import click

from weakhitl import __version__

_COMMANDS = {
    "init": "project",
    "label": "labeling",
    "lfs": "labeling",
    "doctor": "diagnosis",
    "explain": "diagnosis",
    "route": "annotation",
    "annotate": "annotate",
    "export": "annotation",
    "import": "annotation",
    "annotators": "annotation",
    "agreement": "agreement",
    "plan": "gate",
    "check": "gate",
    "threshold": "threshold",
    "report": "release",
    "release": "release",
    "verify": "release",
    "diff": "difference",
    "recall": "difference",
    "refine": "refine",
    "train": "train",
    "drift": "drift",
    "bias": "bias",
    "judge": "judge",
    "online": "online",
    "pause": "online",
    "simulate": "simulate",
    "status": "project",
    "backup": "keep",
    "restore": "keep",
    "demo": "demo",
}
"""Command -> module of this package that defines it, in the order of a project's life."""


_MEANT = {
    "adjudicate": "annotate",
    "apply": "label",
    "audit": "route",
    "gate": "check",
    "iaa": "agreement",
    "kappa": "agreement",
    "rate": "annotate",
    "run": "label",
    "serve": "annotate",
    "validate": "verify",
}
"""What else commands could be called."""


class _LazyGroup(click.Group):
    """Loads a command's module when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"weakhitl.cli.{_COMMANDS[cmd_name]}")
        command = getattr(module, f"{cmd_name}_command")
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0] if args else ""
        if name not in _COMMANDS and not name.startswith("-"):
            from difflib import get_close_matches

            close = [_MEANT[name]] if name in _MEANT else get_close_matches(name, _COMMANDS, n=1)
            hint = f" Did you mean '{close[0]}'?" if close else ""
            ctx.fail(f"No such command '{name}'.{hint}")
        return super().resolve_command(ctx, args)


@click.group(
    cls=_LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Try it: weakhitl demo",
)
@click.version_option(__version__, prog_name="weakhitl")
def cli() -> None:
    """Turn cheap, noisy votes into a dataset that someone can vouch for.

    \b
    Exit codes: 0 done or passed; 1 the gate failed or verify found a
    difference; 2 wrong usage or configuration; 3 the data or the run failed;
    4 undecided, not enough evidence.
    """


def run() -> None:
    """Run the command line with streams that can print any item's text."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    cli(prog_name="weakhitl")
