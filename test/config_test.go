package test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsssm"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
)

// ssmGrant is what awsecs grants for a secret that is an SSM parameter.

func TestConfigFromImage(t *testing.T) {
	for file, want := range map[string]struct{ environment, traces string }{
		otelprometheus.ADOTEcsAmp:               {`["AWS_PROMETHEUS_ENDPOINT"]`, `[]`},
		otelprometheus.ADOTEcsAmpPrometheus:     {`["AWS_PROMETHEUS_ENDPOINT","AWS_PROMETHEUS_SCRAPING_ENDPOINT"]`, `[]`},
		otelprometheus.ADOTEcsAmpXray:           {`["AWS_PROMETHEUS_ENDPOINT"]`, `["xray:PutTelemetryRecords","xray:PutTraceSegments"]`},
		otelprometheus.ADOTEcsAmpXrayPrometheus: {`["AWS_PROMETHEUS_ENDPOINT","AWS_PROMETHEUS_SCRAPING_ENDPOINT"]`, `["xray:PutTelemetryRecords","xray:PutTraceSegments"]`},
	} {
		options := &otelprometheus.ConfigFromImageOptions{}
		if strings.Contains(file, "prometheus") {
			options.ScrapingEndpoint = jsii.String("127.0.0.1:8080")
		}
		stack := newStack(t)
		fargateTask(stack, withConfig(otelprometheus.ConfigFromImage(&file, options)), nil)
		tmpl := synth(t, stack)
		c := tmpl.container(collectorName)
		assertJSON(t, "command", c["Command"], `["--config=`+file+`"]`)
		assertJSON(t, file, names(environment(c)), want.environment)
		xray := []any{}
		for _, s := range tmpl.statements("TaskTaskRole") {
			if s := s.(object); s["Resource"] == "*" {
				xray = s["Action"].([]any)
			}
		}
		assertJSON(t, file, xray, want.traces)
		if env := environment(tmpl.container("app")); len(env) != 0 {
			t.Errorf("%s: the app got %v", file, env)
		}
	}
}

func TestRegionOfTheWorkspaceIsSetWhereItDiffers(t *testing.T) {
	stack := newStack(t)
	telemetry := withConfig(otelprometheus.ConfigFromImage(jsii.String(otelprometheus.ADOTEcsAmp), nil))
	telemetry.Workspace = importedWorkspace(stack)
	fargateTask(stack, telemetry, nil)
	assertJSON(t, "region", environment(synth(t, stack).container(collectorName))["AWS_REGION"], `"eu-west-1"`)
}

func TestConfigFromYaml(t *testing.T) {
	stack := newStack(t)
	fargateTask(stack, withConfig(otelprometheus.ConfigFromYaml(jsii.String(ownYAML), nil)), nil)
	c := synth(t, stack).container(collectorName)
	assertJSON(t, "text", environment(c)["COLLECTOR_CONFIG"], asJSON(ownYAML))
	assertJSON(t, "command", c["Command"], `["--config=env:COLLECTOR_CONFIG"]`)
}

// TestConfigurationChangeMakesANewTaskDefinition also where the text is not in the task definition, and nothing else does.
func TestConfigurationChangeMakesANewTaskDefinition(t *testing.T) {
	file := filepath.Join(t.TempDir(), "collector.yaml")
	asset := func(text string) string {
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		stack := newStack(t)
		fargateTask(stack, withConfig(otelprometheus.ConfigFromAsset(&file, nil)), nil)
		return asJSON(synth(t, stack).one("AWS::ECS::TaskDefinition"))
	}
	first := asset(ownYAML)
	if again := asset(ownYAML); first != again {
		t.Errorf("one configuration makes\n%s\nand\n%s", first, again)
	}
	if changed := asset(ownYAML + "# changed"); changed == first {
		t.Errorf("the change did not show: %s", changed)
	}
}

