# `make help` lists the targets. Everything but Go itself is found or installed by scripts/setup.
SHELL := /bin/bash
GO ?= go
# Time each fuzz target gets, how long soak breaks everything at once and how often it repeats the rest, what bench and soak
# look at. HEYUE_SOAK makes tests that break things at random do it longer.
FUZZTIME ?= 30s
SOAK ?= 30m
COUNT ?= 20
BENCH ?= .
PKG ?= ./...

.PHONY: help run build test check tidy-check generate generate-check migration-check schema-check explorer fmt lint vuln bench bench-fanout soak fuzz mutants clean
.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | sed 's/:.*## /\t/' | expand -t 18

run: ## run the server with demonstration data, with no setup
	$(GO) run ./cmd/heyue serve --demo

build: ## build bin/heyue
	CGO_ENABLED=0 $(GO) build -trimpath -o bin/heyue ./cmd/heyue

# go vet is a part of lint, so that it does not look at everything twice.
test: ## install what the tests need and run them all with the race detector
	@scripts/setup
	@scripts/with-node $(GO) test -race -vet=off -timeout 14m ./...

check: tidy-check fmt generate-check migration-check schema-check lint vuln test ## everything a change must pass

tidy-check: ## go.mod and go.sum are exact
	$(GO) mod tidy -diff
	$(GO) -C tools mod tidy -diff

explorer: ## copy what web/explorer/package-lock.json pins into the page at /explorer
	@web/explorer/update

fmt: ## every file is formatted
	@files=$$(git ls-files -co --exclude-standard '*.go' | xargs -r gofmt -l); \
	if [ -n "$$files" ]; then echo "not formatted; run gofmt -w on:"; echo "$$files"; exit 1; fi

generate: ## write all generated files anew
	$(GO) generate ./...

generate-check: ## generated files are what their sources say
	@scripts/generate-check

migration-check: ## the migrations make the tables that ent/schema describes
	$(GO) run ./cmd/mkmigration -check

schema-check: ## docs/schema.graphql is up to date, keeps the conventions and breaks no client without a reason
	$(GO) run ./cmd/mkschema -check

lint: ## go vet and golangci-lint
	$(GO) vet ./...
	$$(scripts/tool golangci-lint) run ./...

vuln: ## no known vulnerability is reachable
	@scripts/vuln

bench: ## run the benchmarks that match BENCH in PKG
	@scripts/setup
	@scripts/with-node $(GO) test -run '^$$' -bench '$(BENCH)' -benchmem -timeout 0 $(PKG)

bench-fanout: ## what an event costs on its way to 1,000, 5,000 and 10,000 websockets (bench/fanout/FANOUT.md)
	@scripts/setup
	@scripts/with-node $(GO) test -run '^$$' -bench Fanout -benchtime 1x -timeout 0 -v ./bench/fanout

soak: ## break everything at once for SOAK, then run the tests of PKG COUNT times over, to find the faults that show rarely
	@scripts/setup
	@HEYUE_SOAK=$(SOAK) scripts/with-node $(GO) test -race -count 1 -timeout 0 -v ./tests/soak
	@HEYUE_SOAK=1 scripts/with-node $(GO) test -race -count $(COUNT) -timeout 0 $(PKG)

fuzz: ## give every fuzz target FUZZTIME
	@scripts/fuzz $(FUZZTIME)

mutants: ## take each guard of the code away in turn and see that the tests miss it
	@scripts/setup
	HEYUE_SOAK=1 $(GO) test -count 1 -timeout 0 -v ./tests/mutants

clean: ## remove what was built, and the servers' folders that tests left to the next run
	rm -rf bin .cache "$${TMPDIR:-/tmp}/heyue-pgtest-$$(id -u)"
