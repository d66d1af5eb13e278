package collector

import (
	"fmt"
	"maps"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
)

// ScrapeJob is an entry of Prometheus' scrape_configs. Its fields have the names of the options that users set, and the keys of the
// file; a field that is empty gets its default when it is rendered.
type ScrapeJob struct {
	// At is how the user addresses the job, such as Telemetry.Scrape[0]. Messages begin with it.
	At string `yaml:"-"`

	// Name becomes the job label. Unique.
	//
	// Default: the family of the task definition.
	Name JobName `yaml:"job_name"`

	Interval              *Duration  `yaml:"scrape_interval"`
	Timeout               *Duration  `yaml:"scrape_timeout"`
	Scheme                string     `yaml:"scheme,omitempty"`
	Path                  Text       `yaml:"metrics_path"`
	Params                Params     `yaml:"params,omitempty"`
	HonorLabels           bool       `yaml:"honor_labels,omitempty"`
	HonorTimestamps       bool       `yaml:"honor_timestamps"` // Prometheus' own default is true
	NativeHistograms      bool       `yaml:"scrape_native_histograms,omitempty"`
	Tls                   *TLS       `yaml:"tls_config,omitempty"`
	BasicAuth             *BasicAuth `yaml:"basic_auth,omitempty"`
	BearerToken           Bearer     `yaml:"authorization,omitempty"`
	SampleLimit           Number     `yaml:"sample_limit"`
	LabelLimit            Number     `yaml:"label_limit"`
	LabelValueLengthLimit Number     `yaml:"label_value_length_limit"`
	BodySizeLimit         Number     `yaml:"body_size_limit"`

	// Targets are the host:port addresses to read. The instance label is the task's id, so where there are several, the label
	// target tells their series apart.
	Targets      []string          `yaml:"-"`
	StaticLabels map[string]string `yaml:"-"`

	KeepMetrics []string      `yaml:"-"`
	DropMetrics []string      `yaml:"-"`
	Relabel     []RelabelRule `yaml:"-"`
}

// JobName is the name of a job; empty, it is the family of the task definition.
type JobName Text

// MarshalYAML implements yaml.Marshaler.
func (n JobName) MarshalYAML() (any, error) {
	if n == "" {
		return expansion(EnvFamily) + emptyExpansion, nil
	}
	return Text(n).MarshalYAML()
}

// TLS sets how an https endpoint is verified.
type TLS struct {
	InsecureSkipVerify bool     `yaml:"insecure_skip_verify,omitempty"`
	CaCertificate      Variable `yaml:"ca,omitempty"`
	ServerName         Text     `yaml:"server_name,omitempty"`
}

// Params are the parameters of a URL, each with its values.
type Params map[string][]string

// MarshalYAML implements yaml.Marshaler.
func (p Params) MarshalYAML() (any, error) {
	params := map[Text][]Text{}
	for name, values := range p {
		params[Text(name)] = texts(values)
	}
	return params, nil
}

// BasicAuth is a user name with a password from the environment.
type BasicAuth struct {
	Username Text     `yaml:"username"`
	Password Variable `yaml:"password"`
}

// Bearer is a token from the environment, in the form of Prometheus' authorization.
type Bearer Variable

// MarshalYAML implements yaml.Marshaler.
func (b Bearer) MarshalYAML() (any, error) {
	return map[string]Variable{"credentials": Variable(b)}, nil
}

// Variable is a text that the environment variable of this name holds.
type Variable string

// MarshalYAML implements yaml.Marshaler.
func (v Variable) MarshalYAML() (any, error) { return expansion(string(v)) + emptyExpansion, nil }

// RelabelRule is an entry of Prometheus' metric_relabel_configs.
type RelabelRule struct {
	SourceLabels []string `yaml:"source_labels,flow,omitempty"`
	Regex        Text     `yaml:"regex,omitempty"`
	TargetLabel  string   `yaml:"target_label,omitempty"`
	Replacement  Text     `yaml:"replacement,omitempty"`
	Action       string   `yaml:"action"`
}

// Actions of Prometheus' relabeling.
const (
	RelabelReplace   = "replace"
	RelabelKeep      = "keep"
	RelabelDrop      = "drop"
	RelabelLabelMap  = "labelmap"
	RelabelLabelDrop = "labeldrop"
	RelabelLabelKeep = "labelkeep"
)

