#!/bin/bash
# Rules for files that need no compiler: size, format, words that have no place here.
set -u
cd "$(dirname "$0")/.."
code=$(git ls-files 'src/*' 'include/*' 'tests/*' 'bench/*' 'fuzz/*' | grep -E '\.(h|cpp)$')
scripts=$(git ls-files 'tools/*' 'tests/*' 'bench/*' | grep -E '\.(py|sh)$')
failed=0
complain() {
  [ -z "$2" ] && return
  printf '%s\n%s\n' "$1" "$2" >&2
  failed=1
}

complain "Longer than 600 lines:" "$(wc -l $code $scripts | awk '$2 != "total" && $1 > 600')"
complain "Not as clang-format-19 writes it (clang-format-19 -i FILE):" \
  "$(printf '%s\n' $code | xargs -P "$(nproc)" -n 8 clang-format-19 --dry-run 2>&1 | sed -nE 's/^([^:]+):[0-9]+:[0-9]+: .*/\1/p' | sort -u)"
complain "Left for later:" "$(grep -nE '\b(TO''DO|FIX''ME|X''XX)\b' $code $scripts)"
complain "Paths of one machine:" "$(git grep -nIE '(^|[^a-zA-Z0-9_.-])/(work|root|home/[a-z]+)/' -- . ':!tests/data')"
complain "Not executable:" "$(for f in $(git ls-files 'tools/*' 'tests/*.sh' .ci/run); do [ "$(head -c 2 "$f")" != '#!' ] || [ -x "$f" ] || echo "$f"; done)"
complain "Does not end with a line break:" "$(for f in $code $scripts; do [ -z "$(tail -c 1 "$f")" ] || echo "$f"; done)"
exit $failed
