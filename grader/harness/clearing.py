"""Remove a folder in which a learner's program could do what it liked: thousands deep, unreadable, full of links.

`shutil.rmtree` calls itself for each level, and gives up at what it may not read.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

_CAN = {os.open, os.rename, os.rmdir, os.unlink, os.stat, os.chmod} <= os.supports_dir_fd


def remove(folder: Path) -> None:
    """Remove the folder and all below it, following no link. What cannot be removed stays, without an error."""
    if not _CAN:
        shutil.rmtree(folder, ignore_errors=True)
        return
    with contextlib.suppress(OSError):
        top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            _empty(top)
        finally:
            os.close(top)
        folder.rmdir()


def _empty(top: int) -> None:
    """Unlink everything, folders one by one: each one's own folders are moved up beside it before it goes.

    So neither a path nor the stack grows with the depth.
    """
    numbers = itertools.count()
    waiting = list(_lift(top, top, numbers))
    while waiting:
        name = waiting.pop()
        with contextlib.suppress(OSError):
            inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
            try:
                waiting += _lift(inner, top, numbers)
            finally:
                os.close(inner)
            os.rmdir(name, dir_fd=top)


def _lift(folder: int, top: int, numbers: Iterator[int]) -> Iterator[str]:
    """Unlink the files in `folder`, move its folders to `top` under new names, and yield those."""
    for name in os.listdir(folder):
        with contextlib.suppress(OSError):
            if not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
                os.unlink(name, dir_fd=folder)
                continue
            # A folder that may not be written to cannot be moved: its own ".." would change.
            os.chmod(name, stat.S_IRWXU, dir_fd=folder)
            # Chosen by us, but the program may have thought of it too; a name that is taken is simply not ours.
            lifted = f"{os.urandom(8).hex()}-{next(numbers)}"
            os.rename(name, lifted, src_dir_fd=folder, dst_dir_fd=top)
            yield lifted
