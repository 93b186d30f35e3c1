"""What the owner of a dataset says about it, for the pages that go with a release."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, field_validator

from weakhitl.config.section import Section, Text

_LICENSE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")


def _filled(text: str) -> str:
    if not text.strip():
        raise ValueError("it is empty; write something, or leave the key out")
    return text


_Filled = Annotated[str, AfterValidator(_filled)]


class CardSection(Section):
    """What no ledger knows: it is put into `README.md` and `croissant.json` as it stands."""

    pretty_name: _Filled | None = Field(
        default=None, description="Title of the dataset; without, the name in `[project]`."
    )
    description: _Filled | None = Field(default=None, description="What the dataset holds, in a few sentences.")
    license: str | None = Field(
        default=None,
        description="Identifier of the license as Hugging Face and SPDX list it, such as `cc-by-4.0`; "
        "without, the card says that no license is given.",
    )
    language: list[str] = Field(
        default=[], description="Languages of the items as BCP 47 tags, such as `en` or `pt-BR`."
    )
    authors: list[_Filled] = Field(default=[], description="Who made the dataset.")
    homepage: Text | None = Field(default=None, description="The dataset's page; http:// or https://.")
    citation: _Filled | None = Field(default=None, description="How to cite the dataset, in BibTeX.")
    task_categories: list[_Filled] = Field(
        default=[], description="Tasks as Hugging Face lists them, such as `text-classification`."
    )
    tags: list[_Filled] = Field(default=[], description="Further keywords.")
    annotators: Literal["crowdsourced", "expert-generated"] | None = Field(
        default=None, description="What the people's labels are in Hugging Face's terms; without, `other`."
    )
    demographics: _Filled | None = Field(
        default=None, description="What is known of the annotators: which groups, how they were found and paid."
    )
    personal: _Filled | None = Field(
        default=None, description="Personal or sensitive information in the items, and what was done about it."
    )
    collection: _Filled | None = Field(
        default=None, description="Where the items come from and how they were collected."
    )
    intended: _Filled | None = Field(default=None, description="What the dataset is for, and what it is not for.")
    maintenance: _Filled | None = Field(
        default=None, description="Who keeps the dataset, how often it changes, and where faults are reported."
    )

    @field_validator("license")
    @classmethod
    def _is_identifier(cls, name: str | None) -> str | None:
        if name is not None and not _LICENSE.fullmatch(name):
            raise ValueError(f"{name!r} is no identifier of a license; expected one such as 'cc-by-4.0', or 'other'")
        return name

    @field_validator("language")
    @classmethod
    def _are_tags(cls, tags: list[str]) -> list[str]:
        if wrong := [tag for tag in tags if not _LANGUAGE.fullmatch(tag)]:
            raise ValueError(f"{', '.join(map(repr, wrong))}: no BCP 47 tag; expected such as 'en' or 'pt-BR'")
        return tags

    @field_validator("homepage")
    @classmethod
    def _is_url(cls, url: str | None) -> str | None:
        if url is not None and not re.fullmatch(r"https?://[^\s<>\"]+", url):
            raise ValueError(f"{url!r} is no http:// or https:// address")
        return url
