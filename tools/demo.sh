#!/bin/sh
# The main job from end to end, on logs of a simulated board: demo.sh PROGRAM FOLDER
set -eu
program=$(realpath "$1")
folder=$2
engine=$(realpath "$(dirname "$0")/../examples/orin_resnet18/trt_engine_info.json")

echo "The board in this demo is SIMULATED: none of its powers and run times were measured."
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
began=$(date +%s)

step() {
  echo
  echo "\$ joulecast $*"
  "$program" "$@"
}

step simulate --out raw_data --truth truth --scenario demo --cycles 3000
step attribute raw_data --out preprocessed_data --method window
step convert preprocessed_data --out training_data
step train training_data --out models
step predict "$engine" --models models --out prediction.csv --json prediction.json

echo
echo "Results are in $folder: models/model.json, prediction.csv, prediction.json ($(($(date +%s) - began)) s)."
