package collector

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strings"
)

func validateScrape(v *faults, jobs []ScrapeJob) {
	seen := map[string]bool{}
	for i, j := range jobs {
		where := fmt.Sprintf("scrape job %q", j.Name)
		if j.Name == "" {
			where = fmt.Sprintf("scrape job %d", i+1)
			v.add("%s: the name is empty; it becomes the job label", where)
		} else if seen[j.Name] {
			v.add("%s: the name is used twice; give each job a name of its own", where)
		}
		seen[j.Name] = true
		j.validate(v, where)
	}
}

// bodySize is what Prometheus' units library reads, below the point where it overflows.
var bodySize = regexp.MustCompile(`^(0|[0-9]{1,9}([KMG]i?)?B)$`)

func (j ScrapeJob) validate(v *faults, where string) {
	v.literal(where+": name", j.Name)
	v.scraped(where+": name", j.Name)
	if len(j.Targets) == 0 {
		v.add("%s: no target to scrape", where)
	}
	for _, t := range j.Targets {
		v.address(where, t)
	}
	j.validatePath(v, where)
	if v.positive(where+": interval", j.Interval) && v.positive(where+": timeout", j.Timeout) && j.timeout() > j.interval() {
		v.add("%s: timeout %s is longer than interval %s; shorten the timeout or lengthen the interval", where, j.timeout(), j.interval())
	}
	v.limit(where+": sample limit", j.SampleLimit)
	v.limit(where+": label limit", j.LabelLimit)
	v.limit(where+": label value length limit", j.LabelValueLengthLimit)
	if s := j.BodySizeLimit; s != "" && !isPlaceholder(s) && !bodySize.MatchString(s) {
		v.add("%s: body size limit %q is not a size such as 16MB", where, s)
	}
	j.validateAccess(v, where)
	for _, name := range slices.Sorted(maps.Keys(j.StaticLabels)) {
		value := j.StaticLabels[name]
		if slices.Contains([]string{"job", "instance"}, name) {
			v.add("%s: static label %q is set by the scrape; set the job's Name instead", where, name)
		}
		if name == targetLabel && len(j.Targets) > 1 {
			v.add("%s: static label %q tells the job's targets apart; choose another name", where, name)
		}
		v.label(where+": static label", name)
		v.scraped(where+": static label "+name, value)
	}
	if len(j.KeepMetrics) > 0 {
		v.regexps(where+": keep metrics", j.KeepMetrics...)
	}
	if len(j.DropMetrics) > 0 {
		v.regexps(where+": drop metrics", j.DropMetrics...)
	}
	for i, r := range j.Relabel {
		r.validate(v, fmt.Sprintf("%s: relabel rule %d", where, i+1))
	}
}

func (j ScrapeJob) validatePath(v *faults, where string) {
	v.literal(where+": path", j.Path)
	v.printable(where+": path", j.Path)
	p := j.Path
	if p == "" || hasPlaceholder(p) {
		return
	}
	if !strings.HasPrefix(p, "/") {
		v.add("%s: path %q does not start with a slash", where, p)
	} else if u, err := url.Parse(p); err != nil || u.Host != "" || u.RawQuery != "" || u.Fragment != "" {
		v.add("%s: path %q is not a plain URL path", where, p)
	}
}

func (j ScrapeJob) validateAccess(v *faults, where string) {
	switch j.Scheme {
	case "", "https":
	case "http":
		if j.TLS != nil {
			v.add("%s: TLS is set, but the scheme is http; use https", where)
		}
	default:
		v.add("%s: scheme %q is neither http nor https", where, j.Scheme)
	}
	if t := j.TLS; t != nil {
		if t.CAVariable != "" {
			v.variable(where+": TLS: CA variable", t.CAVariable)
			if t.InsecureSkipVerify {
				v.add("%s: TLS: a CA is named, and verification is skipped; keep one of them", where)
			}
		}
		v.scraped(where+": TLS: server name", t.ServerName)
	}
	if b := j.BasicAuth; b != nil {
		if b.Username == "" {
			v.add("%s: basic auth: the user name is empty", where)
		}
		v.scraped(where+": basic auth: user name", b.Username)
		v.variable(where+": basic auth: password variable", b.PasswordVariable)
		if j.BearerTokenVariable != "" {
			v.add("%s: both basic auth and a bearer token are set; keep one of them", where)
		}
	}
	if b := j.BearerTokenVariable; b != "" {
		v.variable(where+": bearer token variable", b)
	}
}

func (r RelabelRule) validate(v *faults, where string) {
	byLabelName := slices.Contains([]RelabelAction{RelabelLabelMap, RelabelLabelDrop, RelabelLabelKeep}, r.action())
	switch {
	case !byLabelName && !slices.Contains([]RelabelAction{RelabelReplace, RelabelKeep, RelabelDrop}, r.action()):
		v.add("%s: unknown action %q", where, r.Action)
	case byLabelName && len(r.SourceLabels) > 0:
		v.add("%s: %s matches names of labels and takes no source labels", where, r.action())
	case !byLabelName && len(r.SourceLabels) == 0 && r.action() != RelabelReplace:
		v.add("%s: %s needs source labels", where, r.action())
	}
	if r.action() == RelabelReplace {
		v.label(where+": target label", r.TargetLabel)
	} else if r.TargetLabel != "" {
		v.add("%s: only replace takes a target label", where)
	}
	if r.Replacement != "" && r.action() != RelabelReplace && r.action() != RelabelLabelMap {
		v.add("%s: only replace and labelmap take a replacement", where)
	}
	if r.action() == RelabelLabelMap && r.Replacement != "" && !labelTemplate.MatchString(r.Replacement) {
		v.add("%s: replacement %q is not the name of a label", where, r.Replacement)
	}
	for _, s := range r.SourceLabels {
		v.label(where+": source label", s)
	}
	if r.Regex != "" {
		v.regexps(where, r.Regex)
	} else if byLabelName {
		v.add("%s: %s needs a regular expression", where, r.action())
	}
	v.scraped(where+": replacement", r.Replacement)
}

var (
	labelName     = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)
	labelTemplate = regexp.MustCompile(`^(([a-zA-Z_]|\$([0-9]+|\{[0-9]+\}))([a-zA-Z0-9_]|\$([0-9]+|\{[0-9]+\}))*)$`)
)

// label reports what is no name of a Prometheus label.
func (v *faults) label(what, name string) {
	if !labelName.MatchString(name) {
		v.add("%s %q is not the name of a label: letters, digits and underscores, not starting with a digit", what, name)
	}
}
