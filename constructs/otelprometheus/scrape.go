package otelprometheus

import (
	"fmt"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// ScrapeJob describes a Prometheus endpoint that a container of the task serves.
type ScrapeJob struct {
	// Port that the endpoint listens on, 1 to 65535. Required.
	Port *float64

	// Name becomes the job label. It must be unique in the task.
	//
	// Default: the task definition's family. Only one job of a task can go without a name.
	Name *string

	// ContainerName is the container that serves the endpoint. It matters with network mode bridge, where the collector is
	// linked to it; in the other modes all containers share an address.
	//
	// Default: the first container that is added.
	ContainerName *string

	// Path is the HTTP path of the metrics.
	//
	// Default: /metrics.
	Path *string

	// Params are the parameters of the request's URL, each with its values, such as format=prometheus.
	//
	// Default: none.
	Params *map[string]*[]*string

	// Interval is the time between two scrapes.
	//
	// Default: 30 seconds.
	Interval awscdk.Duration

	// Timeout bounds one scrape; it must not exceed Interval.
	//
	// Default: 10 seconds, or Interval if that is shorter.
	Timeout awscdk.Duration

	// SampleLimit fails a scrape that yields more samples, as a guard against an explosion of series. 0 turns it off.
	//
	// Default: 20000.
	SampleLimit *float64

	// LabelLimit fails a scrape with a sample that has more labels. 0 turns it off.
	//
	// Default: 64.
	LabelLimit *float64

	// LabelValueLengthLimit fails a scrape with a longer label value, in bytes. 0 turns it off.
	//
	// Default: 2048.
	LabelValueLengthLimit *float64

	// BodySizeLimit fails a scrape whose uncompressed body is larger. At least 1 KiB.
	//
	// Default: 16 MiB.
	BodySizeLimit awscdk.Size

	// Tls reads the endpoint over https.
	//
	// Default: http.
	Tls *TlsProps

	// BasicAuth authenticates with a user name and a password. Not with BearerToken.
	//
	// Default: no authentication.
	BasicAuth *BasicAuthProps

	// BearerToken authenticates with a token that the collector gets when it starts.
	//
	// Default: no authentication.
	BearerToken awsecs.Secret

	// KeepMetrics are regular expressions; only metrics whose whole name matches one are kept. Keep or drop the names of a histogram
	// or a summary together, such as name_bucket, name_sum and name_count: without the count, the rest is dropped.
	//
	// Default: all are kept.
	KeepMetrics *[]*string

	// DropMetrics are regular expressions; metrics whose whole name matches one are dropped, after KeepMetrics.
	//
	// Default: none is dropped.
	DropMetrics *[]*string

	// StaticLabels are added to every series of the job.
	//
	// Default: none.
	StaticLabels *map[string]*string

	// HonorLabels keeps labels of the scraped data that clash with those the scrape adds, such as job.
	//
	// Default: false, a clashing label becomes exported_job.
	HonorLabels *bool

	// HonorTimestamps stores samples that carry a timestamp under it. AMP refuses those that are older than an hour.
	//
	// Default: false, every sample has the time of its scrape.
	HonorTimestamps *bool

	// Relabel rules are applied to every sample, in their order, after KeepMetrics and DropMetrics. A rule must not give the parts
	// of one histogram or summary different labels: those that no longer go with a count are dropped.
	//
	// Default: none.
	Relabel *[]*RelabelRule

	// NativeHistograms scrapes native histograms, over the protobuf format.
	//
	// Default: false, classic histograms.
	NativeHistograms *bool
}

// TlsProps sets how an https endpoint is verified.
type TlsProps struct {
	// CaCertificate is the certificate of the authority, in PEM. Not with InsecureSkipVerify.
	//
	// Default: the root certificates in the collector's image.
	CaCertificate awsecs.Secret

	// InsecureSkipVerify accepts any certificate.
	//
	// Default: false.
	InsecureSkipVerify *bool

	// ServerName that the certificate must be for.
	//
	// Default: 127.0.0.1, where the containers of a task find each other.
	ServerName *string
}

// BasicAuthProps is a user name with a password. The password must hold neither ${ nor $$, which the collector expands.
type BasicAuthProps struct {
	// Username. Required.
	Username *string

	// Password that the collector gets when it starts. Required.
	Password awsecs.Secret
}

// RelabelAction is what a [RelabelRule] does.
type RelabelAction string

// Actions of Prometheus' relabeling.
const (
	RelabelReplace   RelabelAction = collector.RelabelReplace
	RelabelKeep      RelabelAction = collector.RelabelKeep
	RelabelDrop      RelabelAction = collector.RelabelDrop
	RelabelLabelMap  RelabelAction = collector.RelabelLabelMap
	RelabelLabelDrop RelabelAction = collector.RelabelLabelDrop
	RelabelLabelKeep RelabelAction = collector.RelabelLabelKeep
)

// RelabelRule is one rule of Prometheus' metric relabeling.
//
// Source: Prometheus configuration reference, metric_relabel_configs.
type RelabelRule struct {
	// Action to take.
	//
	// Default: RelabelReplace.
	Action RelabelAction

	// SourceLabels are the labels whose values, joined by semicolons, Regex is matched against. Not with the actions that match
	// names of labels.
	//
	// Default: none.
	SourceLabels *[]*string

	// Regex that must match as a whole.
	//
	// Default: anything.
	Regex *string

	// TargetLabel is the label that replace writes. Required there, and refused elsewhere.
	TargetLabel *string

	// Replacement is the new value, or for labelmap the new name; $1 stands for the first group.
	//
	// Default: $1.
	Replacement *string
}

// read gives the job in the collector's form. at is how the user addresses the job. Its secrets get into the collector's container as
// variables, whose names start with prefix.
func (j *ScrapeJob) read(at, prefix string, secrets map[string]awsecs.Secret, f *input.Faults) collector.ScrapeJob {
	r := collector.ScrapeJob{At: at}
	input.Copy(f, at, &r, j, "Port", "ContainerName", "BodySizeLimit", "Tls", "BasicAuth", "BearerToken")
	variable := func(name string, secret awsecs.Secret) string {
		if secret == nil {
			return ""
		}
		secrets[prefix+name] = secret
		return prefix + name
	}
	if t := j.Tls; t != nil {
		r.Tls = &collector.TLS{CaCertificate: collector.Variable(variable("CA", t.CaCertificate))}
		input.Copy(f, at+".Tls", r.Tls, t, "CaCertificate")
	}
	if b := j.BasicAuth; b != nil {
		r.BasicAuth = &collector.BasicAuth{Password: collector.Variable(variable("PASSWORD", b.Password))}
		input.Copy(f, at+".BasicAuth", r.BasicAuth, b, "Password")
	}
	r.BearerToken = collector.Bearer(variable("TOKEN", j.BearerToken))
	if b := j.BodySizeLimit; b != nil {
		if *b.IsUnresolved() {
			f.Add("%s.BodySizeLimit is a token; it must be known at synthesis", at)
		} else if bytes := *b.ToBytes(nil); bytes < 1024 {
			f.Add("%s.BodySizeLimit is %.0f bytes; it must be at least 1 KiB", at, bytes)
		} else {
			r.BodySizeLimit = collector.Number(fmt.Sprintf("%.0fKB", *b.ToKibibytes(&awscdk.SizeConversionOptions{Rounding: awscdk.SizeRoundingBehavior_FLOOR})))
		}
	}
	return r
}