// Defaults of a [ScrapeJob]. The limits are guards against an endpoint that grows without bound: a scrape over one of
// them fails as a whole, and the job's up becomes 0.
const (
	defaultScrapeInterval = Duration(30 * time.Second)
	defaultScrapeTimeout  = Duration(DefaultScrapeTimeout)

	// DefaultScrapeTimeout and DefaultSampleLimit are what alerts compare with.
	DefaultScrapeTimeout = 10 * time.Second
	DefaultSampleLimit   = "20000"

	defaultLabelLimit = "64"
	scrapeLabels      = 3 // the name, job and instance

	minScrapeInterval = Duration(time.Second)
)

func (j ScrapeJob) withDefaults() ScrapeJob {
	j.Interval, j.Timeout = new(j.interval()), new(j.timeout())
	j.Path = stringOr(j.Path, "/metrics")
	j.SampleLimit = stringOr(j.SampleLimit, DefaultSampleLimit)
	j.LabelLimit = stringOr(j.LabelLimit, defaultLabelLimit)
	j.LabelValueLengthLimit = stringOr(j.LabelValueLengthLimit, "2048")
	j.BodySizeLimit = stringOr(j.BodySizeLimit, "16MB")
	if j.Tls != nil {
		j.Scheme = "https"
	}
	return j
}

func (j ScrapeJob) interval() Duration { return valueOr(j.Interval, defaultScrapeInterval) }

func (j ScrapeJob) timeout() Duration {
	return valueOr(j.Timeout, min(defaultScrapeTimeout, j.interval()))
}

type prometheusReceiver struct {
	Config struct {
		ScrapeConfigs []scrapeConfig `yaml:"scrape_configs"`
	} `yaml:"config"`
	ScrapeOnShutdown bool       `yaml:"scrape_on_shutdown,omitempty"`
	APIServer        *apiServer `yaml:"api_server,omitempty"`
}

// scrapeConfig is a job with what is made from several of its fields.
type scrapeConfig struct {
	ScrapeJob            `yaml:",inline"`
	StaticConfigs        []staticConfig  `yaml:"static_configs,omitempty"`
	FileSDConfigs        []fileDiscovery `yaml:"file_sd_configs,omitempty"`
	RelabelConfigs       []targetRule    `yaml:"relabel_configs,omitempty"`
	MetricRelabelConfigs []RelabelRule   `yaml:"metric_relabel_configs,omitempty"`
}

type staticConfig struct {
	Targets []Text          `yaml:"targets"`
	Labels  map[string]Text `yaml:"labels,omitempty"`
}

// prometheusReceiverOf reads all jobs. added are the attributes that the pipeline adds.
func prometheusReceiverOf(jobs []ScrapeJob, onShutdown bool, added []string) prometheusReceiver {
	r := prometheusReceiver{ScrapeOnShutdown: onShutdown}
	for _, j := range jobs {
		rules := append(j.relabelConfigs(), asTheyAre(added)...)
		r.Config.ScrapeConfigs = append(r.Config.ScrapeConfigs, scrapeConfig{ScrapeJob: j.withDefaults(), StaticConfigs: j.staticConfigs(), MetricRelabelConfigs: rules})
	}
	return r
}

// targetLabel is set where a job has several targets.
const targetLabel = "target"

func (j ScrapeJob) staticConfigs() []staticConfig {
	var all []staticConfig
	for _, target := range j.Targets {
		s := staticConfig{Targets: []Text{Text(target)}, Labels: map[string]Text{}}
		for name, value := range j.StaticLabels {
			s.Labels[name] = Text(value)
		}
		if len(j.Targets) > 1 {
			s.Labels[targetLabel] = Text(target)
		}
		all = append(all, s)
	}
	return all
}

func (j ScrapeJob) relabelConfigs() []RelabelRule {
	var rules []RelabelRule
	for _, filter := range []struct {
		action string
		names  []string
	}{{RelabelKeep, j.KeepMetrics}, {RelabelDrop, j.DropMetrics}} {
		if len(filter.names) > 0 {
			rules = append(rules, RelabelRule{SourceLabels: []string{"__name__"}, Regex: Text(anyOf(filter.names)), Action: filter.action})
		}
	}
	for _, r := range j.Relabel {
		r.Action = r.action()
		rules = append(rules, r)
	}
	return rules
}

