"""Files that are whole at every moment: written beside their place, then moved there in one step."""

from __future__ import annotations

import contextlib
import secrets
from pathlib import Path

# Moving a file onto one of these would replace the device itself.
_DEVICES = ("/dev/", "/proc/")


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`; who reads meanwhile sees the old file or the new one, never a part.

    A link at `path` is replaced, not followed. Raises `OSError` if the folder is missing or not writable.
    """
    write_bytes(path, text.encode("utf-8", "backslashreplace"))


def write_bytes(path: Path, data: bytes) -> None:
    """The same for bytes."""
    if str(path).startswith(_DEVICES):
        path.write_bytes(data)
        return
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}.tmp")
    try:
        with beside.open("xb") as file:  # x: nobody can have put a link there
            file.write(data)
        beside.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            beside.unlink()
        raise
