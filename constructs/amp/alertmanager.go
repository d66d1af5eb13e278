package amp

import (
	"fmt"
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/alertmanager"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

// AlertManagerDefinition says where alerts are sent: Route and Receivers, or Yaml.
type AlertManagerDefinition struct {
	// Route is the root of the routing tree, which every alert enters. It has a receiver and no matchers. Required unless
	// Yaml is set.
	Route *AlertRoute

	// Receivers are what routes refer to. Required unless Yaml is set.
	Receivers *[]*AlertReceiver

	// Yaml is the whole definition in AMP's form, for what the typed one does not have (templates, inhibition, time
	// intervals, PagerDuty): a document with alertmanager_config, and optionally template_files, both as text. It is sent
	// unchanged, after a check that it has only what AMP documents: the receivers (SNS with the region in sigv4, PagerDuty with
	// the key in Secrets Manager), the keys, names, matchers, durations and templates. Topics in it get no policy.
	//
	// Default: made from Route and Receivers.
	// Source: Amazon Managed Service for Prometheus User Guide, Create an alert manager configuration.
	Yaml *string
}

// AlertRoute is a node of the routing tree.
type AlertRoute struct {
	// Receiver is the name of one of the receivers.
	//
	// Default: that of the route above. The root needs one.
	Receiver *string

	// GroupBy are labels; alerts which have the same values of them go into one notification. "..." is all labels.
	//
	// Default: that of the route above, at the root none.
	GroupBy *[]*string

	// Matchers choose the alerts for this route, each in the form label="value" with =, !=, =~ or !~. All must match. The root
	// takes all alerts, and must have none.
	//
	// Default: none.
	Matchers *[]*string

	// Continue offers an alert that this route took to the routes beside it too.
	//
	// Default: false.
	Continue *bool

	// GroupWait is how long the first notification of a group waits for more alerts, at least 0.
	//
	// Default: that of the route above, at the root 30 seconds.
	// Source of this and the next two: Prometheus Alertmanager configuration, route.
	GroupWait awscdk.Duration

	// GroupInterval is how long a group waits before it sends a notification of new alerts, more than 0.
	//
	// Default: that of the route above, at the root 5 minutes.
	GroupInterval awscdk.Duration

	// RepeatInterval is how long it takes before a notification is sent again, more than 0. AMP takes more than 5 days as 5 days.
	//
	// Default: that of the route above, at the root 4 hours.
	RepeatInterval awscdk.Duration

	// Routes are tried in order; the first that matches takes the alert.
	//
	// Default: none.
	Routes *[]*AlertRoute
}

// AlertReceiver is a named list of topics.
type AlertReceiver struct {
	// Name is what routes refer to. Required.
	Name *string

	// Sns are topics of Amazon SNS.
	//
	// Default: none; the receiver drops alerts.
	Sns *[]*SnsReceiver
}

// SnsReceiver publishes to a topic of Amazon SNS.
type SnsReceiver struct {
	// Topic is a standard topic in the account of the workspace. A topic of this app gets a policy that lets AMP publish
	// for this workspace, and its KMS key one that lets AMP use it; for imported ones a warning shows the statement. A
	// topic known to be FIFO or of another account is refused. Required.
	// Source: Amazon Managed Service for Prometheus User Guide, Set up your alert receiver.
	Topic awssns.ITopic

	// Subject is a Go template for the subject of the message.
	//
	// Default: as AMP has it.
	Subject *string

	// Message is a Go template for the message.
	//
	// Default: as AMP has it.
	Message *string

	// Attributes are message attributes, which subscriptions can filter on.
	//
	// Default: none.
	Attributes *map[string]*string

	// SendResolved sends a message when an alert is over, too.
	//
	// Default: true.
	// Source: Prometheus Alertmanager configuration, sns_config.
	SendResolved *bool
}

// validate gives back what AMP takes but does not do.
func (d *AlertManagerDefinition) validate(scope constructs.Construct, f *input.Faults) (warnings []string) {
	if d == nil {
		return nil
	}
	const where = "AlertManager"
	if d.Yaml != nil {
		if d.Route != nil || d.Receivers != nil {
			f.Add("%s.Yaml is set together with Route or Receivers; it is the whole definition, so leave one out", where)
		}
		if !token.In(*d.Yaml) {
			faults, warned := alertmanager.Check(*d.Yaml)
			f.AddAll(where+".Yaml", faults...)
			for _, w := range warned {
				warnings = append(warnings, where+".Yaml: "+w)
			}
		}
		return warnings
	}
	names := map[string]bool{}
	if d.Receivers == nil || len(*d.Receivers) == 0 {
		f.Add("%s.Receivers is empty; name at least the receiver of the root route", where)
	} else {
		for i, r := range *d.Receivers {
			r.validate(fmt.Sprintf("%s.Receivers[%d]", where, i), scope, names, f)
		}
	}
	if d.Route == nil {
		f.Add("%s.Route is not set; give the root route, with a receiver", where)
		return nil
	}
	if d.Route.Receiver == nil {
		f.Add("%s.Route.Receiver is not set; every alert enters here, so name a receiver", where)
	}
	if d.Route.Matchers != nil && len(*d.Route.Matchers) > 0 || input.BoolOr(d.Route.Continue, false) {
		f.Add("%s.Route has Matchers or Continue; the root route takes every alert, so put them into Routes", where)
	}
	return d.Route.validate(where+".Route", names, f)
}

func (r *AlertReceiver) validate(where string, scope constructs.Construct, names map[string]bool, f *input.Faults) {
	if r == nil {
		f.Add("%s is nil; remove it or describe a receiver", where)
		return
	}
	name := input.StringOr(r.Name, "")
	switch {
	case name == "":
		f.Add("%s.Name is not set; routes refer to it", where)
	case names[name]:
		f.Add("%s.Name: two receivers are named %q; give each its own name", where, name)
	}
	names[name] = true
	if r.Sns == nil {
		return
	}
	for i, s := range *r.Sns {
		where := fmt.Sprintf("%s.Sns[%d]", where, i)
		switch {
		case s == nil:
			f.Add("%s is nil; remove it or name a topic", where)
		case s.Topic == nil:
			f.Add("%s.Topic is not set; give an SNS topic", where)
		default:
			s.validateTemplates(where, f)
			if input.BoolOr(s.Topic.Fifo(), false) {
				f.Add("%s.Topic is a FIFO topic; AMP publishes to standard topics only", where)
			}
			if scope == nil {
				continue
			}
			if here := awscdk.Stack_Of(scope).Account(); input.Differ(s.Topic.Env().Account, here) {
				f.Add("%s.Topic is in account %s, the workspace in %s; AMP publishes to topics of its own account only", where, *s.Topic.Env().Account, *here)
			}
		}
	}
}

func (s *SnsReceiver) validateTemplates(where string, f *input.Faults) {
	f.AddAll(where+".Subject", prom.CheckNotificationTemplate(input.StringOr(s.Subject, "")))
	f.AddAll(where+".Message", prom.CheckNotificationTemplate(input.StringOr(s.Message, "")))
	attributes := input.Map(s.Attributes)
	for _, name := range sortedKeys(attributes) {
		f.AddAll(where+".Attributes["+name+"]", prom.CheckNotificationTemplate(attributes[name]))
	}
}

func (r *AlertRoute) validate(where string, names map[string]bool, f *input.Faults) (warnings []string) {
	if r == nil {
		f.Add("%s is nil; remove it or describe a route", where)
		return nil
	}
	if input.Known(r.Receiver) && !names[*r.Receiver] {
		f.Add("%s.Receiver: no receiver is named %q; there are %q", where, *r.Receiver, sortedKeys(names))
	}
	labels := input.Strings(r.GroupBy)
	f.AddAll(where+".GroupBy", alertmanager.GroupByProblem(slices.Compact(slices.Sorted(slices.Values(labels))), len(labels)))
	for _, label := range labels {
		if label != "..." {
			f.AddAll(where+".GroupBy", prom.CheckLabelName(label))
		}
	}
	for _, m := range input.Strings(r.Matchers) {
		f.AddAll(where+".Matchers", prom.CheckAlertMatcher(m))
	}
	promDuration(f, where+".GroupWait", r.GroupWait, false)
	promDuration(f, where+".GroupInterval", r.GroupInterval, true)
	promDuration(f, where+".RepeatInterval", r.RepeatInterval, true)
	if t := new(input.Faults).Duration("", r.RepeatInterval); t != nil {
		if warning := alertmanager.RepeatWarning(*t); warning != "" {
			warnings = append(warnings, where+".RepeatInterval "+warning)
		}
	}
	if r.Routes != nil {
		for i, child := range *r.Routes {
			warnings = append(warnings, child.validate(fmt.Sprintf("%s.Routes[%d]", where, i), names, f)...)
		}
	}
	return warnings
}

// allowTopics lets AMP publish to the topics of the receivers, for this workspace only.
// Source: Amazon Managed Service for Prometheus User Guide, Giving permission to send alert messages to your SNS topic.
func (d *AlertManagerDefinition) allowTopics(w *Workspace) {
	if d == nil || d.Receivers == nil {
		return
	}
	for _, r := range *d.Receivers {
		if r.Sns == nil {
			continue
		}
		for _, s := range *r.Sns {
			allowTopic(w, s.Topic) // awscdk leaves out what a policy has already
		}
	}
}

func allowTopic(w *Workspace, topic awssns.ITopic) {
	stack := awscdk.Stack_Of(w)
	service := awsiam.NewServicePrincipal(jsii.String("aps.amazonaws.com"), nil)
	source, match := w.arn, "ArnEquals"
	if *awscdk.Stack_Of(topic).Node().Addr() != *stack.Node().Addr() {
		// Naming the workspace in the topic's stack would make two stacks depend on each other. "*" is any workspace of
		// this account and region.
		match = "ArnLike"
		source = stack.FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("aps"), Resource: jsii.String("workspace"), ResourceName: jsii.String("*"),
		})
	}
	publish := awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:    jsii.Strings("sns:GetTopicAttributes", "sns:Publish"),
		Principals: &[]awsiam.IPrincipal{service},
		Resources:  &[]*string{topic.TopicArn()},
		Conditions: &map[string]interface{}{
			match:          map[string]interface{}{"aws:SourceArn": source},
			"StringEquals": map[string]interface{}{"aws:SourceAccount": stack.Account()},
		},
	})
	if !*topic.AddToResourcePolicy(publish).StatementAdded {
		input.Warn(w, "topicNotChanged", "AlertManager: the policy of topic %s cannot be changed by this app; AMP needs this statement there: %s",
			*topic.Node().Path(), render(w, publish))
	}
	key := topic.MasterKey()
	if key == nil {
		return
	}
	use := awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Actions:    jsii.Strings("kms:Decrypt", "kms:GenerateDataKey*"),
		Principals: &[]awsiam.IPrincipal{service},
		Resources:  jsii.Strings("*"), // in a key policy: this key
	})
	if !*key.AddToResourcePolicy(use, jsii.Bool(true)).StatementAdded {
		input.Warn(w, "topicKeyNotChanged", "AlertManager: the policy of key %s of topic %s cannot be changed by this app; AMP needs this statement there: %s",
			*key.Node().Path(), *topic.Node().Path(), render(w, use))
	}
}
