"""The C library, for the few system calls that Python does not offer. Errors become `OSError`."""

from __future__ import annotations

import ctypes
import os

LIBC = ctypes.CDLL(None, use_errno=True)


def call(name: str, *arguments: int | bytes | None) -> int:
    """Call a C function whose integers are all of the machine's word size; bytes are passed by address.

    Raises `OSError` when it returns -1.
    """
    words = [ctypes.c_long(argument) if isinstance(argument, int) else argument for argument in arguments]
    result: int = getattr(LIBC, name)(*words)
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), name)
    return result


def prctl(option: int, *arguments: int) -> int:
    """prctl(2); it wants the arguments that an option does not use to be zero."""
    return call("prctl", option, *arguments, *[0] * (4 - len(arguments)))
