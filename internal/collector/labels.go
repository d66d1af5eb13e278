package collector

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
)

// Policies of [Labels]. Labels are most of what a sample costs, so each policy keeps a dimension once, under one name, whatever
// source a metric comes from.
const (
	LabelsTask     = "task"
	LabelsIdentity = "identity"
	LabelsAll      = "all"
	LabelsList     = "list"
)

// Labels configures the labels that every series carries.
type Labels struct {
	// Policy chooses the attributes.
	//
	// Default: LabelsTask, or LabelsList where Keep is not empty.
	Policy string

	// Keep lists resource attributes by their OpenTelemetry name, such as aws.ecs.task.family; the cluster's name is
	// aws_ecs_cluster_name. Only with LabelsList.
	Keep []string

	// External labels are added to every series that does not have them.
	External map[string]string

	// Service, Environment and Version are labels of every series, under the names that OpenTelemetry has for them. Service is also
	// the job of what does not name itself.
	Service, Environment, Version string
}

// named are the labels that have an option of their own, by the attribute that OpenTelemetry has for them.
func (l Labels) named() map[string]string {
	all := map[string]string{attrServiceName: l.Service, attrEnvironment: l.Environment, attrServiceVersion: l.Version}
	maps.DeleteFunc(all, func(_, value string) bool { return value == "" })
	return all
}

// Names of resource attributes, as the detectors and receivers of contrib v0.158.0 write them. The cluster name has no
// attribute of its own in what the ecs detector gives; it is cut out of the cluster's ARN, under the name its label has.
const (
	attrServiceName       = "service.name"
	attrServiceNamespace  = "service.namespace"
	attrServiceInstanceID = "service.instance.id"
	attrServiceVersion    = "service.version"
	attrEnvironment       = "deployment.environment.name"

	attrClusterARN  = "aws.ecs.cluster.arn"
	attrClusterName = prom.LabelCluster
	attrECSService  = "aws.ecs.service.name"
	attrFamily      = "aws.ecs.task.family"
	attrLaunchType  = "aws.ecs.launchtype"
	attrRevision    = "aws.ecs.task.revision"
	attrTaskARN     = "aws.ecs.task.arn"
	attrTaskID      = "aws.ecs.task.id"

	attrAccount  = "cloud.account.id"
	attrPlatform = "cloud.platform"
	attrProvider = "cloud.provider"
	attrRegion   = "cloud.region"
	attrZone     = "cloud.availability_zone"

	attrContainerName = "container.name"
	attrProcessID     = "process.pid"

	attrLogGroupARNs   = "aws.log.group.arns"
	attrLogGroupNames  = "aws.log.group.names"
	attrLogStreamARNs  = "aws.log.stream.arns"
	attrLogStreamNames = "aws.log.stream.names"
	clusterNameFromARN = `cluster/(?P<` + attrClusterName + `>.+)$`
	jobOfTaskMetrics   = "ecs"
	jobOfStatsD        = "statsd"
	parkedPrefix       = "_"
	deleteParked       = "^_"
	deleteAllButParked = "^[^_]"
	// What changes while a task runs, and what says again what the detector says in other words.
	volatileECSMetadata = `^(aws\.ecs\.(cluster\.name|docker\.|container\.|task\.(pull_|known_status|version|launch_type))|container\.(id|image\.))`
)

// detected lists everything the ecs detector adds, with the cluster name.
var detected = []string{
	attrClusterARN, attrClusterName, attrFamily, attrLaunchType, attrRevision, attrTaskARN, attrTaskID,
	attrAccount, attrPlatform, attrProvider, attrRegion, attrZone,
	attrLogGroupARNs, attrLogGroupNames, attrLogStreamARNs, attrLogStreamNames,
}

var taskDimensions = []string{
	attrClusterName, attrECSService, attrFamily, attrLaunchType, attrRevision, attrTaskID, attrAccount, attrRegion, attrZone,
}

var identity = []string{attrFamily, attrTaskID}

// policy resolves the default.
func (l Labels) policy() string {
	switch {
	case l.Policy != "":
		return l.Policy
	case len(l.Keep) > 0:
		return LabelsList
	default:
		return LabelsTask
	}
}

// kept lists the attributes that become labels; nil means all.
func (l Labels) kept() []string {
	switch l.policy() {
	case LabelsAll:
		return nil
	case LabelsIdentity:
		return identity
	case LabelsList:
		return l.Keep
	default:
		return taskDimensions
	}
}

func (l Labels) detectors() []string {
	if l.policy() == LabelsAll {
		return []string{"env", "system", "ecs"}
	}
	return []string{"env", "ecs"}
}

type resourceProcessor struct {
	Attributes []attributeAction `yaml:"attributes"`
}

