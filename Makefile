# Two commands do everything: make synth, make test. Both need only Go, Node and make.

# The CDK CLI; aws-cdk@latest is a build that refuses today's cloud assemblies.
CDK_CLI := aws-cdk@2.1148.1

# Modules with tests. The nested ones keep their dependencies from those who import the constructs.
MODULES := . sampleapp preview test/consumer test/e2e test/ecstypes test/nag

export JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION := 20
export AWS_EC2_METADATA_DISABLED := true
export CDK_DISABLE_CLI_TELEMETRY := true

.PHONY: synth test test-unit test-nag test-e2e test-faults cortex gates golden keytable fuzz bench faults preview lint

synth: ## Write every sample stack's template into cdk.out. Needs no AWS account.
	npx --yes $(CDK_CLI) synth --quiet --no-notices

test: ## Run all tests. The end-to-end tests mostly wait, so the others run beside them.
	$(MAKE) --no-print-directory --jobs=4 --output-sync=target test-unit test-nag test-e2e test-faults

test-unit: ## Run the tests of the library, the samples' templates and the sample app.
	go test ./...
	cd sampleapp && go test ./...

test-nag: ## Check the samples with cdk-nag and the AWS SDK's types, and the library as a stranger's app imports it.
	cd test/nag && go test ./...
	cd test/ecstypes && go test ./...
	cd test/consumer && go test ./...

test-e2e: ## Run what the templates say, with a real collector and a real Prometheus.
	cd test/e2e && go test -timeout 20m -parallel 4 -skip '$(FAULTS)' ./...
	@command -v chromium chromium-browser google-chrome >/dev/null || echo "NOT RUN: the preview's page was not opened, because there is no chromium"

# End-to-end tests that wait most of the time, and use no fixed port, so that they can run beside the others.
FAULTS := IsLost|LosesTwoBatches|LoseNothing|IsOneRequest|InEveryShape|UnderEveryLabelPolicy|ScrapedSeries|ToldApart|ClashAre|ScrapeOptions|Timestamps|Params|StatsD|OwnLosses|ReadWhatTheSidecar|LabelsAll|FireAndStaySilent|CopiedMetricsEqual|CloudWatchAreNotFelt|ScrapeService|ShardsScrape|ThrottledDiscovery|DeniedDiscovery|DrainedFromDisk

test-faults: ## Run the end-to-end tests that wait: faults, and every shape of a task.
	cd test/e2e && go test -timeout 20m -parallel 4 -run '$(FAULTS)' .

cortex: ## Compare the emulation of AMP with a real Cortex, the engine of AMP, and run rules, dashboards and sidecars on it. Building it takes 3 minutes once.
	@mkdir -p cdk.out
	cd test/cortex && CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -tags=netgo,slicelabels -o $(CURDIR)/cdk.out/cortex github.com/cortexproject/cortex/cmd/cortex
	cd test/e2e && CORTEX=$(CURDIR)/cdk.out/cortex go test -count=1 -v ./cortex $(if $(RECORD),-args -record)
	cd test/e2e && CORTEX=$(CURDIR)/cdk.out/cortex go test -count=1 -v -timeout 20m -run TestCortex .

golden: ## Rewrite the golden files. Read the difference before you commit it.
	UPDATE_GOLDEN=1 go test ./test ./internal/collector ./constructs/dashboards -run Golden
	cd test/e2e && UPDATE_GOLDEN=1 go test . -run TestEverySource

keytable: ## Write down which keys the collector's components take. Read the difference before you commit it.
	cd test/e2e && go run ./cmd/keytable > keys.txt.new && mv keys.txt.new ../../internal/collector/keys.txt

fuzz: ## Fuzz the collector configuration, a minute each, also against the real factories.
	go test ./internal/collector -run '^$$' -fuzz 'FuzzConfig$$' -fuzztime 60s -fuzzminimizetime 1s
	go test ./internal/collector -run '^$$' -fuzz 'FuzzCheck$$' -fuzztime 60s -fuzzminimizetime 1s
	@mkdir -p cdk.out
	cd test/e2e && go test -gcflags='github.com/seed86154836/cdk-otel-prometheus/...=-d=libfuzzer' -c -o $(CURDIR)/cdk.out/fuzz.test . \
	  && $(CURDIR)/cdk.out/fuzz.test -test.run '^$$' -test.fuzz 'FuzzConfigFactories$$' -test.fuzztime 60s -test.fuzzminimizetime 1s -test.fuzzcachedir $(CURDIR)/cdk.out/fuzz

# The sample that make preview runs, or TEMPLATE=file with ARGS='-app-command "…"'; OUT=file.png takes a picture.
STACK ?= FargateScrape

preview: ## Run a sample's task on this machine and draw its dashboards, on http://127.0.0.1:8090/.
	@echo "compiling the preview with a collector and a Prometheus; the first time this takes several minutes"
	@cd preview && go run . $(if $(TEMPLATE),-template $(abspath $(TEMPLATE)),-stack $(STACK)) $(if $(OUT),-out $(abspath $(OUT))) $(ARGS)

bench: ## Measure what a sample, a scrape service and a synthesis cost, ours and others'. 35 minutes; leave the machine alone meanwhile.
	cd test/e2e && go run ./bench
	cd test/e2e && go test . -run TestScrapeServiceSizes -count=1 -timeout 40m -v -args -sizes
	go run ./test/bench

faults: ## Run the whole fault matrix, ours and ADOT's file side by side. 25 minutes.
	cd test/e2e && go test . -run TestFaultMatrix -timeout 90m -v -args -faults

gates: ## Look for data races, known vulnerabilities and code that no test reaches.
	go test -race ./internal/collector ./constructs/dashboards ./internal/rules
	cd sampleapp && go test -race ./...
	tools/vulnerabilities.sh
	tools/coverage.sh

lint: ## Check the format and run the linters over every module.
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "run gofmt -w on:"; echo "$$unformatted"; exit 1; fi
	@mkdir -p cdk.out
	cd tools && go build -o ../cdk.out/staticcheck honnef.co/go/tools/cmd/staticcheck
	for m in $(MODULES); do (cd $$m && go vet ./... && $(CURDIR)/cdk.out/staticcheck ./...) || exit 1; done
