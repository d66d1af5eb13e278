package amp

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

// What managed collectors take.
// Source: Amazon CloudWatch User Guide, Managed Prometheus collectors, Scraper configuration, Supported configuration sections and Limitations. Those of
// EKS are in the configuration that AWS gives for it (GetDefaultScraperConfiguration).
var (
	scraperSections = []string{"global", "scrape_configs"}
	scraperGlobals  = []string{"external_labels", "scrape_interval", "scrape_timeout"}
	scraperKeys     = []string{
		"dns_sd_configs", "job_name", "metric_relabel_configs", "metrics_path", "relabel_configs", "scheme", "scrape_interval", "scrape_timeout", "static_configs", "tls_config",
	}
	scraperKeysOfEKS = []string{"authorization", "bearer_token_file", "honor_labels", "kubernetes_sd_configs"}
)

const (
	maxScraperConfiguration = 256 << 10
	minScraperInterval      = 30 * time.Second
	standardScraperInterval = time.Minute // Prometheus' own
)

// checkScrapeConfiguration reports what a managed collector would refuse.
func checkScrapeConfiguration(text string, eks bool, unchecked []string, f *input.Faults) {
	const where = "Configuration"
	if strings.TrimSpace(text) == "" {
		f.Add("%s is empty; give a Prometheus configuration with scrape_configs", where)
		return
	}
	if len(text) > maxScraperConfiguration {
		f.Add("%s has %d bytes; a managed collector takes at most 256 KB", where, len(text))
	}
	var root yaml.Node
	if err := yaml.Unmarshal([]byte(text), &root); err != nil {
		f.Add("%s is not YAML: %v", where, prom.OneLine(err))
		return
	}
	if len(root.Content) == 0 { // comments only
		f.Add("%s is empty; give a Prometheus configuration with scrape_configs", where)
		return
	}
	document := root.Content[0]
	checkKeys(document, where, scraperSections, "a managed collector has sections %s only", f)
	global := child(document, "global")
	checkKeys(global, where+": global", scraperGlobals, "a managed collector takes %s there", f)
	standard := checkInterval(global, where+": global", standardScraperInterval, f)
	jobs := child(document, "scrape_configs")
	if jobs == nil || jobs.Kind != yaml.SequenceNode || len(jobs.Content) == 0 {
		f.Add("%s has no scrape_configs; list at least one job", where)
		return
	}
	keys := slices.Concat(scraperKeys, unchecked)
	if eks {
		keys = append(keys, scraperKeysOfEKS...)
	}
	slices.Sort(keys)
	seen := map[string]bool{}
	for i, job := range jobs.Content {
		at := fmt.Sprintf("%s: scrape_configs[%d]", where, i)
		if job.Kind != yaml.MappingNode {
			f.Add("%s is not a mapping", at)
			continue
		}
		switch name := child(job, "job_name"); {
		case name == nil || name.Value == "":
			f.Add("%s has no job_name; give each job its own", at)
		case seen[name.Value]:
			f.Add("%s has the job_name %q of another job; give each job its own", at, name.Value)
		default:
			at = fmt.Sprintf("%s (%s)", at, name.Value)
			seen[name.Value] = true
		}
		checkKeys(job, at, keys, "a managed collector takes %s; write the others in relabeling, or name a key in UncheckedKeys if you know that it is taken", f)
		checkInterval(job, at, standard, f)
		if !slices.ContainsFunc([]string{"static_configs", "dns_sd_configs", "kubernetes_sd_configs"}, func(key string) bool { return child(job, key) != nil }) && len(unchecked) == 0 {
			f.Add("%s finds no targets; add static_configs or dns_sd_configs", at)
		}
		if scheme := child(job, "scheme"); scheme != nil && scheme.Value != "http" && scheme.Value != "https" {
			f.Add("%s: scheme is %q; it must be http or https", at, scheme.Value)
		}
	}
}

// checkKeys reports keys that are not taken; with says what is.
func checkKeys(n *yaml.Node, where string, known []string, with string, f *input.Faults) {
	if n == nil || n.Kind != yaml.MappingNode {
		if n != nil {
			f.Add("%s is not a mapping", where)
		}
		return
	}
	for i := 0; i < len(n.Content); i += 2 {
		if key := n.Content[i].Value; !slices.Contains(known, key) {
			f.Add("%s: line %d has %s, which is not supported; "+with, where, n.Content[i].Line, key, strings.Join(known, ", "))
		}
	}
}

// checkInterval reports an interval that is too short or a timeout that is longer, and gives the interval.
func checkInterval(n *yaml.Node, where string, standard time.Duration, f *input.Faults) time.Duration {
	interval := standard
	for _, key := range []string{"scrape_interval", "scrape_timeout"} {
		value := child(n, key)
		if value == nil || token.In(value.Value) {
			continue
		}
		d, known := prom.ParseDuration(value.Value)
		switch {
		case !known:
			f.Add("%s: %s is %q; it must be a duration such as 30s", where, key, value.Value)
		case key == "scrape_interval" && d < minScraperInterval:
			f.Add("%s: scrape_interval is %s; a managed collector takes 30s at least", where, value.Value)
		case key == "scrape_interval":
			interval = d
		case d > interval:
			f.Add("%s: scrape_timeout is %s, longer than the interval of %s", where, value.Value, prom.Duration(interval))
		}
	}
	return interval
}

// child is the value under a key of a mapping, or nil.
func child(n *yaml.Node, key string) *yaml.Node {
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}
