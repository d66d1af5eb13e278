package collector

import (
	"strings"
	"time"
)

// Defaults of a [ScrapeJob]. The limits are guards against an endpoint that grows without bound: a scrape over one of
// them fails as a whole, and the job's up becomes 0.
const (
	DefaultScrapeInterval        = 30 * time.Second
	DefaultScrapeTimeout         = 10 * time.Second
	DefaultMetricsPath           = "/metrics"
	DefaultSampleLimit           = "20000"
	DefaultLabelLimit            = "64"
	DefaultLabelValueLengthLimit = "2048"
	DefaultBodySizeLimit         = "16MB"
)

// ScrapeJob describes Prometheus endpoints that are read alike. Fields that hold a whole number as text take a
// placeholder too.
type ScrapeJob struct {
	// Name becomes the job label. Required, unique.
	Name string

	// Targets are the host:port addresses to read. At least one. The instance label is the task's id, so where there are
	// several, the label target tells their series apart.
	Targets []string

	// Path is the HTTP path of the metrics; it starts with a slash.
	//
	// Default: /metrics.
	Path string

	// Scheme is http or https.
	//
	// Default: http, or https where TLS is set.
	Scheme string

	// TLS sets how the endpoint is verified. Only with https.
	//
	// Default: nil, by the root certificates in the image.
	TLS *TLS

	// BasicAuth and BearerTokenVariable authenticate to the endpoint; at most one of them.
	//
	// Default: no authentication.
	BasicAuth *BasicAuth

	// BearerTokenVariable is the environment variable that holds the token.
	BearerTokenVariable string

	// Interval is the time between two scrapes. Whole milliseconds, more than 0.
	//
	// Default: nil, 30 seconds.
	Interval *time.Duration

	// Timeout bounds one scrape; it must not exceed Interval.
	//
	// Default: nil, 10 seconds, or Interval if that is shorter.
	Timeout *time.Duration

	// SampleLimit fails a scrape that yields more samples. A whole number; "0" turns the guard off.
	//
	// Default: 20000.
	SampleLimit string

	// LabelLimit fails a scrape with a sample that has more labels. A whole number; "0" turns the guard off.
	//
	// Default: 64.
	LabelLimit string

	// LabelValueLengthLimit fails a scrape with a longer label value, in bytes. A whole number; "0" turns the guard off.
	//
	// Default: 2048.
	LabelValueLengthLimit string

	// BodySizeLimit fails a scrape whose uncompressed body is larger. A size such as 16MB; "0" turns the guard off.
	//
	// Default: 16MB.
	BodySizeLimit string

	// KeepMetrics are regular expressions; only metrics whose whole name matches one are kept. The names of a histogram or a
	// summary, such as name_bucket, name_sum and name_count, must be kept or dropped together: the receiver drops what is left
	// of one without its count.
	//
	// Default: all are kept.
	KeepMetrics []string

	// DropMetrics are regular expressions; metrics whose whole name matches one are dropped, after KeepMetrics.
	//
	// Default: none is dropped.
	DropMetrics []string

	// StaticLabels are added to every series of the job.
	//
	// Default: none.
	StaticLabels map[string]string

	// HonorLabels keeps labels of the scraped data that clash with those the scrape adds, such as job.
	//
	// Default: false, a clashing label becomes exported_job.
	HonorLabels bool

	// Relabel rules are applied to every sample, in their order, after KeepMetrics and DropMetrics. A rule must not give the
	// parts of one histogram or summary different labels: the receiver drops those that no longer go with a count.
	//
	// Default: none.
	Relabel []RelabelRule

	// NativeHistograms scrapes native histograms, over the protobuf format.
	//
	// Default: false, classic histograms.
	NativeHistograms bool
}

// TLS sets how an https endpoint is verified.
type TLS struct {
	// InsecureSkipVerify accepts any certificate.
	InsecureSkipVerify bool

	// CAVariable is the environment variable that holds the certificate of the authority, in PEM.
	CAVariable string

	// ServerName that the certificate must be for.
	//
	// Default: the target's host.
	ServerName string
}

