"""Models as annotators: ``[[judge]]``."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from weakhitl.config.section import Count, FileName, Section, Text

_Money = Annotated[float, Field(ge=0)]

_OWN_KEYS = {
    "model": "model",
    "temperature": "temperature",
    "max_tokens": "max_tokens",
    "max_completion_tokens": "max_tokens",
    "response_format": "format",
    "messages": "prompt",
}
"""Fields of a call -> the keys that say them."""


class JudgeSection(Section):
    """A model that is asked about items, and votes what it answers."""

    name: Text = Field(description="Name of the source: letters, digits, `_`, `-` and dots.")
    model: Text | None = Field(default=None, description="What the endpoint calls the model.")
    url: Text | None = Field(
        default=None, description="An endpoint that speaks OpenAI's protocol, such as `https://api.openai.com/v1`."
    )
    key: Text | None = Field(
        default=None, description="Environment variable that holds the endpoint's key; without, it needs none."
    )
    function: Text | None = Field(
        default=None,
        description="In place of model and url: `file.py:name`, a Python function of a row that gives a class or None, "
        "or an object with `predict`, such as a fitted scikit-learn model.",
    )
    prompt: FileName | None = Field(
        default=None, description="File of the instruction; in it `$classes` and `$guideline` are filled in."
    )
    columns: list[Text] = Field(
        default=[], description="Columns that it reads; without, what people read: `[annotation] text`, or all but ids."
    )
    images: list[Text] = Field(default=[], description="Columns that name image files of the project; sent along.")
    examples: Count = Field(
        default=0,
        description="Examples of each class from the gold of `[label_model]` that go before the item; "
        "it does not vote on those itself.",
    )
    temperature: Annotated[float, Field(ge=0)] | None = Field(
        default=None,
        description="0 for the likeliest answer; without, 0 where the model takes it, and its own where it does not.",
    )
    max_tokens: Annotated[int, Field(ge=1)] = Field(default=200, description="Tokens of an answer at most.")
    format: Literal["json_schema", "json_object", "text"] = Field(
        default="json_object", description="How strictly the endpoint is asked for JSON; `text` where it cannot be."
    )
    options: dict[str, Any] = Field(
        default={}, description='Further fields of a call, such as `{ reasoning_effort = "low" }`.'
    )
    concurrency: Annotated[int, Field(ge=1, le=256)] = Field(default=4, description="Calls under way together.")
    retries: Count = Field(default=5, description="How often a call is tried again where the server is full or broken.")
    timeout: Annotated[float, Field(gt=0)] = Field(default=60.0, description="Seconds that a call may take.")
    price_in: _Money = Field(default=0.0, description="Price of a million tokens that it reads.")
    price_out: _Money = Field(default=0.0, description="Price of a million tokens that it writes.")
    budget: _Money | None = Field(default=None, description="Money that it may cost in all; never exceeded.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        faults = []
        if not re.fullmatch(r"[\w][\w.-]*", self.name, flags=re.ASCII):
            faults.append(f"name {self.name!r}: expected letters, digits, _, - and dots; it names files")
        if self.function is None and not (self.model and self.url):
            faults.append("expected model and url, or function")
        if self.function is not None and (self.model or self.url):
            faults.append("function stands in place of model and url; give one or the other")
        if self.function is not None and ".py:" not in self.function:
            faults.append(f"function = {self.function!r}: expected file.py:name")
        if self.url is not None and not self.url.startswith(("http://", "https://")):
            faults.append(f"url = {self.url!r} is no http:// or https:// address")
        if self.budget is not None and self.function is None and not (self.price_in or self.price_out):
            faults.append("a budget needs price_in and price_out")
        faults += [
            f"options: {name} is said by the key {_OWN_KEYS[name]}" for name in self.options if name in _OWN_KEYS
        ]
        faults += [f"options: {name} is not for judges" for name in self.options if name in ("stream", "n")]
        if faults:
            raise ValueError("; ".join(faults))
        return self
