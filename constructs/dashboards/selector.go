package dashboards

import (
	"slices"
	"strings"

	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
)

// Variables of the dashboards.
const (
	varDataSource = "datasource"
	varCluster    = "cluster"
	varService    = "service"
	varTask       = "task"
)

// Labels of every series under LabelsTask.
const (
	labelCluster  = prom.LabelCluster
	labelTask     = prom.LabelTask
	labelRevision = prom.LabelRevision
	labelZone     = "cloud_availability_zone"
)

// scope is what a dashboard looks at: services, or tasks of them.
type scope string

func (o Options) ofServices() scope {
	return scope(labelCluster + `=~"$` + varCluster + `",` + o.ServiceLabel + `=~"$` + varService + `"`)
}

func (o Options) ofTasks() scope { return o.ofServices() + `,` + labelTask + `=~"$` + varTask + `"` }

// byService are the labels to group by.
func (o Options) byService() string { return labelCluster + "," + o.ServiceLabel }

func (o Options) serviceLegend() string {
	return "{{" + labelCluster + "}}/{{" + o.ServiceLabel + "}}"
}

// of is a selector of the user, narrowed down to the scope. suffix comes after the name, such as _bucket; more are further
// matchers.
func (s scope) of(selector, suffix string, more ...string) string {
	parsed, err := prom.ParseSelector(selector)
	if err != nil {
		panic(selector + " " + err.Error()) // Options.Validate has read it
	}
	matchers := slices.Concat([]string{string(s)}, more, parsed.Texts())
	return parsed.Name + suffix + "{" + strings.Join(matchers, ",") + "}"
}
