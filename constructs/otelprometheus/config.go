package otelprometheus

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3assets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsssm"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// Config is where a collector gets its configuration from. Make one with GenerateConfig or one of the ConfigFrom functions.
//
// With a configuration that is not generated, the collector gets AWS_PROMETHEUS_ENDPOINT, and AWS_REGION where Fargate does not
// set it to the workspace's region; the fields that describe a generated one (Otlp, Scrape, TaskMetrics and so on) are refused, and
// containers get no OTEL_ variables.
type Config struct {
	generated bool
	extra     string // merged over the generated configuration
	text      string // the user's own
	check     collector.CheckOptions
	inline    Carrier

	imageFile        string
	scrapingEndpoint *string
	parameter        awsssm.IStringParameter
	bucket           awss3.IBucket
	key              string
	assetPath        string
	revision         *string
}

// Carrier is how a configuration text gets into the container.
type Carrier string

const (
	// CarrierEnvironment writes it into the task definition, as an environment variable. A task definition holds 64 KiB.
	CarrierEnvironment Carrier = "environment"

	// CarrierSsmParameter writes it into a new SSM parameter, which the execution role may read: at most 8 KiB. The tier is
	// Standard up to 4 KiB and Advanced, which is charged for, beyond.
	CarrierSsmParameter Carrier = "ssm"
)

// Limits of what carries a configuration. Source: Amazon ECS service quotas (task definition size); AWS Systems Manager
// Parameter Store (parameter tiers).
const (
	maxEnvironmentBytes  = 60 * 1024 // of the 64 KiB of a task definition, which holds more than this
	maxSsmStandardBytes  = 4 * 1024
	maxSsmAdvancedBytes  = 8 * 1024
	assumedTokenBytes    = 64 // a region, an id or an ARN
	idConfigParameter    = "Config"
	envConfigFingerprint = "COLLECTOR_CONFIG_SHA256"
	envConfigRevision    = "COLLECTOR_CONFIG_REVISION"
	envScrapingEndpoint  = "AWS_PROMETHEUS_SCRAPING_ENDPOINT"
	envRegion            = "AWS_REGION"
)

// Configuration files in the ADOT image for metrics in AMP. They read AWS_REGION and AWS_PROMETHEUS_ENDPOINT, and those
// that scrape AWS_PROMETHEUS_SCRAPING_ENDPOINT.
const (
	// AdotEcsAmp collects OTLP and ECS task metrics.
	AdotEcsAmp = "/etc/ecs/ecs-amp.yaml"
	// AdotEcsAmpPrometheus scrapes one endpoint and collects ECS task metrics.
	AdotEcsAmpPrometheus = "/etc/ecs/ecs-amp-prometheus.yaml"
	// AdotEcsAmpXray collects OTLP metrics and traces, and ECS task metrics.
	AdotEcsAmpXray = "/etc/ecs/ecs-amp-xray.yaml"
	// AdotEcsAmpXrayPrometheus scrapes one endpoint, and collects OTLP traces, not metrics, and ECS task metrics.
	AdotEcsAmpXrayPrometheus = "/etc/ecs/ecs-amp-xray-prometheus.yaml"
)

// GenerateConfigOptions configures a generated configuration.
type GenerateConfigOptions struct {
	// Carrier of the text.
	//
	// Default: CarrierEnvironment.
	Carrier Carrier

	// Extra is collector configuration in YAML that is merged over the generated one: mappings are merged key by key,
	// everything else is replaced. The result is checked like a configuration of one's own. A $ in it is the collector's.
	//
	// Default: nothing is merged.
	Extra *string
}

// GenerateConfig generates the configuration from the other fields of TelemetryProps, as is done without a Config too.
func GenerateConfig(options *GenerateConfigOptions) *Config {
	if options == nil {
		options = &GenerateConfigOptions{}
	}
	return &Config{generated: true, inline: options.Carrier, extra: input.StringOr(options.Extra, "")}
}

// ConfigFromImageOptions gives a file in the image the environment that it needs.
type ConfigFromImageOptions struct {
	// ScrapingEndpoint is the host:port that AdotEcsAmpPrometheus and AdotEcsAmpXrayPrometheus scrape; required there.
	//
	// Default: none.
	ScrapingEndpoint *string
}

// ConfigFromImage takes a configuration file in the collector's image, by its absolute path.
func ConfigFromImage(path string, options *ConfigFromImageOptions) *Config {
	c := &Config{imageFile: path}
	if options != nil {
		c.scrapingEndpoint = options.ScrapingEndpoint
	}
	return c
}

