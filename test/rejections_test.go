package test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssecretsmanager"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

func secret(stack awscdk.Stack) awsecs.Secret {
	return awsecs.Secret_FromSecretsManager(awssecretsmanager.NewSecret(stack, jsii.String("Secret"), nil), nil)
}

func scrape(jobs ...*otelprometheus.ScrapeJob) *otelprometheus.TelemetryProps {
	return &otelprometheus.TelemetryProps{Scrape: &jobs}
}

func sidecar(c otelprometheus.CollectorProps) *otelprometheus.TelemetryProps {
	return &otelprometheus.TelemetryProps{Collector: &c}
}

func seconds(n float64) awscdk.Duration { return awscdk.Duration_Seconds(&n) }

// TestRejections checks that bad input gets one message with every fault and the construct's path, and leaves the stack
// as it was.
func TestRejections(t *testing.T) {
	const path = "Stack/Task: NewOtelPrometheusFargateTaskDefinition: "
	fargate := func(telemetry *otelprometheus.TelemetryProps) func(awscdk.Stack) {
		return func(stack awscdk.Stack) {
			otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), &otelprometheus.OtelPrometheusFargateTaskDefinitionProps{Telemetry: telemetry})
		}
	}
	plain := func(props awsecs.TaskDefinitionProps) func(awscdk.Stack) {
		return func(stack awscdk.Stack) {
			otelprometheus.NewOtelPrometheusTaskDefinition(stack, jsii.String("Task"), &otelprometheus.OtelPrometheusTaskDefinitionProps{TaskDefinitionProps: props})
		}
	}
	for name, tc := range map[string]struct {
		build func(awscdk.Stack)
		want  []string
	}{
		"nil scope and empty id": {func(awscdk.Stack) { otelprometheus.NewOtelPrometheusTaskDefinition(nil, jsii.String(""), nil) },
			[]string{"NewOtelPrometheusTaskDefinition: 3 faults", "scope is nil", "id is empty", "Compatibility is not set"}},
		"nil id": {func(s awscdk.Stack) { otelprometheus.NewOtelPrometheusFargateTaskDefinition(s, nil, nil) },
			[]string{"NewOtelPrometheusFargateTaskDefinition: id is empty"}},
		"no port":                        {fargate(scrape(&otelprometheus.ScrapeJob{})), []string{path, "Telemetry.Scrape[0].Port is not set"}},
		"nil job":                        {fargate(scrape(nil)), []string{path + "Telemetry.Scrape[0] is nil"}},
		"port 0 of a job without a name": {fargate(scrape(&otelprometheus.ScrapeJob{Port: jsii.Number(0)})), []string{"scrape job without a name: port 0 is not"}},
		"port 0":                         {fargate(scrape(&otelprometheus.ScrapeJob{Port: jsii.Number(0)})), []string{path, "port 0 is not a whole number from 1 to 65535"}},
		"port 70000":                     {fargate(scrape(&otelprometheus.ScrapeJob{Port: jsii.Number(70000)})), []string{path, "port 70000 is not"}},
		"port 80.5":                      {fargate(scrape(&otelprometheus.ScrapeJob{Port: jsii.Number(80.5)})), []string{path, "port 80.5 is not"}},
		"interval 0":                     {fargate(scrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1), Interval: seconds(0)})), []string{"interval 0s is not more than 0"}},
		"timeout longer than interval": {fargate(scrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1), Interval: seconds(15), Timeout: seconds(20)})),
			[]string{"timeout 20s is longer than interval 15s"}},
		"duplicate names": {fargate(scrape(
			&otelprometheus.ScrapeJob{Port: jsii.Number(1), Name: jsii.String("a")}, &otelprometheus.ScrapeJob{Port: jsii.Number(2), Name: jsii.String("a")})),
			[]string{`scrape job "a": the name is used twice`}},
		"two jobs without a name": {fargate(scrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1)}, &otelprometheus.ScrapeJob{Port: jsii.Number(2)})),
			[]string{"Telemetry.Scrape[1].Name is not set", "only one job can take the family's name"}},
		"dollar in name and path": {fargate(scrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1), Name: jsii.String("a$b"), Path: jsii.String("/$x")})),
			[]string{"2 faults", `name "a$b" holds a $`, `path "/$x" holds a $`}},
		"name of the family": {func(s awscdk.Stack) {
			otelprometheus.NewOtelPrometheusFargateTaskDefinition(s, jsii.String("Task"), &otelprometheus.OtelPrometheusFargateTaskDefinitionProps{
				FargateTaskDefinitionProps: awsecs.FargateTaskDefinitionProps{Family: jsii.String("web")},
				Telemetry:                  scrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1)}, &otelprometheus.ScrapeJob{Port: jsii.Number(2), Name: jsii.String("web")}),
			})
		}, []string{path, `scrape job "web": the name is used twice`}},
		"empty region": {fargate(&otelprometheus.TelemetryProps{RemoteWrite: &otelprometheus.RemoteWriteProps{Region: jsii.String("")}}), []string{path, "the region is empty"}},
		"endpoint without a workspace": {fargate(&otelprometheus.TelemetryProps{RemoteWrite: &otelprometheus.RemoteWriteProps{
			Endpoint: &amp.EndpointOptions{Host: jsii.String("a"), DualStack: jsii.Bool(true)}}}), []string{path, "Telemetry.RemoteWrite.Endpoint: Host is set together with"}},
		"half a second":                {fargate(sidecar(otelprometheus.CollectorProps{StopTimeout: awscdk.Duration_Millis(jsii.Number(1500))})), []string{path, "StopTimeout is 1.5s; it must be a whole number of seconds"}},
		"half a second between checks": {fargate(sidecar(otelprometheus.CollectorProps{HealthCheck: &otelprometheus.HealthCheckProps{Interval: awscdk.Duration_Millis(jsii.Number(5500))}})), []string{"Interval is 5.5s; ECS takes 5 to 300 whole seconds"}},
		"tiny body":                    {fargate(scrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1), BodySizeLimit: awscdk.Size_Bytes(jsii.Number(500))})), []string{"BodySizeLimit is 500 bytes; it must be at least 1 KiB"}},
		"nil variable":                 {fargate(sidecar(otelprometheus.CollectorProps{Environment: &map[string]*string{"A": nil}, Secrets: &map[string]awsecs.Secret{"B": nil}})), []string{"Environment: A is nil", "Secrets: B is nil"}},
		"nil exit code":                {fargate(sidecar(otelprometheus.CollectorProps{RestartPolicy: &otelprometheus.RestartPolicyProps{IgnoredExitCodes: &[]*float64{nil}}})), []string{"IgnoredExitCodes holds nil"}},
		"EXTERNAL":                     {plain(awsecs.TaskDefinitionProps{Compatibility: awsecs.Compatibility_EXTERNAL}), []string{"Compatibility is EXTERNAL", "does not support"}},
		"Windows":                      {func(s awscdk.Stack) { windows(s) }, []string{path, "Windows"}},
		"memory above the task's":      {fargate(sidecar(otelprometheus.CollectorProps{MemoryLimitMiB: jsii.Number(600)})), []string{"MemoryLimitMiB is 600, more than the task's 512 MiB"}},
		"too little memory":            {fargate(sidecar(otelprometheus.CollectorProps{MemoryLimitMiB: jsii.Number(32)})), []string{"32", "64"}},
		"config and typed features": {fargate(&otelprometheus.TelemetryProps{
			Config: otelprometheus.ConfigFromImage(otelprometheus.AdotEcsAmp, nil), Otlp: &otelprometheus.OtlpProps{}, TaskMetrics: &otelprometheus.TaskMetricsProps{}}),
			[]string{"2 faults", "Telemetry.Otlp is set together with Telemetry.Config", "Telemetry.TaskMetrics is set"}},
		"relative config":      {fargate(&otelprometheus.TelemetryProps{Config: otelprometheus.ConfigFromImage("a.yaml", nil)}), []string{`"a.yaml" is not the absolute path`}},
		"OTLP ports clash":     {fargate(&otelprometheus.TelemetryProps{Otlp: &otelprometheus.OtlpProps{GrpcPort: jsii.Number(4318)}}), []string{"both listen on 127.0.0.1:4318"}},
		"stop timeout":         {fargate(sidecar(otelprometheus.CollectorProps{StopTimeout: seconds(121)})), []string{"StopTimeout is 2m1s; Fargate takes at most 120 seconds"}},
		"health interval":      {fargate(sidecar(otelprometheus.CollectorProps{HealthCheck: &otelprometheus.HealthCheckProps{Interval: seconds(4), Retries: jsii.Number(11)}})), []string{"HealthCheck.Interval is 4s", "HealthCheck.Retries is 11"}},
		"HEALTHY without one":  {fargate(sidecar(otelprometheus.CollectorProps{StartOrder: awsecs.ContainerDependencyCondition_HEALTHY, HealthCheck: &otelprometheus.HealthCheckProps{Enabled: jsii.Bool(false)}})), []string{"StartOrder is HEALTHY, but the health check is off"}},
		"stolen configuration": {fargate(sidecar(otelprometheus.CollectorProps{Environment: &map[string]*string{"AOT_CONFIG_CONTENT": jsii.String("")}})), []string{"AOT_CONFIG_CONTENT would replace"}},
		"nothing to collect": {fargate(&otelprometheus.TelemetryProps{Otlp: &otelprometheus.OtlpProps{Enabled: jsii.Bool(false)}, TaskMetrics: &otelprometheus.TaskMetricsProps{Enabled: jsii.Bool(false)}}),
			[]string{"nothing to collect"}},
		"bad workspace ARN": {func(s awscdk.Stack) {
			amp.WorkspaceFromWorkspaceArn(s, jsii.String("W"), jsii.String("arn:aws:s3:::bucket"))
		}, []string{"Stack/W: WorkspaceFromWorkspaceAttributes", `"arn:aws:s3:::bucket" is not the ARN of a workspace`}},
		"no workspace": {func(s awscdk.Stack) { amp.WorkspaceFromWorkspaceAttributes(s, jsii.String("W"), nil) }, []string{"neither the ARN nor the id"}},
		"long alias": {func(s awscdk.Stack) {
			amp.NewWorkspace(s, jsii.String("W"), &amp.WorkspaceProps{Alias: jsii.String(strings.Repeat("a", 101))})
		}, []string{"101 characters"}},
	} {
		t.Run(name, func(t *testing.T) {
			stack := newStack(t)
			message := panicOf(func() { tc.build(stack) })
			for _, want := range tc.want {
				if !strings.Contains(message, want) {
					t.Errorf("%q is missing in\n%s", want, message)
				}
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

func windows(stack awscdk.Stack) {
	otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), &otelprometheus.OtelPrometheusFargateTaskDefinitionProps{
		FargateTaskDefinitionProps: awsecs.FargateTaskDefinitionProps{
			Cpu: jsii.Number(1024), MemoryLimitMiB: jsii.Number(2048),
			RuntimePlatform: &awsecs.RuntimePlatform{OperatingSystemFamily: awsecs.OperatingSystemFamily_WINDOWS_SERVER_2022_CORE()},
		},
	})
}

func TestAddScrapeJobRejectsWhatDoesNotGoWithTheOthers(t *testing.T) {
	td := fargateTask(newStack(t), scrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1), Name: jsii.String("a")}), nil)
	message := panicOf(func() { td.AddScrapeJob(&otelprometheus.ScrapeJob{Port: jsii.Number(0), Name: jsii.String("a")}) })
	for _, want := range []string{"Stack/Task: AddScrapeJob: 2 faults", "port 0", "used twice"} {
		if !strings.Contains(message, want) {
			t.Errorf("%q is missing in\n%s", want, message)
		}
	}
}

