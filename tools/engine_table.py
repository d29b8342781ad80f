#!/usr/bin/env python3
"""Every engine below some folders, read and predicted: engine_table.py PROGRAM MODELS FOLDER...

Prints layers by kind, totals over the layers that a model covers, and how many layers that take time no model covers.
"""
import collections
import json
import pathlib
import re
import subprocess
import sys

SHORT = {"convolutional": "conv", "elementwise": "elem", "normalisation": "norm", "reformat": "move"}


def main():
    program, models = sys.argv[1:3]
    failures = 0
    print(f"{'engine':<34} {'layers':>6} {'uncov.':>6} {'ms':>9} {'W':>6} {'mJ':>8}  kinds")
    for folder in map(pathlib.Path, sys.argv[3:]):
        for path in sorted(path for path in folder.rglob("*") if path.is_file() and is_engine(path)):
            name = str(path.relative_to(folder)).replace("/trt_engine_info.json", "")
            command = [program, "predict", str(path), "--models", models, "--json", "-", "--log-format", "json"]
            result = subprocess.run(command, capture_output=True, text=True)
            if result.returncode == 1 or result.returncode > 130:
                failures += 1
            if result.returncode != 0:
                reason = json.loads(result.stderr.splitlines()[-1])
                if result.returncode != 4:
                    print(f"{name[:34]:<34} exit {result.returncode}: {reason['message']}. {reason.get('hint', '')}")
                    continue
                # No model covers any of its layers: it is read all the same.
                seen = subprocess.run([program, "doctor", str(path)], capture_output=True, text=True).stdout
                found = re.search(r"\((\d+) layers: ([^,)]*)", seen)
                layers, words = (found[1], found[2]) if found else ("?", reason["message"])
                words = re.sub(r"(\d+) (\w+)", lambda m: f"{SHORT.get(m[2], m[2])} {m[1]}", words)
                taking_time = sum(int(n) for kind, n in re.findall(r"(\w+) (\d+)", words) if kind != "none")
                print(f"{name[:34]:<34} {layers:>6} {taking_time:>6} {'-':>9} {'-':>6} {'-':>8}  {words}")
                continue
            prediction = json.loads(result.stdout)
            kinds = collections.Counter(layer["kind"] for layer in prediction["layers"])
            uncovered = sum(layer["basis"] == "none" and layer["kind"] != "none" for layer in prediction["layers"])
            network = prediction["network"]
            words = " ".join(f"{SHORT.get(kind, kind)} {count}" for kind, count in kinds.most_common())
            figures = [f"{network[key]['value']:.{digits}f}" if network[key] else "-"
                       for key, digits in (("run_time_ms", 4), ("power_w", 2), ("energy_mj", 4))]
            print(f"{name[:34]:<34} {len(prediction['layers']):>6} {uncovered:>6} {figures[0]:>9} {figures[1]:>6} "
                  f"{figures[2]:>8}  {words}")
    return 1 if failures else 0


def is_engine(path):
    return path.suffix in (".json", ".txt", ".jsonl") and "latency" not in path.name and "profile" not in path.name


sys.exit(main())
