# Frostline. `make demo` and `make test` need a Swift 6.2 toolchain and nothing else: `deps`
# installs the rest by package name.

APT_PACKAGES := build-essential pkg-config libmodbus-dev libsnmp-dev libssl-dev libsqlite3-dev \
	libcurl4-openssl-dev libncurses-dev libxlsxwriter-dev
# What the tests hold the product against; the product itself needs none of it.
APT_TEST_PACKAGES := snmp snmpd tmux python3 python3-venv sqlite3 systemd prometheus \
	victoria-metrics libsnappy1v5 prometheus-alertmanager snmptrapd openssl
PYTHON_TEST_PACKAGES := snmpsim pysmi pymodbus openpyxl pyte jsonschema aiosmtpd

# What polling is measured beside.
APT_BENCH_PACKAGES := prometheus-snmp-exporter collectd-core valgrind
# What the store is measured beside, and what its generator packs their requests with.
APT_STORE_BENCH_PACKAGES := victoria-metrics prometheus libsnappy-dev python3

# What the console is measured beside.
APT_CONSOLE_BENCH_PACKAGES := btop python3

SWIFT_FLAGS ?= --explicit-target-dependency-import-check error
PEERS := .build/peers

# The program carries Swift's runtime with it: it runs on machines without a toolchain.
RELEASE := -c release --static-swift-stdlib --product frostline
PREFIX ?= /usr

.PHONY: demo test soak faults fuzz sanitize bench bench-poll bench-store bench-console build install deb deps test-deps peers \
	clean format

demo: build
	.build/release/frostline demo

build: deps
	swift build $(RELEASE) $(SWIFT_FLAGS)

# Files as packages have them; DESTDIR is put before every path.
install: build
	scripts/install-files "$(DESTDIR)" "$(PREFIX)"

# build/frostline_VERSION_ARCH.deb
deb: build
	scripts/build-deb

deps:
	@scripts/install-packages $(APT_PACKAGES)

test-deps: deps
	@scripts/install-packages $(APT_TEST_PACKAGES)

# Independent peers from PyPI in a virtual environment of their own.
peers: $(PEERS)/.ready
$(PEERS)/.ready: Makefile
	python3 -m venv $(PEERS)
	$(PEERS)/bin/pip install --quiet $(PYTHON_TEST_PACKAGES)
	touch $@

test: test-deps peers
	swift build --build-tests $(SWIFT_FLAGS)
	scripts/run-swift-tests
	Tests/Integration/run

# Ten million broken messages, and broken answers of every profile.
fuzz: deps
	swift build -c release --product DecoderFuzz $(SWIFT_FLAGS)
	.build/release/DecoderFuzz --profiles DeviceProfiles

# Every fault of docs/RELIABILITY.md: about 40 minutes. QUICK=1: 3 minutes.
faults: deps
	swift build --product frostline $(SWIFT_FLAGS)
	swift build -c release --product FaultSubject $(SWIFT_FLAGS)
	FAULT_SUBJECT=.build/release/FaultSubject Tests/Faults/run

# The long runs of what `make test` does shortly: 10,000 runs of delivery with random faults.
soak: test-deps
	swift build --build-tests $(SWIFT_FLAGS)
	FROSTLINE_SOAK_RUNS=$${FROSTLINE_SOAK_RUNS:-10000} swift test --skip-build --filter FaultRunsTests

# ThreadSanitizer and AddressSanitizer over the tests; scripts/sanitize says of which.
sanitize: test-deps
	SWIFT_FLAGS="$(SWIFT_FLAGS)" scripts/sanitize

bench:
	Benchmarks/run

# Polling against a farm of simulated devices, which FROSTLINE_FARM names. QUICK=1: 2 minutes.
bench-poll:
	@Benchmarks/poll --check
	@$(MAKE) --no-print-directory deps
	@scripts/install-packages $(APT_BENCH_PACKAGES)
	Benchmarks/poll

# The store beside VictoriaMetrics and Prometheus on data that a generator makes, which
# FROSTLINE_GENERATOR names. QUICK=1: 10 minutes; SIZE=M: 10,000 series too.
bench-store:
	@Benchmarks/store --check
	@$(MAKE) --no-print-directory deps
	@scripts/install-packages $(APT_STORE_BENCH_PACKAGES)
	Benchmarks/store

# The console at 160x50 on a site of 1,200 racks with a month behind it, beside btop. QUICK=1: 40
# racks, 3 minutes.
bench-console: deps
	@scripts/install-packages $(APT_CONSOLE_BENCH_PACKAGES)
	Benchmarks/console

format:
	swift format format --in-place --recursive Sources Tests Package.swift

clean:
	swift package clean
