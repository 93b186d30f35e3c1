"""Check, release."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pyarrow.parquet as pq

from weakhitl.agreement import AgreementFigures
from weakhitl.annotation.pseudonyms import pseudonyms, secret_key
from weakhitl.config import CONFIG_NAME, is_own
from weakhitl.errors import ConfigError, DataError, StateError
from weakhitl.files import parquet_faults, sha256
from weakhitl.gate import PASS, PERSON, Assessment, Evidence, Gate, Subject, assess, of_kind, run_policy
from weakhitl.gate.log import Run, append_run, evidence_digest, looks_before, read_runs
from weakhitl.labeling.function_files import function_files
from weakhitl.pipeline.clock import check_clock
from weakhitl.pipeline.own_functions import own_checks
from weakhitl.pipeline.workspace import Workspace
from weakhitl.release import Contents, write_bundle, write_refusal
from weakhitl.release.archive import check_no_archive, pack
from weakhitl.release.bundle import GATE_LOG, check_new
from weakhitl.release.evidence_files import CONTEXT, RATINGS
from weakhitl.release.last_release import release_folders
from weakhitl.release.report import UNRELEASED, Report, agreement_content, hardest_items, report_content
from weakhitl.release.whole_folder import only_one
from weakhitl.wording import a_few

if TYPE_CHECKING:
    from weakhitl.pipeline.ratings import Groups


@dataclass(frozen=True)
class Released:
    """What a release came to: the gate's verdicts, where the bundle or the refusal's report is, digest and zip file.

    ``notices`` say what its owner should know of it.
    """

    gate: Gate
    path: Path
    digest: str | None
    archive: Path | None = None
    notices: tuple[str, ...] = ()

    @property
    def report(self) -> Path:
        """The page to open."""
        return self.path / "report.html"

    def to_dict(self) -> dict[str, Any]:
        """Give all fields, ready for JSON."""
        return {
            "gate": self.gate.to_dict(),
            "path": str(self.path),
            "report": str(self.report),
            "digest": self.digest,
            "archive": None if self.archive is None else str(self.archive),
            "notices": list(self.notices),
        }


def check(workspace: Workspace, where: Mapping[str, str] | None = None, log: Path | None = None) -> Gate:
    """Run every check of the policy on the evidence as it is now, or on a part of it, and log the run."""
    assessment = workspace.assess(where)
    gate, _ = _logged(workspace, assessment if where else _with_looks(workspace, assessment, log), where, log)
    return gate


def _with_looks(workspace: Workspace, assessment: Assessment, log: Path | None = None) -> Assessment:
    """Add how often each check was looked at since the last release without passing, by the gate's log."""
    evidence, context = assessment.evidence, assessment.evidence.context
    since = datetime.fromisoformat(context.previous["created"]) if context.previous else None
    looks = looks_before(read_runs(log or workspace.gate_log), since)
    return replace(assessment, evidence=replace(evidence, context=replace(context, looks=looks)))


def _logged(
    workspace: Workspace,
    assessment: Assessment,
    where: Mapping[str, str] | None = None,
    log: Path | None = None,
) -> tuple[Gate, dict[str, Any]]:
    policy = workspace.config.gate
    own = own_checks(policy.check, workspace.root)
    gate = run_policy(Subject.of(assessment).where(where or {}), policy, own)
    run = Run(
        data=evidence_digest(assessment.evidence),
        policy=sha256(workspace.root / CONFIG_NAME),
        seed=workspace.config.routing.seed,
        as_of=assessment.evidence.context.as_of.isoformat(),
        where=where or {},
    )
    entry = append_run(log or workspace.gate_log, gate, run)
    return gate, entry


def agreement(workspace: Workspace, by: str | Sequence[str] = (), groups: "Groups | None" = None) -> AgreementFigures:
    """Measure the annotators' agreement in every way.

    ``by`` names a column of the data, or several, to slice by; ``groups`` maps a name to person -> group.
    """
    by = [by] if isinstance(by, str) else by
    assessment = workspace.assess(by)
    return AgreementFigures(agreement_content(assessment, by, groups), ratings=assessment.counted.fates)


