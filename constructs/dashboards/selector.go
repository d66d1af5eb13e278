package dashboards

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
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
	labelCluster  = "aws_ecs_cluster_name"
	labelService  = "aws_ecs_task_family"
	labelTask     = "aws_ecs_task_id"
	labelRevision = "aws_ecs_task_revision"
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
	name, rest, _ := strings.Cut(selector, "{")
	matchers := append([]string{string(s)}, more...)
	if own := strings.Trim(strings.TrimSuffix(strings.TrimSpace(rest), "}"), ", \t\n"); own != "" {
		matchers = append(matchers, own)
	}
	return strings.TrimSpace(name) + suffix + "{" + strings.Join(matchers, ",") + "}"
}

var (
	selectorName = regexp.MustCompile(`^\s*([a-zA-Z_:][a-zA-Z0-9_:]*)\s*`)
	matcherStart = regexp.MustCompile(`^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*(=~|!~|!=|=)\s*`)
	quotedText   = regexp.MustCompile(`^("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')\s*`)
)

// checkSelector reports a selector that is not a name with matchers or without, and gives its name.
func checkSelector(field, selector string, fault func(string, ...any)) (name string) {
	if strings.TrimSpace(selector) == "" {
		fault("%s is empty; name a metric, such as http_requests_total{job=\"shop\"}", field)
		return ""
	}
	name, matchers, err := splitSelector(selector)
	if err != nil {
		fault("%s %q: %w", field, selector, err)
	}
	for _, label := range matchers {
		if label == labelCluster || label == labelService || label == labelTask {
			fault("%s %q: %s is chosen in the dashboard; leave it out", field, selector, label)
		}
	}
	return name
}

// splitSelector reads a selector, and gives the labels that it matches.
func splitSelector(selector string) (name string, labels []string, err error) {
	found := selectorName.FindStringSubmatch(selector)
	if found == nil {
		return "", nil, errors.New("it does not start with the name of a metric")
	}
	name, rest := found[1], selector[len(found[0]):]
	if rest == "" {
		return name, nil, nil
	}
	rest, ok := strings.CutPrefix(rest, "{")
	if !ok {
		return name, nil, fmt.Errorf("%q stands after the name; only matchers in braces can", rest)
	}
	for {
		rest = strings.TrimLeft(rest, " \t\n")
		if after, closed := strings.CutPrefix(rest, "}"); closed {
			if strings.TrimSpace(after) != "" {
				return name, nil, fmt.Errorf("%q stands after the matchers; a selector ends there", after)
			}
			return name, labels, nil
		}
		matcher := matcherStart.FindStringSubmatch(rest)
		if matcher == nil {
			return name, nil, fmt.Errorf("%q is no matcher; write label=\"value\", and close the braces", rest)
		}
		rest = rest[len(matcher[0]):]
		value := quotedText.FindString(rest)
		if value == "" {
			return name, nil, fmt.Errorf("the value of %s is not in quotes", matcher[1])
		}
		labels = append(labels, matcher[1])
		rest = rest[len(value):]
		if after, comma := strings.CutPrefix(rest, ","); comma {
			rest = after
		} else if !strings.HasPrefix(rest, "}") {
			return name, nil, fmt.Errorf("%q stands where a comma or the closing brace is expected", rest)
		}
	}
}
