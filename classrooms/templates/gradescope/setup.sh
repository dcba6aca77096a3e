#!/usr/bin/env bash
# Gradescope runs this once, as root, while it builds the image. AUTOGRADER is set in tests only.
set -euo pipefail
root="${AUTOGRADER:-/autograder}"

new_enough() { command -v "$1" >/dev/null && "$1" -c 'import sys, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }
find_python() { for one in python3 python3.14 python3.13 python3.12 python3.11; do new_enough "$one" && echo "$one" && return; done; }

python="$(find_python || true)"
if [ -z "$python" ]; then
  export DEBIAN_FRONTEND=noninteractive
  apt-get update
  apt-get install -y python3 python3-venv
  # Ubuntu 22.04 comes with 3.10, and has 3.11 beside it.
  new_enough python3 || apt-get install -y python3.11 python3.11-venv
  python="$(find_python)"
fi
"$python" -m venv --clear "$root/venv"
"$root/venv/bin/python" -m pip install --quiet --requirement "$root/source/requirements.txt"
