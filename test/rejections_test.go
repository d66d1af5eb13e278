package test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

func TestScopeAndIdAreRequired(t *testing.T) {
	assertRefused(t, func() { otelprometheus.NewOtelPrometheusTaskDefinition(nil, jsii.String(""), nil, nil) },
		"NewOtelPrometheusTaskDefinition: 3 errors", "scope is nil", "id is empty", "Compatibility is not set")
	stack := newStack(t)
	assertRefused(t, func() { otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, nil, nil, nil) },
		"NewOtelPrometheusFargateTaskDefinition: id is empty")
	if n := len(*stack.Node().Children()); n != 0 {
		t.Errorf("%d constructs were left behind", n)
	}
}

// TestRejections checks that bad input gets one message with every fault and the construct's path, and leaves the stack
// as it was. Given holds what a case needs beforehand. A case of another constructor than Fargate's starts with its path.
func TestRejections(t *testing.T) {
	type builder = func(stack, given awscdk.Stack)
	fargateProps := func(props awsecs.FargateTaskDefinitionProps, telemetry *otelprometheus.TelemetryProps) builder {
		return func(stack, _ awscdk.Stack) {
			otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), &props, telemetry)
		}
	}
	fargate := func(telemetry *otelprometheus.TelemetryProps) builder {
		return fargateProps(awsecs.FargateTaskDefinitionProps{}, telemetry)
	}
	plain := func(props awsecs.TaskDefinitionProps) builder {
		return func(stack, _ awscdk.Stack) {
			otelprometheus.NewOtelPrometheusTaskDefinition(stack, jsii.String("Task"), &props, nil)
		}
	}
	for name, tc := range map[string]struct {
		build builder
		want  []string
	}{
		"no port":    {fargate(withScrape(&otelprometheus.ScrapeJob{})), []string{"Telemetry.Scrape[0].Port is not set"}},
		"nil job":    {fargate(withScrape(nil)), []string{"Telemetry.Scrape[0] is nil"}},
		"port 0":     {fargate(withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(0)})), []string{"Telemetry.Scrape[0].Port is 0; it must be a whole number from 1 to 65535"}},
		"port 70000": {fargate(withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(70000)})), []string{"Port is 70000; it must"}},
		"port 80.5":  {fargate(withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(80.5)})), []string{"Port is 80.5; it must"}},
		"interval 0": {fargate(withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1), Interval: seconds(0)})), []string{"Interval is 0s; it must be more than 0"}},
		"timeout longer than interval": {fargate(withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1), Interval: seconds(15), Timeout: seconds(20)})),
			[]string{"Timeout is 20s, longer than the interval of 15s"}},
		"duplicate names": {fargate(withScrape(
			&otelprometheus.ScrapeJob{Port: jsii.Number(1), Name: jsii.String("a")}, &otelprometheus.ScrapeJob{Port: jsii.Number(2), Name: jsii.String("a")})),
			[]string{`Telemetry.Scrape[1].Name is "a", as that of Telemetry.Scrape[0]`}},
		"two jobs without a name": {fargate(withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1)}, &otelprometheus.ScrapeJob{Port: jsii.Number(2)})),
			[]string{"Telemetry.Scrape[1].Name is not set", "only one job can do without a name"}},
		"dollar in name and path": {fargate(withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1), Name: jsii.String("a$b"), Path: jsii.String("/$x")})),
			[]string{"2 errors", `Name is "a$b", but a $`, `Path is "/$x", but a $`}},
		"name of the family": {fargateProps(awsecs.FargateTaskDefinitionProps{Family: jsii.String("web")},
			withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1)}, &otelprometheus.ScrapeJob{Port: jsii.Number(2), Name: jsii.String("web")})),
			[]string{`Telemetry.Scrape[1].Name is "web", which is the task family`}},
		"endpoint without a workspace": {fargate(&otelprometheus.TelemetryProps{RemoteWrite: &otelprometheus.RemoteWriteProps{
			Endpoint: &amp.EndpointOptions{Host: jsii.String("a"), DualStack: jsii.Bool(true)}}}), []string{"Telemetry.RemoteWrite.Endpoint: Host is set together with"}},
		"half a second":                {fargate(withCollector(otelprometheus.CollectorProps{StopTimeout: awscdk.Duration_Millis(jsii.Number(1500))})), []string{"StopTimeout is 1.5s; it must be a whole number of seconds"}},
		"half a second between checks": {fargate(withCollector(otelprometheus.CollectorProps{HealthCheck: &otelprometheus.HealthCheckProps{Interval: awscdk.Duration_Millis(jsii.Number(5500))}})), []string{"Interval is 5.5s; ECS takes 5 to 300 whole seconds"}},
		"tiny body":                    {fargate(withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1), BodySizeLimit: awscdk.Size_Bytes(jsii.Number(500))})), []string{"BodySizeLimit is 500 bytes; it must be at least 1 KiB"}},
		"nil variable":                 {fargate(withCollector(otelprometheus.CollectorProps{Environment: &map[string]*string{"A": nil}, Secrets: &map[string]awsecs.Secret{"B": nil}})), []string{"Environment: A is nil", "Secrets: B is nil"}},
		"nil exit code":                {fargate(withCollector(otelprometheus.CollectorProps{RestartPolicy: &otelprometheus.RestartPolicyProps{IgnoredExitCodes: &[]*float64{nil}}})), []string{"IgnoredExitCodes has an element that is nil"}},
		"Windows": {fargateProps(awsecs.FargateTaskDefinitionProps{
			Cpu: jsii.Number(1024), MemoryLimitMiB: jsii.Number(2048),
			RuntimePlatform: &awsecs.RuntimePlatform{OperatingSystemFamily: awsecs.OperatingSystemFamily_WINDOWS_SERVER_2022_CORE()},
		}, nil), []string{"Windows"}},
		"memory above the task's": {fargate(withCollector(otelprometheus.CollectorProps{MemoryLimitMiB: jsii.Number(600)})), []string{"MemoryLimitMiB is 600, more than the task's 512 MiB"}},
		"too little memory":       {fargate(withCollector(otelprometheus.CollectorProps{MemoryLimitMiB: jsii.Number(32)})), []string{"MemoryLimitMiB is 32; it must be a whole number from 128"}},
		"config and typed features": {fargate(&otelprometheus.TelemetryProps{
			Config: otelprometheus.ConfigFromImage(jsii.String(otelprometheus.ADOTEcsAmp), nil), Otlp: &otelprometheus.OtlpProps{}, TaskMetrics: &otelprometheus.TaskMetricsProps{}}),
			[]string{"2 errors", "Telemetry.Otlp is set together with Telemetry.Config", "Telemetry.TaskMetrics is set"}},
		"relative config":      {fargate(&otelprometheus.TelemetryProps{Config: otelprometheus.ConfigFromImage(jsii.String("a.yaml"), nil)}), []string{`Telemetry.Config is "a.yaml"; it must be the absolute path`}},
		"OTLP ports clash":     {fargate(&otelprometheus.TelemetryProps{Otlp: &otelprometheus.OtlpProps{GrpcPort: jsii.Number(4318)}}), []string{"Telemetry.Otlp.GrpcPort and Telemetry.Otlp.HttpPort are both port 4318"}},
		"stop timeout":         {fargate(withCollector(otelprometheus.CollectorProps{StopTimeout: seconds(121)})), []string{"StopTimeout is 2m1s; Fargate takes at most 120 seconds"}},
		"health interval":      {fargate(withCollector(otelprometheus.CollectorProps{HealthCheck: &otelprometheus.HealthCheckProps{Interval: seconds(4), Retries: jsii.Number(11)}})), []string{"HealthCheck.Interval is 4s", "HealthCheck.Retries is 11"}},
		"HEALTHY without one":  {fargate(withCollector(otelprometheus.CollectorProps{DependencyCondition: awsecs.ContainerDependencyCondition_HEALTHY, HealthCheck: &otelprometheus.HealthCheckProps{Enabled: jsii.Bool(false)}})), []string{"DependencyCondition is HEALTHY, but the collector's health check is off"}},
		"stolen configuration": {fargate(withCollector(otelprometheus.CollectorProps{Environment: &map[string]*string{"AOT_CONFIG_CONTENT": jsii.String("")}})), []string{"AOT_CONFIG_CONTENT would replace"}},
		"nothing to collect": {fargate(&otelprometheus.TelemetryProps{Otlp: &otelprometheus.OtlpProps{Enabled: jsii.Bool(false)}, TaskMetrics: &otelprometheus.TaskMetricsProps{Enabled: jsii.Bool(false)}}),
			[]string{"nothing to collect"}},

		"a size that Fargate does not have": {fargateProps(awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(256), MemoryLimitMiB: jsii.Number(8192)}, nil),
			[]string{"the task has 256 CPU units and 8192 MiB of memory, a size that Fargate does not have; it has 256 with 512 to 2048 MiB in steps of 512", "the smallest Fargate size that fits is 1024 CPU units with 8192 MiB"}},
		"a size between two": {fargateProps(awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(256), MemoryLimitMiB: jsii.Number(1536)}, nil),
			[]string{"the task has 256 CPU units and 1536 MiB of memory", "the smallest Fargate size that fits is 256 CPU units with 2048 MiB"}},
		"ECS Anywhere":           {plain(awsecs.TaskDefinitionProps{Compatibility: awsecs.Compatibility_EXTERNAL}), []string{"Stack/Task: NewOtelPrometheusTaskDefinition: Compatibility is EXTERNAL", "does not support ECS Anywhere"}},
		"no network":             {plain(awsecs.TaskDefinitionProps{Compatibility: awsecs.Compatibility_EC2, NetworkMode: awsecs.NetworkMode_NONE}), []string{"Stack/Task: NewOtelPrometheusTaskDefinition: ", "NetworkMode is none"}},
		"the network of Windows": {plain(awsecs.TaskDefinitionProps{Compatibility: awsecs.Compatibility_EC2, NetworkMode: awsecs.NetworkMode_NAT}), []string{"Stack/Task: NewOtelPrometheusTaskDefinition: ", "NAT, which is for Windows"}},
		"links both ways": {func(stack, _ awscdk.Stack) {
			telemetry := withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1)})
			telemetry.Otlp = &otelprometheus.OtlpProps{}
			otelprometheus.NewOtelPrometheusEc2TaskDefinition(stack, jsii.String("Task"), nil, telemetry)
		}, []string{"Stack/Task: NewOtelPrometheusEc2TaskDefinition: ", "links cannot be circular; use network mode awsvpc or host"}},

		"traces without OTLP": {fargate(&otelprometheus.TelemetryProps{Otlp: &otelprometheus.OtlpProps{Enabled: jsii.Bool(false)}, Traces: jsii.Bool(true)}), []string{"Telemetry.Traces is on, but traces arrive over OTLP, which is off"}},
		"no password":         {fargate(withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1), BasicAuth: &otelprometheus.BasicAuthProps{Username: jsii.String("a")}})), []string{"Telemetry.Scrape[0].BasicAuth.Password is not set"}},
		"nil rule":            {fargate(withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1), Relabel: &[]*otelprometheus.RelabelRule{nil}})), []string{"Telemetry.Scrape[0].Relabel[0] is nil"}},
		"unknown metric":      {fargate(&otelprometheus.TelemetryProps{TaskMetrics: &otelprometheus.TaskMetricsProps{Metrics: jsii.Strings("ecs.task.cpu")}}), []string{`Telemetry.TaskMetrics.Metrics[0] is "ecs.task.cpu", which ECS does not have`}},
		"token interval":      {fargate(withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1), Interval: tokenDuration()})), []string{"Telemetry.Scrape[0].Interval is a token"}},

		"empty":               {fargate(withConfig(otelprometheus.ConfigFromYaml(nil, nil))), []string{"Telemetry.Config is empty"}},
		"misspelt component":  {fargate(withConfig(otelprometheus.ConfigFromYaml(jsii.String(strings.ReplaceAll(ownYAML, "debug", "debgu")), nil))), []string{"exporters: debgu is not part of ADOT " + otelprometheus.ADOTVersion + ", did you mean debug?"}},
		"too large":           {fargate(withConfig(otelprometheus.ConfigFromYaml(jsii.String(ownYAML+"# "+strings.Repeat("x", 70000)), nil))), []string{"a task definition holds 64 KiB"}},
		"no such file":        {fargate(withConfig(otelprometheus.ConfigFromAsset(jsii.String("nowhere.yaml"), nil))), []string{"nowhere.yaml"}},
		"no scraping address": {fargate(withConfig(otelprometheus.ConfigFromImage(jsii.String(otelprometheus.ADOTEcsAmpPrometheus), nil))), []string{"set ScrapingEndpoint"}},
		"bad extra":           {fargate(withConfig(otelprometheus.ConfigWithExtra(jsii.String("[]")))), []string{"Telemetry.Config: the extra YAML is not a mapping"}},

		"everything of one hop": {fargate(withDelivery(otelprometheus.DeliveryProps{
			OneHop: jsii.Bool(true), QueueOnDisk: jsii.Bool(true), QueueSize: awscdk.Size_Mebibytes(jsii.Number(1)), Port: jsii.Number(1),
		})), []string{"3 errors", "Telemetry.Delivery.QueueSize is set together with OneHop", "Telemetry.Delivery.QueueOnDisk is set", "Telemetry.Delivery.Port is set"}},
		"small queue": {fargate(withDelivery(otelprometheus.DeliveryProps{QueueSize: awscdk.Size_Kibibytes(jsii.Number(1023))})), []string{"QueueSize is 0 MiB; it must be at least 1 MiB"}},
		"queue larger than the container": {fargate(withDelivery(otelprometheus.DeliveryProps{QueueSize: awscdk.Size_Mebibytes(jsii.Number(100))})),
			[]string{"Telemetry.Delivery.QueueSize is 100 MiB, which takes about 700 MiB", "limit of 256 MiB", "raise Telemetry.Collector.MemoryLimitMiB, or set QueueOnDisk"}},
		"volume without a disk": {fargate(withDelivery(otelprometheus.DeliveryProps{QueueVolume: jsii.String("v")})), []string{"QueueOnDisk is not set"}},
		"image without drain":   {fargate(withDelivery(otelprometheus.DeliveryProps{DrainImage: awsecs.ContainerImage_FromRegistry(jsii.String("x"), nil)})), []string{"only there with DrainTime"}},
		"long drain":            {fargate(withDelivery(otelprometheus.DeliveryProps{DrainTime: seconds(119)})), []string{"DrainTime is 1m59s; Fargate takes at most 118 seconds"}},
		"short drain":           {fargate(withDelivery(otelprometheus.DeliveryProps{DrainTime: awscdk.Duration_Millis(jsii.Number(100))})), []string{"DrainTime is 100ms; it must be a whole number of seconds"}},
		"port token":            {fargate(withDelivery(otelprometheus.DeliveryProps{Port: awscdk.Token_AsNumber("x")})), []string{"Telemetry.Delivery.Port is a token"}},
		"ignored": {fargate(&otelprometheus.TelemetryProps{Delivery: &otelprometheus.DeliveryProps{}, Config: otelprometheus.ConfigFromImage(jsii.String("/etc/x.yaml"), nil)}),
			[]string{"Telemetry.Delivery is set together with Telemetry.Config"}},

		"no region": {func(stack, given awscdk.Stack) {
			telemetry := withAssumedRole(given)
			telemetry.RemoteWrite.StsRegion = jsii.String("eu-west-1a")
			fargate(telemetry)(stack, given)
		}, []string{`Telemetry.RemoteWrite.StsRegion is "eu-west-1a"; it must be the name of an AWS region`}},
		"an external id of nobody": {fargate(&otelprometheus.TelemetryProps{RemoteWrite: &otelprometheus.RemoteWriteProps{ExternalId: jsii.String("a")}}), []string{"ExternalId and StsRegion go with AssumeRole"}},
		"the name of a given role": {func(stack, given awscdk.Stack) {
			fargateProps(awsecs.FargateTaskDefinitionProps{TaskRole: awsiam.Role_FromRoleArn(given, jsii.String("Given"), jsii.String(writerArn), nil)},
				&otelprometheus.TelemetryProps{Roles: &otelprometheus.RolesProps{TaskRoleName: jsii.String("a")}})(stack, given)
		}, []string{"apply only to a task role that this library creates, but one is given"}},
		"two ways in": {func(stack, given awscdk.Stack) {
			telemetry := withAssumedRole(given)
			telemetry.Roles = &otelprometheus.RolesProps{ManagedPolicy: jsii.Bool(true)}
			fargate(telemetry)(stack, given)
		}, []string{"ManagedPolicy lets the task role write"}},
		"endpoint of a workspace": {func(stack, given awscdk.Stack) {
			fargate(&otelprometheus.TelemetryProps{
				Workspace:   importedWorkspace(given),
				RemoteWrite: &otelprometheus.RemoteWriteProps{Endpoint: &amp.EndpointOptions{Host: jsii.String("a"), DualStack: jsii.Bool(true)}},
			})(stack, given)
		}, []string{"Host is set together with Fips or DualStack"}},
	} {
		t.Run(name, func(t *testing.T) {
			app := newApp(t)
			stack, given := awscdk.NewStack(app, jsii.String("Stack"), nil), awscdk.NewStack(app, jsii.String("Given"), nil)
			message := panicOf(func() { tc.build(stack, given) })
			assertContains(t, message, tc.want...)
			if !strings.HasPrefix(message, "Stack/Task: NewOtelPrometheusFargateTaskDefinition: ") && !strings.HasPrefix(message, tc.want[0]) {
				t.Errorf("the path is missing in %s", message)
			}
			if n := len(*stack.Node().Children()); n != 0 {
				t.Errorf("%d constructs were left behind", n)
			}
			if strings.Contains(message, "pending") {
				t.Errorf("the message shows a stand-in: %s", message)
			}
		})
	}
}