// ConfigFromYamlOptions configures a configuration of one's own.
type ConfigFromYamlOptions struct {
	// Carrier of the text.
	//
	// Default: CarrierEnvironment.
	Carrier Carrier

	// AllowUnknownComponents accepts components that ADOT does not have, for an image of one's own.
	//
	// Default: false.
	AllowUnknownComponents *bool
}

// ConfigFromYaml takes a configuration of one's own, which is checked at synthesis; see collector.Check.
func ConfigFromYaml(text *string, options *ConfigFromYamlOptions) *Config {
	if options == nil {
		options = &ConfigFromYamlOptions{}
	}
	return &Config{
		text:   input.StringOr(text, ""),
		inline: options.Carrier,
		check:  collector.CheckOptions{AllowUnknownComponents: input.BoolOr(options.AllowUnknownComponents, false)},
	}
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

// ConfigFromAssetOptions configures a configuration file of one's own.
type ConfigFromAssetOptions struct {
	// AllowUnknownComponents accepts components that ADOT does not have, for an image of one's own.
	//
	// Default: false.
	AllowUnknownComponents *bool
}

// ConfigFromAsset takes a local file, which is checked at synthesis and uploaded as an asset when the app is deployed. The
// task role may read it. A change of the file makes a new task definition.
func ConfigFromAsset(path *string, options *ConfigFromAssetOptions) *Config {
	c := &Config{assetPath: input.StringOr(path, "")}
	if options != nil {
		c.check.AllowUnknownComponents = input.BoolOr(options.AllowUnknownComponents, false)
	}
	return c
}

// validate reports what is wrong with a configuration that is not generated.
func (c *Config) validate(f *input.Faults) {
	const where = "Telemetry.Config"
	switch {
	case c.imageFile != "":
		if !strings.HasPrefix(c.imageFile, "/") {
			f.Add("%s: %q is not the absolute path of a file in the image", where, c.imageFile)
		}
		scrapes := c.imageFile == AdotEcsAmpPrometheus || c.imageFile == AdotEcsAmpXrayPrometheus
		if scrapes && c.scrapingEndpoint == nil {
			f.Add("%s: %s scrapes the address in %s; set ScrapingEndpoint, such as 127.0.0.1:8080", where, c.imageFile, envScrapingEndpoint)
		}
	case c.parameter != nil, c.bucket != nil && c.key != "":
	case c.assetPath != "":
		text, err := os.ReadFile(c.assetPath)
		if err != nil {
			f.Add("%s: %v", where, err)
			return
		}
		f.AddError(where, collector.Check(string(text), c.check))
	case c.text != "":
		if collector.ReplacePlaceholders(c.text, "") != "" { // what is known only at deployment cannot be checked
			f.AddError(where, collector.Check(c.text, c.check))
		}
		addSize(f, where, c.text, c.inline)
	default:
		f.Add("%s is empty; name a file, a text, a parameter or an object", where)
	}
}

// addSize reports a text that is too large for what carries it.
func addSize(f *input.Faults, where, text string, carrier Carrier) {
	size := estimatedBytes(text)
	switch carrier {
	case "", CarrierEnvironment:
		if size > maxEnvironmentBytes {
			f.Add("%s has about %d bytes; a task definition holds 64 KiB in all; use ConfigFromAsset", where, size)
		}
	case CarrierSsmParameter:
		if size > maxSsmAdvancedBytes {
			f.Add("%s has about %d bytes; an SSM parameter holds at most %d; use CarrierEnvironment or ConfigFromAsset", where, size, maxSsmAdvancedBytes)
		}
	default:
		f.Add("%s: unknown carrier %q; use CarrierEnvironment or CarrierSsmParameter", where, carrier)
	}
}

// estimatedBytes is the length of a text, with a guess for what is known only at deployment.
func estimatedBytes(text string) int {
	return len(collector.ReplacePlaceholders(text, strings.Repeat("x", assumedTokenBytes)))
}

// carry adds to the collector's container what gets the configuration to it.
func (s *sidecar) carry(o *awsecs.ContainerDefinitionOptions) {
	env := *o.Environment
	c := s.settings.source
	source := "env:" + envConfig
	switch {
	case c.imageFile != "":
		source = c.imageFile
		if c.scrapingEndpoint != nil {
			env[envScrapingEndpoint] = c.scrapingEndpoint
		}
	case c.parameter != nil:
		(*o.Secrets)[envConfig] = awsecs.Secret_FromSsmParameter(c.parameter)
	case c.bucket != nil:
		s.warnWithoutEffect(c.bucket.GrantRead(s.task.TaskRole(), c.key), *c.bucket.ArnForObjects(&c.key), "s3:GetObject")
		source = s.s3Source(*c.bucket.BucketName(), c.key)
	case c.assetPath != "":
		s.asset = awss3assets.NewAsset(s.task, jsii.String(idConfigParameter), &awss3assets.AssetProps{Path: &c.assetPath})
		s.asset.GrantRead(s.task.TaskRole())
		source = s.s3Source(*s.asset.S3BucketName(), *s.asset.S3ObjectKey())
	case c.inline == CarrierSsmParameter:
		text := s.configText()
		s.parameter = awsssm.NewStringParameter(s.task, jsii.String(idConfigParameter), &awsssm.StringParameterProps{
			StringValue: &text,
			Tier:        tierOf(text),
			Description: jsii.String("Configuration of the collector in " + *s.task.Family()),
		})
		(*o.Secrets)[envConfig] = awsecs.Secret_FromSsmParameter(s.parameter)
		env[envConfigFingerprint] = jsii.String(s.fingerprint())
		acknowledgeExpansions(s.parameter.Node().DefaultChild(), text)
	default:
		text := s.configText()
		env[envConfig] = &text
		acknowledgeExpansions(s.rendered, text)
	}
	if c.revision != nil {
		env[envConfigRevision] = c.revision
	}
	if c.generated {
		o.Command = jsii.Strings(s.settings.config.Args(source)...)
		return
	}
	o.Command = jsii.Strings("--config=" + source)
	write := s.remoteWrite()
	env[envRemoteWriteUrl] = &write.Endpoint
	// Fargate sets AWS_REGION to its own region; on an instance nobody does.
	if write.Region != s.region() || s.settings.task.compatibility != awsecs.Compatibility_FARGATE {
		env[envRegion] = &write.Region
	}
}

// acknowledgeExpansions tells awscdk's template validation that a ${…} in a configuration is the collector's to expand, not a
// forgotten Fn::Sub.
func acknowledgeExpansions(carrier constructs.IConstruct, text string) {
	if strings.Contains(collector.ReplacePlaceholders(text, ""), "${") {
		awscdk.Validations_Of(carrier).Acknowledge(&awscdk.Acknowledgment{
			Id:     jsii.String("CloudFormation-Validate::E1029"),
			Reason: jsii.String("the collector expands ${…} in its configuration"),
		})
	}
}

// update carries a configuration that changed after the container was made.
func (s *sidecar) update() {
	text := s.configText()
	if s.parameter == nil {
		acknowledgeExpansions(s.rendered, text)
		s.collector.AddEnvironment(jsii.String(envConfig), &text)
		return
	}
	cfn := s.parameter.Node().DefaultChild().(awsssm.CfnParameter)
	acknowledgeExpansions(cfn, text)
	cfn.SetValue(&text)
	cfn.SetTier(jsii.String(tierName[tierOf(text)]))
	s.collector.AddEnvironment(jsii.String(envConfigFingerprint), jsii.String(s.fingerprint()))
}

func (s *sidecar) configText() string {
	if s.settings.source.generated {
		return mustYAML(s.settings.config)
	}
	return s.settings.source.text
}

// fingerprint changes with the configuration, so that a change makes a new task definition although the text is elsewhere.
// It is taken from the resolved text: the names of tokens differ from one synthesis to the next.
func (s *sidecar) fingerprint() string {
	resolved, err := json.Marshal(s.stack.Resolve(jsii.String(s.configText())))
	if err != nil {
		panic(err) // what Resolve returns came out of JSON
	}
	sum := sha256.Sum256(resolved)
	return hex.EncodeToString(sum[:8])
}

var tierName = map[awsssm.ParameterTier]string{awsssm.ParameterTier_STANDARD: "Standard", awsssm.ParameterTier_ADVANCED: "Advanced"}

func tierOf(text string) awsssm.ParameterTier {
	if estimatedBytes(text) > maxSsmStandardBytes {
		return awsssm.ParameterTier_ADVANCED
	}
	return awsssm.ParameterTier_STANDARD
}

// s3Source is an object in the form that the collector's S3 provider reads.
func (s *sidecar) s3Source(bucket, key string) string {
	return fmt.Sprintf("s3://%s.s3.%s.%s/%s", bucket, s.region(), *s.stack.UrlSuffix(), key)
}
