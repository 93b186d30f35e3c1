"""A model behind an endpoint that speaks OpenAI's protocol: theirs, vLLM, Ollama, llama.cpp, LM Studio and others."""

import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
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
        0 for the likeliest answer.
    max_tokens
        Of an answer.
    format
        How strictly the endpoint is asked for JSON; ``text`` where it knows no ``response_format``.

    """

    name: str
    url: str
    temperature: float
    max_tokens: int
    format: str


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

    @cached_property
    def identity(self) -> str:
        """Hash of all that its answers depend on beside the item: model, prompt, examples, classes."""
        asked = self.prompt.messages(dict.fromkeys([*self.prompt.columns, *self.prompt.images]))
        return _digest([asdict(self.model), asked, list(self.prompt.images), self.schema.classes, self.schema.skip])

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
        client: Any = self._made
        start = perf_counter()
        try:
            reply = client.chat.completions.create(
                model=self.model.name,
                messages=list(messages),
                temperature=self.model.temperature,
                max_tokens=self.model.max_tokens,
                **self._format(),
            )
        except (openai.AuthenticationError, openai.PermissionDeniedError, openai.NotFoundError) as error:
            raise StateError(f"{self.model.url} refuses {self.model.name!r}: {_reason(error)}") from error
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


def _digest(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _reason(error: Exception) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
