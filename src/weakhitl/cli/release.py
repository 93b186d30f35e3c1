"""Commands ``report``, ``release`` and ``verify``."""

import sys
from pathlib import Path

import click

from weakhitl.cli.gate import print_gate
from weakhitl.cli.shared import (
    EXIT_CODES,
    echo_notices,
    guarded,
    json_option,
    open_project,
    print_json,
    project_option,
)


@click.command("report")
@click.argument("folder", type=click.Path(path_type=Path), default=Path("report"))
@project_option
@json_option
@guarded
def report_command(project_path: Path, folder: Path, as_json: bool) -> None:
    """Write the report as it would be now, and release nothing.

    FOLDER gets report.html, report.md and report.json; people have their own
    names in it, where a release has pseudonyms. The gate's run is not logged.

    \b
    Example:
      weakhitl report draft
    """
    report = open_project(project_path).report()
    page = report.save(folder)
    if as_json:
        print_json(report.to_dict())
        return
    click.echo(repr(report).strip("<>") + ".")
    click.echo(f"Report: {page} (with the people's own names)")


@click.command("release")
@click.argument("version")
@click.option("--zip", "archive", is_flag=True, help="Write the release as one zip file, too.")
@project_option
@json_option
@guarded
def release_command(project_path: Path, version: str, archive: bool, as_json: bool) -> None:
    """Release the dataset if the gate passes, else write a report why not.

    \b
    Example:
      weakhitl release 1.0.0
    """
    released = open_project(project_path).release(version, archive=archive)
    if as_json:
        print_json(released.to_dict())
    else:
        print_gate(released.gate)
        click.echo(f"Released: {released.path}" if released.digest else "Not released; no data was written.")
        click.echo(f"Report:   {released.report}")
        if released.digest:
            click.echo(f"Digest:   {released.digest}")
        if released.archive:
            click.echo(f"Zip file: {released.archive}")
        echo_notices(released.notices)
    sys.exit(EXIT_CODES[released.gate.status])


@click.command("verify")
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--digest", help="The digest that was published with the release.")
@click.option("--rerun-functions", is_flag=True, help="Run its functions again, too. That is no sandbox.")
@json_option
@guarded
def verify_command(path: Path, digest: str | None, rerun_functions: bool, as_json: bool) -> None:
    """Compute every label and figure of a release again, offline; PATH is its folder or its zip file.

    Exit 0 when all comes out the same, 1 when something differs. What is read is data; no function of the
    release is run, unless --rerun-functions says so.

    \b
    Example:
      weakhitl verify releases/1.0.0
    """
    from weakhitl.release import verify

    if rerun_functions:
        click.secho(
            "The functions in this release will run with your rights: a process of its own is no sandbox.",
            fg="yellow",
            err=True,
        )
    verification = verify(path, digest, rerun_functions=rerun_functions)
    if as_json:
        print_json(verification.to_dict())
    else:
        for finding in verification.findings:
            click.secho(
                "ok    " if finding.holds else "WRONG ",
                fg="green" if finding.holds else "red",
                nl=False,
            )
            click.echo(f"{finding.what}: {finding.detail}")
        click.echo(f"Digest: {verification.digest}")
        wrong = [finding for finding in verification.findings if not finding.holds]
        if any(finding.checked for finding in wrong):
            click.secho("This is not the release that it says it is.", fg="red")
        elif wrong:
            click.secho("All else holds; of the functions nothing is shown, as they cannot be run here.", fg="yellow")
    sys.exit(0 if verification.holds else 1)
