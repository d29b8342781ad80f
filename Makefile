# Short names for the presets of CMakePresets.json; everything else is in CMake.
.PHONY: accuracy attribution demo test test-long bench lint install packages coverage
JOBS ?= $(shell nproc)
PREFIX ?= /usr/local

packages:
	@tools/install_packages.sh

demo: packages
	@cmake --preset release --log-level=WARNING > /dev/null
	@cmake --build --preset release -j $(JOBS)
	@tools/demo.sh build/release/joulecast build/demo

accuracy: packages
	@cmake --preset release --log-level=WARNING > /dev/null
	@cmake --build --preset release -j $(JOBS)
	@tools/accuracy.py build/release/joulecast build/accuracy docs/accuracy.md

test: packages
	cmake --preset asan
	cmake --build --preset asan --target unit_tests -j $(JOBS)
	ctest --preset asan -L unit -j $(JOBS) --output-on-failure
	cmake --preset check
	cmake --build --preset check -j $(JOBS)
	ctest --preset check -LE long -j $(JOBS) --output-on-failure

test-long: packages
	cmake --preset check
	cmake --build --preset check -j $(JOBS)
	ctest --preset check -L long -j $(JOBS) --output-on-failure
	cmake --preset tsan
	cmake --build --preset tsan --target unit_tests -j $(JOBS)
	ctest --preset tsan -L unit -j $(JOBS) --output-on-failure
	tools/tidy.py --all
	tools/coverage.sh

bench: packages
	cmake --preset bench
	cmake --build --preset bench -j $(JOBS)
	tools/bench.py build/bench
	tools/bench_growth.py build/bench

attribution: packages
	cmake --preset bench
	cmake --build --preset bench -j $(JOBS) --target attribution_accuracy
	build/bench/bench/attribution_accuracy --seeds 411-415 --jobs $(JOBS) --markdown docs/attribution.md

lint: packages
	tools/check_files.sh
	tools/check_includes.py
	tools/check_hints.py
	tools/tidy.py

coverage: packages
	tools/coverage.sh

install: packages
	cmake --preset release
	cmake --build --preset release -j $(JOBS)
	cmake --install build/release --prefix $(PREFIX)