// TestAddScrapeJobWithoutANameTwice: a refused job leaves the task definition as it was.
func TestAddScrapeJobWithoutANameTwice(t *testing.T) {
	stack := newStack(t)
	td := fargateTask(stack, scrape(&otelprometheus.ScrapeJob{Port: jsii.Number(1)}), nil)
	message := panicOf(func() { td.AddScrapeJob(&otelprometheus.ScrapeJob{Port: jsii.Number(2)}) })
	if !strings.HasPrefix(message, "Stack/Task: AddScrapeJob: ") || !strings.Contains(message, "used twice") {
		t.Error(message)
	}
	td.AddScrapeJob(&otelprometheus.ScrapeJob{Port: jsii.Number(3), Name: jsii.String("third")})
	config := configText(synth(t, stack).container(collectorName))
	assertConfig(t, config, "127.0.0.1:1", "127.0.0.1:3")
	if strings.Contains(config, "127.0.0.1:2\n") {
		t.Errorf("the refused job is in\n%s", config)
	}
}

// TestSynthesisRejectsWhatOnlyADeployWouldFind has one entry for each case that no template checker finds.
func TestSynthesisRejectsWhatOnlyADeployWouldFind(t *testing.T) {
	for want, change := range map[string]func(*otelprometheus.OtelPrometheusFargateTaskDefinition){
		"container app mounts volume data, which the task does not have": func(td *otelprometheus.OtelPrometheusFargateTaskDefinition) {
			td.DefaultContainer().AddMountPoints(&awsecs.MountPoint{SourceVolume: jsii.String("data"), ContainerPath: jsii.String("/data"), ReadOnly: jsii.Bool(true)})
		},
		"volume data is a path of the host, which Fargate does not give": func(td *otelprometheus.OtelPrometheusFargateTaskDefinition) {
			td.AddVolume(&awsecs.Volume{Name: jsii.String("data"), Host: &awsecs.Host{SourcePath: jsii.String("/data")}})
		},
		"container app: port is 70000; it must be a whole number from 0 to 65535": func(td *otelprometheus.OtelPrometheusFargateTaskDefinition) {
			td.DefaultContainer().AddPortMappings(&awsecs.PortMapping{ContainerPort: jsii.Number(70000)})
		},
		"the collector has port mappings": func(td *otelprometheus.OtelPrometheusFargateTaskDefinition) {
			td.Collector().AddPortMappings(&awsecs.PortMapping{ContainerPort: jsii.Number(4318)})
		},
	} {
		stack := newStack(t)
		change(fargateTask(stack, nil, nil))
		if message := panicOf(func() { synth(t, stack) }); !strings.Contains(message, want) {
			t.Errorf("%q is missing in\n%s", want, message)
		}
	}
	stack := newStack(t)
	fargateTask(stack, &otelprometheus.TelemetryProps{Containers: &map[string]*otelprometheus.ContainerProps{"ap": {OptOut: jsii.Bool(true)}}}, nil)
	if message := panicOf(func() { synth(t, stack) }); !strings.Contains(message, "Telemetry.Containers names container ap, which is not in the task") {
		t.Error(message)
	}
}

