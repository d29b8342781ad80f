#!/usr/bin/env python3
"""Training rows from layer measurements with pandas. convert_measurements.py PREPROCESSED TRAINING [GATE]

The steps of the reference's convert_measurements. Statistics go into PREPROCESSED, as there.
"""
import pathlib
import sys

import pandas as pd

from engine_features import COLUMNS, KINDS, features, read_engine

POWER = "layer_power_excluding_idle_power_micro_watt"
RUN_TIME = "layer_run_time"


def convert_network(folder, out, gate):
    rows = pd.read_csv(folder / "power_runtime_mapping_layerwise.csv")
    rows = rows[rows["layer_type"].isin(list(KINDS))]
    groups = rows.groupby("layer_name")
    for column, name in ((POWER, "power"), (RUN_TIME, "run_time")):
        groups[column].describe().to_csv(folder / f"{folder.name}_average_{name}_stats.csv")
    counts = groups[[POWER, RUN_TIME]].count()
    if (counts < gate).any(axis=None):
        print(f"{folder.name}: skipped, too few measurements")
        return
    means = groups[[POWER, RUN_TIME]].mean()
    engine = read_engine(folder / "trt_engine_info.json")
    tables = {kind: [] for kind in COLUMNS}
    for name, power, run_time in means.itertuples():
        found = features(engine[name]) if name in engine else None
        if found:
            tables[found[0]].append([*found[1], power, run_time, name])
    out.mkdir(parents=True, exist_ok=True)
    for kind, table in tables.items():
        if table:
            frame = pd.DataFrame(table, columns=[*COLUMNS[kind], "power", "runtime", "layer_name"])
            frame.to_csv(out / f"{kind}.csv", index=False)


def main():
    preprocessed, training = map(pathlib.Path, sys.argv[1:3])
    gate = int(sys.argv[3]) if len(sys.argv) > 3 else 10
    for folder in sorted(path for path in preprocessed.iterdir() if path.is_dir()):
        convert_network(folder, training / folder.name, gate)


if __name__ == "__main__":
    main()