// mark ends the names of the application's metrics on their way through the collector. The exporter drops it there.
const mark = "."

// isExposed is an OTTL condition that up and what else Prometheus says of a scrape do not meet.
const isExposed = `HasSuffix(metric.name, "` + mark + `")`

// asTheyAre make the receiver pass on what Prometheus' parser read: each sample under its name, with its labels and its value. By itself
// the receiver puts together what the # TYPE lines make a histogram or a summary: it drops one that has no count, invents sums and
// buckets, and writes bounds anew. It also makes attributes of target_info, a start time of X_created and a scope of otel_scope_name,
// and cuts _info off. No # TYPE line has a name with the mark. Prometheus applies the rules once to a series, not to each sample.
//
// added are the attributes that the pipeline adds, whose labels would be overwritten.
func asTheyAre(added []string) []RelabelRule {
	var rules []RelabelRule
	if len(added) > 0 {
		clash := labelOf(strings.Join(added, "|"))
		rules = []RelabelRule{
			{Regex: Text("(" + clash + ")"), Replacement: exportedPrefix + "$1", Action: RelabelLabelMap},
			{Regex: Text(clash), Action: RelabelLabelDrop},
		}
	}
	rules = append(rules, RelabelRule{Regex: "otel_scope_(.+)", Replacement: "otel.scope_$1", Action: RelabelLabelMap})
	rules = append(rules, renamed("", "$1"+mark)...)
	return append(rules, RelabelRule{Regex: newName + "|otel_scope_.+", Action: RelabelLabelDrop})
}

// newName is a label that becomes the name. A rule that changes the name itself makes the receiver warn of unknown types.
const newName = "__tmp_name"

// renamed are rules that change the names of metrics, all of them if the pattern is empty.
func renamed(pattern, to Text) []RelabelRule {
	return []RelabelRule{
		{SourceLabels: []string{"__name__"}, Regex: pattern, TargetLabel: newName, Replacement: to, Action: RelabelReplace},
		{Regex: newName, Replacement: "__name__", Action: RelabelLabelMap},
	}
}

// anyOf matches what one of the regular expressions matches; the groups keep their flags apart.
func anyOf(all []string) string {
	if len(all) == 1 {
		return all[0]
	}
	return "(?:" + strings.Join(all, ")|(?:") + ")"
}

func (r RelabelRule) action() string { return stringOr(r.Action, RelabelReplace) }

func validateScrape(v *faults, jobs []ScrapeJob) {
	seen := map[JobName]string{}
	for _, j := range jobs {
		switch first, twice := seen[j.Name]; {
		case twice && j.Name == "":
			v.addTo("%s.Name is not set, and neither is that of %s; only one job can do without a name", j.At, first)
		case twice:
			v.addTo("%s.Name is %q, as that of %s; give each job its own name", j.At, j.Name, first)
		default:
			seen[j.Name] = j.At
		}
		j.validate(v)
	}
	endpoints := map[string]string{}
	for _, j := range jobs {
		for _, target := range j.Targets {
			endpoint := fmt.Sprint(target, stringOr(j.Path, "/metrics"), j.Params)
			if first := endpoints[endpoint]; first != "" {
				v.addTo("%s reads what %s reads, and stores it twice; leave one out, or give them other paths", j.At, first)
			}
			endpoints[endpoint] = j.At
		}
	}
}

// literalName and glob are what may stand in a list of metric names by mistake: neither has what only a regular expression has.
var (
	literalName = regexp.MustCompile(`^[a-zA-Z0-9_:]+$`)
	glob        = regexp.MustCompile(`^[a-zA-Z0-9_:]*[a-zA-Z0-9_:]\*[a-zA-Z0-9_:*]*$`)
	withLabels  = regexp.MustCompile(`\{\s*[a-zA-Z_][a-zA-Z0-9_]*\s*(=|!)`)
)

// metricNames reports regular expressions that match no metric, or another than they seem to.
func (v *faults) metricNames(what string, all []string) {
	v.regexps(what, all...)
	for i, r := range all {
		switch {
		case literalName.MatchString(r) && strings.HasSuffix(r, "_"):
			v.addTo("%s[%d] is %q, which must match the whole name of a metric; write %s.*", what, i, r, r)
		case withLabels.MatchString(r):
			v.addTo("%s[%d] is %q; it is matched with names of metrics only, so use Relabel to look at labels", what, i, r)
		case glob.MatchString(r):
			v.addTo("%s[%d] is %q, which is a regular expression, not a file pattern; write %s", what, i, r, strings.ReplaceAll(r, "*", ".*"))
		}
	}
}

