package collector

import (
	"slices"
	"strings"
)

// ADOTVersion is the release of the AWS Distro for OpenTelemetry whose components and names this package writes. When it
// is raised, the tables below and the module versions of test/e2e go with it; docs/upgrading.md says how.
const ADOTVersion = "v0.50.0"

// The components of ADOT v0.50.0, under the names of contrib v0.158.0, with older spellings that it still takes.
//
// Source: ADOT v0.50.0 release notes and defaultcomponents; contrib v0.158.0, generated_status.go of each component.
var adotComponents = map[string][]string{
	"extensions": {
		"awsproxy", "ecs_observer", "file_storage", "health_check", "pprof", "sigv4auth", "zpages",
	},
	"receivers": {
		"awscontainerinsightreceiver", "awsecscontainermetrics", "awsxray", "file_log", "filelog", "jaeger", "kafka",
		"otlp", "prometheus", "statsd", "zipkin",
	},
	"processors": {
		"attributes", "batch", "cumulative_to_delta", "cumulativetodelta", "delta_to_rate", "deltatorate", "filter", "groupbytrace", "k8s_attributes", "k8sattributes",
		"memory_limiter", "metrics_transform", "metricsgeneration", "metricstransform", "probabilistic_sampler", "resource",
		"resource_detection", "resourcedetection", "span", "tail_sampling",
	},
	"exporters": {
		"awscloudwatchlogs", "awsemf", "awsxray", "datadog", "debug", "file", "kafka", "load_balancing", "loadbalancing", "logzio", "otlp", "otlp_grpc", "otlp_http", "otlphttp",
		"prometheus", "prometheus_remote_write", "prometheusremotewrite", "signalfx",
	},
	"connectors": {},
}

// leftOutSignals are the signals of the components whose modules the component set of test/e2e cannot have, so that the table of keys
// lacks them. Source: contrib v0.158.0, metadata.yaml of each component.
var leftOutSignals = map[string]map[string][]string{
	"receivers": {
		"awscontainerinsightreceiver": {"metrics"},
	},
	"exporters": {"awscloudwatchlogs": {"logs"}, "logzio": {"logs", "traces"}},
}

// KnownComponents lists the components of ADOT by section of a configuration, under all the names they go by.
func KnownComponents() map[string][]string {
	all := map[string][]string{}
	for kind, names := range adotComponents {
		all[kind] = slices.Clone(names)
	}
	return all
}

// Sources that ADOT can read configuration from, as they stand before the colon in --config and in ${…}.
var configSources = []string{"env", "file", "http", "https", "s3", "yaml"}

// suggestion is ", did you mean …?" with the nearest of the known names, or empty where none is near.
func suggestion(name string, known []string) string {
	best, distance := "", 1+max(3, len(name)/3)
	for _, k := range slices.Sorted(slices.Values(known)) {
		d := editDistance(name, k)
		if strings.HasPrefix(k, name) {
			d = min(d, 3) // what was left out is no misspelling
		}
		if d < distance {
			best, distance = k, d
		}
	}
	if best == "" {
		return ""
	}
	return ", did you mean " + best + "?"
}

// editDistance is the number of letters to insert, delete or replace to make b of a.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		previous := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := previous
			if a[i] != b[j] {
				cost = 1 + min(previous, row[j], row[j+1])
			}
			previous, row[j+1] = row[j+1], cost
		}
	}
	return row[len(b)]
}
