// Package alertmanager checks what AMP takes of an Alertmanager's configuration: receivers of Amazon SNS and PagerDuty, and all
// that chooses among them.
//
// Source: Amazon Managed Service for Prometheus User Guide, Alert manager (the form, SNS, PagerDuty, repeat_interval); Alertmanager
// v0.32.1, package config (everything else).
package alertmanager

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

// Limits of AMP. Source: Service Quotas, Amazon Managed Service for Prometheus.
const (
	// MaxRepeatInterval is the longest that AMP waits before it sends a notification again.
	MaxRepeatInterval = 5 * 24 * time.Hour

	// MaxBytes of a definition, and of a file of rules.
	MaxBytes = 1 << 20
)

// RepeatWarning says what becomes of a repeat interval that is too long, or nothing.
func RepeatWarning(d time.Duration) string {
	if d <= MaxRepeatInterval {
		return ""
	}
	return fmt.Sprintf("is %s, but AMP sends notifications again after 5 days at most; set 5d, or what you mean", prom.Duration(d))
}

// Check lists what keeps AMP from taking a definition, and what it would take but not do.
func Check(text string) (faults, warnings []string) {
	c := &checker{receivers: map[string]bool{}, intervals: map[string]bool{}, files: map[string]bool{}}
	if len(text) > MaxBytes {
		c.fault("", "the definition has %d bytes; AMP takes at most 1 MiB", len(text))
	}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		return []string{"it is not YAML: " + prom.OneLine(err)}, nil
	}
	root := only(&document)
	if entries := entriesOf(root); entries["alertmanager_config"] == nil && entries["route"] != nil {
		return []string{"this is the file of an Alertmanager; AMP takes it as the text of alertmanager_config: |, and templates as template_files"}, nil
	}
	var config string
	c.mapping(map[string]check{
		"alertmanager_config": func(at string, n *yaml.Node) {
			if n.Kind != yaml.ScalarNode {
				c.fault(at, "must be the text of an Alertmanager's configuration; write alertmanager_config: | before it")
				return
			}
			config = n.Value
		},
		"template_files": func(at string, n *yaml.Node) {
			for name, file := range entriesOf(n) {
				c.files[name] = true
				c.template(at+"."+name, file)
			}
		},
	})("", root)
	if len(c.faults) == 0 {
		c.config(config)
	}
	slices.Sort(c.faults) // maps have no order
	return c.faults, c.warnings
}

type check func(at string, n *yaml.Node)

type checker struct {
	faults, warnings            []string
	receivers, intervals, files map[string]bool
}

func (c *checker) config(text string) {
	if token.In(text) && !strings.Contains(text, "\n") {
		return // it is known only at deployment
	}
	var document yaml.Node
	if err := yaml.Unmarshal([]byte(text), &document); err != nil {
		c.fault("alertmanager_config", "is not YAML: %s", prom.OneLine(err))
		return
	}
	root := only(&document)
	entries := entriesOf(root)
	c.names("receivers", entries["receivers"], c.receivers)
	c.names("time_intervals", entries["time_intervals"], c.intervals)
	c.names("mute_time_intervals", entries["mute_time_intervals"], c.intervals)
	intervals := c.list(c.mapping(map[string]check{"name": c.text, "time_intervals": c.list(c.mapping(map[string]check{
		"times":    c.list(c.mapping(map[string]check{"start_time": c.text, "end_time": c.text})),
		"weekdays": c.list(c.text), "days_of_month": c.list(c.text), "months": c.list(c.text), "years": c.list(c.text), "location": c.text,
	}))}))
	c.mapping(map[string]check{
		"global": c.global, "route": c.route, "receivers": c.list(c.receiver), "templates": c.list(c.templateName),
		"inhibit_rules": c.list(c.inhibition), "time_intervals": intervals, "mute_time_intervals": intervals,
	})("", root)
	c.rootRoute(entries["route"])
}

// names collects the names of a list's items.
func (c *checker) names(at string, list *yaml.Node, into map[string]bool) {
	for i, item := range itemsOf(list) {
		switch name := valueOf(entriesOf(item)["name"]); {
		case name == "":
			c.fault(fmt.Sprintf("%s[%d]", at, i), "has no name")
		case into[name]:
			c.fault(at, "two are named %q; give each its own name", name)
		default:
			into[name] = true
		}
	}
}

