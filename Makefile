# A short front to CMake. `make run` and `make test` do everything on a fresh Debian 12.

DATA_DIR ?= run
JOBS     ?= $(shell nproc)
PREFIX   ?= /usr

.PHONY: all run test bench fuzz soak fmt install clean

all: build/build.ninja
	cmake --build build -j $(JOBS)

build/build.ninja: CMakeLists.txt CMakePresets.json cmake/layers.cmake
	tools/install-packages build
	cmake --preset gcc

run: all
	tools/install-packages run
	tools/run-demo $(DATA_DIR)

test: all
	tools/install-packages build test
	tools/run-tests

bench: all
	tools/install-packages build test bench
	bench/run

# Each target for FUZZ_SECONDS (60); what is found lands in build/fuzz/found.
fuzz:
	tools/install-packages build test
	cmake --preset fuzz
	cmake --build build/fuzz -j $(JOBS)
	tools/run-fuzz

# Random kills under load, for SOAK_RUNS (50) seeds.
soak: all
	tools/install-packages build test
	SOAK=1 /usr/bin/python3 -m pytest -q tests/stress

fmt:
	tools/format --write

install: all
	cmake --install build --prefix $(PREFIX)

clean:
	rm -rf build
