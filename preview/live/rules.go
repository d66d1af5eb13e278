package live

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	promrules "github.com/prometheus/prometheus/rules"

	"github.com/seed86154836/cdk-otel-prometheus/internal/rules"
)

var promQL = parser.NewParser(parser.Options{})

// ruleEvaluation evaluates rules as AMP does, only more often.
type ruleEvaluation struct {
	manager *promrules.Manager
	names   []string // of the files, in order
	// origin says where the rules come from.
	origin string
}

// ruleFiles are rules by the name of their file.
type ruleFiles map[string]*rulefmt.RuleGroups

func (f ruleFiles) Load(name string, _ bool, _ model.ValidationScheme) (*rulefmt.RuleGroups, []error) {
	return f[name], nil
}

func (ruleFiles) Parse(expr string) (parser.Expr, error) { return promQL.ParseExpr(expr) }

// startRules evaluates the rules in the template, or where it has none, those that the library makes by default.
func (p *Preview) startRules(d *deployment) error {
	files, names := ruleFiles{}, []string{}
	for _, id := range d.template.LogicalIDs("AWS::APS::RuleGroupsNamespace") {
		data, err := d.template.Resolve(d.template.Resources[id].Properties["Data"])
		if err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		groups, errs := rulefmt.Parse([]byte(fmt.Sprint(data)), false, model.LegacyValidation, promQL, slog.New(slog.DiscardHandler))
		if len(errs) > 0 {
			return fmt.Errorf("%s: %w", id, errors.Join(errs...))
		}
		files[id], names = groups, append(names, id)
	}
	origin := "the rules of the template"
	if len(names) == 0 {
		origin = "what observability.NewServiceRules makes by default, because the template has no rules"
		groups, err := p.defaultRules(d)
		if err != nil {
			return err
		}
		files["default"], names = groups, []string{"default"}
	}
	store := p.world.Store
	manager := promrules.NewManager(&promrules.ManagerOptions{
		QueryFunc: promrules.EngineQueryFunc(store.Engine(), store.DB()), Appendable: store.DB(), Queryable: store.DB(),
		NotifyFunc: func(context.Context, string, ...*promrules.Alert) {}, Context: context.Background(),
		Logger: slog.New(slog.DiscardHandler), GroupLoader: files, Parser: promQL, NameValidationScheme: model.LegacyValidation,
	})
	if err := manager.Update(p.options.Interval, names, labels.EmptyLabels(), "", nil); err != nil {
		return err
	}
	go manager.Run()
	p.closers = append(p.closers, manager.Stop)
	p.rules = &ruleEvaluation{manager: manager, names: names, origin: origin}
	return nil
}

func (p *Preview) defaultRules(d *deployment) (*rulefmt.RuleGroups, error) {
	settings := d.sidecar.Settings()
	config := rules.Config{
		Service: rules.Service{TaskFamily: d.task.Family, Cluster: d.cluster},
		Tasks:   true, Absence: true,
		Scrape: strings.Contains(settings, "scrape_configs:"), Collector: strings.Contains(settings, "otelcol_"),
	}
	if p.options.App.Sample != "" {
		config.SLOs = sampleObjectives()
	}
	groups, err := config.Groups()
	if err != nil {
		return nil, err
	}
	file := &rulefmt.RuleGroups{}
	for _, group := range groups {
		converted := rulefmt.RuleGroup{Name: group.Name}
		for _, r := range group.Rules {
			converted.Rules = append(converted.Rules, rulefmt.Rule{
				Record: r.Record, Alert: r.Alert, Expr: r.Expr, For: model.Duration(r.For), KeepFiringFor: model.Duration(r.KeepFiringFor),
				Labels: r.Labels, Annotations: r.Annotations,
			})
		}
		file.Groups = append(file.Groups, converted)
	}
	return file, nil
}

// Rule is a rule and how it stands.
type Rule struct {
	Group, Name, Type, Expr string
	// State is that of an alert: inactive, pending or firing; of a recording rule: recording, or empty if nothing is recorded.
	State string
	// Values are what the rule yields, or of an alert what it compares: with Limit, by Operator, if that is a number.
	Values      []string
	Operator    string
	Limit       float64
	For         string
	Labels      map[string]string
	Annotations map[string]string
	Error       string
}

func (p *Preview) currentRules(ctx context.Context) (list []Rule) {
	for _, group := range p.rules.manager.RuleGroups() {
		for _, r := range group.Rules() {
			rule := Rule{Group: group.Name(), Name: r.Name(), Expr: r.Query().String(), Labels: r.Labels().Map(), Type: "recording", State: "recording"}
			if err := r.LastError(); err != nil {
				rule.Error = err.Error()
			}
			shown := parser.Expr(&parser.VectorSelector{Name: r.Name(), LabelMatchers: []*labels.Matcher{
				labels.MustNewMatcher(labels.MatchEqual, model.MetricNameLabel, r.Name()),
			}})
			if alert, ok := r.(*promrules.AlertingRule); ok {
				rule.Type, rule.State, rule.Annotations = "alerting", alert.State().String(), alert.Annotations().Map()
				rule.For = model.Duration(alert.HoldDuration()).String()
				shown, rule.Operator, rule.Limit = compared(alert.Query())
				if active := alert.ActiveAlerts(); len(active) > 0 {
					rule.Annotations = active[0].Annotations.Map()
				}
			}
			rule.Values = p.values(ctx, shown.String())
			if len(rule.Values) == 0 && rule.Type == "recording" {
				rule.State = "empty"
			}
			list = append(list, rule)
		}
	}
	return list
}

// compared takes a comparison with a number apart. Any other expression is left whole.
func compared(expr parser.Expr) (left parser.Expr, operator string, limit float64) {
	if comparison, ok := expr.(*parser.BinaryExpr); ok && comparison.Op.IsComparisonOperator() {
		if number, ok := comparison.RHS.(*parser.NumberLiteral); ok {
			return comparison.LHS, comparison.Op.String(), number.Val
		}
	}
	return expr, "", 0
}

// values are those of an expression now; none if it fails, which the rule itself tells.
func (p *Preview) values(ctx context.Context, expr string) []string {
	all := []string{}
	value, err := p.world.Store.Query(ctx, expr, time.Now())
	if vector, ok := value.(promql.Vector); ok && err == nil {
		for _, s := range vector {
			all = append(all, strconv.FormatFloat(s.F, 'g', -1, 64))
		}
	}
	return all
}

func (p *Preview) serveRules(w http.ResponseWriter, r *http.Request) {
	reply(w, map[string]any{"Origin": p.rules.origin, "Rules": p.currentRules(r.Context())})
}