func TestAddScrapeJobRejectsWhatDoesNotGoWithTheOthers(t *testing.T) {
	td := fargateTask(newStack(t), withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1), Name: jsii.String("a")}), nil)
	assertRefused(t, func() { td.AddScrapeJob(&otelprometheus.ScrapeJob{Port: jsii.Number(0), Name: jsii.String("a")}) }, "Stack/Task: AddScrapeJob: 2 errors", "job.Port is 0", `job.Name is "a", as that of Telemetry.Scrape[0]`)
}

// TestAddScrapeJobWithoutANameTwice: a refused job leaves the task definition as it was.
func TestAddScrapeJobWithoutANameTwice(t *testing.T) {
	stack := newStack(t)
	td := fargateTask(stack, withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1)}), nil)
	assertRefused(t, func() { td.AddScrapeJob(&otelprometheus.ScrapeJob{Port: jsii.Number(2)}) }, "Stack/Task: AddScrapeJob: job.Name is not set, and neither is that of Telemetry.Scrape[0]")
	td.AddScrapeJob(&otelprometheus.ScrapeJob{Port: jsii.Number(3), Name: jsii.String("third")})
	config := configText(synth(t, stack).container(collectorName))
	assertContains(t, config, "127.0.0.1:1", "127.0.0.1:3")
	if strings.Contains(config, "127.0.0.1:2\n") {
		t.Errorf("the refused job is in\n%s", config)
	}
}

