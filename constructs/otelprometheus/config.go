package otelprometheus

import (
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsssm"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// Config is where a collector gets its configuration from. Make one with ConfigWithExtra or one of the ConfigFrom functions.
//
// With a configuration that is not generated, the collector gets AWS_PROMETHEUS_ENDPOINT, and AWS_REGION where Fargate does not
// set it to the workspace's region; the fields that describe a generated one (Otlp, Scrape, TaskMetrics and so on) are refused, and
// containers get no OTEL_ variables.
type Config struct {
	generated bool
	extra     string // merged over the generated configuration
	cluster   *clusterSource
	text      string // the user's own
	checked   collector.CheckOptions

	imageFile        string
	scrapingEndpoint *string
	parameter        awsssm.IStringParameter
	bucket           awss3.IBucket
	key              string
	assetPath        string
	revision         *string
}

// Configuration files in the ADOT image for metrics in AMP. They read AWS_REGION and AWS_PROMETHEUS_ENDPOINT, and those
// that scrape AWS_PROMETHEUS_SCRAPING_ENDPOINT.
const (
	// ADOTEcsAmp collects OTLP and ECS task metrics.
	ADOTEcsAmp = "/etc/ecs/ecs-amp.yaml"
	// ADOTEcsAmpPrometheus scrapes one endpoint and collects ECS task metrics.
	ADOTEcsAmpPrometheus = "/etc/ecs/ecs-amp-prometheus.yaml"
	// ADOTEcsAmpXray collects OTLP metrics and traces, and ECS task metrics.
	ADOTEcsAmpXray = "/etc/ecs/ecs-amp-xray.yaml"
	// ADOTEcsAmpXrayPrometheus scrapes one endpoint, and collects OTLP traces, not metrics, and ECS task metrics.
	ADOTEcsAmpXrayPrometheus = "/etc/ecs/ecs-amp-xray-prometheus.yaml"
)

// ConfigWithExtra generates the configuration from the other fields of TelemetryProps, as is done without a Config too, and merges
// collector configuration in YAML over it: mappings are merged key by key, everything else is replaced. The result is checked as
// CheckConfig does. A $ in it is the collector's.
func ConfigWithExtra(yaml *string) *Config {
	return &Config{generated: true, extra: input.StringOr(yaml, "")}
}

// ConfigFromImageOptions gives a file in the image the environment that it needs.
type ConfigFromImageOptions struct {
	// ScrapingEndpoint is the host:port that ADOTEcsAmpPrometheus and ADOTEcsAmpXrayPrometheus scrape; required there.
	//
	// Default: none.
	ScrapingEndpoint *string
}

// ConfigFromImage takes a configuration file in the collector's image, by its absolute path.
func ConfigFromImage(path *string, options *ConfigFromImageOptions) *Config {
	c := &Config{imageFile: input.StringOr(path, "")}
	if options != nil {
		c.scrapingEndpoint = options.ScrapingEndpoint
	}
	return c
}

// ConfigOptions says how your own configuration is checked.
type ConfigOptions struct {
	// AllowUnknownComponents accepts components that ADOT does not have, for your own image.
	//
	// Default: false.
	AllowUnknownComponents *bool
}

func (o *ConfigOptions) resolve() collector.CheckOptions {
	if o == nil {
		return collector.CheckOptions{}
	}
	return collector.CheckOptions{AllowUnknownComponents: input.BoolOr(o.AllowUnknownComponents, false)}
}

// CheckConfig reports, all at once, what would keep a collector from starting with a configuration that was written by hand, and
// what would start and not work: $NAME where ${env:NAME} is meant, and requests to AMP that would not be signed. What an expansion gives is not
// judged, nor are files in the container. ConfigFromYaml and ConfigFromAsset do the same at synthesis.
func CheckConfig(yaml *string, options *ConfigOptions) error {
	return collector.Check(input.StringOr(yaml, ""), options.resolve())
}

// ConfigFromYaml takes your own configuration, which is checked at synthesis; see CheckConfig.
func ConfigFromYaml(yaml *string, options *ConfigOptions) *Config {
	return &Config{text: input.StringOr(yaml, ""), checked: options.resolve()}
}

// ConfigFromSsmParameter takes the value of an existing SSM parameter, which the execution role may read. A change of the
// value makes no new task definition by itself: change revision with it, so that a deploy applies it.
func ConfigFromSsmParameter(parameter awsssm.IStringParameter, revision *string) *Config {
	return &Config{parameter: parameter, revision: revision}
}

// ConfigFromS3 takes an object of an S3 bucket in the region of the stack, which the task role may read. A change of the
// object makes no new task definition by itself: change revision with it, so that a deploy applies it.
func ConfigFromS3(bucket awss3.IBucket, key *string, revision *string) *Config {
	return &Config{bucket: bucket, key: input.StringOr(key, ""), revision: revision}
}

// ConfigFromAsset takes a local file, which is checked at synthesis and uploaded as an asset when the app is deployed. The
// task role may read it. A change of the file makes a new task definition.
func ConfigFromAsset(path *string, options *ConfigOptions) *Config {
	return &Config{assetPath: input.StringOr(path, ""), checked: options.resolve()}
}

// validate reports what is wrong with a configuration that is not generated.
func (c *Config) validate(f *input.Faults) {
	const at = where + "Config"
	switch {
	case c.imageFile != "":
		if !strings.HasPrefix(c.imageFile, "/") {
			f.Add("%s is %q; it must be the absolute path of a file in the image", at, c.imageFile)
		}
		scrapes := c.imageFile == ADOTEcsAmpPrometheus || c.imageFile == ADOTEcsAmpXrayPrometheus
		if scrapes && c.scrapingEndpoint == nil {
			f.Add("%s: %s scrapes the address in %s; set ScrapingEndpoint, such as 127.0.0.1:8080", at, c.imageFile, envScrapingEndpoint)
		}
	case c.parameter != nil, c.bucket != nil && c.key != "":
	case c.assetPath != "":
		text, err := os.ReadFile(c.assetPath)
		if err != nil {
			f.Add("%s: %v", at, err)
			return
		}
		c.text = string(text)
		f.AddError(at, collector.Check(c.text, c.checked))
	case c.text != "":
		if collector.ReplacePlaceholders(c.text, "") != "" { // what is known only at deployment cannot be checked
			f.AddError(at, collector.Check(c.text, c.checked))
		}
		f.AddError("", checkSize(at, c.text))
	default:
		f.Add("%s is empty; name a file, a text, a parameter or an object", at)
	}
}

// A task definition holds 64 KiB. Source: Amazon ECS service quotas.
const (
	maxConfigBytes    = 60 * 1024
	assumedTokenBytes = 64 // a region, an id or an ARN
)

// checkSize reports a text that is too large for an environment variable of a task definition.
func checkSize(at, text string) error {
	if size := len(collector.ReplacePlaceholders(text, strings.Repeat("x", assumedTokenBytes))); size > maxConfigBytes {
		return fmt.Errorf("%s has about %d bytes; a task definition holds 64 KiB in all; use ConfigFromAsset", at, size)
	}
	return nil
}
