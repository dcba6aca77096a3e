"""One learner's program in a fresh interpreter: `python -I -S -B once.py REQUEST DESCRIPTORS`, both JSON."""

from __future__ import annotations

import json
import os
import sys

if __name__ == "__main__":
    sys.path.insert(0, os.path.abspath(os.path.join(os.path.dirname(__file__), *[os.pardir] * 3)))
    from grader.harness.fence import Fence
    from grader.harness.inside import launcher

    sys.path.pop(0)
    sys.exit(launcher.become_program(json.loads(sys.argv[1]), json.loads(sys.argv[2]), Fence()))