// TestSynthesisRejectsTasksThatDoNotFit checks what can only be known once all containers are there.
func TestSynthesisRejectsTasksThatDoNotFit(t *testing.T) {
	port := func(n float64) *[]*awsecs.PortMapping { return &[]*awsecs.PortMapping{{ContainerPort: &n}} }
	for name, tc := range map[string]struct {
		first, second awsecs.ContainerDefinitionOptions
		want          string
	}{
		"a port of two apps":      {awsecs.ContainerDefinitionOptions{PortMappings: port(80)}, awsecs.ContainerDefinitionOptions{PortMappings: port(80)}, "containers app and second both use tcp port 80"},
		"a port of the collector": {awsecs.ContainerDefinitionOptions{PortMappings: port(4317)}, awsecs.ContainerDefinitionOptions{}, "containers aws-otel-collector and app both use tcp port 4317"},
		"a range with a collector's port": {awsecs.ContainerDefinitionOptions{PortMappings: &[]*awsecs.PortMapping{{
			ContainerPort: awsecs.ContainerDefinition_CONTAINER_PORT_USE_RANGE(), ContainerPortRange: jsii.String("4300-4317"),
		}}}, awsecs.ContainerDefinitionOptions{}, "containers aws-otel-collector and app both use tcp port 4317"},
		"a container larger than the task": {awsecs.ContainerDefinitionOptions{MemoryLimitMiB: jsii.Number(2048)}, awsecs.ContainerDefinitionOptions{}, "container app has a memory limit of 2048 MiB, more than the task's 1024 MiB"},
		"containers larger together":       {awsecs.ContainerDefinitionOptions{MemoryLimitMiB: jsii.Number(400)}, awsecs.ContainerDefinitionOptions{MemoryReservationMiB: jsii.Number(200)}, "set aside 1112 MiB of memory together (aws-otel-collector 512, app 400, second 200), more than the task's 1024 MiB; lower a limit or give the task more memory; the smallest Fargate size that fits is 512 CPU units with 2048 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			stack := newStack(t)
			td := fargateTask(stack, nil, &tc.first)
			tc.second.Image = anyImage()
			td.AddContainer(jsii.String("second"), &tc.second)
			message := panicOf(func() { synth(t, stack) })
			if !strings.Contains(message, tc.want) || !strings.Contains(message, "Stack/Task") {
				t.Errorf("%q or the path is missing in\n%s", tc.want, message)
			}
		})
	}
}
