# make run           serves examples/hello at http://127.0.0.1:8080/; EXAMPLE=django serves another, PORT=… elsewhere
# make test          every test; installs what they need into target/
# make lint          format, clippy, documentation, dependencies
# make fmt, doc      formats the code; builds its documentation
# make bench         speed beside Apache with mod_wsgi and others: see docs/performance.md
# make bench-check   speed of wsgi-check beside `apache2 -t`, and of its stages
# make stress        gives wsgi-check configurations that nobody would write
# make agreement     compares made configurations with Apache: every directive, many values; takes minutes
# make frameworks    real applications, each in an environment of its own, under PYTHONS, or the first found; installs them, takes minutes
# make growth        whether memory grows over ten thousand loads of a script, and as many requests to sub-interpreters
# make memcheck      the library that runs Python, under valgrind: threads, sub-interpreters, every way to answer; wants valgrind
# make asan, tsan    the same, and the front, under AddressSanitizer and ThreadSanitizer; want gcc and its libasan, libtsan
# make fuzz          looks for input that breaks the compiler, or what processes and clients say to each other, FUZZ_SECONDS
#                    for each of FUZZ_TARGETS; wants cargo-fuzz

EXAMPLE ?= hello
PORT ?= 8080
SITE := $(CURDIR)/examples/$(EXAMPLE)
VENVS := $(CURDIR)/target/venvs
DATA := $(CURDIR)/target/data/$(EXAMPLE)

# As root, a configuration without User is refused: here it is a person trying things out.
ALLOW_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

BENCH ?= ../shared/bench
BENCH_ARGS ?= --peers apache-daemon,apache-embedded,granian,ours-daemon,ours-embedded --workloads hello

FRAMEWORKS ?= ../shared/frameworks
PYTHONS ?=

# Under it the server runs: with a lock of their own for interpreters from 3.12 on.
WATCHED_PYTHON ?= python3

FUZZ_SECONDS ?= 600
FUZZ_TARGETS ?= parse expand compile wire handoff address
FUZZ_SEEDS ?= $(wildcard ../shared/frameworks /etc/apache2)

.PHONY: run build test prepare lint fmt doc bench bench-check stress agreement growth memcheck asan tsan frameworks fuzz

run: build
	@examples/prepare.sh $(EXAMPLE)
	@SITE='$(SITE)' VENVS='$(VENVS)' DATA='$(DATA)' PORT='$(PORT)' \
		exec target/release/wsgi-serve $(ALLOW_ROOT) -f '$(SITE)/httpd.conf'

build:
	cargo build --release --workspace

test: prepare
	cargo build --workspace
	cargo test --workspace

# What cannot be had here is said, and the tests that need it say so again.
prepare:
	@examples/prepare.sh all || true
	@tests/apache/prepare.sh || true

lint:
	@.ci/lint

fmt:
	cargo fmt --all

doc:
	cargo doc --workspace --no-deps

bench: build
	BENCH_HOME='$(BENCH_HOME)' python3 '$(BENCH)/bench.py' run $(BENCH_ARGS) \
		--ours '$(CURDIR)/target/release/wsgi-serve -f {conf}'

# The harness names a script that is not there, and takes exit status 1 for a failure.
bench-check:
	cargo build --release --bin wsgi-check
	BENCH_HOME='$(BENCH_HOME)' python3 '$(BENCH)/lint_time.py' --lines 10,1000,100000 \
		--tool 'wsgi-check=$(CURDIR)/target/release/wsgi-check --no-files {conf}'
	cargo bench --manifest-path benches/Cargo.toml

stress:
	cargo build --release --bin wsgi-check
	bench/stress.py target/release/wsgi-check

agreement:
	cargo test --test apache -- --ignored --nocapture

growth: build
	bench/growth.py '$(CURDIR)/target/release/wsgi-serve -f {conf}'

memcheck asan tsan:
	server=$$(bench/watched/build $@) && bench/watched/run.py $@ "$$server" $(WATCHED_PYTHON)

frameworks: build
	for python in $(or $(PYTHONS),''); do \
		tests/frameworks/run.py '$(FRAMEWORKS)' target/frameworks $${python:+--python "$$python"} || exit 1; \
	done

# Sanitizers watch over unsafe code, of which none is in what is fuzzed. The flag lets a stable compiler do what cargo-fuzz asks of it.
fuzz:
	fuzz/seed $(abspath $(FUZZ_SEEDS))
	for target in $(FUZZ_TARGETS); do \
		RUSTC_BOOTSTRAP=1 cargo fuzz run -s none -O $$target -- \
			-dict=fuzz/corpus/dictionary -max_total_time=$(FUZZ_SECONDS) -timeout=60 -max_len=20000 || exit 1; \
	done
