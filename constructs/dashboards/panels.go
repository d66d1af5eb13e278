package dashboards

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// Dashboard is a dashboard to import into Grafana.
type Dashboard struct {
	// UID is the same in every Grafana that the dashboard is imported into. [Write] names the file after it.
	UID string

	// JSON is the dashboard's model, as Grafana exports and imports it.
	JSON []byte
}

// sheet describes a dashboard.
type sheet struct {
	name        string // of the UID
	title       string
	description string
	from        string // start of the time range
	variables   []string
	rows        []row
}

type row struct {
	title  string
	panels []panel
}

// panel describes a panel; its place follows from its size.
type panel struct {
	kind              panelKind
	title             string
	description       string
	unit              string
	width, height     uint32
	queries           []query
	steps             []step
	min, max          *float64
	decimals          *float64
	stacked           bool
	whenEmpty         string // what a panel without data says
	columns           map[string]string
	linkToTasks       bool
	thresholdsAsLines bool
}

type panelKind int

const (
	graph panelKind = iota
	number
	list
)

type query struct {
	expr, legend string
}

// step is a colour from a value on. Below the first one it is green, unless there is one from lowest on.
type step struct {
	from  float64
	color string
}

var lowest = math.Inf(-1)

const gridWidth = 24

// Sizes of panels on Grafana's grid of 24 columns.
const (
	numberWidth, numberHeight = 4, 4
	graphWidth, graphHeight   = 12, 8
)

var dataSource = common.DataSourceRef{Type: new("prometheus"), Uid: new("${" + varDataSource + "}")}

// render makes the JSON of a sheet.
func (o Options) render(s sheet) (Dashboard, error) {
	uid, title := o.UIDPrefix+"-"+s.name, o.TitlePrefix+" "+s.title
	tags := append([]string{o.UIDPrefix}, o.Tags...)
	//lint:ignore SA1019 The classic model is what every Grafana imports, 13 among them; the new one needs version 13.
	b := dashboard.NewDashboardBuilder(title).Uid(uid).Description(s.description).Tags(tags).
		Timezone(common.TimeZoneBrowser).Tooltip(dashboard.DashboardCursorSyncCrosshair).Time(s.from, "now").Refresh("1m").
		Link(dashboard.NewDashboardLinkBuilder(o.TitlePrefix + " dashboards").Type(dashboard.DashboardLinkTypeDashboards).
			Icon("external link").Tags([]string{o.UIDPrefix}).IncludeVars(true).KeepTime(true))
	for _, name := range s.variables {
		b.WithVariable(o.variable(name))
	}
	var y, id uint32
	for _, r := range s.rows {
		id++
		b.WithRow(dashboard.NewRowBuilder(r.title).Id(id).GridPos(dashboard.GridPos{H: 1, W: gridWidth, Y: y}))
		y++
		var x, height uint32
		for _, p := range r.panels {
			if x+p.width > gridWidth {
				x, y, height = 0, y+height, 0
			}
			id++
			b.WithPanel(o.panel(p, id, dashboard.GridPos{X: x, Y: y, W: p.width, H: p.height}))
			x, height = x+p.width, max(height, p.height)
		}
		y += height
	}
	model, err := b.Build()
	if err != nil {
		return Dashboard{}, fmt.Errorf("dashboard %s: %w", uid, err)
	}
	text, err := encode(model)
	return Dashboard{UID: uid, JSON: text}, err
}