// global settings are for receivers that AMP does not have, but for one.
func (c *checker) global(at string, n *yaml.Node) {
	for name, value := range entriesOf(n) {
		switch {
		case name == "resolve_timeout":
			c.duration(false)(at+"."+name, value)
		case globalName.MatchString(name):
			c.warnings = append(c.warnings, fmt.Sprintf("%s.%s is for receivers that AMP does not have, so it does nothing; remove it", at, name))
		default:
			c.unknown(at, name, nil)
		}
	}
}

var globalName = regexp.MustCompile(`^(http_config|(smtp|slack|pagerduty|opsgenie|wechat|victorops|telegram|webex|jira|rocketchat|mattermost)_[a-z_]+)$`)

func (c *checker) rootRoute(route *yaml.Node) {
	entries := entriesOf(route)
	if valueOf(entries["receiver"]) == "" {
		c.fault("", "there is no route with a receiver; every alert enters the root route, so name a receiver there")
	}
	for _, name := range []string{"matchers", "match", "match_re", "continue", "mute_time_intervals", "active_time_intervals"} {
		if set := entries[name]; set != nil && set.Value != "false" && (len(set.Content) > 0 || set.Kind == yaml.ScalarNode && set.Tag != "!!null") {
			c.fault("route", "has %s, but the root route takes every alert; move it into routes", name)
		}
	}
}

func (c *checker) route(at string, n *yaml.Node) {
	c.mapping(map[string]check{
		"receiver": c.oneOf("receiver", c.receivers), "group_by": c.groupBy, "matchers": c.list(c.matchers), "match": c.match(false), "match_re": c.match(true),
		"mute_time_intervals": c.list(c.oneOf("time interval", c.intervals)), "active_time_intervals": c.list(c.oneOf("time interval", c.intervals)),
		"continue": c.boolean, "group_wait": c.duration(false), "group_interval": c.duration(true), "repeat_interval": c.repeat, "routes": c.list(c.route),
	})(at, n)
}

func (c *checker) groupBy(at string, n *yaml.Node) {
	seen := map[string]bool{}
	for _, item := range itemsOf(n) {
		seen[item.Value] = true
		if item.Value != "..." {
			c.problem(at, prom.CheckLabelName(item.Value))
		}
	}
	c.problem(at, GroupByProblem(slices.Sorted(maps.Keys(seen)), len(itemsOf(n))))
}

// GroupByProblem says what is wrong with the labels of a group as a whole: distinct ones, and how many there are in all.
func GroupByProblem(distinct []string, all int) string {
	switch {
	case len(distinct) < all:
		return "a label is there twice; remove one"
	case all > 1 && slices.Contains(distinct, "..."):
		return `"..." is all labels, so it must be the only one`
	}
	return ""
}

func (c *checker) matchers(at string, n *yaml.Node) {
	for _, matcher := range prom.SplitAlertMatchers(n.Value) {
		c.problem(at, prom.CheckAlertMatcher(matcher))
	}
}

// match is the older form of matchers.
func (c *checker) match(expression bool) check {
	return func(at string, n *yaml.Node) {
		for name, value := range entriesOf(n) {
			c.problem(at, prom.CheckLabelName(name))
			if _, err := regexp.Compile("^(?:" + value.Value + ")$"); expression && err != nil && !token.In(value.Value) {
				c.fault(at+"."+name, "%q is not a regular expression: %v", value.Value, err)
			}
		}
	}
}

func (c *checker) inhibition(at string, n *yaml.Node) {
	c.mapping(map[string]check{
		"name": c.text, "source_match": c.match(false), "source_match_re": c.match(true), "source_matchers": c.list(c.matchers),
		"target_match": c.match(false), "target_match_re": c.match(true), "target_matchers": c.list(c.matchers),
		"equal": c.list(func(at string, n *yaml.Node) { c.problem(at, prom.CheckLabelName(n.Value)) }),
	})(at, n)
}

func (c *checker) templateName(at string, n *yaml.Node) {
	for file := range c.files {
		if matched, err := path.Match(n.Value, file); matched && err == nil {
			return
		}
	}
	c.warnings = append(c.warnings, fmt.Sprintf("%s is %q, and no template_files has that name; there are %q", at, n.Value, slices.Sorted(maps.Keys(c.files))))
}

