#!/bin/sh
# Line coverage of src by all tests: builds the coverage preset, runs it, prints a table by file and the total.
set -eu
cd "$(dirname "$0")/.."
cmake --preset coverage > /dev/null
cmake --build --preset coverage -j "${JOBS:-$(nproc)}"
find build/coverage -name '*.gcda' -delete
# Programs that a test kills leave counters that others complain of; tests read standard error.
GCOV_ERROR_FILE=/dev/null
export GCOV_ERROR_FILE
ctest --preset coverage -j "${JOBS:-$(nproc)}" --output-on-failure
gcovr --root . --filter 'src/' --object-directory build/coverage -j "$(nproc)" \
  --exclude-throw-branches --exclude-unreachable-branches --gcov-ignore-parse-errors build/coverage
