#!/bin/sh
# Line coverage of src by all tests: builds the coverage preset, runs it, prints a table by file and the total.
set -eu
cd "$(dirname "$0")/.."
cmake --preset coverage > /dev/null
cmake --build --preset coverage -j "${JOBS:-$(nproc)}"
find build/coverage -name '*.gcda' -delete
ctest --preset coverage -j "${JOBS:-$(nproc)}" --output-on-failure
gcovr --root . --filter 'src/' --object-directory build/coverage -j "$(nproc)" \
  --exclude-throw-branches --exclude-unreachable-branches build/coverage
