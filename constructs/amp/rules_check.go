package amp

import (
	"fmt"
	"regexp"
	"text/template/parse"
)

var namespaceName = regexp.MustCompile(`^[0-9A-Za-z][-.0-9A-Z_a-z]{0,63}$`)

// validate reports what Prometheus would refuse, as far as that needs no parser, and gives back what may be a mistake.
// Source: Prometheus v0.312.0, model/rulefmt.
func (file *ruleFile) validate(checkExpr func(string) error, f *faults) (doubts []string) {
	if len(file.Groups) == 0 {
		f.add("there are no groups; give Groups, or Yaml with groups in it")
	}
	groups := map[string]bool{}
	seen := map[string]string{}
	for _, g := range file.Groups {
		where := fmt.Sprintf("group %q", g.Name)
		switch {
		case g.Name == "":
			f.add("a group has no name; give each group one")
		case groups[g.Name]:
			f.add("two groups are named %q; give each group in a namespace its own name", g.Name)
		}
		groups[g.Name] = true
		if len(g.Rules) == 0 {
			f.add("%s has no rules", where)
		}
		f.durationText(where+": interval", g.Interval)
		f.durationText(where+": query_offset", g.QueryOffset)
		f.labels(where, g.Labels)
		for i, r := range g.Rules {
			where := fmt.Sprintf("%s, rule %d (%s)", where, i+1, r.Record+r.Alert)
			r.validate(where, checkExpr, f)
			key := fmt.Sprintf("%s\x00%s\x00%v", r.Record, r.Alert, r.Labels) // fmt sorts the keys
			if first, twice := seen[key]; twice {
				if same := seen[key+r.Expr]; same != "" {
					f.add("%s is the same as %s; remove one", where, same)
				} else {
					doubts = append(doubts, fmt.Sprintf("%s has the name and the labels of %s; where both give the same series, one is dropped", where, first))
				}
			}
			seen[key], seen[key+r.Expr] = where, where
		}
	}
	return doubts
}

func (r *ruleNode) validate(where string, checkExpr func(string) error, f *faults) {
	switch {
	case r.Record == "" && r.Alert == "":
		f.add("%s: neither record nor alert is set; name the series or the alert", where)
	case r.Record != "" && r.Alert != "":
		f.add("%s: both record and alert are set; make two rules of it", where)
	case r.Record != "" && !unresolved(r.Record) && !metricName.MatchString(r.Record):
		f.add("%s: record %q is not the name of a metric: letters, digits, underscores and colons, not starting with a digit", where, r.Record)
	}
	if r.Record != "" && (r.For != "" || r.KeepFiringFor != "" || len(r.Annotations) > 0) {
		f.add("%s: for, keep_firing_for and annotations belong to alerts; a recording rule has none", where)
	}
	f.durationText(where+": for", r.For)
	f.durationText(where+": keep_firing_for", r.KeepFiringFor)
	f.labels(where, r.Labels)
	for _, name := range sortedKeys(r.Annotations) {
		if !unresolved(name) && !labelName.MatchString(name) {
			f.add("%s: annotation %q is not a name: letters, digits and underscores, not starting with a digit", where, name)
		}
		f.template(where+": annotation "+name, r.Annotations[name])
	}
	if r.Alert != "" {
		for _, name := range sortedKeys(r.Labels) {
			f.template(where+": label "+name, r.Labels[name])
		}
	}
	if unresolved(r.Expr) {
		return
	}
	if err := checkPromQL(r.Expr); err != nil {
		f.add("%s: expr %q: %v", where, r.Expr, err)
	} else if checkExpr != nil {
		if err := checkExpr(r.Expr); err != nil {
			f.add("%s: expr %q: %s", where, r.Expr, oneLine(err))
		}
	}
}

// labels reports names that are not those of labels. A rule cannot set __name__.
func (f *faults) labels(where string, labels map[string]string) {
	for _, name := range sortedKeys(labels) {
		if !unresolved(name) && (!labelName.MatchString(name) || name == "__name__") {
			f.add("%s: label %q is not a name that a rule can set: letters, digits and underscores, not starting with a digit, not __name__", where, name)
		}
	}
}

func (f *faults) durationText(where, text string) {
	if text != "" && !unresolved(text) && !promDurationPattern.MatchString(text) {
		f.add("%s is %q; write a duration as Prometheus does, such as 30s, 5m or 1h30m", where, text)
	}
}

// template reports a Go template that does not parse. Which functions there are is left to AMP.
func (f *faults) template(where, text string) {
	if unresolved(text) {
		return
	}
	// What Prometheus puts before each template.
	const definitions = `{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}`
	tree := parse.New("template")
	tree.Mode = parse.SkipFuncCheck
	if _, err := tree.Parse(definitions+text, "", "", map[string]*parse.Tree{}); err != nil {
		f.add("%s: %q is not a Go template: %s", where, text, oneLine(err))
	}
}
