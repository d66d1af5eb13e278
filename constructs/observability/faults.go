package observability

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/observability/rules"
)

// faults collects what is wrong with the arguments of one call, to be reported together.
type faults []string

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// addJoined adds what errors.Join has put together.
func (f *faults) addJoined(err error) {
	if all, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range all.Unwrap() {
			f.add("%v", err)
		}
	}
}

func (f faults) panicIfAny(scope constructs.Construct, id *string) {
	where := "NewServiceRules"
	if scope != nil && stringOr(id) != "" {
		where = strings.TrimPrefix(*scope.Node().Path()+"/"+*id, "/") + ": " + where
	}
	switch len(f) {
	case 0:
	case 1:
		panic(where + ": " + f[0])
	default:
		panic(fmt.Sprintf("%s: %d faults:\n  - %s", where, len(f), strings.Join(f, "\n  - ")))
	}
}

// duration is d, or nil where it is not set or not known yet.
func (f *faults) duration(what string, d awscdk.Duration) *time.Duration {
	if d == nil {
		return nil
	}
	if *d.IsUnresolved() {
		f.add("%s is a token; it must be known at synthesis", what)
		return nil
	}
	ms := *d.ToMilliseconds(&awscdk.TimeConversionOptions{Integral: jsii.Bool(false)})
	plain := time.Duration(ms) * time.Millisecond
	return &plain
}

var ruleOfAmp = regexp.MustCompile(`^group "(Labels|Alerts)", rule \d+ \((.*?)\): (.*)$`)

// addOfAmp adds what package amp finds in the name, and in the expressions, labels and templates that users give. It tells only
// by panicking with all that is wrong, so it is asked without a scope, where it builds nothing.
func (f *faults) addOfAmp(p *ServiceRulesProps, c rules.Config) {
	given := map[string]bool{}
	rule := func(name, expr string, labels, annotations map[string]string) amp.Rule {
		if expr == "" {
			expr = "up"
		} else {
			given[expr] = true
		}
		return &amp.AlertingRule{Alert: &name, Expr: &expr, Labels: stringMap(labels), Annotations: stringMap(annotations)}
	}
	groups := []*amp.RuleGroup{{Name: jsii.String("Labels"), Rules: &[]amp.Rule{rule("Labels", "", c.Labels, nil)}}}
	if len(c.Alerts) > 0 {
		var changed []amp.Rule
		for _, name := range slices.Sorted(maps.Keys(c.Alerts)) {
			changed = append(changed, rule(name, c.Alerts[name].Expr, c.Alerts[name].Labels, c.Alerts[name].Annotations))
		}
		groups = append(groups, &amp.RuleGroup{Name: jsii.String("Alerts"), Rules: &changed})
	}
	defer func() {
		for line := range strings.SplitSeq(fmt.Sprint(recover()), "\n  - ") {
			if found := ruleOfAmp.FindStringSubmatch(line); found == nil {
				if strings.HasPrefix(line, "Name is ") {
					f.add("%s", line)
				}
			} else if found[1] == "Labels" {
				f.add("Labels: %s", found[3])
			} else {
				f.add("Alerts: %s: %s", found[2], found[3])
			}
		}
	}()
	amp.NewRuleGroupsNamespace(nil, nil, &amp.RuleGroupsNamespaceProps{
		Name: p.Name, Groups: &groups,
		CheckExpr: func(expr string) error {
			if p.CheckExpr == nil || !given[expr] {
				return nil
			}
			return p.CheckExpr(expr)
		},
	})
}
