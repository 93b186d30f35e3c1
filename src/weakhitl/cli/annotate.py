"""Command ``annotate``: the pages, and the people who may open them."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from weakhitl.cli.shared import echo_wrapped, guarded, json_option, leave_out, print_json, print_table, project_option
from weakhitl.errors import UsageError

if TYPE_CHECKING:
    from weakhitl.pipeline.workspace import Workspace
    from weakhitl.web.room import Room
    from weakhitl.web.server import Address


@click.command("annotate")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8765, show_default=True, help="Port; 0: a free one.")
@click.option("--tls-cert", type=click.Path(path_type=Path), help="Certificate, to be reached by others.")
@click.option("--tls-key", type=click.Path(path_type=Path), help="Its key.")
@click.option(
    "--behind-proxy",
    metavar="URL",
    help="The address that browsers use, where a proxy does TLS, or that the certificate names.",
)
@click.option("--terminal", is_flag=True, help="Rate here in the terminal, one key a class.")
@click.option("--invite", metavar="NAME", help="Make a link for a person instead; an older one is revoked.")
@click.option(
    "--role",
    type=click.Choice(["annotator", "adjudicator", "owner"]),
    default="annotator",
    show_default=True,
    help="What the person may do.",
)
@click.option("--skill", "skills", multiple=True, help="What the person knows; one at a time. See [routing] skill.")
@click.option("--quota", type=click.IntRange(0), help="Ratings that the person may give.")
@click.option("--revoke", metavar="NAME", help="Let a person in no longer, instead.")
@click.option("--list", "show", is_flag=True, help="List the people, instead.")
@project_option
@json_option
@guarded
def annotate_command(project_path: Path, as_json: bool, **options: Any) -> None:
    """Serve the pages on which people rate, decide and look on.

    \b
    Example:
      weakhitl annotate
      weakhitl annotate --invite ana --skill fr --quota 200
      weakhitl annotate --terminal
    """
    from weakhitl.pipeline.workspace import Workspace

    workspace = Workspace.open(project_path)
    chosen = [name for name in ("invite", "revoke", "show", "terminal") if options[name]]
    if len(chosen) > 1:
        raise UsageError("--invite, --revoke, --list and --terminal are one each at a time")
    if not options["invite"]:
        leave_out("it is about a person who is invited (--invite NAME)", "role", "skills", "quota")
    if chosen and not options["invite"]:
        leave_out("no server is started", "host", "port", "tls_cert", "tls_key", "behind_proxy")
    if options["invite"]:
        _invite(workspace, options, as_json=as_json)
    elif options["revoke"]:
        _people(workspace).revoke(options["revoke"])
        click.echo(f"{options['revoke']} cannot come in any more.")
    elif options["show"]:
        _list(workspace, as_json=as_json)
    elif options["terminal"]:
        from weakhitl.cli.terminal import rate_in_terminal

        rate_in_terminal(workspace, _me())
    else:
        _serve(workspace, _address(options))


def _people(workspace: "Workspace") -> Any:
    from weakhitl.annotation import People

    return People(workspace.store)


def _address(options: dict[str, Any]) -> "Address":
    from weakhitl.web.server import Address

    return Address(options["host"], options["port"], options["tls_cert"], options["tls_key"], options["behind_proxy"])


def _serve(workspace: "Workspace", address: "Address") -> None:
    from weakhitl.pipeline.guideline import left_to_write
    from weakhitl.web.server import serve

    def say(room: "Room", address: "Address") -> None:
        if address.is_local and address.proxy is None:
            secret = room.people.invite(_me(), "owner", keep_logins=True)
            click.echo(f"Open {address.url}/join/{secret}")
            click.echo("The link is yours, as owner. For others: weakhitl annotate --invite NAME")
        else:
            click.echo(f"Listening on {address.host}:{address.port}; people open their links at {address.url}.")
        click.echo(room.queue_said())
        if left := left_to_write(workspace.guideline_path):
            echo_wrapped(f"Note: {left}.")
        click.echo("Stop with Ctrl-C; nothing is lost.")

    serve(workspace, address, say)


def _invite(workspace: "Workspace", options: dict[str, Any], *, as_json: bool) -> None:
    address = _address(options)
    secret = _people(workspace).invite(options["invite"], options["role"], options["skills"], options["quota"])
    link = f"{address.url}/join/{secret}"
    if as_json:
        print_json({"name": options["invite"], "role": options["role"], "link": link, "token": secret})
        return
    click.echo(f"Send {options['invite']} this link; it is shown only now:\n{link}")
    if address.is_local and address.proxy is None:
        click.echo("It works on this machine; for others give --behind-proxy or --host here, too.")


def _list(workspace: "Workspace", *, as_json: bool) -> None:
    people = _people(workspace).all()
    if as_json:
        print_json([dict(vars(person)) for person in people])
        return
    rows = [
        (
            person.name,
            person.role if person.active else f"{person.role} (revoked)",
            ", ".join(person.skills),
            "" if person.quota is None else str(person.quota),
        )
        for person in people
    ]
    if rows:
        print_table("", ("name", "role", "skills", "quota"), rows, [3])
    else:
        click.echo("Nobody is invited yet: weakhitl annotate --invite NAME")


def _me() -> str:
    try:
        return getpass.getuser()
    except (ImportError, KeyError, OSError):  # the first on Windows
        return "me"