// TestSynthesisRejectsWhatOnlyADeployWouldFind has one entry for each case that no template checker finds, and that is known only when
// all containers are there.
func TestSynthesisRejectsWhatOnlyADeployWouldFind(t *testing.T) {
	type task = *otelprometheus.OtelPrometheusFargateTaskDefinition
	port := func(n float64, protocol awsecs.Protocol) *awsecs.ContainerDefinitionOptions {
		return &awsecs.ContainerDefinitionOptions{PortMappings: &[]*awsecs.PortMapping{{ContainerPort: &n, Protocol: protocol}}}
	}
	second := func(options *awsecs.ContainerDefinitionOptions) func(task) {
		return func(td task) {
			if options.Image == nil {
				options.Image = anyImage()
			}
			td.AddContainer(jsii.String("second"), options)
		}
	}
	reads := func(container string) *otelprometheus.TelemetryProps {
		return withScrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1), Name: jsii.String("a"), ContainerName: &container})
	}
	for name, tc := range map[string]struct {
		telemetry *otelprometheus.TelemetryProps
		app       *awsecs.ContainerDefinitionOptions
		change    func(task)
		want      []string
	}{
		"a volume that is not there": {change: func(td task) {
			td.DefaultContainer().AddMountPoints(&awsecs.MountPoint{SourceVolume: jsii.String("data"), ContainerPath: jsii.String("/data"), ReadOnly: jsii.Bool(true)})
		}, want: []string{"container app mounts volume data, which the task does not have"}},
		"a path of the host": {change: func(td task) {
			td.AddVolume(&awsecs.Volume{Name: jsii.String("data"), Host: &awsecs.Host{SourcePath: jsii.String("/data")}})
		}, want: []string{"volume data uses a path of the host, which Fargate does not support"}},
		"a port that is none": {change: func(td task) {
			td.DefaultContainer().AddPortMappings(&awsecs.PortMapping{ContainerPort: jsii.Number(70000)})
		}, want: []string{"container app: port is 70000; it must be a whole number from 0 to 65535"}},
		"a published collector": {change: func(td task) {
			td.Collector().AddPortMappings(&awsecs.PortMapping{ContainerPort: jsii.Number(4318)})
		}, want: []string{"the collector has port mappings"}},
		"options of no container": {
			telemetry: &otelprometheus.TelemetryProps{Containers: &map[string]*otelprometheus.ContainerProps{"ap": {OptOut: jsii.Bool(true)}}},
			want:      []string{"Telemetry.Containers names container ap, which is not in the task"}},
		"a job of no container":  {telemetry: reads("other"), want: []string{"Telemetry.Scrape[0].ContainerName is other, which is not in the task"}},
		"a job of the collector": {telemetry: reads(collectorName), want: []string{"the collector itself; use Telemetry.CollectorMetrics"}},
		"containers that wait for each other": {change: func(td task) {
			td.Collector().AddContainerDependencies(&awsecs.ContainerDependency{Container: td.FindContainer(jsii.String("app"))})
		}, want: []string{"containers wait for each other: aws-otel-collector → app → aws-otel-collector"}},
		"HEALTHY without a health check": {change: func(td task) {
			other := td.AddContainer(jsii.String("other"), &awsecs.ContainerDefinitionOptions{Image: anyImage()})
			td.DefaultContainer().AddContainerDependencies(&awsecs.ContainerDependency{Container: other, Condition: awsecs.ContainerDependencyCondition_HEALTHY})
		}, want: []string{"container app waits until container other is HEALTHY, which has no health check, so ECS would never start it; give other a HealthCheck, or wait for START"}},
		"HEALTHY of a collector without a health check": {
			telemetry: withCollector(otelprometheus.CollectorProps{HealthCheck: &otelprometheus.HealthCheckProps{Enabled: jsii.Bool(false)}}),
			change: func(td task) {
				td.DefaultContainer().AddContainerDependencies(&awsecs.ContainerDependency{Container: td.Collector(), Condition: awsecs.ContainerDependencyCondition_HEALTHY})
			}, want: []string{"container app waits until the collector is HEALTHY, but the collector's health check is off, so ECS would never start it; turn Telemetry.Collector.HealthCheck on, or wait for START"}},
		"a dependency on another task definition": {change: func(td task) {
			other := awsecs.NewFargateTaskDefinition(awscdk.Stack_Of(td), jsii.String("Other"), nil)
			stranger := other.AddContainer(jsii.String("stranger"), &awsecs.ContainerDefinitionOptions{Image: anyImage()})
			td.DefaultContainer().AddContainerDependencies(&awsecs.ContainerDependency{Container: stranger, Condition: awsecs.ContainerDependencyCondition_START})
		}, want: []string{"container app depends on container stranger, which is not in the task, so ECS would never start it; remove the dependency, or add stranger to this task definition"}},
		"nothing essential": {
			telemetry: withCollector(otelprometheus.CollectorProps{Essential: jsii.Bool(false)}), app: &awsecs.ContainerDefinitionOptions{Essential: jsii.Bool(false)},
			want: []string{"no container of the task is essential, and ECS wants one; set Essential of the application's container to true"}},
		"an app that stops too slowly": {app: &awsecs.ContainerDefinitionOptions{StopTimeout: seconds(121)},
			want: []string{"container app has a stop timeout of 121 seconds; Fargate takes at most 120"}},
		"a variable without a name": {app: &awsecs.ContainerDefinitionOptions{Environment: &map[string]*string{"": jsii.String("a")}},
			want: []string{"container app has an environment variable without a name; name it, or remove it"}},
		"names that the library uses": {
			telemetry: withDelivery(otelprometheus.DeliveryProps{DrainTime: seconds(5), QueueOnDisk: jsii.Bool(true)}),
			app:       &awsecs.ContainerDefinitionOptions{ContainerName: jsii.String("drain")},
			change:    func(td task) { td.AddVolume(&awsecs.Volume{Name: jsii.String("collector-queue")}) },
			want:      []string{"two containers are named drain", "two volumes are named collector-queue"}},

		"a second collector": {
			telemetry: withCollector(otelprometheus.CollectorProps{ContainerName: jsii.String("telemetry")}),
			change:    second(&awsecs.ContainerDefinitionOptions{Image: awsecs.ContainerImage_FromRegistry(jsii.String("public.ecr.aws/aws-observability/aws-otel-collector:v0.40.0"), nil)}),
			want:      []string{"container second runs a collector, too", "opt it out with Telemetry.Containers"}},
		"a file on a read-only root": {
			telemetry: withConfig(otelprometheus.ConfigFromYaml(jsii.String(writingYAML), nil)),
			want:      []string{"the configuration's file/debug writes to /tmp/out.json, but the collector's root file system is read-only", "ReadonlyRootFilesystem to false"}},
		"a file that the user cannot write": {
			telemetry: writing(otelprometheus.CollectorProps{ReadonlyRootFilesystem: jsii.Bool(false)}),
			want:      []string{"writes to /tmp/out.json, but the collector's user 4317 has no permission to write there"}},
		"a file in a volume of root": {
			telemetry: writing(otelprometheus.CollectorProps{}), change: mountTmp,
			want: []string{"writes to /tmp/out.json in volume tmp, which Fargate gives to root alone; set Telemetry.Collector.User to 0"}},
		"an extra extension that writes": {
			telemetry: withConfig(otelprometheus.ConfigWithExtra(jsii.String("extensions: {ecs_observer: {cluster_name: a, cluster_region: eu-west-1}}\nservice: {extensions: [health_check, sigv4auth, ecs_observer]}"))),
			want:      []string{"the configuration's ecs_observer writes to /etc/ecs_sd_targets.yaml"}},

		"a port of two apps":         {app: port(80, ""), change: second(port(80, "")), want: []string{"containers app and second both use tcp port 80"}},
		"a port of the collector":    {app: port(4317, ""), want: []string{"containers aws-otel-collector and app both use tcp port 4317"}},
		"the port of the second hop": {app: port(14319, ""), want: []string{"containers aws-otel-collector and app both use tcp port 14319"}},
		"a UDP port of the collector": {
			telemetry: &otelprometheus.TelemetryProps{Statsd: &otelprometheus.StatsdProps{Rates: jsii.Strings("a")}}, app: port(8125, awsecs.Protocol_UDP),
			want: []string{"containers aws-otel-collector and app both use udp port 8125"}},
		"a range with a collector's port": {app: &awsecs.ContainerDefinitionOptions{PortMappings: &[]*awsecs.PortMapping{{
			ContainerPort: awsecs.ContainerDefinition_CONTAINER_PORT_USE_RANGE(), ContainerPortRange: jsii.String("4300-4317"),
		}}}, want: []string{"containers aws-otel-collector and app both use tcp port 4317"}},
		"a container larger than the task": {app: &awsecs.ContainerDefinitionOptions{MemoryLimitMiB: jsii.Number(2048)},
			want: []string{"container app has a memory limit of 2048 MiB, more than the task's 1024 MiB"}},
		"containers larger together": {
			app: &awsecs.ContainerDefinitionOptions{MemoryLimitMiB: jsii.Number(400)}, change: second(&awsecs.ContainerDefinitionOptions{MemoryReservationMiB: jsii.Number(200)}),
			want: []string{"set aside 1112 MiB of memory together (aws-otel-collector 512, app 400, second 200), more than the task's 1024 MiB; " +
				"lower a limit or give the task more memory; the smallest Fargate size that fits is 512 CPU units with 2048 MiB"}},
	} {
		t.Run(name, func(t *testing.T) {
			stack := newStack(t)
			td := fargateTask(stack, tc.telemetry, tc.app)
			if tc.change != nil {
				tc.change(td)
			}
			assertRefused(t, func() { synth(t, stack) }, append(tc.want, "Stack/Task")...)
		})
	}
}

