package e2e

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/open-telemetry/opentelemetry-collector-contrib/exporter/prometheusremotewriteexporter"
	"github.com/open-telemetry/opentelemetry-collector-contrib/processor/deltatorateprocessor"
	"github.com/open-telemetry/opentelemetry-collector-contrib/receiver/prometheusreceiver"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/discovery"
	"go.opentelemetry.io/collector/otelcol"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/test/randomconfig"
)

// FuzzConfigFactories checks that nothing that the library accepts is refused by the collector, neither when it loads the
// configuration nor when it makes its components, and that the collector reads every text as it was written.
func FuzzConfigFactories(f *testing.F) {
	emulateAWS(f)
	f.Setenv("CA", "") // the generator's variables; the values of others are not the library's to check
	for _, seed := range randomconfig.Seeds() {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		wanted := randomconfig.FromBytes(data)
		text, err := wanted.YAML()
		if err != nil || collector.ReplacePlaceholders(text, "") != text {
			return // of a placeholder's value nothing is known
		}
		config, err := loadConfig(text, zap.NewNop())
		if err == nil {
			compare(t, wanted, config)
			err = construct(config, zapcore.NewNopCore())
		}
		if err != nil || t.Failed() {
			t.Errorf("%v\n%s", err, text)
		}
	})
}

// TestOddTextsArriveUnchanged puts texts that some layer reads in a way of its own wherever the library accepts them.
func TestOddTextsArriveUnchanged(t *testing.T) {
	emulateAWS(t)
	fields := []func(*collector.Config, *collector.ScrapeJob, string){
		func(_ *collector.Config, j *collector.ScrapeJob, s string) { j.Name = collector.JobName(s) },
		func(_ *collector.Config, j *collector.ScrapeJob, s string) {
			j.StaticLabels = map[string]string{"odd": s}
		},
		func(_ *collector.Config, j *collector.ScrapeJob, s string) {
			j.BasicAuth = &collector.BasicAuth{Username: collector.Text(s), Password: "PASSWORD"}
		},
		func(_ *collector.Config, j *collector.ScrapeJob, s string) {
			j.Relabel = append(slices.Clone(j.Relabel), collector.RelabelRule{TargetLabel: "odd", Replacement: collector.Text(s)})
		},
		func(_ *collector.Config, j *collector.ScrapeJob, s string) {
			j.Relabel = append(slices.Clone(j.Relabel), collector.RelabelRule{Action: collector.RelabelLabelDrop, Regex: collector.Text(s)})
		},
		func(_ *collector.Config, j *collector.ScrapeJob, s string) { j.KeepMetrics = []string{s, "a"} },
		func(c *collector.Config, _ *collector.ScrapeJob, s string) {
			c.Labels.External = map[string]string{"odd": s}
		},
		func(c *collector.Config, _ *collector.ScrapeJob, s string) {
			c.Statsd = &collector.Statsd{Rates: []string{s}}
		},
	}
	accepted := 0
	for _, text := range randomconfig.Odd {
		config := collector.Config{
			Scrape: []collector.ScrapeJob{{Name: "web", Targets: []string{"127.0.0.1:8080"}}},
		}
		for _, set := range fields {
			candidate, job := config, config.Scrape[0]
			set(&candidate, &job, text)
			candidate.Scrape = []collector.ScrapeJob{job}
			if candidate.Validate() == nil && collector.ReplacePlaceholders(text, "") == text {
				config = candidate
				accepted++
			}
		}
		rendered, err := config.YAML()
		if err != nil {
			t.Fatal(err)
		}
		read, err := loadConfig(rendered, zap.NewNop())
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		compare(t, config, read)
		if err := construct(read, zapcore.NewNopCore()); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	if accepted < 2*len(randomconfig.Odd) {
		t.Errorf("only %d uses of odd texts were accepted: the test has lost its point", accepted)
	}
	t.Logf("%d uses of %d texts accepted", accepted, len(randomconfig.Odd))
}

// known are the labels of what is known of a task before it runs, as emulateAWS has it.
func known(c collector.Config) map[string]string {
	known := map[string]string{
		"aws_ecs_task_family": emulated[collector.EnvFamily], "cloud_region": emulated[collector.EnvTaskRegion],
		"cloud_account_id": emulated[collector.EnvAccountID], "aws_ecs_launchtype": c.LaunchType,
	}
	maps.DeleteFunc(known, func(_, value string) bool { return value == "" })
	return known
}

// compare checks texts that go through several rounds of escaping: YAML's, the collector's, and for scrape jobs YAML's again.
func compare(t *testing.T, wanted collector.Config, read *otelcol.Config) {
	same := func(what, got, want string) {
		if got != want {
			t.Errorf("%s is read as %q, expected %q", what, got, want)
		}
	}
	writers, scrapers := 0, 0
	for _, exporter := range read.Exporters {
		if e, ok := exporter.(*prometheusremotewriteexporter.Config); ok {
			writers++
			same("endpoint", e.ClientConfig.Endpoint, workspaceURL)
			for name, value := range wanted.Labels.External {
				if _, taken := known(wanted)[name]; !taken {
					same("external label "+name, e.ExternalLabels[name], value)
				}
			}
			for name, value := range known(wanted) {
				if got, there := e.ExternalLabels[name]; there && wanted.Labels.External[name] == "" {
					same("known label "+name, got, value)
				}
			}
		}
	}
	var rates []string
	for _, processor := range read.Processors {
		if p, ok := processor.(*deltatorateprocessor.Config); ok {
			rates = p.Metrics
		}
	}
	if wanted.Statsd != nil && !slices.Equal(rates, wanted.Statsd.Rates) {
		t.Errorf("rates are read as %q, expected %q", rates, wanted.Statsd.Rates)
	}
	for _, receiver := range read.Receivers {
		r, ok := receiver.(*prometheusreceiver.Config)
		if !ok {
			continue
		}
		scrapers++
		for i, want := range wanted.Scrape {
			got := r.PrometheusConfig.ScrapeConfigs[i]
			same("job", got.JobName, cmp.Or(string(want.Name), emulated[collector.EnvFamily]))
			if b := want.BasicAuth; b != nil {
				same("user name", got.HTTPClientConfig.BasicAuth.Username, string(b.Username))
			}
			static := got.ServiceDiscoveryConfigs[0].(discovery.StaticConfig)[0]
			for name, value := range want.StaticLabels {
				same("static label", string(static.Labels[model.LabelName(name)]), value)
			}
			kept := strings.Join(want.KeepMetrics, ")|(?:")
			if len(want.KeepMetrics) > 1 {
				kept = "(?:" + kept + ")"
			}
			if all := got.MetricRelabelConfigs; kept != "" && (len(all) == 0 || all[0].Regex.String() != kept) {
				t.Errorf("the first metric rules are %v, expected to keep %s", all, kept)
			}
			rules := got.MetricRelabelConfigs // the user's stand between those of Keep- and DropMetrics and our own
			for _, filter := range [][]string{want.KeepMetrics, want.DropMetrics} {
				if len(filter) > 0 {
					rules = rules[1:]
				}
			}
			for i, rule := range want.Relabel {
				if rule.Regex != "" {
					same("regular expression", rules[i].Regex.String(), string(rule.Regex))
				}
				if rule.Replacement != "" {
					same("replacement", rules[i].Replacement, string(rule.Replacement))
				}
			}
		}
	}
	if writers == 0 || scrapers == 0 && len(wanted.Scrape) > 0 {
		t.Errorf("there are %d exporters to compare, and %d receivers for %d scrape jobs", writers, scrapers, len(wanted.Scrape))
	}
}
