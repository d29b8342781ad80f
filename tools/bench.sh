#!/bin/sh
# Runs every benchmark of a build folder, one after the other: bench.sh BUILD
set -eu
found=0
for program in "$1"/bench/bench_*; do
  [ -x "$program" ] || continue
  found=1
  "$program"
done
[ "$found" -eq 1 ] || { echo "no benchmark in $1/bench" >&2; exit 1; }