def release(workspace: Workspace, version: str, *, archive: bool = False) -> Released:
    """Release when every check passes; else write the report of the refusal, and no data.

    With ``archive`` also as one zip file.

    Raises ``StateError`` when the version exists, another process makes a release, or the clock went back.
    """
    final = check_new(workspace.releases, version)
    if archive:
        check_no_archive(final)
    _check_secrets(workspace)
    with only_one(workspace.release_lock, f"releasing {version}"):
        check_new(workspace.releases, version)
        rows = workspace.rows()
        evidence, annotation_log = _steady_evidence(workspace)
        assessment = _with_texts(workspace, assess(_pseudonymous(workspace, evidence)))
        _check_clock(workspace, assessment)
        assessment = _with_looks(workspace, assessment)
        gate, run = _logged(workspace, assessment)
        if gate.withheld is not None:
            assessment = assessment.withhold(gate.withheld)
        report = report_content(assessment, gate, version)
        if gate.status != PASS:
            return Released(gate, write_refusal(workspace.releases, report, gate), None)
        _check_rows(workspace, version, report["counts"])
        runs = _runs(workspace, run)
        contents = Contents(assessment, gate, report, rows, _copies(workspace), runs, annotation_log)
        notices = (*_other_pseudonyms(workspace, assessment.evidence), *_left_out(workspace))
        path, digest = write_bundle(workspace.releases, contents)
        return Released(gate, path, digest, pack(path) if archive else None, notices)


def _check_rows(workspace: Workspace, version: str, counts: Mapping[str, int]) -> None:
    """Raise ``StateError`` where all labels are withheld: a dataset without rows is of no use, and proves nothing."""
    if counts["released"]:
        return
    reasons = {
        "withheld_below_confidence": f"below [release] min_confidence = {workspace.config.release.min_confidence}",
        "withheld_by_the_gate": "by the gate",
        "withheld_without_label": "without a label",
        "recalled": "recalled",
    }
    why = ", ".join(f"{counts[name]:,} {reason}" for name, reason in reasons.items() if counts[name])
    raise StateError(f"nothing to release as {version}; withheld are {why}")


def report(workspace: Workspace) -> Report:
    """Make the report of the project as it is now; nothing is written or logged. People have their own names."""
    assessment = _with_texts(workspace, workspace.assess())
    policy = workspace.config.gate
    gate = run_policy(Subject.of(assessment), policy, own_checks(policy.check, workspace.root))
    if gate.withheld is not None:
        assessment = assessment.withhold(gate.withheld)
    return Report(report_content(assessment, gate, UNRELEASED))


def _with_texts(workspace: Workspace, assessment: Assessment) -> Assessment:
    """Add the texts of the items that the report shows."""
    evidence = assessment.evidence
    texts = workspace.texts(hardest_items(assessment))
    return replace(assessment, evidence=replace(evidence, context=replace(evidence.context, texts=texts)))


def _steady_evidence(workspace: Workspace) -> tuple[Evidence, dict[str, Any]]:
    """Give the evidence, and the head of the log that it was read at: people may be rating."""
    while True:
        head = workspace.store.head()
        evidence = workspace.evidence()
        if workspace.store.head() == head:
            return evidence, head


def _pseudonymous(workspace: Workspace, evidence: Evidence) -> Evidence:
    """Replace the people's names; figures stay what they are."""
    said, aside = evidence.ratings, evidence.set_aside
    people = dict.fromkeys([*said["annotator"], *aside["annotator"]])
    names = pseudonyms(list(people), secret_key(workspace.pseudonym_key))
    said, aside = (table.assign(annotator=table["annotator"].map(names)) for table in (said, aside))
    context = evidence.context
    others = {source: why for source, why in context.withdrawn.items() if not of_kind(PERSON, {source: why})}
    recalled = {f"{PERSON}:{names[name]}": why for name, why in context.recalled(PERSON).items() if name in names}
    return replace(evidence, ratings=said, set_aside=aside, context=replace(context, withdrawn=others | recalled))


