package amp

import (
	"bytes"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"go.yaml.in/yaml/v3"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
)

// encodeYAML writes the same text for the same value: yaml sorts the keys of maps.
func encodeYAML(v any) string {
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(v); err != nil {
		panic(err) // a value of this package that yaml cannot write
	}
	return b.String()
}

// decodeStrict reports fields that v does not have.
func decodeStrict(text string, v any) error {
	dec := yaml.NewDecoder(strings.NewReader(text))
	dec.KnownFields(true)
	return dec.Decode(v)
}

// promDuration reports a duration that cannot be written into a rule file or an alert manager's configuration.
func promDuration(f *input.Faults, what string, d awscdk.Duration, positive bool) {
	if t := f.Duration(what, d); positive && t != nil && *t <= 0 {
		f.Add("%s is 0; it must be more than 0", what)
	}
}

// promText writes a duration as Prometheus does. nil is empty, and so is a token, which promDuration reports.
func promText(d awscdk.Duration) string {
	if t := new(input.Faults).Duration("", d); t != nil {
		return prom.Duration(*t)
	}
	return ""
}

// alertManagerDocument is the form of AMP: the files of an Alertmanager as text.
type alertManagerDocument struct {
	Config        string            `yaml:"alertmanager_config"`
	TemplateFiles map[string]string `yaml:"template_files,omitempty"`
}

type alertManagerConfig struct {
	Route     *routeNode     `yaml:"route"`
	Receivers []receiverNode `yaml:"receivers"`
}

type routeNode struct {
	Receiver       string       `yaml:"receiver,omitempty"`
	GroupBy        []string     `yaml:"group_by,omitempty,flow"`
	Matchers       []string     `yaml:"matchers,omitempty"`
	Continue       bool         `yaml:"continue,omitempty"`
	GroupWait      string       `yaml:"group_wait,omitempty"`
	GroupInterval  string       `yaml:"group_interval,omitempty"`
	RepeatInterval string       `yaml:"repeat_interval,omitempty"`
	Routes         []*routeNode `yaml:"routes,omitempty"`
}

type receiverNode struct {
	Name string    `yaml:"name"`
	Sns  []snsNode `yaml:"sns_configs,omitempty"`
}

type snsNode struct {
	TopicArn     string            `yaml:"topic_arn"`
	Sigv4        map[string]string `yaml:"sigv4"`
	Subject      string            `yaml:"subject,omitempty"`
	Message      string            `yaml:"message,omitempty"`
	Attributes   map[string]string `yaml:"attributes,omitempty"`
	SendResolved *bool             `yaml:"send_resolved,omitempty"`
}

// yaml is the definition as AMP takes it.
func (d *AlertManagerDefinition) yaml() string {
	if d.Yaml != nil {
		return *d.Yaml
	}
	config := alertManagerConfig{Route: d.Route.node()}
	for _, r := range *d.Receivers {
		node := receiverNode{Name: *r.Name}
		if r.Sns != nil {
			for _, s := range *r.Sns {
				node.Sns = append(node.Sns, snsNode{
					TopicArn: *s.Topic.TopicArn(),
					// AMP refuses a receiver without it.
					Sigv4:        map[string]string{"region": *s.Topic.Env().Region},
					Subject:      input.StringOr(s.Subject, ""),
					Message:      input.StringOr(s.Message, ""),
					Attributes:   input.Map(s.Attributes),
					SendResolved: s.SendResolved,
				})
			}
		}
		config.Receivers = append(config.Receivers, node)
	}
	return encodeYAML(alertManagerDocument{Config: encodeYAML(config)})
}

func (r *AlertRoute) node() *routeNode {
	n := &routeNode{
		Receiver: input.StringOr(r.Receiver, ""), GroupBy: input.Strings(r.GroupBy), Matchers: input.Strings(r.Matchers),
		Continue: input.BoolOr(r.Continue, false), GroupWait: promText(r.GroupWait),
		GroupInterval: promText(r.GroupInterval), RepeatInterval: promText(r.RepeatInterval),
	}
	if r.Routes != nil {
		for _, child := range *r.Routes {
			n.Routes = append(n.Routes, child.node())
		}
	}
	return n
}
