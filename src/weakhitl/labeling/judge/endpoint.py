"""A model behind an endpoint that speaks OpenAI's protocol: theirs, vLLM, Ollama, llama.cpp, LM Studio and others."""

import hashlib
import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from time import perf_counter
from typing import TYPE_CHECKING, Any

from weakhitl.errors import ConfigError, StateError, UsageError
from weakhitl.labeling.judge.answer import Answer, parse_answer, shortened
from weakhitl.labeling.judge.prompt import Message, Prompt
from weakhitl.schema import LabelSchema

if TYPE_CHECKING:
    from openai import OpenAI

_MILLION = 1e6

_HELP = {
    "temperature": "leave `temperature` out, or give the one that the model takes",
    "response_format": 'give `format = "text"`, or one that the server knows',
}
"""What to do where a server does not take a field of the call."""


class AskError(Exception):
    """One item could not be asked about; others may."""


@dataclass(frozen=True)
class Model:
    """Which model is asked, and how: whatever changes its answers.

    Attributes
    ----------
    name
        As the endpoint calls it.
    url
        The endpoint, up to and without ``/chat/completions``.
    temperature
        0 for the likeliest answer; None for 0 where the model takes it, else its own.
    max_tokens
        Of an answer.
    format
        How strictly the endpoint is asked for JSON; ``text`` where it knows no ``response_format``.
    options
        Further fields of a call, as the endpoint knows them.

    """

    name: str
    url: str
    temperature: float | None
    max_tokens: int
    format: str
    options: Mapping[str, Any] = field(default_factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """Give what its answers depend on."""
        found = asdict(self) | {"temperature": self.temperature or 0.0}
        return found if self.options else {name: value for name, value in found.items() if name != "options"}


@dataclass(frozen=True)
class Prices:
    """Money for a million tokens."""

    tokens_in: float = 0.0
    tokens_out: float = 0.0

    def of(self, tokens_in: int, tokens_out: int) -> float:
        """Cost of a call."""
        return (tokens_in * self.tokens_in + tokens_out * self.tokens_out) / _MILLION


class Endpoint:
    """Asks a model about one item at a time; safe to use from several threads.

    Parameters
    ----------
    model
        The model.
    prompt
        What it is asked.
    schema
        The classes.
    prices
        What tokens cost.
    key
        Name of the environment variable that holds the key; None where the endpoint needs none.
    retries
        How often a call is tried again that met a full or broken server, with growing pauses, or those it asks for.
    timeout
        Seconds for a call.

    Raises
    ------
    ConfigError
        The environment does not hold the key.
    UsageError
        The package openai is not installed.

    """

    def __init__(
        self,
        model: Model,
        prompt: Prompt,
        schema: LabelSchema,
        prices: Prices = Prices(),
        *,
        key: str | None = None,
        retries: int = 5,
        timeout: float = 60.0,
    ) -> None:
        self.model, self.prompt, self.schema, self.prices = model, prompt, schema, prices
        self._key = key
        self._patience = {"max_retries": retries, "timeout": timeout}
        self._made: OpenAI | None = None
        self._fields = self._first_fields()

    @cached_property
    def identity(self) -> str:
        """Hash of all that its answers depend on beside the item: model, prompt, examples, classes."""
        asked = self.prompt.messages(dict.fromkeys([*self.prompt.columns, *self.prompt.images]))
        return _digest([self.model.to_dict(), asked, list(self.prompt.images), self.schema.classes, self.schema.skip])

    def question(self, item: Mapping[str, Any]) -> tuple[str, list[Message]]:
        """Give the key of a question, and its messages. Raises ``DataError`` for an image that cannot be read."""
        messages = self.prompt.messages(item)
        return _digest([self.identity, messages]), messages

    def most(self, messages: Sequence[Message]) -> float:
        """Give what a call can cost at most: no token is shorter than a byte."""
        return self.prices.of(len(json.dumps(messages, ensure_ascii=False).encode()), self.model.max_tokens)

    def check(self) -> None:
        """Make ready to ask. Raises ``ConfigError`` or ``UsageError`` where it cannot."""
        if self._made is not None:
            return
        try:
            import openai
        except ImportError:
            raise UsageError("judges at an endpoint need: pip install 'weakhitl[judge]'") from None
        secret = "none" if self._key is None else os.environ.get(self._key, "")
        if not secret:
            raise ConfigError("[[judge]]", f"the environment has no {self._key}, which holds the key")
        self._made = openai.OpenAI(api_key=secret, base_url=self.model.url, **self._patience)  # type: ignore[arg-type]

    def ask(self, item: str, key: str, messages: Sequence[Message]) -> Answer:
        """Ask about an item.

        Raises ``AskError`` where this item cannot be asked about, ``StateError`` where none can: a wrong key or model.
        """
        import openai

        self.check()
        start = perf_counter()
        try:
            reply = self._reply(messages)
        except (openai.AuthenticationError, openai.PermissionDeniedError, openai.NotFoundError) as error:
            raise StateError(
                f"{self.model.url} refuses {self.model.name!r}: {_reason(error)}{self._ending()}"
            ) from error
        except openai.APITimeoutError as error:
            raise AskError(f"no answer within {self._patience['timeout']:g} s") from error
        except openai.APIConnectionError as error:
            raise StateError(f"{self.model.url} cannot be reached: {_reason(error)}") from error
        except (openai.OpenAIError, ValueError) as error:  # ValueError: what came is no JSON
            raise AskError(_reason(error)) from error
        if not getattr(reply, "choices", None):
            raise AskError("what came is no answer of OpenAI's protocol: it has no choices")
        return self._answer(item, key, reply, perf_counter() - start)

    def _answer(self, item: str, key: str, reply: Any, seconds: float) -> Answer:
        first = reply.choices[0]
        text = (first.message.content if first.message else None) or ""
        label, problem = parse_answer(text, self.schema)
        if first.finish_reason == "length":
            label, problem = None, f"was cut off at {self.model.max_tokens} tokens"
        used = getattr(reply, "usage", None)
        tokens = (int(getattr(used, "prompt_tokens", 0) or 0), int(getattr(used, "completion_tokens", 0) or 0))
        return Answer(key, item, label, problem, shortened(text), *tokens, self.prices.of(*tokens), seconds)

    def _reply(self, messages: Sequence[Message]) -> Any:
        """Call with the fields that the model takes, as far as it has said: they are learned from what it refuses."""
        import openai

        client: Any = self._made
        fields = self._fields
        while True:
            try:
                reply = client.chat.completions.create(
                    model=self.model.name, messages=list(messages), extra_body=dict(self.model.options), **fields
                )
            except openai.BadRequestError as error:
                fields = self._without_refused(fields, _reason(error), error)
            else:
                self._fields = fields
                return reply

    def _without_refused(self, fields: dict[str, Any], reason: str, error: Exception) -> dict[str, Any]:
        """Give the fields for another try; raises the error where it is about something else."""
        refused = _refused(reason, [*fields, *self.model.options])
        rest = {name: value for name, value in fields.items() if name != refused}
        if refused is None:
            raise error
        if refused == "max_tokens" and "max_completion_tokens" in reason:
            return rest | {"max_completion_tokens": self.model.max_tokens}
        if refused == "temperature" and self.model.temperature is None:
            return rest
        hint = _HELP.get(refused, "take it out of `options`")
        raise StateError(f"{self.model.url} refuses {refused} for {self.model.name!r} ({reason}): {hint}") from error

    def _first_fields(self) -> dict[str, Any]:
        known = {"temperature": self.model.temperature or 0.0, "max_tokens": self.model.max_tokens}
        return known | self._format()

    def _ending(self) -> str:
        """Say what is usual at the end of an address that does not have it."""
        return "" if re.search(r"/v\d", self.model.url) else "; the address of most servers ends in /v1"

    def _format(self) -> dict[str, Any]:
        if self.model.format == "text":
            return {}
        if self.model.format == "json_object":
            return {"response_format": {"type": "json_object"}}
        label = {"type": ["string", "null"], "enum": [*map(str, self.schema.classes), None]}
        schema = {
            "type": "object",
            "properties": {"label": label},
            "required": ["label"],
            "additionalProperties": False,
        }
        form = {"name": "label", "strict": True, "schema": schema}
        return {"response_format": {"type": "json_schema", "json_schema": form}}


def _refused(reason: str, names: Sequence[str]) -> str | None:
    """Give the field that a server says it does not take; None where it complains of something else.

    A text that is too long is about one item, though servers name ``max_tokens`` then, too.

    Examples
    --------
    >>> _refused("Unsupported value: 'temperature' does not support 0 with this model.", ["temperature"])
    'temperature'
    >>> _refused("'max_tokens' is too large: 200. The context has 4096 tokens", ["max_tokens"])

    """
    if not re.search(
        r"unsupported|not support|unrecogni[sz]ed|unknown|not permitted|not allowed", reason, re.IGNORECASE
    ):
        return None
    return next((name for name in names if re.search(rf"\b{re.escape(name)}\b", reason)), None)


def _digest(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
