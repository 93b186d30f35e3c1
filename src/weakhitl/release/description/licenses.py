"""Addresses of licenses."""

_SPDX = (
    "Apache-2.0 BSD-2-Clause BSD-3-Clause MIT GPL-2.0 GPL-3.0 LGPL-3.0 AGPL-3.0 MPL-2.0 ISC Unlicense CC0-1.0 "
    "CC-BY-2.0 CC-BY-2.5 CC-BY-3.0 CC-BY-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0 CC-BY-NC-2.0 CC-BY-NC-3.0 CC-BY-NC-4.0 "
    "CC-BY-ND-4.0 CC-BY-NC-ND-3.0 CC-BY-NC-ND-4.0 CC-BY-NC-SA-2.0 CC-BY-NC-SA-3.0 CC-BY-NC-SA-4.0 CDLA-Sharing-1.0 "
    "CDLA-Permissive-1.0 CDLA-Permissive-2.0 ODC-By-1.0 ODbL-1.0 PDDL-1.0"
)
_BY_NAME = {name.lower(): name for name in _SPDX.split()} | {
    "odc-by": "ODC-By-1.0",
    "odbl": "ODbL-1.0",
    "pddl": "PDDL-1.0",
}
"""Hugging Face writes identifiers in small letters, some without their version; SPDX's addresses have capitals."""


def license_url(name: str) -> str:
    """Give a license's page at SPDX, or its identifier as it is where the page is not known.

    >>> license_url("cc-by-4.0"), license_url("other")
    ('https://spdx.org/licenses/CC-BY-4.0.html', 'other')
    """
    spdx = _BY_NAME.get(name.lower())
    return name if spdx is None else f"https://spdx.org/licenses/{spdx}.html"