func (c *checker) receiver(at string, n *yaml.Node) {
	for name := range entriesOf(n) {
		if strings.HasSuffix(name, "_configs") && name != "sns_configs" && name != "pagerduty_configs" {
			c.fault(at+"."+name, "AMP sends to Amazon SNS and PagerDuty only; send to an SNS topic, to which e-mail, a web hook or a chat can subscribe")
			return
		}
	}
	c.mapping(map[string]check{"name": c.text, "sns_configs": c.list(c.sns), "pagerduty_configs": c.list(c.pagerDuty)})(at, n)
}

var topicARN = regexp.MustCompile(`^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]+$`)

func (c *checker) sns(at string, n *yaml.Node) {
	entries := entriesOf(n)
	if entries["topic_arn"] == nil && entries["target_arn"] == nil && entries["phone_number"] == nil {
		c.fault(at, "has no topic_arn; AMP publishes to topics")
	}
	if valueOf(entriesOf(entries["sigv4"])["region"]) == "" {
		c.fault(at, "has no region in sigv4; AMP signs with it, so write sigv4: {region: …}, the region of the topic")
	}
	c.mapping(map[string]check{
		"topic_arn": func(at string, n *yaml.Node) {
			switch {
			case token.In(n.Value):
			case strings.HasSuffix(n.Value, ".fifo"):
				c.fault(at, "is a FIFO topic; AMP publishes to standard topics only")
			case !topicARN.MatchString(n.Value):
				c.fault(at, "is %q, which is not the ARN of a topic", n.Value)
			}
		},
		"sigv4":   c.mapping(map[string]check{"region": c.text, "access_key": c.text, "secret_key": c.text, "profile": c.text, "role_arn": c.text, "external_id": c.text}),
		"subject": c.template, "message": c.template, "attributes": c.templates, "send_resolved": c.boolean,
		"api_url":      c.refused("AMP sets it; remove it"),
		"http_config":  c.refused("AMP does not support it; remove it"),
		"target_arn":   c.refused("AMP publishes to topics; set topic_arn"),
		"phone_number": c.refused("AMP publishes to topics; set topic_arn, and subscribe the number to it"),
	})(at, n)
}

var secretARN = regexp.MustCompile(`^arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:.+$`)

func (c *checker) pagerDuty(at string, n *yaml.Node) {
	entries := entriesOf(n)
	keys := 0
	for _, name := range []string{"routing_key", "service_key", "routing_key_file", "service_key_file"} {
		if entries[name] != nil {
			keys++
		}
	}
	if keys != 1 {
		c.fault(at, "must have either routing_key, or service_key for Events API v1")
	}
	key := func(at string, n *yaml.Node) {
		secret := entriesOf(n)["aws_secrets_manager"]
		if secret == nil {
			c.fault(at, "AMP reads the key from Secrets Manager; write aws_secrets_manager: {secret_arn: …, secret_key: …}")
			return
		}
		if entriesOf(secret)["secret_arn"] == nil {
			c.fault(at+".aws_secrets_manager", "has no secret_arn")
		}
		c.mapping(map[string]check{"aws_secrets_manager": c.mapping(map[string]check{
			"secret_arn": func(at string, n *yaml.Node) {
				if !token.In(n.Value) && !secretARN.MatchString(n.Value) {
					c.fault(at, "is %q, which is not the ARN of a secret", n.Value)
				}
			},
			"secret_key": c.text, "refresh_interval": c.duration(true),
		})})(at, n)
	}
	anything := func(string, *yaml.Node) {}
	c.mapping(map[string]check{
		"routing_key": key, "service_key": key, "client": c.template, "client_url": c.template, "description": c.template, "details": c.templates,
		"severity": c.template, "class": c.template, "component": c.template, "group": c.template, "source": c.template, "send_resolved": c.boolean,
		"images": c.list(anything), "links": c.list(anything), "timeout": c.duration(false),
		"url":              c.refused("AMP does not support it; remove it"),
		"http_config":      c.refused("AMP does not support it; remove it"),
		"routing_key_file": c.refused("AMP has no files; put the key into Secrets Manager and write routing_key"),
		"service_key_file": c.refused("AMP has no files; put the key into Secrets Manager and write service_key"),
	})(at, n)
}

// The checks of values follow.