// BasicAuth is a user name with a password from the environment.
type BasicAuth struct {
	// Username. Required.
	Username string

	// PasswordVariable is the environment variable that holds the password. Required.
	PasswordVariable string
}

// RelabelAction is what a [RelabelRule] does.
type RelabelAction string

// Actions of Prometheus' relabeling.
const (
	RelabelReplace   RelabelAction = "replace"
	RelabelKeep      RelabelAction = "keep"
	RelabelDrop      RelabelAction = "drop"
	RelabelLabelMap  RelabelAction = "labelmap"
	RelabelLabelDrop RelabelAction = "labeldrop"
	RelabelLabelKeep RelabelAction = "labelkeep"
)

// RelabelRule is one rule of Prometheus' metric relabeling.
//
// Source: Prometheus configuration reference, metric_relabel_configs.
type RelabelRule struct {
	// Action to take.
	//
	// Default: replace.
	Action RelabelAction

	// SourceLabels are the labels whose values, joined by semicolons, Regex is matched against. Not with the label… actions.
	SourceLabels []string

	// Regex that must match as a whole.
	//
	// Default: anything.
	Regex string

	// TargetLabel is written by replace; required there, and only there.
	TargetLabel string

	// Replacement is the new value, or for labelmap the new name; $1 stands for the first group.
	//
	// Default: $1.
	Replacement string
}

type prometheusReceiver struct {
	Config struct {
		ScrapeConfigs []scrapeConfig `yaml:"scrape_configs"`
	} `yaml:"config"`
	ScrapeOnShutdown bool `yaml:"scrape_on_shutdown,omitempty"`
}

type scrapeConfig struct {
	JobName                text            `yaml:"job_name"`
	ScrapeInterval         duration        `yaml:"scrape_interval"`
	ScrapeTimeout          duration        `yaml:"scrape_timeout"`
	Scheme                 string          `yaml:"scheme,omitempty"`
	MetricsPath            text            `yaml:"metrics_path"`
	HonorLabels            bool            `yaml:"honor_labels,omitempty"`
	ScrapeNativeHistograms bool            `yaml:"scrape_native_histograms,omitempty"`
	TLSConfig              *tlsConfig      `yaml:"tls_config,omitempty"`
	BasicAuth              *basicAuth      `yaml:"basic_auth,omitempty"`
	Authorization          *authorization  `yaml:"authorization,omitempty"`
	SampleLimit            number          `yaml:"sample_limit"`
	LabelLimit             number          `yaml:"label_limit"`
	LabelValueLengthLimit  number          `yaml:"label_value_length_limit"`
	BodySizeLimit          number          `yaml:"body_size_limit"`
	StaticConfigs          []staticConfig  `yaml:"static_configs"`
	MetricRelabelConfigs   []relabelConfig `yaml:"metric_relabel_configs,omitempty"`
}

type staticConfig struct {
	Targets []text          `yaml:"targets"`
	Labels  map[string]text `yaml:"labels,omitempty"`
}

type tlsConfig struct {
	InsecureSkipVerify bool   `yaml:"insecure_skip_verify,omitempty"`
	CA                 string `yaml:"ca,omitempty"`
	ServerName         text   `yaml:"server_name,omitempty"`
}

type basicAuth struct {
	Username text   `yaml:"username"`
	Password string `yaml:"password"`
}

type authorization struct {
	Credentials string `yaml:"credentials"`
}

type relabelConfig struct {
	SourceLabels []string      `yaml:"source_labels,flow,omitempty"`
	Regex        text          `yaml:"regex,omitempty"`
	TargetLabel  string        `yaml:"target_label,omitempty"`
	Replacement  text          `yaml:"replacement,omitempty"`
	Action       RelabelAction `yaml:"action"`
}

// fromVariable reads an environment variable as text. A value that is nothing but an expansion would be read as YAML,
// and a password such as 0123 become a number; a second, empty expansion beside it prevents that.
func fromVariable(name string) string {
	return "${env:" + name + "}${env:NOTHING:-}"
}

