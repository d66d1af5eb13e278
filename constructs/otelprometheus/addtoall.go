package otelprometheus

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// AddToAllProps configures [AddToAll].
type AddToAllProps struct {
	// Telemetry is for all task definitions that Overrides and For do not treat otherwise.
	//
	// Default: OTLP and ECS task metrics, to one new workspace per stack.
	Telemetry *TelemetryProps

	// Overrides has the telemetry of task definitions by their path below scope, such as Shop/Orders/TaskDef. It replaces Telemetry.
	//
	// Default: none.
	Overrides *map[string]*TelemetryProps

	// Skip lists the paths below scope of task definitions, or of constructs that hold some, which are left alone.
	//
	// Default: none.
	Skip *[]*string

	// For is asked about each task definition that neither Overrides nor Skip names. It is given Telemetry, and returns what to use, or nil to
	// leave the task definition alone. It runs at synthesis.
	//
	// Default: Telemetry is used.
	For func(taskDefinition awsecs.TaskDefinition, telemetry *TelemetryProps) *TelemetryProps
}

// AddToAll adds a collector to every task definition below scope, such as an app, a stage or a stack, whoever makes it: the constructors of
// awsecs, ecs_patterns, other constructs. It works at synthesis, so task definitions and containers that are added later count too.
//
// Where an ECS service has a ServiceName, that is the LabelsProps.Service of its task definition, unless telemetry has one.
//
// Left alone are task definitions that have a collector, and those for EXTERNAL or Windows. A warning with the id leftAlone lists them,
// with those of Skip and For. Imported ones are not of this app. It panics when props are wrong; what it cannot check before
// synthesis becomes an error of the task definition.
func AddToAll(scope constructs.Construct, props *AddToAllProps) {
	if props == nil {
		props = &AddToAllProps{}
	}
	input.Must("AddToAll", scope, jsii.String(idAddToAll), func(f *input.Faults) {
		if scope != nil && scope.Node().TryFindChild(jsii.String(idAddToAll)) != nil {
			f.Add("it was called on this scope already; call it once, with Overrides, Skip or For for what differs")
		}
		checkAnywhere(props.Telemetry, f)
		if props.Overrides != nil {
			for _, path := range slices.Sorted(maps.Keys(*props.Overrides)) {
				if telemetry := (*props.Overrides)[path]; telemetry == nil {
					f.Add("Overrides: %s is nil; use Skip to leave a task definition alone", path)
				} else {
					checkAnywhere(telemetry, f)
				}
			}
		}
		for i, path := range input.Strings(props.Skip) {
			if path == "" {
				f.Add("Skip[%d] is empty; give the path of a construct below scope", i)
			}
		}
	})
	// The aspect hangs on a construct without children: on scope it would be called for every construct below.
	leaf := constructs.NewConstruct(scope, jsii.String(idAddToAll))
	awscdk.Aspects_Of(leaf).Add(&adder{scope: scope, leaf: leaf, props: props}, beforeOthers())
}

// adder is the aspect of [AddToAll].
type adder struct {
	scope, leaf constructs.Construct
	props       *AddToAllProps
	done        bool
}

// Visit implements awscdk.IAspect.
func (a *adder) Visit(constructs.IConstruct) {
	answer(a.leaf, func() {
		if !a.done {
			a.done = true
			a.add()
		}
	})
}

func (a *adder) add() {
	prefix := len(*a.scope.Node().Path())
	if prefix > 0 {
		prefix++
	}
	var alone []string
	found := map[string]bool{}
	var added []*Sidecar
	all := *a.scope.Node().FindAll(constructs.ConstructOrder_PREORDER)
	names := serviceNames(all)
	for _, child := range all {
		td, is := child.(awsecs.TaskDefinition)
		if !is {
			continue
		}
		path := (*child.Node().Path())[prefix:]
		found[path] = true
		telemetry, reason := a.telemetryOf(td, path)
		if reason != "" {
			alone = append(alone, path+" ("+reason+")")
			continue
		}
		var f input.Faults
		s := extend(td, named(telemetry, names[*child.Node().Path()]), &f)
		for _, text := range f {
			awscdk.Annotations_Of(td).AddError(jsii.String("AddToAll: " + text))
		}
		if s != nil {
			added = append(added, s)
		}
	}
	for _, s := range added { // where awscdk does not call the aspects that an aspect adds
		s.adoptAll()
	}
	if len(alone) > 0 {
		input.Warn(a.leaf, "leftAlone", "task definitions that get no collector: %s", strings.Join(alone, ", "))
	}
	a.report(found)
}

