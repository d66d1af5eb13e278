// Package panels reads the queries out of a Grafana dashboard, for tests and for the preview, which run them.
package panels

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
)

// Query is a query of a panel, ready for a Prometheus.
type Query struct {
	// PanelID is the id of the panel, unique in its dashboard.
	PanelID int

	// Panel is the title of the panel, Description its description, and Type its kind: timeseries, stat or table.
	Panel, Description, Type string

	// Row is the title of the row that the panel is in.
	Row string

	// RefID tells the queries of a panel apart.
	RefID string

	// Expr is the PromQL expression, with variables replaced.
	Expr string

	// Legend names a series, with labels in double braces; "" where Grafana names it.
	Legend string

	// Unit is the id of the Grafana unit of the values.
	Unit string

	// Instant says that the panel asks for one value, at the end of its time range.
	Instant bool
}

// rateIntervalTimes is how Grafana computes $__rate_interval.
const rateIntervalTimes = 4

// Queries lists the queries of a dashboard, in the order of its panels. Variables are replaced as Grafana does it: those
// given by their values, the rest by All, where the dashboard offers that. $__rate_interval is four times the interval of a
// query, $__interval that interval, and $__range an hour, unless variables name them, without the $. It reads
// timeseries, stat and table panels with Prometheus queries, as package dashboards makes them.
func Queries(dashboardJSON []byte, variables map[string]string) ([]Query, error) {
	var d struct {
		Panels []struct {
			ID                       int
			Type, Title, Description string
			FieldConfig              struct{ Defaults struct{ Unit string } }
			Targets                  []struct {
				RefID, Expr, LegendFormat, Interval string
				Instant                             bool
			}
		}
		Templating struct {
			List []struct{ Name, AllValue string }
		}
	}
	if err := json.Unmarshal(dashboardJSON, &d); err != nil {
		return nil, fmt.Errorf("the dashboard is not JSON as Grafana writes it: %w", err)
	}
	values := map[string]string{}
	for _, v := range d.Templating.List {
		if v.AllValue != "" {
			values[v.Name] = v.AllValue
		}
	}
	maps.Copy(values, variables)

	var queries []Query
	var errs []error
	var row string
	for _, p := range d.Panels {
		if p.Type == "row" {
			row = p.Title
		}
		for _, t := range p.Targets {
			expr, err := substitute(t.Expr, t.Interval, values)
			if err != nil {
				errs = append(errs, fmt.Errorf("panel %q: %w", p.Title, err))
			}
			queries = append(queries, Query{
				PanelID: p.ID, Panel: p.Title, Description: p.Description, Type: p.Type, Row: row, RefID: t.RefID,
				Expr: expr, Legend: t.LegendFormat, Unit: p.FieldConfig.Defaults.Unit, Instant: t.Instant,
			})
		}
	}
	return queries, errors.Join(errs...)
}

var variableUse = regexp.MustCompile(`\$(?:\{(\w+)\}|(\w+))`)

func substitute(expr, interval string, values map[string]string) (string, error) {
	var unknown []string
	expr = variableUse.ReplaceAllStringFunc(expr, func(use string) string {
		name := strings.Trim(use, "${}")
		if value, ok := values[name]; ok {
			return value
		}
		every, err := time.ParseDuration(interval)
		switch {
		case name == "__rate_interval" && err == nil:
			return prom.Duration(rateIntervalTimes * every)
		case name == "__interval" && err == nil:
			return prom.Duration(every)
		case name == "__range":
			return "1h"
		}
		if !slices.Contains(unknown, name) {
			unknown = append(unknown, name)
		}
		return use
	})
	if len(unknown) > 0 {
		return expr, fmt.Errorf("%s: variable %s has no value; give it one", expr, strings.Join(unknown, ", "))
	}
	return expr, nil
}
