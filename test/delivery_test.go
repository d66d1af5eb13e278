package test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/collector"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

func delivery(d otelprometheus.DeliveryProps) *otelprometheus.TelemetryProps {
	return &otelprometheus.TelemetryProps{Delivery: &d}
}

func TestDeliveryTakesTwoHopsByDefault(t *testing.T) {
	stack := newStack(t)
	fargateTask(stack, nil, nil)
	template := synth(t, stack)
	task := template.one("AWS::ECS::TaskDefinition")
	if _, has := task["Volumes"]; has || len(task["ContainerDefinitions"].([]any)) != 2 {
		t.Errorf("a volume or a container too many: %s", asJSON(task))
	}
	if c := template.container("aws-otel-collector"); c["User"] != "4317" || c["LinuxParameters"] != nil || c["MountPoints"] != nil {
		t.Errorf("%s", asJSON(c))
	}
	assertConfig(t, configOf(t, nil), "otlp_http/delivery:", "endpoint: http://127.0.0.1:14318", "queue_size: 48234496", "max_elapsed_time: 0")
}

func TestOneHopDelivery(t *testing.T) {
	text := configOf(t, delivery(otelprometheus.DeliveryProps{OneHop: jsii.Bool(true)}))
	assertConfig(t, text, "timeout: 30s", "remote_write_queue:\n      enabled: true")
	if strings.Contains(text, "otlp_http") {
		t.Error("there is a first hop")
	}
}

func TestQueueSizeAndPort(t *testing.T) {
	assertConfig(t, configOf(t, delivery(otelprometheus.DeliveryProps{QueueSize: awscdk.Size_Mebibytes(jsii.Number(20)), Port: jsii.Number(15000)})),
		"queue_size: 20971520", "endpoint: 127.0.0.1:15000", "endpoint: 127.0.0.1:15001")
}

func TestQueueOnDisk(t *testing.T) {
	for name, tc := range map[string]struct {
		telemetry            *otelprometheus.TelemetryProps
		user, volume, mounts string
		capabilities         any
	}{
		"own volume": {delivery(otelprometheus.DeliveryProps{QueueOnDisk: jsii.Bool(true)}), "0", `[{"Name":"collector-queue"}]`,
			`[{"ContainerPath":"/var/lib/awscollector","ReadOnly":false,"SourceVolume":"collector-queue"}]`, []any{"ALL"}},
		"own volume, another user": {&otelprometheus.TelemetryProps{
			Delivery:  &otelprometheus.DeliveryProps{QueueOnDisk: jsii.Bool(true)},
			Collector: &otelprometheus.CollectorProps{User: jsii.String("1000")},
		}, "1000", `[{"Name":"collector-queue"}]`, `[{"ContainerPath":"/var/lib/awscollector","ReadOnly":false,"SourceVolume":"collector-queue"}]`, nil},
		"given volume": {delivery(otelprometheus.DeliveryProps{QueueOnDisk: jsii.Bool(true), QueueVolume: jsii.String("efs")}), "4317", `[{"Name":"efs"}]`,
			`[{"ContainerPath":"/var/lib/awscollector","ReadOnly":false,"SourceVolume":"efs"}]`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			stack := newStack(t)
			td := fargateTask(stack, tc.telemetry, nil)
			if tc.telemetry.Delivery.QueueVolume != nil {
				td.AddVolume(&awsecs.Volume{Name: tc.telemetry.Delivery.QueueVolume})
			}
			template := synth(t, stack)
			c := template.container("aws-otel-collector")
			assertJSON(t, "volumes", template.one("AWS::ECS::TaskDefinition")["Volumes"], tc.volume)
			assertJSON(t, "mount points", c["MountPoints"], tc.mounts)
			if c["User"] != tc.user || c["ReadonlyRootFilesystem"] != true {
				t.Errorf("user %v, read-only root %v", c["User"], c["ReadonlyRootFilesystem"])
			}
			if parameters, _ := c["LinuxParameters"].(object); tc.capabilities != nil {
				assertJSON(t, "capabilities", parameters["Capabilities"], `{"Drop":["ALL"]}`)
			} else if parameters != nil {
				t.Errorf("%s", asJSON(parameters))
			}
		})
	}
	assertConfig(t, configOf(t, delivery(otelprometheus.DeliveryProps{QueueOnDisk: jsii.Bool(true)})),
		"directory: /var/lib/awscollector", "storage: file_storage", "queue_size: 536870912", "extensions: [health_check, sigv4auth, file_storage]")
}

