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
	labelService  = prom.LabelFamily
	labelTask     = prom.LabelTask
	labelRevision = prom.LabelRevision
	labelZone     = "cloud_availability_zone"
)

// scope is what a dashboard looks at: services, or tasks of them.
type scope string

const (
	ofServices scope = labelCluster + `=~"$` + varCluster + `",` + labelService + `=~"$` + varService + `"`
	ofTasks    scope = ofServices + `,` + labelTask + `=~"$` + varTask + `"`
)

// of is a selector of the user, narrowed down to the scope. suffix comes after the name, such as _bucket; more are further
// matchers.
func (s scope) of(selector, suffix string, more ...string) string {
	parsed, err := prom.ParseSelector(selector)
	if err != nil {
		panic(selector + " " + err.Error()) // Options.validate has read it
	}
	matchers := slices.Concat([]string{string(s)}, more, parsed.Texts())
	return parsed.Name + suffix + "{" + strings.Join(matchers, ",") + "}"
}
