package prom

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

// Selector is a metric name with matchers or without, such as http_requests_total{code=~"5.."}.
type Selector struct {
	// Name of the metric.
	Name string

	// Matchers are those in the braces, as they were written.
	Matchers []Matcher
}

// Matcher is one matcher of a selector or of an alert route, such as code=~"5..".
type Matcher struct {
	// Label is the name of the label.
	Label string

	// Text is the whole matcher as it was written, without white space around it.
	Text string
}

// Texts are the matchers as they were written.
func (s Selector) Texts() []string {
	texts := make([]string, len(s.Matchers))
	for i, m := range s.Matchers {
		texts[i] = m.Text
	}
	return texts
}

// A name may have the token of a string in it.
var (
	nameStart    = regexp.MustCompile(`^(?:[a-zA-Z0-9_:.-]|\$\{Token\[[^\]]*\]\})+`)
	operatorText = regexp.MustCompile(`^\s*(=~|!~|!=|=)\s*`)
	quotedText   = regexp.MustCompile(`^(?:"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')`)
	bareText     = regexp.MustCompile(`^[^"'{},\s]*`)
)

// ParseSelector reads a selector. An error ends with what is expected; the caller says which selector it is.
func ParseSelector(text string) (Selector, error) {
	rest := strings.TrimSpace(text)
	if rest == "" {
		return Selector{}, errors.New(`is empty; name a metric, such as http_requests_total{job="shop"}`)
	}
	s := Selector{Name: nameStart.FindString(rest)}
	if s.Name == "" {
		return s, fmt.Errorf("is %q; it must start with the name of a metric", text)
	}
	if problem := CheckMetricName(s.Name); problem != "" {
		return s, fmt.Errorf("is %q, but %s", text, problem)
	}
	rest = strings.TrimSpace(rest[len(s.Name):])
	if rest == "" {
		return s, nil
	}
	rest, ok := strings.CutPrefix(rest, "{")
	if !ok {
		return s, fmt.Errorf("is %q, but %q stands after the name; only matchers in braces can", text, rest)
	}
	for {
		rest = strings.TrimSpace(rest)
		if rest == "" {
			return s, fmt.Errorf("is %q, but its brace is not closed", text)
		}
		if after, closed := strings.CutPrefix(rest, "}"); closed {
			if after = strings.TrimSpace(after); after != "" {
				return s, fmt.Errorf("is %q, but %q stands after the matchers; a selector ends there", text, after)
			}
			return s, nil
		}
		m, after, err := scanMatcher(rest, false)
		if err != nil {
			return s, fmt.Errorf("is %q, but %w", text, err)
		}
		s.Matchers = append(s.Matchers, m)
		if rest, ok = strings.CutPrefix(after, ","); !ok && rest != "" && !strings.HasPrefix(rest, "}") {
			return s, fmt.Errorf("is %q, but %q stands where a comma or the closing brace is expected", text, rest)
		}
	}
}

// CheckAlertMatcher says what is wrong with a matcher of an alert route, or nothing. There the quotes may be missing.
func CheckAlertMatcher(text string) string {
	if token.In(text) {
		return ""
	}
	_, rest, err := scanMatcher(strings.TrimSpace(text), true)
	switch {
	case err != nil:
		return err.Error()
	case rest != "":
		return fmt.Sprintf("%q has %q after the value; write each matcher on its own", text, rest)
	}
	return ""
}

// SplitAlertMatchers splits what an Alertmanager takes for one: several matchers with commas between them, in braces or not.
func SplitAlertMatchers(text string) []string {
	text = strings.TrimSpace(text)
	text = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(text, "{"), "}"))
	var matchers []string
	quoted, start := false, 0
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\':
			i++
		case text[i] == '"':
			quoted = !quoted
		case text[i] == ',' && !quoted:
			matchers = append(matchers, text[start:i])
			start = i + 1
		}
	}
	if rest := strings.TrimSpace(text[start:]); rest != "" || len(matchers) == 0 {
		matchers = append(matchers, rest)
	}
	return matchers
}

// scanMatcher reads the matcher that text starts with, and gives what comes after it. The value is in quotes, unless bare
// values are allowed, as Alertmanager has them; there single quotes quote nothing.
func scanMatcher(text string, bare bool) (m Matcher, rest string, err error) {
	m.Label = nameStart.FindString(text)
	operator := operatorText.FindStringSubmatch(text[len(m.Label):])
	if m.Label == "" || operator == nil {
		return m, "", fmt.Errorf(`%q is not a matcher; write label="value", with =, !=, =~ or !~`, text)
	}
	if problem := CheckLabelName(m.Label); problem != "" {
		return m, "", errors.New(problem)
	}
	rest = text[len(m.Label)+len(operator[0]):]
	value := quotedText.FindString(rest)
	plain := value
	switch {
	case value == "" && !bare, bare && strings.HasPrefix(rest, "'"):
		return m, "", fmt.Errorf(`the value of %s is not in quotes; write %s%s"value"`, m.Label, m.Label, operator[1])
	case value == "":
		value = bareText.FindString(rest)
		plain = value
	default:
		if plain, err = unquote(value); err != nil {
			return m, "", fmt.Errorf("the value %s of %s is not a string that parses: %w", value, m.Label, err)
		}
	}
	if strings.Contains(operator[1], "~") && !token.In(plain) {
		if _, err := regexp.Compile("^(?:" + plain + ")$"); err != nil {
			return m, "", fmt.Errorf("the value of %s has a regular expression that does not parse: %w", m.Label, err)
		}
	}
	m.Text = text[:len(text)-len(rest)] + value
	return m, strings.TrimSpace(rest[len(value):]), nil
}

// unquote takes single quotes as PromQL does: they may hold more than one character.
func unquote(quoted string) (string, error) {
	if quoted[0] == '\'' {
		inner := strings.ReplaceAll(quoted[1:len(quoted)-1], `\'`, `'`)
		quoted = `"` + strings.ReplaceAll(inner, `"`, `\"`) + `"`
	}
	return strconv.Unquote(quoted)
}

// Labels by which rules and dashboards tell services and tasks apart, as the sidecar writes them.
const (
	LabelCluster  = "aws_ecs_cluster_name"
	LabelFamily   = "aws_ecs_task_family"
	LabelTask     = "aws_ecs_task_id"
	LabelRevision = "aws_ecs_task_revision"

	// LabelService is there where the task definition's Labels.Service is set.
	LabelService = "service_name"
)

// ParseScopedSelector reads a selector to which a rule or a dashboard adds matchers of the service, so that it has none itself.
func ParseScopedSelector(text string) (Selector, error) {
	s, err := ParseSelector(text)
	if err != nil {
		return s, err
	}
	for _, m := range s.Matchers {
		if slices.Contains([]string{LabelCluster, LabelFamily, LabelService, LabelTask}, m.Label) {
			return s, fmt.Errorf("is %q, but rules and dashboards add %s themselves; leave it out", text, m.Label)
		}
	}
	return s, nil
}

// histogramSuffixes end the names of the series of a classic histogram.
var histogramSuffixes = []string{"_bucket", "_count", "_sum"}

// ParseHistogram reads a selector of a whole classic histogram, by its name without suffix.
func ParseHistogram(text string) (Selector, error) {
	s, err := ParseScopedSelector(text)
	if err != nil {
		return s, err
	}
	for _, suffix := range histogramSuffixes {
		if base, cut := strings.CutSuffix(s.Name, suffix); cut {
			return s, fmt.Errorf("is %q, one part of a histogram; name the histogram without suffix, %s", text, base)
		}
	}
	return s, nil
}