// writingYAML is a configuration with an exporter that writes a file, and one that nobody runs.
const writingYAML = `receivers: {otlp: {protocols: {grpc: {endpoint: 127.0.0.1:4317}}}}
exporters: {file/debug: {path: /tmp/out.json}, file/idle: {path: /idle}}
service: {pipelines: {metrics: {receivers: [otlp], exporters: [file/debug]}}}
`

func writing(props otelprometheus.CollectorProps) *otelprometheus.TelemetryProps {
	telemetry := withConfig(otelprometheus.ConfigFromYaml(jsii.String(writingYAML), nil))
	telemetry.Collector = &props
	return telemetry
}

func mountTmp(td *otelprometheus.OtelPrometheusFargateTaskDefinition) {
	td.AddVolume(&awsecs.Volume{Name: jsii.String("tmp")})
	td.Collector().AddMountPoints(&awsecs.MountPoint{SourceVolume: jsii.String("tmp"), ContainerPath: jsii.String("/tmp"), ReadOnly: jsii.Bool(false)})
}

// TestConfigurationsThatCanWriteAreAccepted: with a volume that root may write to, and with a second collector that the user wants.
func TestConfigurationsThatCanWriteAreAccepted(t *testing.T) {
	stack := newStack(t)
	telemetry := writing(otelprometheus.CollectorProps{User: jsii.String("0")})
	telemetry.Containers = &map[string]*otelprometheus.ContainerProps{"gateway": {OptOut: jsii.Bool(true)}}
	td := fargateTask(stack, telemetry, nil)
	mountTmp(td)
	td.AddContainer(jsii.String("gateway"), &awsecs.ContainerDefinitionOptions{
		Image: awsecs.ContainerImage_FromRegistry(jsii.String("public.ecr.aws/aws-observability/aws-otel-collector:v0.40.0"), nil),
	})
	synth(t, stack)
}
