#!/usr/bin/env bash
# Print a Python of version 3.11 or newer, or say what is missing. PYTHON=/path/to/python chooses one.
set -eu
for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11 python3.14 python}; do
  if command -v "$candidate" >/dev/null 2>&1 &&
    "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    if "$candidate" -c 'import venv, ensurepip' 2>/dev/null; then
      command -v "$candidate"
      exit 0
    fi
    no_venv="$candidate"
  fi
done
if [ -n "${no_venv:-}" ]; then
  echo "This book needs Python's venv module, which $no_venv lacks. On Debian or Ubuntu: apt install python3-venv" >&2
else
  echo "This book needs Python 3.11 or newer; python3 is $(python3 --version 2>/dev/null || echo 'not installed')." >&2
  echo "If a newer one is installed elsewhere: make PYTHON=/path/to/python3 ..." >&2
fi
exit 1
