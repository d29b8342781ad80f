#!/bin/sh
# mlflow.sh VENV PROGRAM: the interop test with the MLflow of a Python environment, skipped (77) where there is none.
set -eu
if [ ! -f "$1/requirements.txt" ]; then
  echo "skipped: $1 could not be made" >&2
  exit 77
fi
exec "$1/bin/python" "$(dirname "$0")/mlflow_server_test.py" "$2"
