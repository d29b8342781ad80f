#!/usr/bin/env python3
"""Every error says what to do: each fail(...) and Error{...} of src has its fourth part, the hint.

Prints each breach as file:line and exits with 1 if there is any. A hint that is empty at run time is the tests' to find.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CALL = re.compile(r"(?:\bfail\(|\bError(?: [a-z_]+)?\{|[\s({]\{)\s*ErrorKind::k[A-Z]")
PARTS = 4


def parts(text):
    """How many arguments stand before the bracket that closes them."""
    depth, quote, count, i = 0, "", 1, 0
    while i < len(text):
        c = text[i]
        if quote:
            if c == "\\":
                i += 1
            elif c == quote:
                quote = ""
        elif c in "\"'":
            quote = c
        elif c in "([{":
            depth += 1
        elif c in ")]}":
            if depth == 0:
                return count
            depth -= 1
        elif c == "," and depth == 0:
            count += 1
        i += 1
    return count


def breaches():
    for path in sorted((ROOT / "src").rglob("*.[hc]*")):
        text = path.read_text()
        for match in CALL.finditer(text):
            if parts(text[text.index("ErrorKind::", match.start()):]) < PARTS:
                yield path, text.count("\n", 0, match.start()) + 1


def main():
    found = [f"{path.relative_to(ROOT)}:{line}: an error without a hint" for path, line in breaches()]
    print("\n".join(found), end="\n" if found else "")
    return 1 if found else 0


sys.exit(main())