type attributesProcessor struct {
	Actions []attributeAction `yaml:"actions"`
}

type attributeAction struct {
	Action        string `yaml:"action"`
	Key           Text   `yaml:"key,omitempty"`
	Value         Text   `yaml:"value,omitempty"`
	FromAttribute Text   `yaml:"from_attribute,omitempty"`
	FromContext   Text   `yaml:"from_context,omitempty"`
	Pattern       Text   `yaml:"pattern,omitempty"`
}

// MarshalYAML implements yaml.Marshaler. An action takes one line.
func (a attributeAction) MarshalYAML() (any, error) {
	type fields attributeAction
	var n yaml.Node
	err := n.Encode(fields(a))
	n.Style = yaml.FlowStyle
	return &n, err
}

// insertFrom copies an attribute, unless there is one already.
func insertFrom(key, from string) attributeAction {
	return attributeAction{Action: "insert", Key: Text(key), FromAttribute: Text(from)}
}

func insertValue(key, value string) attributeAction {
	return attributeAction{Action: "insert", Key: Text(key), Value: Text(value)}
}

// sourceActions reduce what a source says of itself to names, before the task's own attributes are detected, so that a
// source's spelling of a dimension (aws.ecs.task.version, launch_type in capitals) never stands beside the detector's.
// A set of names cannot be excluded from a deletion pattern directly, so the kept ones are parked under a prefix first.
func (l Labels) sourceActions(names ...string) []attributeAction {
	if l.kept() == nil {
		return []attributeAction{{Action: "delete", Pattern: volatileECSMetadata}}
	}
	for _, k := range l.Keep {
		if !slices.Contains(detected, k) && !slices.Contains(names, k) {
			names = append(names, k)
		}
	}
	var actions []attributeAction
	for _, n := range names {
		actions = append(actions, insertFrom(parkedPrefix+n, n))
	}
	actions = append(actions, attributeAction{Action: "delete", Pattern: deleteAllButParked})
	for _, n := range names {
		actions = append(actions, insertFrom(n, parkedPrefix+n))
	}
	return append(actions, attributeAction{Action: "delete", Pattern: deleteParked})
}

// exportedPrefix stands before a label that clashes with one that is added, as in Prometheus.
const exportedPrefix = "exported_"

// added are the attributes that a pipeline adds from the resource, beside job and instance. The exporter overwrites those of a sample.
// What Labels names must be the same on all series of the task, so it counts as well.
func (c Config) added() []string {
	named := slices.Sorted(maps.Keys(c.Labels.named()))
	kept := c.Labels.kept()
	if kept == nil {
		return append(named, attrClusterName)
	}
	known := c.known()
	return append(named, slices.DeleteFunc(slices.Clone(detected), func(d string) bool {
		_, external := known[d]
		return external || !slices.Contains(kept, d)
	})...)
}

// exported renames attributes of a sample whose labels would be overwritten, as Prometheus does with such labels of a scrape.
func (c Config) exported() (p attributesProcessor) {
	names := []string{"job", "instance", "otel_scope_name"}
	for _, attribute := range append(c.added(), attrContainerName, attrProcessID) {
		names = append(names, attribute, labelOf(attribute)) // both become the same label
	}
	for _, n := range slices.Compact(names) {
		p.Actions = append(p.Actions, insertFrom(exportedPrefix+n, n), attributeAction{Action: "delete", Key: Text(n)})
	}
	return p
}

// known are the attributes whose values are known before the task runs, with what stands for them. They need not be copied from
// the detected resource to each sample, which costs a tenth of the CPU time.
func (c Config) known() map[string]any {
	if c.Fleet != nil { // of samples of many families
		return map[string]any{attrClusterName: reference(EnvCluster), attrRegion: reference(EnvTaskRegion), attrAccount: reference(EnvAccountID)}
	}
	known := map[string]any{attrFamily: reference(EnvFamily), attrRegion: reference(EnvTaskRegion), attrAccount: reference(EnvAccountID)}
	if c.LaunchType != "" {
		known[attrLaunchType] = c.LaunchType
	}
	return known
}

// externalLabels are what is known of every sample before the task runs. The exporter adds them to a series at a third of what
// an attribute of its resource costs, which is copied to each sample, sorted, and searched for characters that a label cannot have.
func (c Config) externalLabels() map[string]any {
	labels := map[string]any{}
	for name, value := range c.Labels.External {
		labels[name] = Text(value)
	}
	for attribute, value := range c.known() {
		if slices.Contains(c.Labels.kept(), attribute) {
			labels[labelOf(attribute)] = value
		}
	}
	for attribute, value := range c.Labels.named() {
		labels[labelOf(attribute)] = Text(value)
	}
	maps.Copy(labels, c.Fleet.replicated())
	return labels
}

