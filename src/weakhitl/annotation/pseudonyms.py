"""Names that stand for people: the same in every release, and no way back without the project's key."""

import hashlib
import hmac
import os
import secrets
from collections.abc import Iterable
from pathlib import Path

from weakhitl.errors import DataError
from weakhitl.files import make_private

_SHORT = 8
"""Hexadecimal digits of a pseudonym, unless two people would share them."""


def pseudonyms(names: Iterable[str], key: bytes) -> dict[str, str]:
    """Name -> pseudonym, by HMAC-SHA-256 with a secret key: who does not have it cannot try names.

    Examples
    --------
    >>> pseudonyms(["ana"], b"secret")
    {'ana': 'person-d639a290'}

    """
    digests = {name: hmac.new(key, name.encode(), hashlib.sha256).hexdigest() for name in names}
    length = _SHORT
    while len({digest[:length] for digest in digests.values()}) < len(digests):
        length += 1
    return {name: f"person-{digest[:length]}" for name, digest in digests.items()}


def secret_key(path: Path) -> bytes:
    """Read a project's key, or make one that nobody else may read. Raises ``DataError`` where neither can be done."""
    try:
        if not path.exists():
            _write_key(path)
        key = path.read_bytes().strip()
    except OSError as error:
        raise DataError(str(path), f"the key of the pseudonyms cannot be kept here ({error.strerror})") from error
    if len(key) < 32:
        raise DataError(str(path), "is no key of pseudonyms; bring back the file, or delete it to get new pseudonyms")
    return key


def _write_key(path: Path) -> None:
    make_private(path.parent)
    temporary = path.with_name(f"{path.name}.{secrets.token_hex(4)}.tmp")
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secrets.token_hex(32).encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(temporary, path)  # whoever comes second finds the first one's
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
