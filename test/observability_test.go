package test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/jsii-runtime-go"
	"go.yaml.in/yaml/v3"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/observability"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/slo"
	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/rules"
)

// everyRule turns on everything there is, with its defaults.
func everyRule() *observability.ServiceRulesProps {
	metrics := append(collector.DefaultTaskMetrics(), collector.DefaultContainerMetrics()...)
	metrics = append(metrics, "container.network.rate.rx", "container.network.rate.tx", "ecs.task.ephemeral_storage.utilized", "ecs.task.ephemeral_storage.reserved")
	return &observability.ServiceRulesProps{
		TaskFamily: jsii.String("orders"), Cluster: jsii.String("shop"), TaskMetrics: jsii.Strings(metrics...),
		Containers: &observability.ContainerAlerts{}, Scrape: &observability.ScrapeAlerts{}, Collector: &observability.CollectorAlerts{},
		Targets: &observability.TargetAlerts{Tasks: jsii.Number(2)}, Discovery: &observability.DiscoveryAlerts{},
		Absence: &observability.AbsenceAlerts{Metrics: jsii.Strings("up")},
		SLOs:    &[]*slo.SLO{availability(), latency()},
		Labels:  labels("team", "shop"),
	}
}

func availability() *slo.SLO {
	return &slo.SLO{Name: "availability", Objective: 0.999, Requests: `http_requests_total`, Errors: `http_requests_total{code=~"5.."}`}
}

func latency() *slo.SLO {
	return &slo.SLO{Name: "latency", Objective: 0.99, Histogram: `http_request_duration_seconds`, Threshold: 0.3}
}

// serviceRules builds the rules beside a workspace.
func serviceRules(stack awscdk.Stack, props *observability.ServiceRulesProps) *amp.RuleGroupsNamespace {
	copied := *props
	copied.Workspace = newWorkspace(stack, nil)
	return observability.NewServiceRules(stack, jsii.String("Rules"), &copied)
}

// rulesOf is the rule file that props give, as text, and its rules by group.
func rulesOf(t *testing.T, props *observability.ServiceRulesProps) (text string, groups map[string][]rules.Rule) {
	t.Helper()
	stack := newStack(t)
	serviceRules(stack, props)
	data := synth(t, stack).one("AWS::APS::RuleGroupsNamespace")["Data"]
	text, ok := data.(string)
	if !ok {
		return asJSON(data), nil
	}
	var file struct{ Groups []rules.Group }
	if err := yaml.Unmarshal([]byte(text), &file); err != nil {
		t.Fatal(err)
	}
	groups = map[string][]rules.Rule{}
	for _, g := range file.Groups {
		groups[g.Name] = g.Rules
	}
	return text, groups
}