// labelOf is the label that the exporter makes of an attribute whose name it has to change.
func labelOf(attribute string) string { return strings.ReplaceAll(attribute, ".", "_") }

// taskActions run after detection. They cut the cluster's name out of its ARN, make sure that job and instance are set
// and unique per task, and drop what the policy does not keep. What is kept gets the name of its label here, once for a
// batch; the exporter would do it for each sample.
func (c Config) taskActions() []attributeAction {
	actions := []attributeAction{
		{Action: "extract", Key: attrClusterARN, Pattern: clusterNameFromARN},
		c.Labels.insertService(),
		insertFrom(attrServiceInstanceID, attrTaskID),
	}
	kept := c.Labels.kept()
	if kept == nil {
		return actions
	}
	known := c.known()
	var drop []string
	for _, d := range detected {
		keep, renamed := slices.Contains(kept, d), labelOf(d) != d
		if _, external := known[d]; keep && renamed && !external {
			actions = append(actions, insertFrom(labelOf(d), d))
		}
		if !keep || renamed {
			drop = append(drop, regexp.QuoteMeta(d))
		}
	}
	return append(actions, attributeAction{Action: "delete", Pattern: Text("^(" + strings.Join(drop, "|") + ")$")})
}

// insertService names what does not name itself.
func (l Labels) insertService() attributeAction {
	if l.Service != "" {
		return insertValue(attrServiceName, l.Service)
	}
	return insertFrom(attrServiceName, attrFamily)
}

func (l Labels) validate(v *faults) {
	if !slices.Contains([]string{LabelsTask, LabelsIdentity, LabelsAll, LabelsList}, l.policy()) {
		v.add("Labels.Policy is %q; it must be LabelsTask, LabelsIdentity, LabelsAll or LabelsList", l.Policy)
	}
	if l.policy() == LabelsList && len(l.Keep) == 0 {
		v.add("Labels.Policy is LabelsList, but Keep is empty; list the attributes to keep")
	}
	if l.policy() != LabelsList && len(l.Keep) > 0 {
		v.add("Labels.Keep is set, but Policy is %q; set LabelsList, or leave Keep out", l.Policy)
	}
	for i, k := range l.Keep {
		at := fmt.Sprintf("%sLabels.Keep[%d]", v.at, i)
		if k == "" || strings.HasPrefix(k, parkedPrefix) {
			v.addTo("%s is %q, which is not the name of a resource attribute", at, k)
		}
		for _, d := range slices.Concat(taskDimensions, detected) {
			if labelOf(d) == k && d != k {
				v.addTo("%s is %q, which is the name of the label; resource attributes are named as OpenTelemetry does: write %s", at, k, d)
				break
			}
		}
		v.literal(at, k)
		v.printable(at, k)
	}
	for _, name := range slices.Sorted(maps.Keys(l.External)) {
		at, value := v.at+"Labels.External: ", l.External[name]
		v.label(at+"name", name)
		if name == "job" || name == "instance" {
			v.addTo("%s%s would be the same for all series, and each source has its own; choose another name", at, name)
		}
		if value == "" {
			v.addTo("%s%s is empty, and an empty label is no label; give it a value", at, name)
		}
		v.printable(at+name, value)
		v.noVariable(at+name, value)
	}
	l.validateService(v)
	for _, o := range []struct{ option, attribute, value string }{
		{"Service", attrServiceName, l.Service}, {"Environment", attrEnvironment, l.Environment}, {"Version", attrServiceVersion, l.Version},
	} {
		at := v.at + "Labels." + o.option
		v.scraped(at, o.value)
		v.noVariable(at, o.value)
		if _, twice := l.External[labelOf(o.attribute)]; twice && o.value != "" {
			v.addTo("%s is the label %s, which %sLabels.External has too; leave one out", at, labelOf(o.attribute), v.at)
		}
	}
}

// validateService reports a name that is the job of what the collector makes itself: what has no name of its own would get it.
func (l Labels) validateService(v *faults) {
	v.literal(v.at+"Labels.Service", l.Service)
	if slices.Contains([]string{jobOfTaskMetrics, jobOfStatsD, collectorJob}, l.Service) {
		v.add("Labels.Service is %q, the job of metrics that the collector makes itself; choose another", l.Service)
	}
}

// Names are the labels by which a task can be selected: what is on every series of it. The second result says that there may be more.
func (l Labels) Names() (names []string, more bool) {
	for attribute := range l.named() {
		names = append(names, labelOf(attribute))
	}
	for name := range l.External {
		names = append(names, name)
	}
	for _, attribute := range l.kept() {
		names = append(names, labelOf(attribute))
	}
	return names, l.kept() == nil
}