// serviceNames are the names that ECS services have of their own, by the path of the task definition that they run.
func serviceNames(all []constructs.IConstruct) map[string]*string {
	names := map[string]*string{}
	for _, child := range all {
		service, is := child.(awsecs.BaseService)
		if !is {
			continue
		}
		if cfn, is := service.Node().DefaultChild().(awsecs.CfnService); is && input.Known(cfn.ServiceName()) {
			names[*service.TaskDefinition().Node().Path()] = cfn.ServiceName()
		}
	}
	return names
}

// named is telemetry with the name of the service, unless it has one or is not generated.
func named(telemetry *TelemetryProps, service *string) *TelemetryProps {
	t, labels := TelemetryProps{}, LabelsProps{}
	if telemetry != nil {
		t = *telemetry
	}
	if t.Labels != nil {
		labels = *t.Labels
	}
	if service == nil || labels.Service != nil || t.Config != nil && !t.Config.generated {
		return telemetry
	}
	labels.Service = service
	t.Labels = &labels
	return &t
}

// hasCollector says whether a task definition has a collector of this library, or a container that runs another one.
func hasCollector(td awsecs.TaskDefinition) bool {
	return td.Node().TryFindChild(jsii.String(idCollector)) != nil ||
		slices.ContainsFunc(*td.Containers(), func(c awsecs.ContainerDefinition) bool { return otherCollectors.MatchString(*c.ImageName()) })
}

// telemetryOf is the telemetry of a task definition, or the reason to leave it alone.
func (a *adder) telemetryOf(td awsecs.TaskDefinition, path string) (telemetry *TelemetryProps, reason string) {
	telemetry = a.props.Telemetry
	override, overridden := (*TelemetryProps)(nil), false
	if a.props.Overrides != nil {
		override, overridden = (*a.props.Overrides)[path]
	}
	switch {
	case slices.ContainsFunc(input.Strings(a.props.Skip), func(skip string) bool { return within(path, skip) }):
		return nil, "Skip"
	case hasCollector(td):
		return nil, "has a collector"
	case td.Compatibility() == awsecs.Compatibility_EXTERNAL:
		return nil, "EXTERNAL"
	case overridden:
		return override, ""
	}
	if onWindows(td.RuntimePlatform()) {
		return nil, "Windows"
	}
	if a.props.For != nil {
		if telemetry == nil {
			telemetry = &TelemetryProps{}
		}
		if telemetry = a.props.For(td, telemetry); telemetry == nil {
			return nil, "For"
		}
	}
	return telemetry, ""
}

// report names paths in the props at which there is nothing.
func (a *adder) report(found map[string]bool) {
	var missing []string
	if a.props.Overrides != nil {
		for _, path := range slices.Sorted(maps.Keys(*a.props.Overrides)) {
			if !found[path] {
				missing = append(missing, fmt.Sprintf("Overrides: there is no task definition at %s", path))
			}
		}
	}
	paths := slices.Collect(maps.Keys(found))
	for i, skip := range input.Strings(a.props.Skip) {
		if !slices.ContainsFunc(paths, func(path string) bool { return within(path, skip) }) {
			missing = append(missing, fmt.Sprintf("Skip[%d]: there is no task definition at or below %s", i, skip))
		}
	}
	for _, text := range missing {
		awscdk.Annotations_Of(a.leaf).AddError(jsii.String("AddToAll: " + text + "; paths begin below the scope that AddToAll was given"))
	}
}

// within says whether a path is that of a construct, or of one below it.
func within(path, construct string) bool {
	return path == construct || strings.HasPrefix(path, construct+"/")
}
