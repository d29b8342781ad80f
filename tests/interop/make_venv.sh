#!/bin/sh
# make_venv.sh FOLDER REQUIREMENTS [--may-be-absent]: a Python environment with exactly these packages. Built again only
# when the requirements change; a failed attempt leaves nothing that could pass for one. With --may-be-absent packages that
# cannot be had are exit code 77 (a test that is skipped), but a package with another hash is a failure all the same.
set -eu
folder=$1
requirements=$2
if cmp -s "$requirements" "$folder/requirements.txt"; then
  exit 0
fi
rm -rf "$folder"
python3 -m venv "$folder"
log=$folder/pip.log
if ! "$folder/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement "$requirements" > "$log" 2>&1; then
  cat "$log" >&2
  if [ "${3:-}" = --may-be-absent ] && ! grep -q 'DO NOT MATCH THE HASHES' "$log"; then
    echo "skipped: the packages of $requirements cannot be installed" >&2
    exit 77
  fi
  exit 1
fi
cp "$requirements" "$folder/requirements.txt"
