package test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// setAside reads the sums in a configuration; 0 where it has none and does not keep the metric, -1 where the receiver's is kept.
func setAside(config, metric string) string {
	scaled := regexp.MustCompile(`- name: ` + regexp.QuoteMeta(metric) + `\n +type: scale\n +metric1: \S+\n +scale_by: (\d+)`).FindStringSubmatch(config)
	switch {
	case scaled != nil:
		return scaled[1]
	case strings.Contains(config, strings.ReplaceAll(metric, ".", `\\.`)):
		return "the receiver's"
	}
	return "not kept"
}

// TestWhatContainersSetAsideIsKnownAtSynthesis: the metadata of a task without a size of its own does not say what its containers
// reserve, so the configuration does, with the containers that the task has in the end.
func TestWhatContainersSetAsideIsKnownAtSynthesis(t *testing.T) {
	mib := func(n float64) *float64 { return &n }
	units := mib
	type options = awsecs.ContainerDefinitionOptions
	unsized := awsecs.TaskDefinitionProps{Compatibility: awsecs.Compatibility_EC2}
	for name, tc := range map[string]struct {
		task        awsecs.TaskDefinitionProps
		collector   otelprometheus.CollectorProps
		apps        []options
		cpu, memory string
	}{
		"reservations and a limit": {task: unsized, collector: otelprometheus.CollectorProps{MemoryLimitMiB: mib(256), Cpu: units(64)},
			apps: []options{{MemoryReservationMiB: mib(100), Cpu: units(128)}, {MemoryLimitMiB: mib(50), Cpu: units(10)}}, cpu: "202", memory: "406"},
		"a limit above the reservation": {task: unsized, apps: []options{{MemoryReservationMiB: mib(100), MemoryLimitMiB: mib(300)}}, cpu: "not kept", memory: "812"},
		"a collector without units":     {task: unsized, apps: []options{{MemoryLimitMiB: mib(100), Cpu: units(128)}}, cpu: "128", memory: "612"},
		"an app without units": {task: unsized, collector: otelprometheus.CollectorProps{Cpu: units(64)},
			apps: []options{{MemoryLimitMiB: mib(100), Cpu: units(128)}, {MemoryLimitMiB: mib(100)}}, cpu: "not kept", memory: "712"},
		"tokens": {task: unsized, apps: []options{{MemoryLimitMiB: awscdk.Token_AsNumber(map[string]string{"Ref": "M"}), Cpu: awscdk.Token_AsNumber(map[string]string{"Ref": "C"})}},
			cpu: "not kept", memory: "not kept"},
		"a task with a size": {task: awsecs.TaskDefinitionProps{Compatibility: awsecs.Compatibility_EC2, Cpu: jsii.String("512"), MemoryMiB: jsii.String("1024")},
			apps: []options{{MemoryReservationMiB: mib(100)}}, cpu: "the receiver's", memory: "the receiver's"},
		"a task with memory": {task: awsecs.TaskDefinitionProps{Compatibility: awsecs.Compatibility_EC2, MemoryMiB: jsii.String("1024")},
			apps: []options{{MemoryReservationMiB: mib(100), Cpu: units(256)}}, cpu: "256", memory: "the receiver's"},
		"a task whose size is a token": {task: awsecs.TaskDefinitionProps{Compatibility: awsecs.Compatibility_EC2, MemoryMiB: awscdk.Aws_REGION()},
			apps: []options{{MemoryReservationMiB: mib(100)}}, cpu: "not kept", memory: "the receiver's"},
		"Fargate": {task: awsecs.TaskDefinitionProps{Compatibility: awsecs.Compatibility_FARGATE, Cpu: jsii.String("512"), MemoryMiB: jsii.String("1024")},
			apps: []options{{}}, cpu: "the receiver's", memory: "the receiver's"},
	} {
		for _, way := range []string{"construct", "extension before", "extension after"} {
			t.Run(name+", "+way, func(t *testing.T) {
				stack, telemetry, props := newStack(t), withCollector(tc.collector), tc.task
				var td awsecs.TaskDefinition
				if way == "construct" {
					td = otelprometheus.NewOtelPrometheusTaskDefinition(stack, jsii.String("Task"), &props, telemetry)
				} else {
					td = awsecs.NewTaskDefinition(stack, jsii.String("Task"), &props)
				}
				if way == "extension before" {
					td.AddExtension(otelprometheus.NewOtelPrometheusSidecar(telemetry))
				}
				for i, app := range tc.apps {
					app.Image = anyImage()
					td.AddContainer(jsii.Sprintf("app%d", i), &app)
				}
				if way == "extension after" {
					td.AddExtension(otelprometheus.NewOtelPrometheusSidecar(telemetry))
				}
				config := configText(synth(t, stack).container(collectorName))
				if cpu, memory := setAside(config, "ecs.task.cpu.reserved"), setAside(config, "ecs.task.memory.reserved"); cpu != tc.cpu || memory != tc.memory {
					t.Errorf("CPU %s, memory %s, expected %s and %s", cpu, memory, tc.cpu, tc.memory)
				}
			})
		}
	}
}