// bodySize is what Prometheus' units library reads, below the point where it overflows.
var bodySize = regexp.MustCompile(`^(0|[0-9]{1,9}([KMG]i?)?B)$`)

func (j ScrapeJob) validate(v *faults) {
	v.literal(j.At+".Name", string(j.Name))
	v.scraped(j.At+".Name", string(j.Name))
	for _, t := range j.Targets {
		v.address(j.At+".Port", t)
	}
	j.validatePath(v)
	for _, name := range slices.Sorted(maps.Keys(j.Params)) {
		what := fmt.Sprintf("%s.Params[%q]", j.At, name)
		if name == "" || len(j.Params[name]) == 0 {
			v.addTo("%s needs a name and at least one value", what)
		}
		v.literal(what, name)
		v.scraped(what, name)
		for _, value := range j.Params[name] {
			v.scraped(what, value)
		}
	}
	if j.Interval != nil && *j.Interval > 0 && *j.Interval < minScrapeInterval {
		v.addTo("%s.Interval is %s; it must be at least %s", j.At, time.Duration(*j.Interval), time.Duration(minScrapeInterval))
	}
	if v.positive(j.At+".Interval", j.Interval) && v.positive(j.At+".Timeout", j.Timeout) && j.timeout() > j.interval() {
		v.addTo("%s.Timeout is %s, longer than the interval of %s; shorten the timeout or lengthen the interval",
			j.At, time.Duration(j.timeout()), time.Duration(j.interval()))
	}
	v.limit(j.At+".SampleLimit", j.SampleLimit)
	v.limit(j.At+".LabelLimit", j.LabelLimit)
	v.limit(j.At+".LabelValueLengthLimit", j.LabelValueLengthLimit)
	if s := string(j.BodySizeLimit); s != "" && !isPlaceholder(s) && !bodySize.MatchString(s) {
		v.addTo("%s.BodySizeLimit is %q; it must be a size such as 16MB", j.At, s)
	}
	j.validateAccess(v)
	for _, name := range slices.Sorted(maps.Keys(j.StaticLabels)) {
		what := j.At + ".StaticLabels: "
		if slices.Contains([]string{"job", "instance"}, name) {
			v.addTo("%slabel %q is set by the scrape; set Name instead", what, name)
		}
		if name == targetLabel && len(j.Targets) > 1 {
			v.addTo("%slabel %q tells the job's targets apart; choose another name", what, name)
		}
		v.label(what+"name", name)
		v.scraped(what+name, j.StaticLabels[name])
		v.noVariable(what+name, j.StaticLabels[name])
	}
	v.metricNames(j.At+".KeepMetrics", j.KeepMetrics)
	v.metricNames(j.At+".DropMetrics", j.DropMetrics)
	for i, r := range j.DropMetrics {
		if slices.Contains([]string{".*", ".+", "(.*)", "(.+)"}, r) {
			v.addTo("%s.DropMetrics[%d] is %q, which drops everything; remove the job, or name what to drop", j.At, i, r)
		}
	}
	if limit, err := strconv.Atoi(string(stringOr(j.LabelLimit, defaultLabelLimit))); err == nil && limit > 0 && len(j.StaticLabels)+scrapeLabels > limit {
		v.addTo("%s.StaticLabels has %d labels, and LabelLimit is %d with the name, job and instance: each scrape would be refused; raise LabelLimit", j.At, len(j.StaticLabels), limit)
	}
	for i, r := range j.Relabel {
		r.validate(v, fmt.Sprintf("%s.Relabel[%d]", j.At, i))
	}
}

func (j ScrapeJob) validatePath(v *faults) {
	what, p := j.At+".Path", string(j.Path)
	v.literal(what, p)
	v.printable(what, p)
	if p == "" || hasPlaceholder(p) {
		return
	}
	if !strings.HasPrefix(p, "/") {
		v.addTo("%s is %q; it must start with a slash", what, p)
	} else if u, err := url.Parse(p); err != nil || u.Host != "" || u.RawQuery != "" || u.Fragment != "" {
		v.addTo("%s is %q; it must be a URL path without query and fragment", what, p)
	}
}

