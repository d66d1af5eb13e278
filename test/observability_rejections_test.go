package test

import (
	"errors"
	"math"
	"testing"
	"time"

	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/observability"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/slo"
)

// TestObservabilityRejections checks that bad input gets one message with every fault and the construct's path, and leaves
// the stack as it was.
func TestObservabilityRejections(t *testing.T) {
	type props = observability.ServiceRulesProps
	objective := func(change func(*slo.SLO)) func(*props) {
		return func(p *props) {
			s := availability()
			change(s)
			p.SLOs = &[]*slo.SLO{s}
		}
	}
	alerts := func(name string, a *observability.Alert) func(*props) {
		return func(p *props) { p.Alerts = &map[string]*observability.Alert{name: a} }
	}
	for name, tc := range map[string]struct {
		change func(*props)
		want   []string
	}{
		"no family":    {func(p *props) { p.TaskFamily = nil }, []string{"nothing says which service it is; set Service, TaskDefinition, ServiceName or TaskFamily"}},
		"names of ECS": {func(p *props) { p.TaskFamily, p.Cluster = jsii.String("a b"), jsii.String("c/d") }, []string{"2 errors", `TaskFamily is "a b"; it must have 1 to 255 letters`, `Cluster is "c/d"`}},
		"matchers": {func(p *props) { p.Matchers = labels("a-b", "x", "aws_ecs_task_family", "x", "env", "") },
			[]string{"3 errors", `Matchers: "a-b" is not the name of a label`, "Matchers has aws_ecs_task_family; set ServiceName, TaskFamily", "Matchers: env has no value"}},
		"metrics that ECS does not have": {func(p *props) {
			p.TaskMetrics = jsii.Strings("ecs.task.cpu", "container.cpu.reserved", "ecs_task_memory_utilized")
		},
			[]string{`TaskMetrics[0] is "ecs.task.cpu", which ECS does not have; it has `, `TaskMetrics[2] is "ecs_task_memory_utilized", which ECS does not have`}},
		"every threshold": {func(p *props) {
			p.Tasks = &observability.TaskAlerts{CpuUtilization: jsii.Number(101), MemoryUtilization: jsii.Number(90), NetworkBytesPerSecond: jsii.Number(0),
				StorageBytesPerSecond: jsii.Number(math.NaN()), Replacements: jsii.Number(1.5), EphemeralStorageUtilization: jsii.Number(0)}
			p.TaskMetrics = nil
			p.Containers = &observability.ContainerAlerts{CpuUtilization: jsii.Number(-1), MemoryUtilization: jsii.Number(1.1), NetworkBytesPerSecond: jsii.Number(1e13), StorageBytesPerSecond: jsii.Number(math.Inf(1))}
			p.Scrape = &observability.ScrapeAlerts{DurationSeconds: jsii.Number(0), SampleLimit: jsii.Number(0.5)}
			p.Collector = &observability.CollectorAlerts{QueueUtilization: jsii.Number(2), FailedRatio: jsii.Number(5), RefusedRatio: jsii.Number(-0.1), Restarts: jsii.Number(-1)}
		}, []string{"16 errors", "Tasks.CpuUtilization is 101; it must be from 0.01 to 100", "Tasks.MemoryUtilization is 90; it must be from 0.001 to 1",
			"Tasks.NetworkBytesPerSecond is 0; it must be from 1 to", "Tasks.StorageBytesPerSecond is NaN", "Tasks.Replacements is 1.5; it must be a whole number",
			"Tasks.EphemeralStorageUtilization is set, but the sidecar does not keep all of ecs.task.ephemeral_storage.utilized, ecs.task.ephemeral_storage.reserved; name them in TaskMetrics",
			"Containers.CpuUtilization is -1", "Containers.MemoryUtilization is 1.1", "Containers.NetworkBytesPerSecond is set, but the sidecar does not keep", "Containers.StorageBytesPerSecond is +Inf",
			"Scrape.DurationSeconds is 0; it must be from 0.001 to 3600", "Scrape.SampleLimit is 0.5", "Collector.QueueUtilization is 2", "Collector.FailedRatio is 5",
			"Collector.RefusedRatio is -0.1", "Collector.Restarts is -1"}},
		"thresholds on metrics that are not kept": {func(p *props) {
			p.TaskMetrics = jsii.Strings("container.memory.utilized")
			p.Tasks = &observability.TaskAlerts{CpuUtilization: jsii.Number(0.5), Replacements: jsii.Number(1)}
			p.Containers, p.Absence = &observability.ContainerAlerts{}, nil
		}, []string{"4 errors", "Tasks.CpuUtilization is set, but the sidecar does not keep all of ecs.task.cpu.utilized, ecs.task.cpu.reserved",
			"Tasks.Replacements is set, but", "Containers is set, but TaskMetrics has no metrics of containers", "Absence has nothing to watch"}},
		"tokens": {func(p *props) {
			n := tokenDuration().ToSeconds(nil)
			p.Tasks = &observability.TaskAlerts{CpuUtilization: n}
			s := availability()
			s.Objective, s.BurnRates = *n, []slo.BurnRate{{Factor: *n, Long: time.Hour, Short: 5 * time.Minute}}
			p.SLOs = &[]*slo.SLO{s}
			p.Alerts = &map[string]*observability.Alert{"EcsTaskCpuHigh": {For: tokenDuration()}}
		}, []string{"Tasks.CpuUtilization is a token; it must be known at synthesis", "SLOs[0].Objective is a token", "SLOs[0].BurnRates[0].Factor is a token",
			"Alerts[EcsTaskCpuHigh].For is a token; it must be known at synthesis"}},
		"absent metrics": {func(p *props) {
			p.Absence.Metrics = jsii.Strings("", "http.requests", "2xx", "ecs_task_cpu", "up", "up")
		}, []string{"5 errors", "Absence.Metrics[0] is empty; give the name", `Absence.Metrics[1]: "http.requests" has dots; in AMP, names have underscores`,
			`Absence.Metrics[2]: "2xx" is not the name of a metric`, `Absence.Metrics[3] is "ecs_task_cpu", which is not among the ECS metrics that the sidecar keeps`, `Absence.Metrics has "up" twice`}},
		"runbook": {func(p *props) { p.RunbookUrl = jsii.String("wiki#x") }, []string{`RunbookUrl is "wiki#x"; it must be an http or https URL without a fragment`}},

		// constructs/slo has every rejection of objectives.
		"objectives":         {func(p *props) { p.SLOs = &[]*slo.SLO{nil, {}} }, []string{"SLOs[0] is nil", "SLOs[1].Name is \"\"; it must have 1 to 40 lower-case", "SLOs[1].Objective is 0; it must be from 0.5 to 0.99999", "SLOs[1] measures nothing or two things"}},
		"unknown ECS metric": {objective(func(s *slo.SLO) { s.Errors = "ecs_task_cpu_used" }), []string{`SLOs[0].Errors is "ecs_task_cpu_used", which is not among the ECS metrics that the sidecar keeps`}},
		"a wrong objective, a changed alert": {func(p *props) {
			objective(func(s *slo.SLO) { s.Objective = 99.9 })(p)
			alerts("EcsSloNoData", &observability.Alert{For: minutes(1)})(p)
		}, []string{"NewServiceRules: SLOs[0].Objective is 99.9; it is a share, so write 0.999"}},

		"unknown alert":     {alerts("EcsTaskCpu", &observability.Alert{}), []string{"Alerts[EcsTaskCpu]: there is no such alert; there are EcsTaskCpuHigh, EcsTaskMemoryHigh"}},
		"alert that is nil": {alerts("EcsTaskCpuHigh", nil), []string{"Alerts[EcsTaskCpuHigh] is nil; remove it or say what changes"}},
		"alert of no group": {func(p *props) { p.Scrape = nil; alerts("EcsScrapeSlow", &observability.Alert{})(p) }, []string{"Alerts[EcsScrapeSlow] is not among the alerts of this service; turn on its group"}},
		"one Expr for all":  {alerts("EcsSloFastBurn", &observability.Alert{Expr: jsii.String("up")}), []string{"Alerts[EcsSloFastBurn].Expr is set, but would be the same for every objective"}},
		"one Expr for two": {func(p *props) {
			p.Absence.Metrics = jsii.Strings("a", "b")
			alerts("EcsMetricAbsent", &observability.Alert{Expr: jsii.String("up")})(p)
		}, []string{"Alerts[EcsMetricAbsent].Expr is set, but there are 2 such alerts"}},
		"broken PromQL":    {alerts("EcsTaskCpuHigh", &observability.Alert{Expr: jsii.String("sum(up")}), []string{`Stack/Rules: NewServiceRules: Alerts[EcsTaskCpuHigh]: expr "sum(up": ( is not closed`}},
		"broken templates": {alerts("EcsTaskCpuHigh", &observability.Alert{Annotations: labels("summary", "{{ $value"), Labels: labels("a-b", "x")}), []string{"2 errors", `Alerts[EcsTaskCpuHigh].Labels: "a-b" is not the name of a label`, `Alerts[EcsTaskCpuHigh].Annotations: annotation summary: "{{ $value" is not a Go template`}},
		"label of no name": {func(p *props) { p.Labels = labels("a-b", "x") }, []string{`NewServiceRules: Labels: "a-b" is not the name of a label`}},
		"all kinds together": {func(p *props) {
			p.Tasks = &observability.TaskAlerts{CpuUtilization: jsii.Number(0)}
			p.SLOs = &[]*slo.SLO{nil}
			p.Absence.Metrics = jsii.Strings("a.b")
			p.Name = jsii.String("-a")
			alerts("EcsScrapeSlow", &observability.Alert{Expr: jsii.String("up ="), For: minutes(1)})(p)
		}, []string{"Stack/Rules: NewServiceRules: 5 errors", `Name is "-a"; it must have 1 to 64 letters`, "Tasks.CpuUtilization is 0", "SLOs[0] is nil", `"a.b" has dots`, "= stands outside of a selector"}},
	} {
		t.Run(name, func(t *testing.T) {
			stack := newStack(t)
			p := everyRule()
			tc.change(p)
			p.Workspace = newWorkspace(stack, nil)
			children := len(*stack.Node().Children())
			assertRefused(t, func() { observability.NewServiceRules(stack, jsii.String("Rules"), p) }, append(tc.want, "Stack/Rules: NewServiceRules: ")...)
			if n := len(*stack.Node().Children()); n != children {
				t.Errorf("the stack has %d children, had %d", n, children)
			}
		})
	}
	assertRefused(t, func() { observability.NewServiceRules(nil, nil, nil) }, "NewServiceRules: 4 errors", "scope is nil", "id is empty", "Workspace is not set", "nothing says which service it is")
}

// TestObservabilityCheckExprSeesEveryExpression: those that are made, and those that are given.
func TestObservabilityCheckExprSeesEveryExpression(t *testing.T) {
	props := everyRule()
	props.Alerts = &map[string]*observability.Alert{"EcsScrapeSlow": {Expr: jsii.String("rate(x)")}}
	var refuse bool
	asked := map[string]bool{}
	props.CheckExpr = func(expr string) error {
		asked[expr] = true
		if refuse && expr == "rate(x)" {
			return errors.New("needs a range")
		}
		return nil
	}
	_, groups := rulesOf(t, props)
	for _, g := range groups {
		for _, r := range g {
			if !asked[r.Expr] {
				t.Errorf("nobody asked for %s", r.Expr)
			}
		}
	}
	refuse = true
	if message := panicOf(func() { serviceRules(newStack(t), props) }); message != `Stack/Rules: NewServiceRules: Alerts[EcsScrapeSlow]: expr "rate(x)": needs a range` {
		t.Error(message)
	}
}
