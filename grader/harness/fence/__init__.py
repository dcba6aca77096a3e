"""The fence around a learner's program: what it may read, write, reach and use up.

One module per system behind one interface: `Fence()` is made once, in the launcher, and does what takes long;
`Fence.enter(policy)` runs in each learner's process before the learner's code and cannot be undone. `probe` tries from
inside what ought to be closed; only what it finds closed is named in a result (see `protections`).

This package uses the standard library alone and imports nothing else of the grader: the launcher loads it.
"""

from __future__ import annotations

import sys

from .policy import Policy

if sys.platform == "linux":
    from .linux import Fence
elif sys.platform == "darwin":
    from .macos import Fence
elif sys.platform == "win32":
    from .windows import Fence
else:
    from .none import Fence

__all__ = ["Fence", "Policy"]