def _other_pseudonyms(workspace: Workspace, evidence: Evidence) -> tuple[str, ...]:
    """Say that the people have other pseudonyms than in the last release: whoever made that had another key."""
    folders = release_folders(workspace.releases)
    if not folders:
        return ()
    said = folders[-1] / RATINGS
    try:
        with parquet_faults(said):
            before = {*pq.read_table(said, columns=["annotator"]).column("annotator").to_pylist()}
    except DataError:
        return ()  # whether a release is whole is for `weakhitl verify` to say
    if not before or not before.isdisjoint(evidence.ratings["annotator"]):
        return ()
    key = workspace.pseudonym_key.relative_to(workspace.root)
    return (f"people have other pseudonyms than in {folders[-1].name}, which was made with another {key}",)


def is_released(workspace: Workspace, evidence: Evidence, release: Path) -> bool:
    """Whether a release was made of this evidence under this configuration, so that another would say the same."""
    try:
        *_, run = read_runs(release / GATE_LOG)
        previous = json.loads((release / CONTEXT).read_text(encoding="utf-8"))["previous"]
    except (OSError, ValueError, KeyError, DataError):
        return False  # whether a release is whole is for `weakhitl verify` to say
    then = _pseudonymous(workspace, replace(evidence, context=replace(evidence.context, previous=previous)))
    return bool(run["policy"] == sha256(workspace.root / CONFIG_NAME) and run["data"] == evidence_digest(then))


def _check_secrets(workspace: Workspace) -> None:
    """Raise ``ConfigError`` where the configuration, of which a release holds a copy, has a password in it."""
    store = workspace.config.annotation.store
    if "://" in store and urlsplit(store).password:
        raise ConfigError(
            CONFIG_NAME,
            ["[annotation] store holds a password, and a release holds this file; use PGPASSWORD or ~/.pgpass"],
        )


def _check_clock(workspace: Workspace, assessment: Assessment) -> None:
    context = assessment.evidence.context
    for entry in read_runs(workspace.gate_log):
        check_clock(context.as_of, entry["as_of"], "an earlier run of the gate")
    if context.previous is not None:
        check_clock(context.as_of, context.previous["created"], f"release {context.previous['version']}")


def _runs(workspace: Workspace, last: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Give the gate's log up to a run."""
    runs = []
    for entry in read_runs(workspace.gate_log):
        runs.append(entry)
        if entry["run"] == last["run"]:
            break
    return runs


def _left_out(workspace: Workspace) -> tuple[str, ...]:
    """Name files that the functions seem to read, and that nobody said others may see: no release carries them."""
    names = [file.name for file in workspace.files_named]
    if not names:
        return ()
    what = (
        f"the functions name {a_few(names)}, which the release does not carry: what reads that cannot run again from it"
    )
    return (f"{what}; list what others may have in `files` under [labeling]",)


def _copies(workspace: Workspace) -> dict[str, Path]:
    """Path in the bundle -> configuration, functions and guideline as used."""
    copies = {CONFIG_NAME: workspace.root / CONFIG_NAME}
    code = [*function_files(workspace.function_paths), *workspace.files_read]
    functions = [(file.name, file.path) for file in code]
    sources = {"labeling_functions": [*functions, *_named(workspace.rule_files)]}
    checks = [check.metric.rsplit(":", 1)[0] for check in workspace.config.gate.check if is_own(check.metric)]
    if checks:
        sources["gate"] = _named(workspace.root / name for name in dict.fromkeys(checks))
    if (guideline := workspace.guideline_path) is not None:
        if not guideline.is_file():
            raise DataError(
                str(guideline),
                "there is no such guideline; see [annotation] guideline in weakhitl.toml",
            )
        sources["guidelines"] = _named([guideline])
    for folder, files in sources.items():
        for inside, path in files:
            name = f"{folder}/{inside}"
            if copies.get(name, path).resolve() != path.resolve():
                raise DataError(
                    str(path),
                    f"and {copies[name]} have the same name; rename one, so that both fit a release",
                )
            copies[name] = path
    return copies


def _named(paths: Iterable[Path]) -> list[tuple[str, Path]]:
    return [(path.name, path) for path in paths]
