package otelprometheus

import (
	"fmt"
	"maps"
	"regexp"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awss3assets"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// carry adds to the collector's container what gets the configuration to it.
func (s *Sidecar) carry(o *awsecs.ContainerDefinitionOptions) {
	if s.settings.source == nil {
		s.carryGenerated(o)
	} else {
		s.carryOwn(o)
	}
}

func (s *Sidecar) carryGenerated(o *awsecs.ContainerDefinitionOptions) {
	config, env := s.settings.config, *o.Environment
	for name, value := range config.Environment(s.deployment()) {
		env[name] = &value
	}
	for name, token := range s.settings.variables {
		env[name] = &token
	}
	if limit := config.GoMemLimit(); limit != "" {
		env[envGoMemLimit] = &limit
	}
	env[envConfig] = jsii.String(s.settings.text)
	maps.Copy(*o.Secrets, s.settings.secrets)
	o.Command = jsii.Strings(config.Args("env:" + envConfig)...)
	s.acknowledgeExpansions(config.Extra)
}

// deployment is what the template knows, and the configuration does not.
func (s *Sidecar) deployment() collector.Deployment {
	w := s.settings.write
	d := collector.Deployment{
		Endpoint: *amp.RemoteWriteUrlFor(s.workspace, w.Endpoint), Region: *s.stack.of(s.workspace).region,
		TaskRegion: *s.stack.region, AccountID: *s.stack.account, Family: *s.family,
	}
	if s.settings.cluster != nil {
		d.Cluster = *s.settings.cluster.name
	}
	if s.copied != nil {
		d.LogGroup = *s.copied.LogGroupName()
	}
	if w.AssumeRole != nil {
		d.RoleARN, d.STSRegion, d.ExternalID = *w.AssumeRole.RoleArn(), input.StringOr(w.StsRegion, *s.stack.region), input.StringOr(w.ExternalId, "")
	}
	return d
}

// update carries a configuration that changed after the container was made. known are the secrets that the container has.
func (s *Sidecar) update(known map[string]awsecs.Secret) {
	s.Collector().AddEnvironment(jsii.String(envConfig), jsii.String(s.settings.text))
	for name, token := range s.settings.variables {
		s.Collector().AddEnvironment(&name, &token)
	}
	for name, secret := range s.settings.secrets {
		if known[name] == nil {
			s.Collector().AddSecret(&name, secret)
		}
	}
	s.acknowledgeExpansions(s.settings.config.Extra)
}

func (s *Sidecar) carryOwn(o *awsecs.ContainerDefinitionOptions) {
	c, env := s.settings.source, *o.Environment
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
		s.asset = awss3assets.NewAsset(s.task, jsii.String(idConfig), &awss3assets.AssetProps{Path: &c.assetPath})
		s.asset.GrantRead(s.task.TaskRole())
		source = s.s3Source(*s.asset.S3BucketName(), *s.asset.S3ObjectKey())
	default:
		env[envConfig] = &c.text
		s.acknowledgeExpansions(c.text)
	}
	if c.revision != nil {
		env[envConfigRevision] = c.revision
	}
	o.Command = jsii.Strings("--config=" + source)
	env[collector.EnvEndpoint] = amp.RemoteWriteUrlFor(s.workspace, s.settings.write.Endpoint)
	// Fargate sets AWS_REGION to its own region; on an instance nobody does.
	if region := s.stack.of(s.workspace).region; *region != *s.stack.region || s.settings.task.launchType != "fargate" {
		env[collector.EnvTaskRegion] = region
	}
}

// s3Source is an object in the form that the collector's S3 provider reads.
func (s *Sidecar) s3Source(bucket, key string) string {
	return fmt.Sprintf("s3://%s.s3.%s.%s/%s", bucket, *s.stack.region, *s.stack.UrlSuffix(), key)
}

// forgottenSub matches what awscdk's template validation, and cfn-lint, take for a forgotten Fn::Sub. A generated configuration has
// none: its expansions have defaults.
var forgottenSub = regexp.MustCompile(`\$\{[A-Za-z0-9_:.]+\}`)

// acknowledgeExpansions tells awscdk's template validation that a ${…} in a text of the user's is the collector's to expand.
func (s *Sidecar) acknowledgeExpansions(text string) {
	if forgottenSub.MatchString(text) {
		awscdk.Validations_Of(s.rendered()).Acknowledge(&awscdk.Acknowledgment{
			Id:     jsii.String("CloudFormation-Validate::E1029"),
			Reason: jsii.String("the collector expands ${…} in its configuration"),
		})
	}
}