func TestDrainTimeHoldsTheCollector(t *testing.T) {
	stack := newStack(t)
	fargateTask(stack, delivery(otelprometheus.DeliveryProps{DrainTime: seconds(20)}), &awsecs.ContainerDefinitionOptions{
		Image: awsecs.ContainerImage_FromRegistry(jsii.String("app"), nil),
	})
	c := synth(t, stack).container("drain")
	delete(c, "LogConfiguration")
	assertJSON(t, "container", c, `{
		"Command":["trap 'kill $!; sleep 20; exit 0' TERM; while :; do sleep 3600 \u0026 wait $!; done"],
		"DependsOn":[{"Condition":"START","ContainerName":"aws-otel-collector"}],
		"EntryPoint":["sh","-c"],"Essential":false,"Image":"public.ecr.aws/docker/library/busybox:1.37.0",
		"Memory":16,"Name":"drain","ReadonlyRootFilesystem":true,"StopTimeout":22,"User":"65534"}`)
}

func TestDeliveryRejections(t *testing.T) {
	for name, tc := range map[string]struct {
		telemetry *otelprometheus.TelemetryProps
		want      []string
	}{
		"everything of one hop": {delivery(otelprometheus.DeliveryProps{
			OneHop: jsii.Bool(true), QueueOnDisk: jsii.Bool(true), QueueSize: awscdk.Size_Mebibytes(jsii.Number(1)), Port: jsii.Number(1),
		}), []string{"3 faults", "a queue size is for two hops", "a queue directory is for two hops", "a port is for two hops"}},
		"small queue": {delivery(otelprometheus.DeliveryProps{QueueSize: awscdk.Size_Kibibytes(jsii.Number(1023))}), []string{"QueueSize is 0 MiB; it must be at least 1 MiB"}},
		"queue larger than the container": {delivery(otelprometheus.DeliveryProps{QueueSize: awscdk.Size_Mebibytes(jsii.Number(100))}),
			[]string{"queue size 100 MiB takes about 700 MiB", "limit of 512 MiB", "raise the limit, or keep the queue on disk"}},
		"volume without a disk": {delivery(otelprometheus.DeliveryProps{QueueVolume: jsii.String("v")}), []string{"QueueOnDisk is not set"}},
		"image without drain":   {delivery(otelprometheus.DeliveryProps{DrainImage: awsecs.ContainerImage_FromRegistry(jsii.String("x"), nil)}), []string{"only with DrainTime"}},
		"long drain":            {delivery(otelprometheus.DeliveryProps{DrainTime: seconds(119)}), []string{"DrainTime is 1m59s; Fargate takes at most 118 seconds"}},
		"short drain":           {delivery(otelprometheus.DeliveryProps{DrainTime: awscdk.Duration_Millis(jsii.Number(100))}), []string{"DrainTime is 100ms; it must be a whole number of seconds"}},
		"port token":            {delivery(otelprometheus.DeliveryProps{Port: awscdk.Token_AsNumber("x")}), []string{"the port is not known at synthesis"}},
		"ignored": {&otelprometheus.TelemetryProps{Delivery: &otelprometheus.DeliveryProps{}, Config: otelprometheus.ConfigFromImage("/etc/x.yaml", nil)},
			[]string{"Telemetry.Delivery is set together with Telemetry.Config"}},
	} {
		t.Run(name, func(t *testing.T) {
			message := panicOf(func() { fargateTask(newStack(t), tc.telemetry, nil) })
			for _, want := range tc.want {
				if !strings.Contains(message, want) {
					t.Errorf("%q is missing in: %s", want, message)
				}
			}
		})
	}
}

// TestDeliveryPortsAreKnownToThePortCheck gives an app the port of the second hop.
func TestDeliveryPortsAreKnownToThePortCheck(t *testing.T) {
	stack := newStack(t)
	fargateTask(stack, nil, &awsecs.ContainerDefinitionOptions{
		Image:        awsecs.ContainerImage_FromRegistry(jsii.String("app"), nil),
		PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(14319)}},
	})
	message := panicOf(func() { synth(t, stack) })
	if !strings.Contains(message, "both use tcp port 14319") || collector.DefaultDeliveryPort != "14318" {
		t.Errorf("the clash is not reported: %s", message)
	}
}

// TestNamesOfTheLibraryAreTakenOnce gives an app the name of the container that waits, and the task a volume of the queue's name.
func TestNamesOfTheLibraryAreTakenOnce(t *testing.T) {
	stack := newStack(t)
	td := fargateTask(stack, delivery(otelprometheus.DeliveryProps{DrainTime: seconds(5), QueueOnDisk: jsii.Bool(true)}), &awsecs.ContainerDefinitionOptions{
		Image: awsecs.ContainerImage_FromRegistry(jsii.String("app"), nil), ContainerName: jsii.String("drain"),
	})
	td.AddVolume(&awsecs.Volume{Name: jsii.String("collector-queue")})
	message := panicOf(func() { synth(t, stack) })
	for _, want := range []string{"two containers are named drain", "two volumes are named collector-queue"} {
		if !strings.Contains(message, want) {
			t.Errorf("%q is missing in: %s", want, message)
		}
	}
}