// encode writes JSON with sorted keys, as Grafana exports it, and with < and > as they are, so that queries can be read.
func encode(model any) ([]byte, error) {
	compact, err := json.Marshal(model)
	if err != nil {
		return nil, err
	}
	var tree any
	dec := json.NewDecoder(bytes.NewReader(compact))
	dec.UseNumber()
	if err := dec.Decode(&tree); err != nil {
		return nil, err
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	err = enc.Encode(tree)
	return out.Bytes(), err
}

func (o Options) panel(p panel, id uint32, at dashboard.GridPos) cog.Builder[dashboard.Panel] {
	steps := []dashboard.Threshold{{Color: "green"}} // without a value it is for everything below the next
	for _, s := range p.steps {
		if math.IsInf(s.from, -1) {
			steps[0].Color = s.color
			continue
		}
		steps = append(steps, dashboard.Threshold{Value: &s.from, Color: s.color})
	}
	thresholds := dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(steps)
	var targets []cog.Builder[variants.Dataquery]
	for i, q := range p.queries {
		target := prometheus.NewDataqueryBuilder().RefId(string(rune('A' + i))).Datasource(dataSource).EditorMode(prometheus.QueryEditorModeCode).
			Expr(q.expr).LegendFormat(q.legend).Interval(seconds(o.CollectionInterval))
		switch p.kind {
		case graph:
			target.Range().Format(prometheus.PromQueryFormatTimeSeries)
		case number:
			target.Instant().Format(prometheus.PromQueryFormatTimeSeries)
		case list:
			target.Instant().Format(prometheus.PromQueryFormatTable)
		}
		targets = append(targets, target)
	}

	switch p.kind {
	case number:
		b := stat.NewPanelBuilder().Id(id).GridPos(at).Title(p.title).Description(p.description).Datasource(dataSource).Targets(targets).
			Unit(p.unit).Thresholds(thresholds).NoValue(cmp.Or(p.whenEmpty, "no data")).
			ColorScheme(dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdThresholds)).
			ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"})).
			GraphMode(common.BigValueGraphModeNone).ColorMode(common.BigValueColorModeValue).Orientation(common.VizOrientationAuto)
		if len(p.steps) == 0 {
			b.ColorMode(common.BigValueColorModeNone)
		}
		if p.decimals != nil {
			b.Decimals(*p.decimals)
		}
		return b
	case list:
		b := table.NewPanelBuilder().Id(id).GridPos(at).Title(p.title).Description(p.description).Datasource(dataSource).Targets(targets).
			Unit(p.unit).Thresholds(thresholds).NoValue(cmp.Or(p.whenEmpty, "no data")).
			Footer(common.NewTableFooterOptionsBuilder().Show(false)). // required, though not shown
			OverrideByName("Time", []dashboard.DynamicConfigValue{{Id: "custom.hidden", Value: true}})
		for _, from := range slices.Sorted(maps.Keys(p.columns)) {
			b.OverrideByName(from, []dashboard.DynamicConfigValue{{Id: "displayName", Value: p.columns[from]}})
		}
		return b
	default:
		b := timeseries.NewPanelBuilder().Id(id).GridPos(at).Title(p.title).Description(p.description).Datasource(dataSource).Targets(targets).
			Unit(p.unit).Thresholds(thresholds).NoValue(cmp.Or(p.whenEmpty, "no data")).
			ColorScheme(dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdPaletteClassic)).
			Legend(common.NewVizLegendOptionsBuilder().DisplayMode(common.LegendDisplayModeTable).Placement(common.LegendPlacementBottom).
				ShowLegend(true).Calcs([]string{"lastNotNull", "max"})).
			Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending)).
			LineWidth(1).FillOpacity(10).ShowPoints(common.VisibilityModeAuto)
		if p.min != nil {
			b.Min(*p.min)
		}
		if p.max != nil {
			b.Max(*p.max)
		}
		if p.decimals != nil {
			b.Decimals(*p.decimals)
		}
		if p.stacked {
			b.Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal).Group("A")).FillOpacity(40)
		}
		if p.thresholdsAsLines {
			b.ThresholdsStyle(common.NewGraphThresholdsStyleConfigBuilder().Mode(common.GraphThresholdsStyleModeDashed))
		}
		if p.linkToTasks {
			b.DataLinks([]cog.Builder[dashboard.DashboardLink]{o.linkToTasks()})
		}
		return b
	}
}

// linkToTasks leads from a line of a service to its tasks.
func (o Options) linkToTasks() *dashboard.DashboardLinkBuilder {
	return dashboard.NewDashboardLinkBuilder("Tasks of this service").Type(dashboard.DashboardLinkTypeLink).Url(
		"/d/" + o.UIDPrefix + "-" + taskDashboard + "?${" + varDataSource + ":queryparam}" +
			"&var-" + varCluster + "=${__field.labels." + labelCluster + "}" +
			"&var-" + varService + "=${__field.labels." + o.ServiceLabel + "}&${__url_time_range}")
}

// variable builds a variable. All of a variable is a pattern that also matches series without the label: those of
// LabelsIdentity have no cluster.
func (o Options) variable(name string) cog.Builder[dashboard.VariableModel] {
	if name == varDataSource {
		b := dashboard.NewDatasourceVariableBuilder(name).Type("prometheus").Label("Workspace").
			Description("The Prometheus data source of the AMP workspace.")
		if o.DataSource != "" {
			b.Current(option(o.DataSource, o.DataSource))
		}
		return b
	}
	all := ".*"
	ours := o.ServiceLabel + `=~".+"`
	if len(o.Services) > 0 {
		quoted := make([]string, len(o.Services))
		for i, service := range o.Services {
			quoted[i] = regexp.QuoteMeta(service)
		}
		services := strings.Join(quoted, "|")
		ours = o.ServiceLabel + "=~" + strconv.Quote(services)
		if name == varService {
			all = services
		}
	}
	v := map[string]struct{ label, description, query string }{
		varCluster: {"Cluster", "ECS clusters.",
			"label_values({" + ours + "}, " + labelCluster + ")"},
		varService: {"Service", "Services, by the label " + o.ServiceLabel + ".",
			"label_values({" + ours + "," + labelCluster + `=~"$` + varCluster + `"}, ` + o.ServiceLabel + ")"},
		varTask: {"Task", "Ids of tasks.",
			`label_values({` + labelTask + `=~".+",` + string(o.ofServices()) + `}, ` + labelTask + `)`},
	}[name]
	return dashboard.NewQueryVariableBuilder(name).Label(v.label).Description(v.description).Datasource(dataSource).
		Query(dashboard.StringOrMap{String: &v.query}).Definition(v.query).
		Refresh(dashboard.VariableRefreshOnTimeRangeChanged).Sort(dashboard.VariableSortAlphabeticalAsc).
		Multi(true).IncludeAll(true).AllValue(all).
		Current(dashboard.VariableOption{
			Text:  dashboard.StringOrArrayOfString{ArrayOfString: []string{"All"}},
			Value: dashboard.StringOrArrayOfString{ArrayOfString: []string{allValue}},
		})
}

// allValue is what Grafana writes for All.
const allValue = "$__all"

func option(text, value string) dashboard.VariableOption {
	return dashboard.VariableOption{
		Text: dashboard.StringOrArrayOfString{String: &text}, Value: dashboard.StringOrArrayOfString{String: &value},
	}
}

func seconds(d time.Duration) string { return fmt.Sprintf("%ds", d/time.Second) }