func (c *checker) text(at string, n *yaml.Node) {
	if n.Kind != yaml.ScalarNode {
		c.fault(at, "must be one value, not a list or a mapping")
	}
}

func (c *checker) oneOf(kind string, names map[string]bool) check {
	return func(at string, n *yaml.Node) {
		if !names[n.Value] && n.Value != "" && !token.In(n.Value) {
			c.fault(at, "no %s is named %q; there are %q", kind, n.Value, slices.Sorted(maps.Keys(names)))
		}
	}
}

func (c *checker) boolean(at string, n *yaml.Node) {
	if n.Tag != "!!bool" && !token.In(n.Value) {
		c.fault(at, "is %q; it must be true or false", n.Value)
	}
}

func (c *checker) duration(positive bool) check {
	return func(at string, n *yaml.Node) {
		problem := prom.CheckDuration(n.Value)
		c.problem(at, problem)
		if d, known := prom.ParseDuration(n.Value); problem == "" && known && positive && d == 0 {
			c.fault(at, "is 0; it must be more than 0")
		}
	}
}

func (c *checker) repeat(at string, n *yaml.Node) {
	c.duration(true)(at, n)
	if d, known := prom.ParseDuration(n.Value); known {
		if warning := RepeatWarning(d); warning != "" {
			c.warnings = append(c.warnings, at+" "+warning)
		}
	}
}

func (c *checker) template(at string, n *yaml.Node) {
	c.problem(at, prom.CheckNotificationTemplate(n.Value))
}

func (c *checker) templates(at string, n *yaml.Node) {
	for name, value := range entriesOf(n) {
		c.template(at+"."+name, value)
	}
}

func (c *checker) refused(why string) check {
	return func(at string, _ *yaml.Node) { c.fault(at, "%s", why) }
}

// list checks each item.
func (c *checker) list(each check) check {
	return func(at string, n *yaml.Node) {
		if n.Kind != yaml.SequenceNode && n.Tag != "!!null" {
			c.fault(at, "must be a list")
			return
		}
		for i, item := range itemsOf(n) {
			each(fmt.Sprintf("%s[%d]", at, i), item)
		}
	}
}

// mapping checks each key that is known, and reports the others.
func (c *checker) mapping(known map[string]check) check {
	return func(at string, n *yaml.Node) {
		if n.Kind != yaml.MappingNode {
			if n.Tag != "!!null" && n.Kind != 0 {
				c.fault(at, "must be a mapping")
			}
			return
		}
		for name, value := range entriesOf(n) {
			if each := known[name]; each == nil {
				c.unknown(at, name, known)
			} else if value.Tag != "!!null" {
				each(strings.TrimPrefix(at+"."+name, "."), value)
			}
		}
	}
}

func (c *checker) unknown(at, name string, known map[string]check) {
	if known == nil {
		c.fault(at, "there is no %s", name)
		return
	}
	c.fault(at, "there is no %s; there are %s", name, strings.Join(slices.Sorted(maps.Keys(known)), ", "))
}

func (c *checker) fault(at, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if at != "" {
		text = at + ": " + text
	}
	c.faults = append(c.faults, text)
}

func (c *checker) problem(at, problem string) {
	if problem != "" {
		c.fault(at, "%s", problem)
	}
}

// only is what a document holds, or a node without a kind.
func only(document *yaml.Node) *yaml.Node {
	if len(document.Content) == 0 {
		return &yaml.Node{}
	}
	return resolved(document.Content[0])
}

// resolved follows an alias.
func resolved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func itemsOf(list *yaml.Node) []*yaml.Node {
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil
	}
	items := make([]*yaml.Node, len(list.Content))
	for i, item := range list.Content {
		items[i] = resolved(item)
	}
	return items
}

// entriesOf are those of a mapping, with what it merges.
func entriesOf(mapping *yaml.Node) map[string]*yaml.Node {
	entries := map[string]*yaml.Node{}
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return entries
	}
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		value := resolved(mapping.Content[i+1])
		if mapping.Content[i].Tag != "!!merge" {
			entries[mapping.Content[i].Value] = value
			continue
		}
		for _, merged := range append(itemsOf(value), value) {
			for name, v := range entriesOf(merged) {
				if entries[name] == nil {
					entries[name] = v
				}
			}
		}
	}
	return entries
}

func valueOf(n *yaml.Node) string {
	if n == nil {
		return ""
	}
	return n.Value
}
