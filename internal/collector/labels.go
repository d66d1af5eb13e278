package collector

import (
	"maps"
	"regexp"
	"slices"
	"strings"
)

// LabelPolicy says which resource attributes become labels. Labels are most of what a sample costs, so each policy
// keeps a dimension once, under one name, whatever source a metric comes from. The labels job and instance are always
// set; scope information, attributes that change while a task runs and repetitions of job and instance never become
// labels.
type LabelPolicy string

const (
	// LabelsTask keeps every task-level dimension: cluster name, family, revision, task id, launch type, availability
	// zone, region, account, and the service name where it is known.
	LabelsTask LabelPolicy = "task"

	// LabelsIdentity keeps only what makes a series unique: family and task id.
	LabelsIdentity LabelPolicy = "identity"

	// LabelsAll keeps every attribute that the sources and the detectors give, as ADOT's own configuration files do.
	LabelsAll LabelPolicy = "all"

	// LabelsList keeps the attributes that Labels.Keep names.
	LabelsList LabelPolicy = "list"
)

// Labels configures the labels that every series carries.
type Labels struct {
	// Policy chooses the attributes.
	//
	// Default: LabelsTask, or LabelsList where Keep is not empty.
	Policy LabelPolicy

	// Keep lists resource attributes by their OpenTelemetry name, such as aws.ecs.task.family; the cluster's name is
	// aws_ecs_cluster_name. Only with LabelsList.
	Keep []string

	// External labels are added to every series that does not have them.
	//
	// Default: none.
	External map[string]string
}

// Names of resource attributes, as the detectors and receivers of contrib v0.156.0 write them. The cluster name has no
// attribute of its own in what the ecs detector gives; it is cut out of the cluster's ARN, under the name its label has.
const (
	attrServiceName       = "service.name"
	attrServiceNamespace  = "service.namespace"
	attrServiceInstanceID = "service.instance.id"

	attrClusterARN  = "aws.ecs.cluster.arn"
	attrClusterName = "aws_ecs_cluster_name"
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
func (l Labels) policy() LabelPolicy {
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

type attributeAction struct {
	Action        string `yaml:"action"`
	Key           text   `yaml:"key,omitempty"`
	Value         text   `yaml:"value,omitempty"`
	FromAttribute text   `yaml:"from_attribute,omitempty"`
	Pattern       text   `yaml:"pattern,omitempty"`
}

// insertFrom copies an attribute, unless there is one already.
func insertFrom(key, from string) attributeAction {
	return attributeAction{Action: "insert", Key: text(key), FromAttribute: text(from)}
}

func insertValue(key, value string) attributeAction {
	return attributeAction{Action: "insert", Key: text(key), Value: text(value)}
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

// Task is what is known of a task before it runs, in the words of the ecs detector.
type Task struct {
	// Family of the task definition, Region and AccountID of the task.
	//
	// Default: empty, detected when the task runs.
	Family, Region, AccountID string

	// LaunchType is fargate or ec2.
	//
	// Default: empty, detected when the task runs.
	LaunchType string
}

func (t Task) validate(v *faults) {
	for _, name := range slices.Sorted(maps.Keys(t.attributes())) {
		v.printable("task: "+name, t.attributes()[name])
	}
	if t.LaunchType != "" && t.LaunchType != "fargate" && t.LaunchType != "ec2" {
		v.add("task: launch type %q is neither fargate nor ec2", t.LaunchType)
	}
}

// attributes are the resource attributes whose values are known.
func (t Task) attributes() map[string]string {
	known := map[string]string{attrFamily: t.Family, attrRegion: t.Region, attrAccount: t.AccountID, attrLaunchType: t.LaunchType}
	maps.DeleteFunc(known, func(_, value string) bool { return value == "" })
	return known
}

// externalLabels are what is known of every sample before the task runs. The exporter adds them to a series at a third of what
// an attribute of its resource costs, which is copied to each sample, sorted, and searched for characters that a label cannot have.
func (c Config) externalLabels() map[string]text {
	labels := map[string]text{}
	for name, value := range c.Labels.External {
		labels[name] = text(value)
	}
	for attribute, value := range c.Task.attributes() {
		if slices.Contains(c.Labels.kept(), attribute) {
			labels[labelOf(attribute)] = text(value)
		}
	}
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
		insertFrom(attrServiceName, attrFamily),
		insertFrom(attrServiceInstanceID, attrTaskID),
	}
	kept := c.Labels.kept()
	if kept == nil {
		return actions
	}
	known := c.Task.attributes()
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
	return append(actions, attributeAction{Action: "delete", Pattern: text("^(" + strings.Join(drop, "|") + ")$")})
}

func (l Labels) validate(v *faults) {
	if !slices.Contains([]LabelPolicy{LabelsTask, LabelsIdentity, LabelsAll, LabelsList}, l.policy()) {
		v.add("labels: unknown policy %q; use task, identity, all or list", l.Policy)
	}
	if l.policy() == LabelsList && len(l.Keep) == 0 {
		v.add("labels: the list of attributes to keep is empty")
	}
	if l.policy() != LabelsList && len(l.Keep) > 0 {
		v.add("labels: a list of attributes to keep does not go with policy %q", l.Policy)
	}
	for _, k := range l.Keep {
		if k == "" || strings.HasPrefix(k, parkedPrefix) {
			v.add("labels: %q is not the name of a resource attribute", k)
		}
		v.literal("labels: attribute", k)
		v.printable("labels: attribute", k)
	}
	for _, name := range slices.Sorted(maps.Keys(l.External)) {
		value := l.External[name]
		v.label("labels: external label", name)
		if value == "" {
			v.add("labels: external label %s is empty; an empty label is no label", name)
		}
		v.printable("labels: external label "+name, value)
	}
}
