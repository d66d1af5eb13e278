package logs

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Datum is a value of a metric in CloudWatch.
type Datum struct {
	Namespace, Name string
	Dimensions      map[string]string
	At              time.Time
	Value           float64
	Unit            string
	Resolution      int
	// Event is the log event that it comes from.
	Event string
}

// Metric is what makes a metric in CloudWatch: namespace, name and dimensions.
func (d Datum) Metric() string { return MetricID(d.Namespace, d.Name, d.Dimensions) }

// MetricID writes down what makes a metric.
func MetricID(namespace, name string, dimensions map[string]string) string {
	var parts []string
	for _, d := range slices.Sorted(maps.Keys(dimensions)) {
		parts = append(parts, d+"="+dimensions[d])
	}
	return namespace + " " + name + "{" + strings.Join(parts, ",") + "}"
}

// Limits of the format. Source: Amazon CloudWatch User Guide, Specification: Embedded metric format.
const (
	maxMetrics    = 100
	maxDimensions = 30
	maxNameLength = 1024
)

// units are those that the format takes. Source: Amazon CloudWatch API Reference, MetricDatum.
var units = []string{
	"Seconds", "Microseconds", "Milliseconds", "Bytes", "Kilobytes", "Megabytes", "Gigabytes", "Terabytes", "Bits", "Kilobits", "Megabits", "Gigabits",
	"Terabits", "Percent", "Count", "Bytes/Second", "Kilobytes/Second", "Megabytes/Second", "Gigabytes/Second", "Terabytes/Second", "Bits/Second",
	"Kilobits/Second", "Megabits/Second", "Gigabits/Second", "Terabits/Second", "Count/Second", "None",
}

// ParseEMF makes of a log event what CloudWatch makes of it: a value for each dimension set of each metric. The targets of names must be
// members of the root: strings for dimensions, numbers for metrics.
func ParseEMF(event []byte) ([]Datum, error) {
	var root map[string]json.RawMessage
	if err := json.Unmarshal(event, &root); err != nil {
		return nil, err
	}
	var metadata struct {
		Timestamp         *int64
		CloudWatchMetrics []struct {
			Namespace  string
			Dimensions [][]string
			Metrics    []struct {
				Name, Unit        string
				StorageResolution int
			}
		}
	}
	raw, has := root["_aws"]
	if !has {
		return nil, fmt.Errorf("no member _aws")
	}
	if err := json.Unmarshal(raw, &metadata); err != nil {
		return nil, err
	}
	if metadata.Timestamp == nil {
		return nil, fmt.Errorf("no Timestamp")
	}
	var data []Datum
	for _, directive := range metadata.CloudWatchMetrics {
		if n := len(directive.Metrics); n > maxMetrics || directive.Namespace == "" || len(directive.Dimensions) == 0 {
			return nil, fmt.Errorf("namespace %q, %d metrics, %d dimension sets", directive.Namespace, n, len(directive.Dimensions))
		}
		for _, set := range directive.Dimensions {
			dimensions, err := resolve(root, set)
			if err != nil {
				return nil, err
			}
			for _, m := range directive.Metrics {
				d := Datum{
					Namespace: directive.Namespace, Name: m.Name, Dimensions: dimensions, At: time.UnixMilli(*metadata.Timestamp), Unit: m.Unit,
					Resolution: m.StorageResolution, Event: string(event),
				}
				target, has := root[m.Name]
				if err := json.Unmarshal(target, &d.Value); !has || err != nil || len(m.Name) > maxNameLength {
					return nil, fmt.Errorf("metric %q has the value %s", m.Name, target)
				}
				if m.Unit != "" && !slices.Contains(units, m.Unit) {
					return nil, fmt.Errorf("metric %q has the unit %q", m.Name, m.Unit)
				}
				if m.StorageResolution != 0 && m.StorageResolution != 1 && m.StorageResolution != 60 {
					return nil, fmt.Errorf("metric %q has the resolution %d", m.Name, m.StorageResolution)
				}
				data = append(data, d)
			}
		}
	}
	return data, nil
}

func resolve(root map[string]json.RawMessage, set []string) (map[string]string, error) {
	if len(set) > maxDimensions {
		return nil, fmt.Errorf("%d dimensions", len(set))
	}
	dimensions := map[string]string{}
	for _, name := range set {
		var value string
		target, has := root[name]
		if err := json.Unmarshal(target, &value); !has || err != nil || value == "" || len(value) > maxNameLength {
			return nil, fmt.Errorf("dimension %q has the value %s", name, target)
		}
		dimensions[name] = value
	}
	return dimensions, nil
}
