"""Read ``weakhitl.toml``, check all of it, name every fault at once."""

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from weakhitl.balance import class_balance
from weakhitl.config.faults import nearest, sentences
from weakhitl.config.gate import CheckSection, GateSection, WaiverSection, is_own
from weakhitl.config.judge import JudgeSection
from weakhitl.config.section import Section
from weakhitl.config.sections import Config, LabelsSection, RuleSection, WebhookSection
from weakhitl.errors import ConfigError, DataError, SchemaError
from weakhitl.schema import LabelSchema

CONFIG_NAME = "weakhitl.toml"


@dataclass(frozen=True)
class Names:
    """Names that only higher floors know, so that a configuration can be checked against them."""

    metrics: Collection[str]
    models: Collection[str]
    counts: Collection[str] = ()
    """Metrics that count something; all others are shares or coefficients, so their bars lie within -1 to 1."""


def load_config(path: Path, names: Names) -> Config:
    """Read and check ``weakhitl.toml``. Raises ``ConfigError`` with every fault and the nearest valid name."""
    return parse_config(_text(path, _way_on(path)), names, str(path))


def _way_on(path: Path) -> str:
    """Say where a configuration is that is not at ``path``: in a folder above, or nowhere yet."""
    above = next((folder for folder in path.absolute().parent.parents if (folder / CONFIG_NAME).is_file()), None)
    return "`weakhitl init` makes one" if above is None else f"there is one above, in {above}: go there, or name it"


def parse_config(text: str, names: Names, where: str = CONFIG_NAME) -> Config:
    """Check the text of a ``weakhitl.toml``; see ``load_config``."""
    return _validated(Config, text, names, where)


def _text(path: Path, hint: str) -> str:
    if not path.is_file():
        raise ConfigError(str(path), f"there is no such file; {hint}")
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), f"byte {error.start} is not UTF-8; save the file as UTF-8") from error


_Model = TypeVar("_Model", bound=Section)


def _validated(model: type[_Model], text: str, names: Names, where: str) -> _Model:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        hint = "; write paths with /" if "'\\'" in str(error) else ""
        raise ConfigError(where, f"not TOML: {error}{hint}") from error
    faults = _balance_faults(content) if model is Config else []
    faults += _name_faults(content, names)
    try:
        config = model.model_validate(content)
    except ValidationError as error:
        faults = sentences(error) + faults
    if faults:
        raise ConfigError(where, faults)
    return config


class Policy(Section):
    """The gate of a bare table of ratings: ``[labels]`` and ``[[gate.check]]``, nothing else."""

    labels: LabelsSection
    gate: GateSection = GateSection()

    @cached_property
    def schema_(self) -> LabelSchema:
        """The label schema."""
        return self.labels.as_schema()


def load_policy(path: Path, names: Names) -> "Policy | Config":
    """Read and check a policy file, or a whole ``weakhitl.toml``, which holds one.

    Raises ``ConfigError`` with every fault and the nearest valid name.
    """
    text = _text(path, "write one with [labels] classes and [[gate.check]]")
    if any(line.strip() == "[project]" for line in text.splitlines()):
        return _validated(Config, text, names, str(path))
    return _validated(Policy, text, names, str(path))


def describe_config() -> list[tuple[str, str, str, str]]:
    """List every key as (section, key, default, description), for the documentation."""
    rows = []
    for section, field in Config.model_fields.items():
        model: Any = field.annotation
        label = f"[{section}]"
        models = [(label, model)]
        if section == "labeling":
            models.append(("[[labeling.rule]]", RuleSection))
        if section == "annotation":
            models.append(("[[annotation.webhook]]", WebhookSection))
        if section == "judge":
            models = [("[[judge]]", JudgeSection)]
        if section == "gate":
            models = [("[[gate.check]]", CheckSection), ("[[gate.waiver]]", WaiverSection)]
        for where, part in models:
            for key, inner in part.model_fields.items():
                default = "required" if inner.is_required() else repr(inner.default)
                rows.append((where, inner.alias or key, default, inner.description or ""))
    return rows


def _name_faults(content: Mapping[str, Any], names: Names) -> list[str]:
    faults = []
    model = content.get("label_model", {})
    if isinstance(model, dict) and isinstance(model.get("name", "auto"), str):
        faults += _unknown("label_model.name", model.get("name", "auto"), names.models)
    gate = content.get("gate", {})
    checks = gate.get("check", []) if isinstance(gate, dict) else []
    for number, check in enumerate(checks if isinstance(checks, list) else [], start=1):
        if isinstance(check, dict) and isinstance(check.get("metric"), str) and not is_own(check["metric"]):
            faults += _unknown(f"gate.check {number}: metric", check["metric"], names.metrics)
            faults += _bar_faults(f"gate.check {number}", check, names)
    return faults


def _balance_faults(content: Mapping[str, Any]) -> list[str]:
    """Say what is wrong with the class balance; whether it and the classes have the right type is checked elsewhere."""
    labels, model = content.get("labels"), content.get("label_model")
    if not isinstance(labels, dict) or not isinstance(model, dict):
        return []
    balance = model.get("balance")
    shares = [*balance.values()] if isinstance(balance, dict) else balance
    if not isinstance(shares, list) or not all(isinstance(share, int | float) for share in shares):
        return []
    try:
        class_balance(balance, LabelSchema(labels.get("classes", ())))
    except DataError as error:
        return [f"label_model.balance: {fault}" for fault in error.faults]
    except (SchemaError, TypeError):  # of the classes, of which others speak
        pass
    return []


def _bar_faults(where: str, check: Mapping[str, Any], names: Names) -> list[str]:
    if check["metric"] in names.counts:
        return []
    bars = {key: check[key] for key in ("at_least", "at_most") if isinstance(check.get(key), int | float)}
    return [f"{where}: {key} = {bar}: expected a number from -1 to 1" for key, bar in bars.items() if abs(bar) > 1]


def _unknown(where: str, name: str, known: Collection[str]) -> list[str]:
    if name in known:
        return []
    return [f"{where} = {name!r} is unknown; expected one of {', '.join(sorted(known))}{nearest(name, known)}"]
