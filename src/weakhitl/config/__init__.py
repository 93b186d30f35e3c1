"""``weakhitl.toml``: its sections, and how it is read."""

from weakhitl.config.gate import CheckSection, GateSection, OneBar, WaiverSection, is_own
from weakhitl.config.reading import (
    CONFIG_NAME,
    Names,
    Policy,
    describe_config,
    load_config,
    load_policy,
    parse_config,
)
from weakhitl.config.sections import Config, LabelsSection, RuleSection, Score

__all__ = [
    "CONFIG_NAME",
    "CheckSection",
    "Config",
    "GateSection",
    "LabelsSection",
    "Names",
    "OneBar",
    "Policy",
    "RuleSection",
    "Score",
    "WaiverSection",
    "describe_config",
    "is_own",
    "load_config",
    "load_policy",
    "parse_config",
]
