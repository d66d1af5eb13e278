// Package nag runs checks that others wrote, cdk-nag's AwsSolutions pack, over every sample stack.
package nag

import (
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strings"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"

	"github.com/seed86154836/cdk-otel-prometheus/stacks"
)

func TestMain(m *testing.M) {
	os.Setenv("CDK_VALIDATION", "false")
	os.Setenv("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
	if err := os.Chdir("../.."); err != nil { // asset paths are relative to the root
		panic(err)
	}
	code := m.Run()
	jsii.Close()
	os.Exit(code)
}

// suppression says why a finding is accepted. It covers the findings whose construct has where in its path.
type suppression struct{ rule, where, reason string }

var suppressions = []suppression{
	{"AwsSolutions-ECS2", "/Task/Resource", "the variables hold the collector's configuration and addresses, no secrets; those go through Secrets"},
	{"AwsSolutions-ECS2", "Fleet/Collector/Task0/Resource", "the variables hold the collector's configuration and addresses, no secrets"},
	{"AwsSolutions-IAM5[Resource::*]", "Fleet/Collector/Task0/TaskRole/", "task definitions and EC2 instances know no resources; the other statement has the cluster in its condition"},
	{"AwsSolutions-IAM5[Resource::*]", "Fleet/", "ecr:GetAuthorizationToken knows no resource; awscdk grants it for images in ECR"},
	{"AwsSolutions-ECS7", "WholeApp/", "the containers log: AddToAll sets it by a property override, which the rule does not read"},
	{"AwsSolutions-IAM5[Resource::*]", "WholeApp/", "ecr:GetAuthorizationToken knows no resource; awscdk grants it for images in ECR"},
	{"AwsSolutions-ECS4", "/Cluster/Resource", "task metrics go to AMP; Container Insights would store them a second time, at a price"},
	{"AwsSolutions-ECS7", "ExistingTask/Task/Resource", "the container logs: the extension sets it by a property override, which the rule does not read"},
	{"AwsSolutions-VPC7", "/Vpc/Resource", "a sample; flow logs are for the VPC that a team has"},
	{"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy]", "Documented/ExecutionRole", "the document that the sample follows names this policy"},
	{"AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/AmazonPrometheusRemoteWriteAccess]", "Documented/Task/TaskRole", "the document that the sample follows names this policy"},
	{"AwsSolutions-IAM5[Resource::*]", "/Task/ExecutionRole/", "ecr:GetAuthorizationToken knows no resource; awscdk grants it for images in ECR"},
	{"AwsSolutions-IAM5[Resource::*]", "Traces/Task/TaskRole/", "X-Ray knows no resources"},
	{"AwsSolutions-IAM5", "/Group/InstanceRole/", "awscdk grants this to the instances of a cluster"},
	{"AwsSolutions-IAM5", "ScheduledTask/Task/EventsRole/", "awscdk grants ecs:RunTask with the tags of the tasks of one cluster"},
	{"AwsSolutions-AS3", "/Group/ASG", "a sample; who is told of scaling is for the team to say"},
	{"AwsSolutions-EC26", "/Group/ASG", "a sample; accounts encrypt volumes by default, or name a key"},
	{"AwsSolutions-ELB2", "ExistingTask/LoadBalancer", "a sample; access logs need a bucket of the team's"},
	{"AwsSolutions-EC23", "ExistingTask/LoadBalancer", "the sample's load balancer is for the internet"},
	{"CdkNagValidationFailure[AwsSolutions-EC23]", "PrivateVpc/Vpc/OtelPrometheus", "the rule cannot read the VPC's address range, which is known only at deployment"},
}

func TestSamplesPassAwsSolutions(t *testing.T) {
	used := map[suppression]bool{}
	for _, sample := range stacks.All {
		t.Run(sample.Name, func(t *testing.T) {
			for _, finding := range findings(func(app awscdk.App) { sample.New(app, sample.Name) }) {
				if s, ok := suppressed(finding); ok {
					used[s] = true
					continue
				}
				t.Error(finding)
			}
		})
	}
	for _, s := range suppressions {
		if !used[s] {
			t.Errorf("nothing needs the suppression of %s at %s any more; remove it", s.rule, s.where)
		}
	}
}

// TestCanary has a fault that the pack must find; without it, a pack that checks nothing would pass.
func TestCanary(t *testing.T) {
	found := findings(func(app awscdk.App) {
		stack := awscdk.NewStack(app, jsii.String("Canary"), nil)
		awss3.NewBucket(stack, jsii.String("Bucket"), nil)
	})
	if !strings.Contains(strings.Join(found, "\n"), "AwsSolutions-S1") {
		t.Errorf("a bucket without access logs was not found: %v", found)
	}
}

// flags are the feature flags of cdk.json, without the template validation.
func flags() *map[string]any {
	data, err := os.ReadFile("cdk.json")
	if err != nil {
		panic(err)
	}
	var file struct{ Context map[string]any }
	if err := json.Unmarshal(data, &file); err != nil {
		panic(err)
	}
	file.Context["@aws-cdk/core:validateAgainstDefaultRules"] = false
	file.Context["@aws-cdk/core:strictCfnValidateErrors"] = false
	return &file.Context
}

func suppressed(finding string) (suppression, bool) {
	for _, s := range suppressions {
		if strings.Contains(finding, s.rule) && strings.Contains(finding, s.where) {
			return s, true
		}
	}
	return suppression{}, false
}

// findings are the errors and warnings that the pack leaves as annotations: path: message.
func findings(build func(awscdk.App)) []string {
	app := awscdk.NewApp(&awscdk.AppProps{Context: flags()})
	build(app)
	awscdk.Aspects_Of(app).Add(cdknag.NewAwsSolutionsChecks(&cdknag.NagPackProps{Verbose: jsii.Bool(false)}), nil)
	func() {
		defer func() { _ = recover() }() // an error annotation fails the synthesis; the annotations are what counts
		app.Synth(nil)
	}()
	var all []string
	for _, c := range *app.Node().FindAll(constructs.ConstructOrder_PREORDER) {
		for _, m := range *c.Node().Metadata() {
			if kind := *m.Type; kind == "aws:cdk:error" || kind == "aws:cdk:warning" {
				all = append(all, fmt.Sprintf("%s: %v", *c.Node().Path(), m.Data))
			}
		}
	}
	sort.Strings(all)
	return all
}
