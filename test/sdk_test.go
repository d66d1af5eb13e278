package test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// sdkRow is what a container sets itself. The end-to-end tests run an SDK with what comes of it, and see where each signal arrives.
type sdkRow struct {
	Name         string
	WithTraces   bool
	Own, Secrets map[string]*string
	Warnings     []string
}

// TestVariablesForSDKs writes the variables of each row's container to a file from which the end-to-end tests take them.
func TestVariablesForSDKs(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("test", "testdata", "sdk.json"))
	if err != nil {
		t.Fatal(err)
	}
	var rows []sdkRow
	if err := json.Unmarshal(data, &rows); err != nil {
		t.Fatal(err)
	}
	got := map[string]object{}
	for _, traces := range []bool{false, true} {
		stack := newStack(t)
		td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"),
			&awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)}, &otelprometheus.TelemetryProps{Traces: &traces})
		value := secret(stack)
		for i, row := range rows {
			if row.WithTraces == traces {
				secrets := map[string]awsecs.Secret{}
				for name := range row.Secrets {
					secrets[name] = value
				}
				td.AddContainer(jsii.String(containerOf(i)), &awsecs.ContainerDefinitionOptions{Image: anyImage(), Environment: &row.Own, Secrets: &secrets})
			}
		}
		tmpl := synth(t, stack)
		for i, row := range rows {
			if row.WithTraces == traces {
				got[row.Name] = environment(tmpl.container(containerOf(i)))
				assertWarnedOf(t, td, containerOf(i), row.Warnings)
			}
		}
	}
	text, err := json.MarshalIndent(got, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	assertGolden(t, "sdk_variables.json", append(text, '\n'))
}

// TestContainersOfOneIdentityAreNamed: their samples are told apart by a header, but who sends them is not what was meant.
func TestContainersOfOneIdentityAreNamed(t *testing.T) {
	for name, tc := range map[string]struct {
		first, second map[string]*string
		want          string
	}{
		"no names":        {},
		"one name":        {first: map[string]*string{"OTEL_SERVICE_NAME": jsii.String("shop")}},
		"different names": {map[string]*string{"OTEL_SERVICE_NAME": jsii.String("shop")}, map[string]*string{"OTEL_SERVICE_NAME": jsii.String("cart")}, ""},
		"the same name": {map[string]*string{"OTEL_SERVICE_NAME": jsii.String("shop")}, map[string]*string{"OTEL_RESOURCE_ATTRIBUTES": jsii.String("a=b, service.name=shop")},
			"containers first and second both send as shop"},
		"different instances": {map[string]*string{"OTEL_RESOURCE_ATTRIBUTES": jsii.String("service.name=shop,service.instance.id=1")},
			map[string]*string{"OTEL_RESOURCE_ATTRIBUTES": jsii.String("service.name=shop,service.instance.id=2")}, ""},
		"elsewhere": {map[string]*string{"OTEL_SERVICE_NAME": jsii.String("shop")},
			map[string]*string{"OTEL_SERVICE_NAME": jsii.String("shop"), "OTEL_EXPORTER_OTLP_ENDPOINT": jsii.String("http://else.example")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(newStack(t), jsii.String("Task"),
				&awsecs.FargateTaskDefinitionProps{Cpu: jsii.Number(512), MemoryLimitMiB: jsii.Number(1024)}, nil)
			td.AddContainer(jsii.String("first"), &awsecs.ContainerDefinitionOptions{Image: anyImage(), Environment: &tc.first})
			td.AddContainer(jsii.String("second"), &awsecs.ContainerDefinitionOptions{Image: anyImage(), Environment: &tc.second})
			if tc.want == "" {
				assertNoWarnings(t, td)
				return
			}
			assertWarned(t, td, "sameIdentity", tc.want)
		})
	}
}

func containerOf(row int) string { return fmt.Sprintf("row-%d-", row) }

// assertWarnedOf compares the warnings about one container.
func assertWarnedOf(t *testing.T, td constructs.IConstruct, container string, want []string) {
	t.Helper()
	var got []string
	for _, line := range strings.Split(warnings(td), "\n") {
		if strings.Contains(line, "container "+container) {
			got = append(got, line)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%s: the warnings are %q, want %q", container, got, want)
		return
	}
	for i := range want {
		assertContains(t, got[i], want[i])
	}
}

// TestVariablesThatAreKnownOnlyAtDeployment: an unknown endpoint is the container's, and an unknown protocol must not be guessed.
func TestVariablesThatAreKnownOnlyAtDeployment(t *testing.T) {
	const protocol = "OTEL_EXPORTER_OTLP_PROTOCOL"
	for name, tc := range map[string]struct {
		options func(awscdk.Stack) *awsecs.ContainerDefinitionOptions
		warning string
	}{
		"protocol in a secret": {func(stack awscdk.Stack) *awsecs.ContainerDefinitionOptions {
			return &awsecs.ContainerDefinitionOptions{Secrets: &map[string]awsecs.Secret{protocol: secret(stack)}}
		}, "container app: the protocol in " + protocol + " is not known at synthesis"},
		"protocol that no SDK has": {func(awscdk.Stack) *awsecs.ContainerDefinitionOptions {
			return &awsecs.ContainerDefinitionOptions{Environment: &map[string]*string{protocol: jsii.String("thrift")}}
		}, "set OTEL_EXPORTER_OTLP_METRICS_ENDPOINT in Environment"},
		"endpoint from a token": {func(stack awscdk.Stack) *awsecs.ContainerDefinitionOptions {
			return &awsecs.ContainerDefinitionOptions{Environment: &map[string]*string{
				"OTEL_EXPORTER_OTLP_ENDPOINT": jsii.String("http://" + *stack.Region() + ".example.com"),
			}}
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			stack := newStack(t)
			td := fargateTask(stack, nil, tc.options(stack))
			env := environment(synth(t, stack).container("app"))
			if env["OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"] != nil || env["OTEL_EXPORTER_OTLP_METRICS_PROTOCOL"] != nil {
				t.Errorf("the app is led to the collector: %v", env)
			}
			assertContains(t, warnings(td), tc.warning)
		})
	}
}
