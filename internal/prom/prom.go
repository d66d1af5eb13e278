// Package prom knows the grammars of Prometheus: names, durations, templates and, as far as that needs no parser, PromQL.
package prom

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template/parse"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

// Names in Prometheus' classic grammar. Newer versions take any UTF-8; whether AMP does is not documented, and
// AWS::APS::Workspace takes only these as labels.
var (
	labelName  = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	metricName = regexp.MustCompile(`^[a-zA-Z_:][a-zA-Z0-9_:]*$`)
)

// CheckLabelName says what is wrong with the name of a label, or nothing.
func CheckLabelName(name string) string {
	if token.In(name) || labelName.MatchString(name) {
		return ""
	}
	return fmt.Sprintf("%q is not the name of a label: letters, digits and underscores, not starting with a digit", name)
}

// CheckMetricName says what is wrong with the name of a metric, or nothing.
func CheckMetricName(name string) string {
	switch {
	case token.In(name) || metricName.MatchString(name):
		return ""
	case metricName.MatchString(strings.ReplaceAll(name, ".", "_")):
		return fmt.Sprintf("%q has dots; in AMP, names have underscores instead, such as %s", name, strings.ReplaceAll(name, ".", "_"))
	default:
		return fmt.Sprintf("%q is not the name of a metric: letters, digits, underscores and colons, not starting with a digit", name)
	}
}

// Number writes a number for people and for PromQL, without the noise of floating point: 1 - 0.999 is 0.001.
func Number(n float64) string { return strconv.FormatFloat(n, 'g', 10, 64) }

// CheckNumber says what is wrong with a number that must be in a range, or nothing. what names the prop.
func CheckNumber(what string, n, low, high float64) string {
	switch {
	case token.Is(n):
		return what + " is a token; it must be known at synthesis"
	case !(n >= low && n <= high): // nor is NaN
		return fmt.Sprintf("%s is %s; it must be from %s to %s", what, Number(n), Number(low), Number(high))
	}
	return ""
}

// Source: Prometheus, model.ParseDuration.
var durationText = regexp.MustCompile(`^(0|([0-9]+y)?([0-9]+w)?([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?)$`)

// CheckDuration says what is wrong with a duration written as text, or nothing.
func CheckDuration(text string) string {
	if text == "" || token.In(text) || durationText.MatchString(text) {
		return ""
	}
	return fmt.Sprintf("is %q; write a duration as Prometheus does, such as 30s, 5m or 1h30m", text)
}

// ParseDuration reads what CheckDuration takes; a token is not known.
func ParseDuration(text string) (d time.Duration, known bool) {
	if text == "" || token.In(text) || !durationText.MatchString(text) {
		return 0, false
	}
	for _, part := range durationPart.FindAllStringSubmatch(text, -1) {
		n, err := strconv.ParseInt(part[1], 10, 64)
		if err != nil {
			return 0, false
		}
		d += time.Duration(n) * map[string]time.Duration{
			"y": 365 * 24 * time.Hour, "w": 7 * 24 * time.Hour, "d": 24 * time.Hour, "h": time.Hour, "m": time.Minute, "s": time.Second, "ms": time.Millisecond,
		}[part[2]]
	}
	return d, true
}

var durationPart = regexp.MustCompile(`([0-9]+)(ms|[ywdhms])`)

// Duration writes whole milliseconds: 3d, 1h30m, 500ms.
func Duration(d time.Duration) string {
	if d == 0 {
		return "0s"
	}
	var b strings.Builder
	for _, unit := range []struct {
		name string
		size time.Duration
	}{{"d", 24 * time.Hour}, {"h", time.Hour}, {"m", time.Minute}, {"s", time.Second}, {"ms", time.Millisecond}} {
		if n := d / unit.size; n > 0 {
			fmt.Fprintf(&b, "%d%s", n, unit.name)
		}
		d %= unit.size
	}
	return b.String()
}

// Words writes whole minutes for people: 30 days, 1 hour, 90 minutes.
func Words(d time.Duration) string {
	unit, n := "minute", d/time.Minute
	switch {
	case d%(24*time.Hour) == 0:
		unit, n = "day", d/(24*time.Hour)
	case d%time.Hour == 0:
		unit, n = "hour", d/time.Hour
	}
	if n != 1 {
		unit += "s"
	}
	return fmt.Sprintf("%d %s", n, unit)
}

var namespaceName = regexp.MustCompile(`^[0-9A-Za-z][-.0-9A-Z_a-z]{0,63}$`)

// CheckNamespace says what is wrong with the name of a rule groups namespace, or nothing.
func CheckNamespace(name string) string {
	if token.In(name) || namespaceName.MatchString(name) {
		return ""
	}
	return fmt.Sprintf("Name is %q; it must have 1 to 64 letters, digits, dots, dashes and underscores, the first a letter or digit", name)
}

// CheckLabels lists the labels that a rule cannot set. Those of an alert have templates as values.
func CheckLabels(labels map[string]string, templates bool) (problems []string) {
	for _, name := range slices.Sorted(maps.Keys(labels)) {
		if problem := CheckLabelName(name); problem != "" {
			problems = append(problems, problem)
		} else if name == "__name__" {
			problems = append(problems, `"__name__" is the name of the metric, not a label that a rule can set`)
		}
		if templates {
			problems = append(problems, checkTemplate("label "+name, labels[name])...)
		}
	}
	return problems
}

// CheckAnnotations lists the annotations that an alert cannot have.
func CheckAnnotations(annotations map[string]string) (problems []string) {
	for _, name := range slices.Sorted(maps.Keys(annotations)) {
		if !token.In(name) && !labelName.MatchString(name) {
			problems = append(problems, fmt.Sprintf("annotation %q is not a name: letters, digits and underscores, not starting with a digit", name))
		}
		problems = append(problems, checkTemplate("annotation "+name, annotations[name])...)
	}
	return problems
}

// checkTemplate reports a Go template that does not parse.
func checkTemplate(where, text string) []string {
	// What Prometheus puts before each template.
	const definitions = `{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}`
	if problem := templateProblem(definitions, text, ruleFunctions); problem != "" {
		return []string{where + ": " + problem}
	}
	return nil
}

// CheckNotificationTemplate says what is wrong with a Go template of an Alertmanager, or nothing.
func CheckNotificationTemplate(text string) string {
	return templateProblem("", text, notificationFunctions)
}

func templateProblem(definitions, text string, functions map[string]any) string {
	if token.In(text) {
		return ""
	}
	if _, err := parse.New("template").Parse(definitions+text, "", "", map[string]*parse.Tree{}, functions, builtinFunctions); err != nil {
		return fmt.Sprintf("%q is not a Go template: %s", text, OneLine(err))
	}
	return ""
}

// CheckExpr says what is wrong with a PromQL expression, or nothing. further, which may be nil, is the user's own check.
func CheckExpr(expr string, further func(string) error) string {
	if token.In(expr) {
		return ""
	}
	err := scan(expr)
	if err == nil && further != nil {
		err = further(expr)
	}
	if err != nil {
		return fmt.Sprintf("expr %q: %s", expr, OneLine(err))
	}
	return ""
}

// OneLine is the text of an error without line breaks.
func OneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
