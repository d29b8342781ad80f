#!/usr/bin/env python3
"""clang-tidy-19, a compilation per core at a time: over src without the slow path analysis, or with --all over src and tests with everything.

Nearly all of the time goes into the system headers that every file includes, so src is looked at in the batches of the preset `check`; what
finds only in a compilation's main file (path analysis, unused using-declarations) is left to --all, which goes file by file. A compilation
is looked at again only if a file of the project that it includes, its flags or .clang-tidy changed: clean results are remembered in
build/tidy_cache by a hash of all of these. Exit code 1 if there is any finding.
"""
import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CACHE = ROOT / "build" / "tidy_cache"
TIDY = "clang-tidy-19"
COMPILER = "clang++-19"
# Left to --all: the path analysis doubles the time, and the others look at every line of every system header for what compiler warnings
# or reviewers see anyway. A batch is a list of included .cpp files (suspicious-include).
SLOW = ("clang-analyzer-*", "bugprone-reserved-identifier", "bugprone-standalone-empty", "bugprone-stringview-nullptr", "misc-unused-using-decls",
        "bugprone-multiple-statement-macro", "bugprone-assert-side-effect", "bugprone-suspicious-semicolon", "bugprone-suspicious-string-compare",
        "bugprone-undelegated-constructor", "readability-redundant-declaration", "misc-definitions-in-headers", "bugprone-inc-dec-in-conditions",
        "bugprone-suspicious-include")
# The flags are g++'s, and -Werror is among them: what only clang says of libstdc++ 12 (stable_sort) or of intended long doubles.
NOISE = ("unknown-warning-option", "deprecated-declarations", "double-promotion")


def commands(preset, build):
    """Entries of the compilation database: with batches those of src, otherwise of src and tests."""
    # The database is written by configuring alone; nothing is built.
    subprocess.run(["cmake", "--preset", preset], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)
    database = json.loads((build / "compile_commands.json").read_text())
    batches = {entry["file"]: entry for entry in database if (build / "src") in pathlib.Path(entry["file"]).parents and "/Unity/" in entry["file"]}
    wanted = (ROOT / "src", ROOT / "tests")
    files = {entry["file"]: entry for entry in database if any(folder in pathlib.Path(entry["file"]).parents for folder in wanted)}
    chosen = batches or files
    return [chosen[name] for name in sorted(chosen)]


def tidy(build, everything):
    return [TIDY, "--quiet", "--warnings-as-errors=*", *(f"--extra-arg=-Wno-{name}" for name in NOISE), "-p", str(build),
            *([] if everything else ["--checks=" + ",".join(f"-{name}" for name in SLOW)])]


def fingerprint(entry, settings):
    """Hash of everything of ours that the result depends on."""
    flags = [word for word in shlex.split(entry["command"])[1:] if word.startswith(("-I", "-D", "-std", "-isystem"))]
    listed = subprocess.run([COMPILER, "-MM", *flags, entry["file"]], cwd=entry["directory"], capture_output=True, text=True)
    if listed.returncode != 0:
        return None
    digest = hashlib.sha256(settings + " ".join(flags).encode())
    for name in sorted(set(listed.stdout.replace("\\\n", " ").split(":", 1)[1].split())):
        digest.update((pathlib.Path(entry["directory"]) / name).read_bytes())
    return digest.hexdigest()


def check(entry, command, settings):
    key = fingerprint(entry, settings)
    if key and (CACHE / key).exists():
        return entry["file"], True, ""
    run = subprocess.run([*command, entry["file"]], capture_output=True, text=True)
    clean = run.returncode == 0
    if clean and key:
        (CACHE / key).touch()
    return entry["file"], clean, run.stdout + ("" if clean else run.stderr)


def main():
    CACHE.mkdir(parents=True, exist_ok=True)
    everything = "--all" in sys.argv[1:]
    preset = "dev" if everything else "check"
    build = ROOT / "build" / preset
    found = commands(preset, build)
    command = tidy(build, everything)
    settings = " ".join(command).encode() + (ROOT / ".clang-tidy").read_bytes() + subprocess.run([TIDY, "--version"], capture_output=True, check=True).stdout
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, clean, output in pool.map(lambda entry: check(entry, command, settings), found):
            if not clean:
                bad += 1
                print(f"{os.path.relpath(name, ROOT)}:\n{output}")
    print(f"clang-tidy: {len(found)} compilations, {bad} with findings")
    return 1 if bad else 0


sys.exit(main())
