#!/usr/bin/env python3
"""Power to layers in plain Python: json.load, strptime, one forward cursor, pandas' to_csv. map_power.py RAW_DATA OUT

The steps of the reference's map_power_to_layers (docs/compatibility.md), for the benchmarks to measure against.
"""
import json
import pathlib
import shutil
import sys
from datetime import datetime, timedelta

import pandas as pd

STAMP = "%Y%m%d-%H:%M:%S.%f"


def compensated_sum(values):
    """sum() of Python 3.12 and later; earlier ones add plainly, and the last digit differs."""
    if sys.version_info >= (3, 12):
        return sum(values)
    total = lost = 0.0
    for value in values:
        after = total + value
        lost += (total - after) + value if abs(total) >= abs(value) else (value - after) + total
        total = after
    return total + lost


def read_power_log(path):
    samples = []
    with open(path) as log:
        for line in log:
            fields = line.strip().split(",")
            samples.append((datetime.strptime(fields[0], STAMP), float(fields[1]) * float(fields[2])))
    return samples


def work_list(latencies):
    for cycle in range(max((len(entries) for entries in latencies.values()), default=0)):
        for name, entries in latencies.items():
            if cycle < len(entries):
                milliseconds, stamp = entries[cycle]
                end = datetime.strptime(stamp, STAMP)
                yield cycle + 1, name, milliseconds, end - timedelta(milliseconds=milliseconds), end


def map_network(folder, out, idle):
    name = folder.stem
    with open(folder / "trt_profiling" / "trt_engine_info.json") as file:
        types = {layer["Name"]: layer["LayerType"] for layer in json.load(file)["Layers"]}
    with open(folder / "trt_profiling" / "trt_layer_latency.json") as file:
        latencies = json.load(file)
    samples = read_power_log(folder / f"{name}_power_log.log")

    rows = []
    at = 0
    for cycle, layer, milliseconds, start, end in work_list(latencies):
        while at < len(samples) and samples[at][0] < start:
            at += 1
        inside = []
        while at < len(samples) and samples[at][0] <= end:
            inside.append(samples[at][1])
            at += 1
        with_idle = compensated_sum(inside) / len(inside) if inside else None
        rows.append({
            "cycle": cycle,
            "layer_name": layer,
            "layer_type": types.get(layer, "Unknown"),
            "layer_power_including_idle_power_micro_watt": with_idle,
            "layer_power_excluding_idle_power_micro_watt": with_idle - idle if with_idle else None,
            "layer_run_time": milliseconds,
        })
        if at == len(samples):
            break
    out.mkdir(parents=True, exist_ok=True)
    shutil.copy(folder / "trt_profiling" / "trt_engine_info.json", out)
    pd.DataFrame(rows).to_csv(out / "power_runtime_mapping_layerwise.csv", index=False)


def main():
    raw_data, out = map(pathlib.Path, sys.argv[1:3])
    with open(raw_data / "idling_power.json") as file:
        idle = json.load(file)["avg_idle_power"]
    for folder in sorted(path for path in raw_data.iterdir() if path.is_dir()):
        map_network(folder, out / folder.name, idle)


if __name__ == "__main__":
    main()
