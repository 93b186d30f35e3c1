"""What all sections of ``weakhitl.toml`` share."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

Share = Annotated[float, Field(ge=0, le=1)]
Count = Annotated[int, Field(ge=0)]
Text = Annotated[str, Field(min_length=1)]


def _as_file(given: str) -> str:
    if any(sign < " " for sign in given):
        raise ValueError(f"{given!r} holds a control character, as a backslash makes it in TOML; write paths with /")
    return given


FileName = Annotated[Text, AfterValidator(_as_file)]
"""Of a file or folder, from the project's folder."""
Name = Annotated[Text, BeforeValidator(lambda given: str(given) if type(given) is int else given)]
"""Of a class; a whole number is its own name."""
Texts = Annotated[list[Text], BeforeValidator(lambda given: [given] if isinstance(given, str) else given)]
"""One, or a list of them."""


class Section(BaseModel):
    """A section: its keys are all there are, and their types are taken at their word."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)

    def changed(self, *names: str) -> list[str]:
        """List those of these settings that are other than their defaults."""
        return [name for name in names if getattr(self, name) != type(self).model_fields[name].default]
