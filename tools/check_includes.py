#!/usr/bin/env python3
"""The dependency rule of ARCHITECTURE.md: a folder of src includes only what stands to its left, and base.

Prints each breach as file:line and exits with 1 if there is any.
"""
import pathlib
import re
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
CHAIN = ["base", "numerics", "networks", "raw_logs", "measurements", "training_set", "cost_model", "prediction", "report"]
# Folders beside the chain, with what they may use.
BESIDE = {
    "config": CHAIN[: CHAIN.index("cost_model") + 1],
    "simulator": CHAIN[: CHAIN.index("raw_logs") + 1],
    "tuning": CHAIN[: CHAIN.index("prediction") + 1],
    "http": ["base"],
    "tracking": CHAIN[: CHAIN.index("cost_model") + 1] + ["http"],
    "datasets": ["base", "http"],
    "cli": None,  # everything
}
# Public headers carry the name of their stage; these belong to all.
COMMON_HEADERS = {"units": "base", "error": "base", "environment": "base", "regression": "measurements", "recording": "measurements", "physical_model": "cost_model",
                  "evaluation": "cost_model", "sklearn_import": "cost_model", "onnx_export": "cost_model", "mlflow_model": "tracking"}
# numerics and networks know nothing of each other.
STRANGERS = {"numerics": {"networks"}, "networks": {"numerics"}}
# Slow to compile, and no business of whoever includes our headers. (A stage's private header may include them.)
SLOW = re.compile(r'#include [<"](nlohmann|CLI|Eigen|spdlog|simdjson|yaml-cpp|onnx)')
INCLUDE = re.compile(r'#include [<"](?:src/)?([a-z_]+)/(?:[a-z_0-9]+/)*([a-z_0-9]+)\.h[>"]')


def allowed(folder):
    if folder in CHAIN:
        return set(CHAIN[: CHAIN.index(folder) + 1]) - STRANGERS.get(folder, set())
    if folder not in BESIDE:
        sys.exit(f"src/{folder} is not in the data flow: add it to ARCHITECTURE.md and to {pathlib.Path(__file__).name}")
    return None if BESIDE[folder] is None else set(BESIDE[folder]) | {folder, "base"}


def breaches():
    folders = {entry.name for entry in (ROOT / "src").iterdir() if entry.is_dir()}
    for folder in sorted(folders):
        may = allowed(folder)
        for path in sorted((ROOT / "src" / folder).rglob("*.[hc]*")):
            for number, line in enumerate(path.read_text().splitlines(), 1):
                match = INCLUDE.match(line)
                if not match or may is None:
                    continue
                used = match[1]
                if used == "joulecast":
                    used = COMMON_HEADERS.get(match[2], match[2])
                elif used not in folders:
                    continue  # a system or third-party header
                if used not in may:
                    yield path, number, f"{folder} must not know {used}"
    for path in sorted((ROOT / "include").rglob("*.h")):
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if SLOW.match(line):
                yield path, number, "public headers include no third party but tl/expected.hpp"


found = list(breaches())
for path, number, reason in found:
    print(f"{path.relative_to(ROOT)}:{number}: {reason}")
sys.exit(1 if found else 0)
