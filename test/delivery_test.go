package test

import (
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

func TestDeliveryTakesTwoHopsByDefault(t *testing.T) {
	stack := newStack(t)
	fargateTask(stack, nil, nil)
	template := synth(t, stack)
	task := template.one("AWS::ECS::TaskDefinition")
	if _, has := task["Volumes"]; has || len(task["ContainerDefinitions"].([]any)) != 2 {
		t.Errorf("a volume or a container too many: %s", asJSON(task))
	}
	if c := template.container(collectorName); c["User"] != "4317" || c["LinuxParameters"] != nil || c["MountPoints"] != nil {
		t.Errorf("%s", asJSON(c))
	}
	assertContains(t, configOf(t, nil), "otlp_http/delivery:", "endpoint: http://127.0.0.1:14318", "queue_size: 48234496", "max_elapsed_time: 0")
}

func TestOneHopDelivery(t *testing.T) {
	text := configOf(t, withDelivery(otelprometheus.DeliveryProps{OneHop: jsii.Bool(true)}))
	assertContains(t, text, "timeout: 30s", "remote_write_queue:\n      enabled: true")
	if strings.Contains(text, "otlp_http") {
		t.Error("there is a first hop")
	}
}

func TestQueueSizeAndPort(t *testing.T) {
	assertContains(t, configOf(t, withDelivery(otelprometheus.DeliveryProps{QueueSize: awscdk.Size_Mebibytes(jsii.Number(20)), Port: jsii.Number(15000)})),
		"queue_size: 20971520", "endpoint: 127.0.0.1:15000", "endpoint: 127.0.0.1:15001")
}

func TestQueueOnDisk(t *testing.T) {
	for name, tc := range map[string]struct {
		telemetry    *otelprometheus.TelemetryProps
		user, volume string
		drops        bool // all capabilities, as root
	}{
		"own volume": {withDelivery(otelprometheus.DeliveryProps{QueueOnDisk: jsii.Bool(true)}), "0", "collector-queue", true},
		"own volume, another user": {&otelprometheus.TelemetryProps{
			Delivery:  &otelprometheus.DeliveryProps{QueueOnDisk: jsii.Bool(true)},
			Collector: &otelprometheus.CollectorProps{User: jsii.String("1000")},
		}, "1000", "collector-queue", false},
		"given volume": {withDelivery(otelprometheus.DeliveryProps{QueueOnDisk: jsii.Bool(true), QueueVolume: jsii.String("efs")}), "4317", "efs", false},
	} {
		t.Run(name, func(t *testing.T) {
			stack := newStack(t)
			td := fargateTask(stack, tc.telemetry, nil)
			if tc.telemetry.Delivery.QueueVolume != nil {
				td.AddVolume(&awsecs.Volume{Name: tc.telemetry.Delivery.QueueVolume})
			}
			template := synth(t, stack)
			c := template.container(collectorName)
			assertJSON(t, "volumes", template.one("AWS::ECS::TaskDefinition")["Volumes"], `[{"Name":"`+tc.volume+`"}]`)
			assertJSON(t, "mount points", c["MountPoints"], `[{"ContainerPath":"/var/lib/awscollector","ReadOnly":false,"SourceVolume":"`+tc.volume+`"}]`)
			if c["User"] != tc.user || c["ReadonlyRootFilesystem"] != true {
				t.Errorf("user %v, read-only root %v", c["User"], c["ReadonlyRootFilesystem"])
			}
			want := `null`
			if tc.drops {
				want = `{"Capabilities":{"Drop":["ALL"]}}`
			}
			assertJSON(t, "Linux parameters", c["LinuxParameters"], want)
		})
	}
	assertContains(t, configOf(t, withDelivery(otelprometheus.DeliveryProps{QueueOnDisk: jsii.Bool(true)})),
		"directory: /var/lib/awscollector", "storage: file_storage", "queue_size: 536870912", "extensions: [health_check, sigv4auth, file_storage]")
}

func TestDrainTimeHoldsTheCollector(t *testing.T) {
	stack := newStack(t)
	fargateTask(stack, withDelivery(otelprometheus.DeliveryProps{DrainTime: seconds(20)}), nil)
	c := synth(t, stack).container("drain")
	delete(c, "LogConfiguration")
	assertJSON(t, "container", c, `{
		"Command":["trap 'kill $!; sleep 20; exit 0' TERM; while :; do sleep 3600 \u0026 wait $!; done"],
		"DependsOn":[{"Condition":"START","ContainerName":"aws-otel-collector"}],
		"EntryPoint":["sh","-c"],"Essential":false,"Image":"public.ecr.aws/docker/library/busybox:1.37.0",
		"Memory":16,"Name":"drain","ReadonlyRootFilesystem":true,"StopTimeout":22,"User":"65534"}`)
}
