"""A gate's verdicts for other programs: JUnit, SARIF, Markdown, GitHub annotations."""

import json
from collections.abc import Callable
from xml.etree import ElementTree as ET

from weakhitl import __version__
from weakhitl.gate.verdicts import FAIL, PASS, UNDECIDED, WAIVED, Gate, Verdict

_MARKS = {PASS: "✅ pass", FAIL: "❌ fail", UNDECIDED: "❔ undecided", WAIVED: "⚠️ waived"}
_LEVELS = {FAIL: "error", UNDECIDED: "error", WAIVED: "warning", PASS: "note"}
POLICY = "weakhitl.toml"
"""File that annotations point at, unless another is named."""


def junit(gate: Gate, policy: str = POLICY) -> str:
    """Write JUnit XML: a test case a check; a fail is a failure, an undecided check an error, a waived one skipped."""
    count = {status: sum(verdict.status == status for verdict in gate.verdicts) for status in _MARKS}
    suite = ET.Element(
        "testsuite",
        name=f"weakhitl gate of {policy}",
        tests=str(len(gate.verdicts)),
        failures=str(count[FAIL]),
        errors=str(count[UNDECIDED]),
        skipped=str(count[WAIVED]),
    )
    for verdict in gate.verdicts:
        case = ET.SubElement(suite, "testcase", classname="weakhitl.gate", name=verdict.name)
        tag = {FAIL: "failure", UNDECIDED: "error", WAIVED: "skipped"}.get(verdict.status)
        if tag:
            ET.SubElement(case, tag, message=_clean(verdict.why)).text = _clean(_details(verdict))
        else:
            ET.SubElement(case, "system-out").text = _clean(_details(verdict))
    ET.indent(suite)
    return ET.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def sarif(gate: Gate, policy: str = POLICY) -> str:
    """Write SARIF 2.1.0: a rule a check, and a result for each, at ``policy``."""
    rules = [
        {
            "id": verdict.name,
            "shortDescription": {"text": f"{verdict.name} {verdict.bar_text}"},
            "defaultConfiguration": {"level": "error"},
        }
        for verdict in gate.verdicts
    ]
    results = [
        {
            "ruleId": verdict.name,
            "ruleIndex": at,
            "level": _LEVELS[verdict.status],
            "kind": "pass" if verdict.status == PASS else "open" if verdict.status == UNDECIDED else "fail",
            "message": {"text": _details(verdict)},
            "locations": [{"physicalLocation": {"artifactLocation": {"uri": policy}, "region": {"startLine": 1}}}],
        }
        for at, verdict in enumerate(gate.verdicts)
    ]
    for result in results:
        if result["kind"] != "fail":  # SARIF 2.1.0, 3.27.10: only failures have another level than none
            result["level"] = "none"
    driver = {"name": "weakhitl", "version": __version__, "rules": rules}
    document = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": results}],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def markdown(gate: Gate, policy: str = POLICY) -> str:
    """Write a table for a pull request's comment or a job's summary."""
    lines = [
        f"### Gate of `{policy}`: {_MARKS[gate.status]}",
        "",
        "| check | verdict | estimate [bounds] | bar | why |",
        "| --- | --- | --- | --- | --- |",
    ]
    for verdict in gate.verdicts:
        why = verdict.why + (f". Next: {verdict.advice}" if verdict.advice else "")
        cells = [verdict.name, _MARKS[verdict.status], str(verdict.estimate), verdict.bar_text, why]
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
        for name, (status, estimate) in verdict.parts.items():
            lines.append(f"| ↳ {_cell(name)} | {_MARKS[status]} | {_cell(str(estimate))} | | |")
    return "\n".join(lines) + "\n"


def github(gate: Gate, policy: str = POLICY) -> str:
    """Write workflow commands that GitHub shows as annotations: errors, warnings for waivers, notices for passes."""
    lines = []
    for verdict in gate.verdicts:
        kind = {PASS: "notice", WAIVED: "warning"}.get(verdict.status, "error")
        title = _property(f"{verdict.name}: {verdict.status}")
        lines.append(f"::{kind} file={_property(policy)},title={title}::{_data(_details(verdict))}")
    return "\n".join(lines) + ("\n" if lines else "")


FORMATS: dict[str, Callable[[Gate, str], str]] = {
    "junit": junit,
    "sarif": sarif,
    "markdown": markdown,
    "github": github,
}
"""Name of a format -> what writes it."""


def _details(verdict: Verdict) -> str:
    lines = [f"{verdict.name} {verdict.bar_text}: {verdict.estimate}", verdict.why]
    lines += [f"{name}: {status}, {estimate}" for name, (status, estimate) in verdict.parts.items()]
    lines += [f"next: {verdict.advice}"] if verdict.advice else []
    return "\n".join(lines)


def _cell(text: str) -> str:
    return text.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("\n", " ")


def _clean(text: str) -> str:
    """Leave out characters that XML 1.0 cannot hold."""
    return "".join(
        c for c in text if c in "\t\n\r" or (" " <= c <= "\ud7ff") or ("\ue000" <= c <= "\ufffd") or c > "\uffff"
    )


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
