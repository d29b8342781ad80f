#!/bin/sh
# make_venv.sh FOLDER REQUIREMENTS: a Python environment with exactly these packages. Built again only when the
# requirements change; a failed attempt leaves nothing that could pass for one.
set -eu
folder=$1
requirements=$2
if cmp -s "$requirements" "$folder/requirements.txt"; then
  exit 0
fi
rm -rf "$folder"
python3 -m venv "$folder"
"$folder/bin/pip" install --quiet --disable-pip-version-check --require-hashes --requirement "$requirements"
cp "$requirements" "$folder/requirements.txt"