func alertsIn(groups map[string][]rules.Rule) []string {
	found := map[string]bool{}
	for _, g := range groups {
		for _, r := range g {
			if r.Alert != "" {
				found[r.Alert] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// TestObservabilityRulesMatchGolden also writes the file that test/e2e gives to Prometheus.
func TestObservabilityRulesMatchGolden(t *testing.T) {
	for range 2 { // the same text each time
		text, groups := rulesOf(t, everyRule())
		assertGolden(t, "rules/observability.yaml", []byte(text))
		assertJSON(t, "alerts", alertsIn(groups), asJSON(slices.Sorted(slices.Values(rules.Names()))))
	}
}

func TestObservabilityNeedsOnlyTheService(t *testing.T) {
	_, groups := rulesOf(t, &observability.ServiceRulesProps{TaskFamily: jsii.String("orders")})
	assertJSON(t, "groups", slices.Sorted(maps.Keys(groups)), `["absence","tasks"]`)
	assertJSON(t, "alerts", alertsIn(groups), `["EcsServiceAbsent","EcsTaskCpuHigh","EcsTaskMemoryHigh","EcsTaskNetworkHigh","EcsTaskStorageHigh","EcsTasksReplaced"]`)
	for _, g := range groups {
		for _, r := range g {
			if strings.Contains(r.Expr, "aws_ecs_cluster_name=") || r.Labels["aws_ecs_cluster_name"] != "" {
				t.Errorf("a cluster is selected that nobody named: %+v", r)
			}
		}
	}
}

func TestObservabilityGroupsAreSwitched(t *testing.T) {
	off := jsii.Bool(false)
	for name, tc := range map[string]struct {
		change func(*observability.ServiceRulesProps)
		gone   string // a part of the names of the alerts that must be gone, and no others
	}{
		"tasks":      {func(p *observability.ServiceRulesProps) { p.Tasks = &observability.TaskAlerts{Enabled: off} }, "EcsTask"},
		"containers": {func(p *observability.ServiceRulesProps) { p.Containers = nil }, "EcsContainer"},
		"scrape":     {func(p *observability.ServiceRulesProps) { p.Scrape = nil }, "EcsScrape"},
		"collector":  {func(p *observability.ServiceRulesProps) { p.Collector = nil }, "EcsCollector"},
		"absence":    {func(p *observability.ServiceRulesProps) { p.Absence.Enabled = off }, "Absent"},
		"slos":       {func(p *observability.ServiceRulesProps) { p.SLOs = nil }, "EcsSlo"},
		"one alert": {func(p *observability.ServiceRulesProps) {
			p.Alerts = &map[string]*observability.Alert{observability.AlertScrapeSlow: {Enabled: off}}
		}, "EcsScrapeSlow"},
		"a metric that is not kept": {func(p *observability.ServiceRulesProps) {
			p.TaskMetrics = jsii.Strings(append(collector.DefaultTaskMetrics(), append(collector.DefaultContainerMetrics(), "container.network.rate.rx", "container.network.rate.tx")...)...)
		}, "EcsTaskEphemeralStorageHigh"},
	} {
		t.Run(name, func(t *testing.T) {
			props := everyRule()
			tc.change(props)
			_, groups := rulesOf(t, props)
			var want []string
			for _, alert := range rules.Names() {
				if !strings.Contains(alert, tc.gone) {
					want = append(want, alert)
				}
			}
			slices.Sort(want)
			assertJSON(t, "alerts", alertsIn(groups), asJSON(want))
		})
	}
}

func TestObservabilityThresholdsReachTheExpressions(t *testing.T) {
	props := everyRule()
	props.Tasks = &observability.TaskAlerts{
		CpuUtilization: jsii.Number(0.71), MemoryUtilization: jsii.Number(0.72), EphemeralStorageUtilization: jsii.Number(0.73),
		NetworkBytesPerSecond: jsii.Number(74), StorageBytesPerSecond: jsii.Number(75), Replacements: jsii.Number(76),
	}
	props.Containers = &observability.ContainerAlerts{
		CpuUtilization: jsii.Number(0.61), MemoryUtilization: jsii.Number(0.62), NetworkBytesPerSecond: jsii.Number(63), StorageBytesPerSecond: jsii.Number(64),
	}
	props.Scrape = &observability.ScrapeAlerts{DurationSeconds: jsii.Number(51), SampleLimit: jsii.Number(52)}
	props.Collector = &observability.CollectorAlerts{
		QueueUtilization: jsii.Number(0.41), FailedRatio: jsii.Number(0.42), RefusedRatio: jsii.Number(0.43), Restarts: jsii.Number(44),
	}
	_, groups := rulesOf(t, props)
	for alert, end := range map[string]string{
		"EcsTaskCpuHigh": "> 0.71", "EcsTaskMemoryHigh": "> 0.72", "EcsTaskEphemeralStorageHigh": "> 0.73", "EcsTaskNetworkHigh": "> 74",
		"EcsTaskStorageHigh": "> 75", "EcsTasksReplaced": "> 76", "EcsContainerCpuHigh": "> 0.61", "EcsContainerMemoryHigh": "> 0.62",
		"EcsContainerNetworkHigh": "> 63", "EcsContainerStorageHigh": "> 64", "EcsScrapeSlow": "> 51", "EcsScrapeNearLimit": "> 0.8 * 52",
		"EcsCollectorQueueFilling": "> 0.41", "EcsCollectorSendsFail": "> 0.42", "EcsCollectorRefuses": "> 0.43", "EcsCollectorRestarts": "> 44",
	} {
		if expr := ruleNamed(t, groups, alert).Expr; !strings.HasSuffix(expr, end) {
			t.Errorf("%s ends with %q, want %q", alert, expr, end)
		}
	}
}

func ruleNamed(t *testing.T, groups map[string][]rules.Rule, name string) rules.Rule {
	t.Helper()
	for _, g := range groups {
		for _, r := range g {
			if r.Alert == name || r.Record == name {
				return r
			}
		}
	}
	t.Fatalf("no rule %s", name)
	return rules.Rule{}
}

func TestObservabilityAlertsAreChanged(t *testing.T) {
	props := everyRule()
	props.Cluster, props.Matchers = nil, labels("env", "prod")
	props.PageSeverity, props.TicketSeverity, props.RunbookUrl = jsii.String("critical"), jsii.String("warning"), jsii.String("https://wiki.example.com/runbooks")
	props.Alerts = &map[string]*observability.Alert{observability.AlertTaskCpuHigh: {
		Expr: jsii.String("my_cpu > 1"), For: minutes(1), KeepFiringFor: minutes(2), Labels: labels("severity", "info", "team", "web"), Annotations: labels("summary", "hot"),
	}}
	text, groups := rulesOf(t, props)
	cpu := ruleNamed(t, groups, "EcsTaskCpuHigh")
	assertJSON(t, "expression", cpu.Expr, `"my_cpu > 1"`)
	assertJSON(t, "labels", cpu.Labels, `{"aws_ecs_task_family":"orders","env":"prod","severity":"info","team":"web"}`)
	assertJSON(t, "summary", cpu.Annotations["summary"], `"hot"`)
	assertJSON(t, "runbook", cpu.Annotations["runbook_url"], `"https://wiki.example.com/runbooks#ecstaskcpuhigh"`)
	assertContains(t, text, "for: 1m\n        keep_firing_for: 2m\n")
	assertJSON(t, "page", ruleNamed(t, groups, "EcsServiceAbsent").Labels["severity"], `"critical"`)
	memory := ruleNamed(t, groups, "EcsTaskMemoryHigh")
	assertJSON(t, "ticket", memory.Labels, `{"aws_ecs_task_family":"orders","env":"prod","severity":"warning","team":"shop"}`)
	if want := `ecs_task_memory_utilized{aws_ecs_task_family="orders",env="prod"}`; !strings.HasPrefix(memory.Expr, want) {
		t.Errorf("%s does not start with %s", memory.Expr, want)
	}
}

func TestObservabilityBurnRatesMakeTheirWindows(t *testing.T) {
	objective := availability()
	objective.Objective = 0.9 // too low for the default burn rates
	objective.BurnRates = []slo.BurnRate{{Factor: 5, Long: 90 * time.Minute, Short: 10 * time.Minute}}
	_, groups := rulesOf(t, &observability.ServiceRulesProps{TaskFamily: jsii.String("orders"), SLOs: &[]*slo.SLO{objective}})
	var names []string
	for _, r := range groups["slo-availability"] {
		names = append(names, r.Record+r.Alert)
	}
	assertJSON(t, "rules", names, `["ecs_slo:requests:rate5m","ecs_slo:errors:rate5m","ecs_slo:error_ratio:rate5m","ecs_slo:error_ratio:rate10m",
		"ecs_slo:error_ratio:rate1h30m","EcsSloSlowBurn","EcsSloNoData"]`)
	const selected = `{aws_ecs_task_family="orders",slo="availability"}`
	assertJSON(t, "expression", ruleNamed(t, groups, "EcsSloSlowBurn").Expr,
		asJSON("(ecs_slo:error_ratio:rate1h30m"+selected+" > 5 * 0.1 and ecs_slo:error_ratio:rate10m"+selected+" > 5 * 0.1)"))
}

func TestObservabilityTakesTokens(t *testing.T) {
	stack := newStack(t)
	parameter := func(id string) *string { return awscdk.NewCfnParameter(stack, jsii.String(id), nil).ValueAsString() }
	observability.NewServiceRules(stack, jsii.String("Rules"), &observability.ServiceRulesProps{
		Workspace: amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Workspace"), parameter("Arn")), Name: parameter("Name"),
		TaskFamily: parameter("Family"), Cluster: parameter("Cluster"), TaskMetrics: jsii.Strings("ecs.task.memory.utilized"),
		Tasks: &observability.TaskAlerts{Enabled: jsii.Bool(false)}, RunbookUrl: parameter("Runbook"),
	})
	data := asJSON(synth(t, stack).one("AWS::APS::RuleGroupsNamespace")["Data"])
	assertContains(t, data,
		`absent(ecs_task_memory_utilized{aws_ecs_cluster_name=\"",{"Ref":"Cluster"},"\",aws_ecs_task_family=\"",{"Ref":"Family"},"\"})`,
		`runbook_url: ",{"Ref":"Runbook"},"#ecsserviceabsent`, `aws_ecs_task_family: ",{"Ref":"Family"},`,
	)
}

func TestObservabilityLeavesTheCallersStructsAlone(t *testing.T) {
	props := everyRule()
	props.Alerts = &map[string]*observability.Alert{observability.AlertTaskCpuHigh: {Labels: labels("severity", "info")}}
	state := func() string {
		return asJSON([]any{props.Labels, props.SLOs, props.Absence, props.TaskMetrics, props.Alerts, props.Tasks, props.Scrape})
	}
	stack := newStack(t)
	props.Workspace = newWorkspace(stack, nil)
	fields, before := *props, state()
	observability.NewServiceRules(stack, jsii.String("Rules"), props)
	if after := state(); after != before || !reflect.DeepEqual(*props, fields) {
		t.Errorf("the props are\n%s\n%+v, were\n%s\n%+v", after, *props, before, fields)
	}
}

func TestObservabilityNamespaceIsGivenBack(t *testing.T) {
	stack := newStack(t)
	r := serviceRules(stack, &observability.ServiceRulesProps{TaskFamily: jsii.String("orders")})
	namespace := synth(t, stack).one("AWS::APS::RuleGroupsNamespace")
	assertJSON(t, "name", namespace["Name"], asJSON(*r.RuleGroupsNamespaceName()))
}

func TestObservabilityAddsTheAlarmsOfTheWorkspace(t *testing.T) {
	props := &observability.ServiceRulesProps{TaskFamily: jsii.String("orders")}
	without, with := newStack(t), newStack(t)
	serviceRules(without, props)
	if alarms := synth(t, without).all("AWS::CloudWatch::Alarm"); len(alarms) > 0 {
		t.Errorf("there are alarms that nobody asked for: %v", alarms)
	}
	props.WorkspaceAlarms = &amp.AlarmsProps{DiscardedSamplesThreshold: jsii.Number(7)}
	serviceRules(with, props)
	assertJSON(t, "threshold", synth(t, with).one("AWS::CloudWatch::Alarm")["Threshold"], "7")
}

// TestAlertsHaveConstants: one for each alert, in the order of the alerts.
func TestAlertsHaveConstants(t *testing.T) {
	var values []string
	for _, line := range strings.Split(read(t, "constructs/observability/alerts.go"), "\n") {
		if name, value, found := strings.Cut(strings.TrimSpace(line), " = \"Ecs"); found {
			if strings.HasPrefix(name, "Alert") {
				values = append(values, "Ecs"+strings.Trim(value, `"`))
			}
		}
	}
	assertJSON(t, "constants", values, asJSON(rules.Names()))
}

// TestThresholdsAreDocumentedAsTheyAre compares the comment of each option with its default and range.
func TestThresholdsAreDocumentedAsTheyAre(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "constructs/observability/alerts.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	defaults, ranges := regexp.MustCompile(`Default: ([0-9.e]+)\b`), regexp.MustCompile(`\b([0-9.e]+) to ([0-9.e]+)\b`)
	groups := map[string]string{"TaskAlerts": "Tasks", "ContainerAlerts": "Containers", "ScrapeAlerts": "Scrape", "CollectorAlerts": "Collector", "TargetAlerts": "Targets", "DiscoveryAlerts": "Discovery"}
	compared := 0
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok || groups[spec.Name.Name] == "" {
			return true
		}
		for _, field := range spec.Type.(*ast.StructType).Fields.List {
			name := groups[spec.Name.Name] + "." + field.Names[0].Name
			byDefault, low, high, known := rules.Threshold(name)
			if !known {
				if field.Names[0].Name != "Enabled" {
					t.Errorf("%s is no threshold", name)
				}
				continue
			}
			compared++
			text := strings.Join(strings.Fields(field.Doc.Text()), " ")
			d, r := defaults.FindStringSubmatch(text), ranges.FindStringSubmatch(text)
			if d == nil || r == nil || !sameNumber(d[1], byDefault) || !sameNumber(r[1], low) || !sameNumber(r[2], high) {
				t.Errorf("%s is %g by default, from %g to %g; its comment says %v and %v", name, byDefault, low, high, d, r)
			}
		}
		return false
	})
	if compared != 18 {
		t.Errorf("%d thresholds were compared", compared)
	}
}

func sameNumber(text string, n float64) bool {
	got, err := strconv.ParseFloat(strings.TrimRight(text, "."), 64)
	return err == nil && got == n
}

// TestRulesFollowFromTheService: by its family and its cluster, where that makes no stack depend on the other.
func TestRulesFollowFromTheService(t *testing.T) {
	app := newApp(t)
	monitoring, shop := awscdk.NewStack(app, jsii.String("Monitoring"), nil), awscdk.NewStack(app, jsii.String("Shop"), nil)
	workspace := amp.NewWorkspace(monitoring, jsii.String("Workspace"), nil)
	td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(shop, jsii.String("Task"), nil, &otelprometheus.TelemetryProps{Workspace: workspace})
	td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage()})
	cluster := func(id string, name *string) awsecs.ICluster {
		return awsecs.NewCluster(shop, &id, &awsecs.ClusterProps{ClusterName: name, Vpc: awsec2.NewVpc(shop, jsii.String(id+"Vpc"), nil)})
	}
	service := func(id string, cluster awsecs.ICluster) awsecs.FargateService {
		return awsecs.NewFargateService(shop, &id, &awsecs.FargateServiceProps{Cluster: cluster, TaskDefinition: td})
	}
	nameless, named := service("Nameless", cluster("A", nil)), service("Named", cluster("B", jsii.String("shop")))
	for id, props := range map[string]observability.ServiceRulesProps{
		"OfNameless": {Service: nameless}, "OfNamed": {Service: named}, "OfTask": {TaskDefinition: td},
	} {
		props.Workspace = workspace
		observability.NewServiceRules(monitoring, &id, &props)
	}
	family := `aws_ecs_task_family=\"` + *td.Family() + `\"`
	// In the same stack the reference is fine.
	own := amp.NewWorkspace(shop, jsii.String("Workspace"), nil)
	observability.NewServiceRules(shop, jsii.String("Rules"), &observability.ServiceRulesProps{Workspace: own, Service: nameless})
	assertRefused(t, func() {
		observability.NewServiceRules(shop, jsii.String("Both"), &observability.ServiceRulesProps{Workspace: own, Service: nameless, TaskFamily: jsii.String("a")})
	}, "Service, TaskDefinition, ServiceName and TaskFamily are ways to say the same; set one of them")

	for id, r := range synth(t, monitoring).Resources { // a cycle of the stacks would panic here
		if r.Type != "AWS::APS::RuleGroupsNamespace" {
			continue
		}
		text := asJSON(r.Properties["Data"])
		assertContains(t, text, family)
		if has := strings.Contains(text, `aws_ecs_cluster_name=\"shop\"`); has != strings.HasPrefix(id, "OfNamed") {
			t.Errorf("%s: the name of the cluster is in it: %v", id, has)
		}
	}
	assertContains(t, asJSON(synth(t, shop).one("AWS::APS::RuleGroupsNamespace")["Data"]), `aws_ecs_cluster_name=\"",{"Ref":"A`)
}

// TestRulesWithoutAnAlertManagerWarn: their alerts would tell nobody.
func TestRulesWithoutAnAlertManagerWarn(t *testing.T) {
	stack := newStack(t)
	rules := func(id string, workspace amp.IWorkspace) *amp.RuleGroupsNamespace {
		return observability.NewServiceRules(stack, &id, &observability.ServiceRulesProps{Workspace: workspace, TaskFamily: jsii.String("orders")})
	}
	assertWarned(t, rules("Silent", amp.NewWorkspace(stack, jsii.String("A"), nil)), "noAlertManager", "workspace Stack/A has no alert manager")
	topic := awssns.NewTopic(stack, jsii.String("Topic"), nil)
	assertNoWarnings(t, rules("Loud", amp.NewWorkspace(stack, jsii.String("B"), &amp.WorkspaceProps{AlertManager: &amp.AlertManagerDefinition{
		Route: &amp.AlertRoute{Receiver: jsii.String("team")}, Receivers: &[]*amp.AlertReceiver{{Name: jsii.String("team"), Sns: &[]*amp.SnsReceiver{{Topic: topic}}}},
	}})), rules("Imported", importedWorkspace(stack)))
}