// TestNetworkIsCountedOnce: with network mode awsvpc each container reports the task's network, with bridge its own, with host none.
func TestNetworkIsCountedOnce(t *testing.T) {
	for mode, want := range map[awsecs.NetworkMode]struct{ task, containers, once bool }{
		awsecs.NetworkMode_AWS_VPC: {once: true}, awsecs.NetworkMode_BRIDGE: {task: true, containers: true}, awsecs.NetworkMode_HOST: {},
	} {
		stack := newStack(t)
		td := otelprometheus.NewOtelPrometheusEc2TaskDefinition(stack, jsii.String("Task"), &awsecs.Ec2TaskDefinitionProps{NetworkMode: mode}, &otelprometheus.TelemetryProps{
			TaskMetrics: &otelprometheus.TaskMetricsProps{Containers: jsii.Bool(true)}, Collector: &otelprometheus.CollectorProps{ContainerName: jsii.String("telemetry")}})
		td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage(), MemoryLimitMiB: jsii.Number(64)})
		config := configText(synth(t, stack).container("telemetry"))
		filter, _, _ := strings.Cut(config[strings.Index(config, "filter/ecs:"):], "filter/ecs_")
		for text, there := range map[string]bool{`|ecs\\.task\\.network\\.rate\\.rx`: want.task, `|container\\.network\\.rate\\.rx`: want.containers} {
			if strings.Contains(filter, text) != there {
				t.Errorf("%s: %s in the filter: %t, expected %t", mode, text, !there, there)
			}
		}
		if strings.Contains(config, `resource.attributes["container.name"] != "telemetry"`) != want.once || strings.Contains(config, "new_name: ecs.task.network.rate.rx") != want.once {
			t.Errorf("%s: taken from the collector's container, expected %t, in\n%s", mode, want.once, config)
		}
	}
}

func TestUnknownNetworkMetricsDrawAWarning(t *testing.T) {
	metrics := &otelprometheus.TelemetryProps{TaskMetrics: &otelprometheus.TaskMetricsProps{
		Metrics: jsii.Strings("ecs.task.cpu.utilized", "ecs.task.network.rate.rx", "container.network.rate.rx")}}
	for mode, want := range map[awsecs.NetworkMode]string{
		awsecs.NetworkMode_AWS_VPC: "container.network.rate.rx", awsecs.NetworkMode_HOST: "ecs.task.network.rate.rx, container.network.rate.rx", awsecs.NetworkMode_BRIDGE: "",
	} {
		td := otelprometheus.NewOtelPrometheusEc2TaskDefinition(newStack(t), jsii.String("Task"), &awsecs.Ec2TaskDefinitionProps{NetworkMode: mode}, metrics)
		if want != "" {
			assertWarned(t, td, "unknownMetrics", "Telemetry.TaskMetrics.Metrics has "+want+", which ECS does not know")
		} else {
			assertNoWarnings(t, td)
		}
	}
	assertRefused(t, func() {
		only := &otelprometheus.TelemetryProps{TaskMetrics: &otelprometheus.TaskMetricsProps{Metrics: jsii.Strings("ecs.task.network.rate.rx")}}
		otelprometheus.NewOtelPrometheusEc2TaskDefinition(newStack(t), jsii.String("Task"), &awsecs.Ec2TaskDefinitionProps{NetworkMode: awsecs.NetworkMode_HOST}, only)
	}, "Telemetry.TaskMetrics.Metrics has only ecs.task.network.rate.rx, which ECS does not know in network mode host; add others, or turn TaskMetrics off")
}

// TestControlGroupsOfVersion2DrawAWarning where the stack says what its instances are.
func TestControlGroupsOfVersion2DrawAWarning(t *testing.T) {
	images := map[string]awsec2.IMachineImage{
		"Amazon Linux 2023": awsecs.EcsOptimizedImage_AmazonLinux2023(awsecs.AmiHardwareType_ARM, nil),
		"Amazon Linux 2":    awsecs.EcsOptimizedImage_AmazonLinux2(awsecs.AmiHardwareType_STANDARD, nil),
	}
	known := &otelprometheus.TelemetryProps{TaskMetrics: &otelprometheus.TaskMetricsProps{Metrics: jsii.Strings("ecs.task.cpu.utilized", "ecs.task.memory.usage")}}
	for _, tc := range []struct {
		image     string
		telemetry *otelprometheus.TelemetryProps
		fargate   bool
		warned    bool
	}{
		{image: "Amazon Linux 2023", warned: true}, {image: "Amazon Linux 2023", telemetry: known}, {image: "Amazon Linux 2023", fargate: true}, {image: "Amazon Linux 2"},
	} {
		t.Run(fmt.Sprintf("%s, %t, fargate %t", tc.image, tc.telemetry != nil, tc.fargate), func(t *testing.T) {
			stack := newStack(t)
			var td awsecs.TaskDefinition
			if tc.fargate {
				td = fargateTask(stack, nil, nil)
			} else {
				td = otelprometheus.NewOtelPrometheusEc2TaskDefinition(stack, jsii.String("Task"), nil, tc.telemetry)
				td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage(), MemoryLimitMiB: jsii.Number(64)})
			}
			awsautoscaling.NewAutoScalingGroup(stack, jsii.String("Group"), &awsautoscaling.AutoScalingGroupProps{
				Vpc: awsec2.NewVpc(stack, jsii.String("Vpc"), nil), InstanceType: awsec2.NewInstanceType(jsii.String("t4g.small")), MachineImage: images[tc.image],
			})
			synth(t, stack)
			if tc.warned {
				assertWarned(t, td, "controlGroups", "ecs_task_storage_* and ecs_task_memory_utilized are not stored and their alerts stay silent")
			} else {
				assertNoWarnings(t, td)
			}
		})
	}
}