func (j ScrapeJob) validateAccess(v *faults) {
	if j.Scheme != "" && j.Scheme != "http" && j.Scheme != "https" {
		v.addTo("%s.Scheme is %q; it must be http or https", j.At, j.Scheme)
	}
	if t := j.Tls; t != nil {
		if t.CaCertificate != "" && t.InsecureSkipVerify {
			v.addTo("%s.Tls has a CaCertificate, and InsecureSkipVerify, which does not look at it; leave one out", j.At)
		}
		v.scraped(j.At+".Tls.ServerName", string(t.ServerName))
	}
	if b := j.BasicAuth; b != nil {
		if b.Username == "" {
			v.addTo("%s.BasicAuth.Username is empty; name the user", j.At)
		}
		if b.Password == "" {
			v.addTo("%s.BasicAuth.Password is not set; give the secret that holds it", j.At)
		}
		v.scraped(j.At+".BasicAuth.Username", string(b.Username))
		if j.BearerToken != "" {
			v.addTo("%s has both BasicAuth and BearerToken; leave one out", j.At)
		}
	}
	for _, name := range j.variables() {
		v.variable(j.At+": variable", string(name))
	}
}

// variables are those that hold the job's secrets.
func (j ScrapeJob) variables() []Variable {
	var all []Variable
	if j.Tls != nil {
		all = append(all, j.Tls.CaCertificate)
	}
	if j.BasicAuth != nil {
		all = append(all, j.BasicAuth.Password)
	}
	all = append(all, Variable(j.BearerToken))
	return slices.DeleteFunc(all, func(v Variable) bool { return v == "" })
}

func (r RelabelRule) validate(v *faults, at string) {
	action := r.action()
	byLabelName := slices.Contains([]string{RelabelLabelMap, RelabelLabelDrop, RelabelLabelKeep}, action)
	known := []string{RelabelReplace, RelabelKeep, RelabelDrop, RelabelLabelMap, RelabelLabelDrop, RelabelLabelKeep}
	switch {
	case !slices.Contains(known, action):
		v.addTo("%s.Action is %q; it must be one of %s", at, r.Action, strings.Join(known, ", "))
	case byLabelName && len(r.SourceLabels) > 0:
		v.addTo("%s has SourceLabels, but %s matches the names of labels; leave them out", at, action)
	case !byLabelName && len(r.SourceLabels) == 0 && action != RelabelReplace:
		v.addTo("%s has no SourceLabels, which %s needs", at, action)
	}
	if action == RelabelReplace {
		v.label(at+".TargetLabel", r.TargetLabel)
	} else if r.TargetLabel != "" {
		v.addTo("%s.TargetLabel is set, but only replace takes it; leave it out", at)
	}
	if r.Replacement != "" && action != RelabelReplace && action != RelabelLabelMap {
		v.addTo("%s.Replacement is set, but only replace and labelmap take it; leave it out", at)
	}
	if action == RelabelLabelMap && r.Replacement != "" && !labelTemplate.MatchString(string(r.Replacement)) {
		v.addTo("%s.Replacement is %q; with labelmap it must become the name of a label", at, r.Replacement)
	}
	for i, s := range r.SourceLabels {
		v.label(fmt.Sprintf("%s.SourceLabels[%d]", at, i), s)
	}
	if r.Regex != "" {
		v.regexps(at+".Regex", string(r.Regex))
	} else if byLabelName {
		v.addTo("%s.Regex is empty; %s needs a regular expression", at, action)
	}
	v.scraped(at+".Replacement", string(r.Replacement))
}

var labelTemplate = regexp.MustCompile(`^(([a-zA-Z_]|\$([0-9]+|\{[0-9]+\}))([a-zA-Z0-9_]|\$([0-9]+|\{[0-9]+\}))*)$`)

// label reports what is no name of a Prometheus label.
func (v *faults) label(what, name string) {
	if hasPlaceholder(name) {
		v.addTo("%s is a token; it must be known at synthesis", what)
	} else if problem := prom.CheckLabelName(name); problem != "" {
		v.addTo("%s: %s", what, problem)
	}
}