func TestConfigFromAnExistingSsmParameter(t *testing.T) {
	stack := newStack(t)
	parameter := awsssm.StringParameter_FromStringParameterName(stack, jsii.String("Parameter"), jsii.String("/otel/config"))
	fargateTask(stack, withConfig(otelprometheus.ConfigFromSsmParameter(parameter, jsii.String("7"))), nil)
	c := synth(t, stack).container(collectorName)
	assertJSON(t, "command", c["Command"], `["--config=env:COLLECTOR_CONFIG"]`)
	assertJSON(t, "revision", environment(c)["COLLECTOR_CONFIG_REVISION"], `"7"`)
	assertJSON(t, "secret", c["Secrets"].([]any)[0].(object)["Name"], `"COLLECTOR_CONFIG"`)
}

func TestConfigFromS3(t *testing.T) {
	stack := newStack(t)
	bucket := awss3.Bucket_FromBucketName(stack, jsii.String("Bucket"), jsii.String("configs"))
	fargateTask(stack, withConfig(otelprometheus.ConfigFromS3(bucket, jsii.String("a/b.yaml"), nil)), nil)
	tmpl := synth(t, stack)
	assertJSON(t, "command", tmpl.container(collectorName)["Command"],
		`[{"Fn::Join":["",["--config=s3://configs.s3.",{"Ref":"AWS::Region"},".",{"Ref":"AWS::URLSuffix"},"/a/b.yaml"]]}]`)
	grant := asJSON(tmpl.statements("TaskTaskRole"))
	assertContains(t, grant, `:s3:::configs/a/b.yaml`)
	if strings.Contains(grant, `configs/*`) {
		t.Errorf("the task role may read all of the bucket: %s", grant)
	}
}

func TestConfigFromAsset(t *testing.T) {
	file := filepath.Join(t.TempDir(), "collector.yaml")
	if err := os.WriteFile(file, []byte(ownYAML), 0o644); err != nil {
		t.Fatal(err)
	}
	stack := newStack(t)
	fargateTask(stack, withConfig(otelprometheus.ConfigFromAsset(&file, nil)), nil)
	tmpl := synth(t, stack)
	command := asJSON(tmpl.container(collectorName)["Command"])
	assertContains(t, command, "--config=s3://")
	if !assetHash.MatchString(command) {
		t.Errorf("the command %s does not name the asset by its hash", command)
	}
	assertContains(t, asJSON(tmpl.statements("TaskTaskRole")), "s3:GetObject")
}

func TestExtraConfigurationIsMerged(t *testing.T) {
	config := otelprometheus.ConfigWithExtra(jsii.String("service: {telemetry: {logs: {level: debug}}}"))
	assertContains(t, configOf(t, withConfig(config)), "level: debug", "metrics/otlp:")
}

// TestExpansionsPassStrictTemplateValidation: awscdk takes ${env:…} for a forgotten Fn::Sub, unless it is told otherwise.
func TestExpansionsPassStrictTemplateValidation(t *testing.T) {
	for name, config := range map[string]*otelprometheus.Config{
		"environment": otelprometheus.ConfigFromYaml(jsii.String(strings.Replace(ownYAML, "127.0.0.1:4317", `"${env:HOST}:4317"`, 1)), nil),
		"generated":   nil,
		"extra":       otelprometheus.ConfigWithExtra(jsii.String("exporters: {prometheus_remote_write: {external_labels: {host: \"${env:HOST}\"}}}")),
	} {
		app := strictApp(t)
		fargateTask(awscdk.NewStack(app, jsii.String("Stack"), nil), withConfig(config), nil)
		if message := panicOf(func() { app.Synth(nil) }); message != "" {
			t.Errorf("%s: %s", name, message)
		}
	}
}

func TestAddScrapeJobIsRefusedWhereTheConfigurationIsNotGenerated(t *testing.T) {
	td := fargateTask(newStack(t), withConfig(otelprometheus.ConfigFromYaml(jsii.String(ownYAML), nil)), nil)
	assertRefused(t, func() { td.AddScrapeJob(&otelprometheus.ScrapeJob{Port: jsii.Number(1)}) }, "is not generated, so no job can be added")
}