func prometheusReceiverOf(jobs []ScrapeJob, onShutdown bool) prometheusReceiver {
	r := prometheusReceiver{ScrapeOnShutdown: onShutdown}
	for _, j := range jobs {
		r.Config.ScrapeConfigs = append(r.Config.ScrapeConfigs, j.scrapeConfig())
	}
	return r
}

func (j ScrapeJob) scrapeConfig() scrapeConfig {
	s := scrapeConfig{
		JobName:                text(j.Name),
		ScrapeInterval:         duration(j.interval()),
		ScrapeTimeout:          duration(j.timeout()),
		Scheme:                 j.Scheme,
		MetricsPath:            text(stringOr(j.Path, DefaultMetricsPath)),
		HonorLabels:            j.HonorLabels,
		ScrapeNativeHistograms: j.NativeHistograms,
		SampleLimit:            number(stringOr(j.SampleLimit, DefaultSampleLimit)),
		LabelLimit:             number(stringOr(j.LabelLimit, DefaultLabelLimit)),
		LabelValueLengthLimit:  number(stringOr(j.LabelValueLengthLimit, DefaultLabelValueLengthLimit)),
		BodySizeLimit:          number(stringOr(j.BodySizeLimit, DefaultBodySizeLimit)),
		StaticConfigs:          j.staticConfigs(),
	}
	if t := j.TLS; t != nil {
		s.Scheme = "https"
		s.TLSConfig = &tlsConfig{InsecureSkipVerify: t.InsecureSkipVerify, ServerName: text(t.ServerName)}
		if t.CAVariable != "" {
			s.TLSConfig.CA = fromVariable(t.CAVariable)
		}
	}
	if b := j.BasicAuth; b != nil {
		s.BasicAuth = &basicAuth{Username: text(b.Username), Password: fromVariable(b.PasswordVariable)}
	}
	if b := j.BearerTokenVariable; b != "" {
		s.Authorization = &authorization{fromVariable(b)}
	}
	s.MetricRelabelConfigs = j.relabelConfigs()
	return s
}

// targetLabel is set where a job has several targets.
const targetLabel = "target"

func (j ScrapeJob) staticConfigs() []staticConfig {
	var all []staticConfig
	for _, target := range j.Targets {
		s := staticConfig{Targets: []text{text(target)}, Labels: map[string]text{}}
		for name, value := range j.StaticLabels {
			s.Labels[name] = text(value)
		}
		if len(j.Targets) > 1 {
			s.Labels[targetLabel] = text(target)
		}
		all = append(all, s)
	}
	return all
}

func (j ScrapeJob) relabelConfigs() []relabelConfig {
	var rules []relabelConfig
	for _, filter := range []struct {
		action RelabelAction
		names  []string
	}{{RelabelKeep, j.KeepMetrics}, {RelabelDrop, j.DropMetrics}} {
		if len(filter.names) > 0 {
			rules = append(rules, relabelConfig{SourceLabels: []string{"__name__"}, Regex: text(anyOf(filter.names)), Action: filter.action})
		}
	}
	for _, r := range j.Relabel {
		rules = append(rules, relabelConfig{
			SourceLabels: r.SourceLabels, Regex: text(r.Regex), TargetLabel: r.TargetLabel, Replacement: text(r.Replacement), Action: r.action(),
		})
	}
	return rules
}

// anyOf matches what one of the regular expressions matches; the groups keep their flags apart.
func anyOf(all []string) string {
	if len(all) == 1 {
		return all[0]
	}
	return "(?:" + strings.Join(all, ")|(?:") + ")"
}

func (r RelabelRule) action() RelabelAction {
	return RelabelAction(stringOr(string(r.Action), string(RelabelReplace)))
}

func (j ScrapeJob) interval() time.Duration { return valueOr(j.Interval, DefaultScrapeInterval) }

func (j ScrapeJob) timeout() time.Duration {
	return valueOr(j.Timeout, min(DefaultScrapeTimeout, j.interval()))
}
