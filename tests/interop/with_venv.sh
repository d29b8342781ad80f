#!/bin/sh
# with_venv.sh VENV TEST ARGUMENT...: an interop test with a Python environment, skipped (77) where there is none.
set -eu
venv=$1
test=$2
shift 2
if [ ! -f "$venv/requirements.txt" ]; then
  echo "skipped: $venv could not be made" >&2
  exit 77
fi
exec "$venv/bin/python" "$(dirname "$0")/$test" "$@"
