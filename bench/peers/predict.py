#!/usr/bin/env python3
"""The reference's inference.py with local models. predict.py ENGINE_JSON MODELS OUT_CSV"""
import pathlib
import pickle
import sys

import pandas as pd

import pipelines  # the pickles name its class
from engine_features import COLUMNS, features, read_engine


def main():
    engine, models, out = map(pathlib.Path, sys.argv[1:4])
    loaded = {}
    for kind in COLUMNS:
        for target in pipelines.TARGETS:
            with open(models / f"{kind}_{target}.pkl", "rb") as file:
                loaded[kind, target] = pickle.load(file)
    rows = []
    for name, layer in read_engine(engine).items():
        found = features(layer)
        if found is None:
            continue
        kind, values = found
        frame = pd.DataFrame([values], columns=COLUMNS[kind]).to_numpy(dtype=float)
        power, run_time = (float(loaded[kind, target].predict(frame)[0]) for target in pipelines.TARGETS)
        rows.append([power, run_time, name, layer["LayerType"]])
    table = pd.DataFrame(rows, columns=["power_prediction", "runtime_prediction", "layer_name", "layer_type"])
    table.to_csv(out, index=False)
    seconds = table["runtime_prediction"].sum() / 1e3
    joules = (table["power_prediction"] * table["runtime_prediction"]).sum() / 1e3
    print(f"Total runtime : {seconds} seconds")
    print(f"Average power consumed : {joules / seconds} watts")
    print(f"Total energy spent: {joules} joules")


if __name__ == "__main__":
    main()
