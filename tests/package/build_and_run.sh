#!/bin/sh
# Installs a build into a folder of its own, then builds and runs the outside project against it:
# build_and_run.sh BUILD SOURCE. Uses the installed program to make the models it needs.
set -eu
build=$1
source=$2
place=$build/package_test
rm -rf "$place"
cmake --install "$build" --prefix "$place/prefix" > /dev/null
PATH="$place/prefix/bin:$PATH"

for file in share/man/man1/joulecast.1 share/bash-completion/completions/joulecast share/zsh/site-functions/_joulecast \
  share/fish/vendor_completions.d/joulecast.fish include/joulecast/prediction.h; do
  [ -s "$place/prefix/$file" ] || { echo "not installed: $file" >&2; exit 1; }
done

joulecast simulate --out "$place/raw_data" --truth "$place/truth" --scenario demo --networks lenet,alexnet,resnet18,squeezenet1_0 \
  --cycles 300 --quiet
joulecast dataset "$place/raw_data" --out "$place" --quiet
joulecast train "$place/training_data" --out "$place/models" --test-networks lenet --quiet

cmake -S "$source/tests/package" -B "$place/build" -G Ninja -DCMAKE_PREFIX_PATH="$place/prefix" > /dev/null
cmake --build "$place/build"
"$place/build/uses_joulecast" "$place/models" "$source/examples/orin_resnet18/trt_engine_info.json"
