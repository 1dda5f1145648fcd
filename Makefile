# make run           serves examples/hello at http://127.0.0.1:8080/; EXAMPLE=django serves another, PORT=… elsewhere
# make test          every test; installs what they need into target/
# make lint          format, clippy, documentation, dependencies
# make fmt, doc      formats the code; builds its documentation
# make bench         speed beside Apache with mod_wsgi and others: see docs/performance.md

EXAMPLE ?= hello
PORT ?= 8080
SITE := $(CURDIR)/examples/$(EXAMPLE)
VENVS := $(CURDIR)/target/venvs
DATA := $(CURDIR)/target/data/$(EXAMPLE)

# As root, a configuration without User is refused: here it is a person trying things out.
ALLOW_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)

BENCH ?= ../shared/bench
BENCH_ARGS ?= --peers apache-daemon,apache-embedded,granian,ours-daemon,ours-embedded --workloads hello

.PHONY: run build test prepare lint fmt doc bench

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
