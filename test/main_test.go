// Package test asserts on synthesized templates, through the public API only.
package test

import (
	"fmt"
	"os"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

func TestMain(m *testing.M) {
	// Template validation costs time in every test; the feature flag of strictApp turns it on all the same, as its canary shows.
	os.Setenv("CDK_VALIDATION", "false")
	os.Setenv("JSII_SILENCE_WARNING_END_OF_LIFE_NODE_VERSION", "20")
	// Asset paths are relative to the repository root, where the app runs.
	if err := os.Chdir(".."); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	jsii.Close() // a deferred call would be skipped by os.Exit
	os.Exit(code)
}

// cdkContext is what the CDK CLI hands to the app: the feature flags of cdk.json.
func cdkContext(t *testing.T) map[string]any {
	t.Helper()
	var file struct{ Context map[string]any }
	readJSON(t, "cdk.json", &file)
	return file.Context
}

// strictApp is an app with the feature flags of cdk.json, among them those that validate every template and fail on
// warnings.
func strictApp(t *testing.T) awscdk.App {
	t.Helper()
	context := cdkContext(t)
	return awscdk.NewApp(&awscdk.AppProps{Context: &context})
}

// newApp is an app with the same flags, but for the validation: it costs time, and is for the samples.
func newApp(t *testing.T) awscdk.App {
	t.Helper()
	context := cdkContext(t)
	context["@aws-cdk/core:validateAgainstDefaultRules"] = false
	context["@aws-cdk/core:strictCfnValidateErrors"] = false
	return awscdk.NewApp(&awscdk.AppProps{Context: &context})
}

func newStack(t *testing.T) awscdk.Stack {
	t.Helper()
	return awscdk.NewStack(newApp(t), jsii.String("Stack"), nil)
}

// newStackIn is a stack in a known account and region.
func newStackIn(app awscdk.App, id, account, region string) awscdk.Stack {
	return awscdk.NewStack(app, &id, &awscdk.StackProps{Env: &awscdk.Environment{Account: &account, Region: &region}})
}

// homeStack is a stack in the account and region of workspaceArn.
func homeStack(t *testing.T) awscdk.Stack {
	t.Helper()
	return newStackIn(newApp(t), "Stack", home, "eu-west-1")
}
