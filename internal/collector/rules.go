package collector

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// setting is a struct of the configuration whose values a rule looks at.
type setting struct {
	*typed
	path string
	*tree
	// starts says whether the component runs. Some things come to light only when it is made.
	starts bool
}

// rules say what a struct wants of its values, by the name of its type in the table. They judge only what is known.
// Sources: Validate and the constructors of the components, collector v0.158.0 and contrib v0.158.0; Prometheus v0.313.2, config.
var rules map[string]func(setting)

func init() { // not in the declaration: some rules read the table, which reads the rules
	rules = map[string]func(setting){
		"otlpreceiver.Config": func(s setting) { s.protocols("grpc", "http") },
		"jaegerreceiver.Config": func(s setting) {
			s.protocols("grpc", "thrift_http", "thrift_binary", "thrift_compact")
		},
		"batchprocessor.Config": func(s setting) {
			s.atLeast(0, "timeout")
			if most, known := s.number("send_batch_max_size"); known && most > 0 {
				if size, known := s.numberOr(8192, "send_batch_size"); known && size > most {
					s.fail("send_batch_max_size", "is smaller than send_batch_size, %v", size)
				}
			}
			s.distinct("metadata_keys")
		},
		"configgrpc.ServerConfig": func(s setting) {
			s.atLeast(0, "max_recv_msg_size_mib", "read_buffer_size", "write_buffer_size")
		},
		"system.Config": func(s setting) {
			for _, source := range s.at("hostname_sources").texts() {
				if !slices.Contains([]string{"os", "dns", "cname", "lookup"}, source) {
					s.fail("hostname_sources", "has %q; it must be os, dns, cname or lookup", source)
				}
			}
		},
		"memorylimiter.Config": func(s setting) {
			if d, known := s.duration("check_interval"); known && d <= 0 {
				s.fail("check_interval", "is not set, or not more than 0; write 1s")
			}
			mib, knownMiB := s.numberOr(0, "limit_mib")
			percent, knownPercent := s.numberOr(0, "limit_percentage")
			if knownMiB && knownPercent && mib == 0 && percent == 0 {
				s.fail("", "has no limit; set limit_mib or limit_percentage")
			}
			if spike, known := s.number("spike_limit_mib"); known && knownMiB && mib > 0 && spike >= mib {
				s.fail("spike_limit_mib", "is not smaller than limit_mib")
			}
			if spike, known := s.number("spike_limit_percentage"); known && knownPercent && percent > 0 && spike >= percent {
				s.fail("spike_limit_percentage", "is not smaller than limit_percentage")
			}
			s.atMost(100, "limit_percentage", "spike_limit_percentage")
		},
		"queuebatch.Config": func(s setting) {
			s.atLeast(1, "num_consumers", "queue_size")
			if !s.at("storage").null() && s.isTrue("wait_for_result") {
				s.fail("wait_for_result", "does not go with storage")
			}
		},
		"queuebatch.BatchConfig": func(s setting) {
			s.atLeast(0, "min_size", "max_size")
			if d, known := s.duration("flush_timeout"); known && !s.at("flush_timeout").null() && d <= 0 {
				s.fail("flush_timeout", "must be more than 0")
			}
			if s.at("sizer").text() == "requests" {
				s.fail("sizer", "must be items or bytes")
			}
			least, knownLeast := s.number("min_size")
			if most, known := s.number("max_size"); known && knownLeast && most > 0 && most < least {
				s.fail("max_size", "is smaller than min_size")
			}
		},
		"configretry.BackOffConfig": func(s setting) {
			s.atLeast(0, "initial_interval", "multiplier", "max_interval", "max_elapsed_time", "randomization_factor")
			s.atMost(1, "randomization_factor")
			elapsed, known := s.duration("max_elapsed_time")
			if known && elapsed > 0 {
				for name, standard := range map[string]time.Duration{"initial_interval": 5 * time.Second, "max_interval": 30 * time.Second} {
					interval, known := s.duration(name)
					if s.at(name).null() {
						interval = standard
					}
					if known && elapsed < interval {
						s.fail("max_elapsed_time", "is less than %s, %s", name, interval)
					}
				}
			}
		},
		"internal.TimeoutConfig": func(s setting) { s.atLeast(0, "timeout") },
		"otlpexporter.Config": func(s setting) {
			if s.required("endpoint") {
				s.hostPort("endpoint")
			}
		},
		"otlphttpexporter.Config": func(s setting) {
			if s.empty("endpoint") && s.empty("traces_endpoint") && s.empty("metrics_endpoint") && s.empty("logs_endpoint") {
				s.fail("", "has no endpoint")
			}
		},
		"prometheusremotewriteexporter.Config": func(s setting) {
			s.oneOf("compression", "snappy")
			if e := s.at("endpoint"); s.starts && !s.empty("endpoint") && !e.open() && e.kind == scalar {
				if _, err := url.ParseRequestURI(e.text()); err != nil {
					s.fail("endpoint", "is %s; it must be a URL", e.describe())
				}
			}
			s.oneOf("translation_strategy", "UnderscoreEscapingWithSuffixes", "UnderscoreEscapingWithoutSuffixes")
			s.oneOf("protobuf_message", "prometheus.WriteRequest")
			if !s.at("max_batch_request_parallelism").null() {
				s.atLeast(1, "max_batch_request_parallelism")
			}
			s.atLeast(0, "max_batch_size_bytes")
			for _, e := range s.at("external_labels").all() {
				if s.starts && !e.value.open() && (e.key == "" || e.value.text() == "") {
					s.fail("external_labels."+e.key, "is empty")
				}
			}
		},
		"prometheusremotewriteexporter.RemoteWriteQueue": func(s setting) {
			s.atLeast(0, "queue_size", "num_consumers")
			if size, known := s.number("queue_size"); known && size == 0 && !s.isFalse("enabled") {
				s.fail("queue_size", "is 0, so all data would be dropped")
			}
		},
		"prometheusexporter.Config": func(s setting) {
			if s.starts {
				s.required("endpoint")
			}
			s.oneOf("translation_strategy", "UnderscoreEscapingWithSuffixes", "UnderscoreEscapingWithoutSuffixes", "NoUTF8EscapingWithSuffixes", "NoTranslation")
		},
		"fileexporter.Config": func(s setting) {
			s.required("path")
			s.notEmpty("format")
			s.oneOf("format", "json", "proto")
			s.oneOf("compression", "zstd")
			s.atLeast(0, "flush_interval")
			if s.isTrue("append") && s.at("rotation") != nil && !s.at("rotation").open() {
				s.fail("append", "does not go with rotation")
			}
			s.permissions()
			if p := s.at("directory_permissions"); !p.null() && !s.isTrue("create_directory") && !s.at("create_directory").open() {
				s.fail("directory_permissions", "needs create_directory: true")
			}
		},
		"sigv4authextension.AssumeRole": func(s setting) {
			if !s.at("web_identity_token_file").null() && s.at("arn").null() {
				s.fail("arn", "is not set; web_identity_token_file needs the role")
			}
		},
		"filestorage.Config": func(s setting) {
			s.atLeast(0, "max_size")
			s.notEmpty("directory")
			s.permissions()
		},
		"filestorage.CompactionConfig": func(s setting) { s.atLeast(0, "max_transaction_size") },
		"ecsobserver.ServiceConfig": func(s setting) {
			s.required("name_pattern")
			s.regexps("name_pattern", "container_name_pattern")
		},
		"ecsobserver.TaskDefinitionConfig": func(s setting) {
			s.required("arn_pattern")
			s.regexps("arn_pattern", "container_name_pattern")
		},
		"ecsobserver.DockerLabelConfig": func(s setting) {
			s.required("port_label")
			if len(s.at("metrics_ports").list()) > 0 {
				s.fail("metrics_ports", "does not go with docker_labels; port_label names the port")
			}
		},
		"ecsobserver.Config": func(s setting) { s.notEmpty("cluster_name", "cluster_region") },
		"httpserver.LegacyConfig": func(s setting) {
			s.notEmpty("path")
			if path := s.at("path"); !path.null() && !path.open() && !strings.HasPrefix(path.text(), "/") {
				s.fail("path", "must start with a slash")
			}
		},
		"statsdreceiver.Config": func(s setting) {
			if d, known := s.duration("aggregation_interval"); known && s.at("aggregation_interval") != nil && d <= 0 {
				s.fail("aggregation_interval", "must be more than 0")
			}
			s.oneOf("counter_type", "int", "float", "stochastic_int")
		},
		"protocol.TimerHistogramMapping": func(s setting) {
			if s.required("statsd_type") {
				s.oneOf("statsd_type", "timing", "timer", "histogram", "distribution")
			}
			if s.required("observer_type") {
				s.oneOf("observer_type", "gauge", "summary", "histogram")
			}
			for _, p := range s.at("summary", "percentiles").list() {
				if n, isNumber := asFloat(p.scalar); isNumber && (n < 0 || n > 100) {
					s.fail("summary.percentiles", "has %s; it must be from 0 to 100", p.describe())
				}
			}
			if n, isNumber := asFloat(valueOr(s.at("histogram", "max_size"), tree{}).scalar); isNumber && n != 0 && (n < 2 || n > 16384) {
				s.fail("histogram.max_size", "is %v; it must be from 2 to 16384", n)
			}
			for _, kind := range []string{"histogram", "summary"} {
				if observer := s.at("observer_type"); len(s.at(kind).all()) > 0 && !observer.open() && observer.text() != kind {
					s.fail(kind, "needs observer_type: %s", kind)
				}
			}
		},
		"attributesprocessor.Config": func(s setting) { s.some("actions") },
		"resourceprocessor.Config":   func(s setting) { s.some("attributes") },
		"attraction.ActionKeyValue":  attributeRule,
		"resourcedetectionprocessor.Config": func(s setting) {
			known := append(table().all("resourcedetectionprocessor.DetectorConfig"), "env", "dynatrace", "elastic_beanstalk", "k8snode", "k8s_api")
			known = slices.DeleteFunc(known, func(name string) bool { return name == "elasticbeanstalk" })
			for _, name := range s.at("detectors").texts() {
				if s.starts && !slices.Contains(known, name) {
					s.fail("detectors", "names %s, which is no detector%s", name, suggestion(name, known))
				}
			}
		},
		"metricstransformprocessor.transform": transformRule,
		"metricstransformprocessor.operation": transformOperationRule,
		"metricsgenerationprocessor.Rule": func(s setting) {
			s.required("name", "type", "metric1")
			s.oneOf("type", "calculate", "scale")
			s.oneOf("operation", "add", "subtract", "multiply", "divide", "percent")
			if s.at("type").text() == "calculate" {
				s.required("metric2")
			}
			if by, known := s.numberOr(0, "scale_by"); known && s.at("type").text() == "scale" && by <= 0 {
				s.fail("scale_by", "must be more than 0")
			}
		},
		"cumulativetodeltaprocessor.MatchMetrics": func(s setting) {
			match, metrics := s.at("match_type"), s.at("metrics")
			switch {
			case match.open() || metrics.open():
			case match.null() && len(metrics.list()) > 0:
				s.fail("match_type", "is not set; write strict or regexp")
			case !match.null() && len(metrics.list()) == 0 && metrics.text() == "":
				s.fail("metrics", "is empty, and match_type is set")
			}
		},
		"deltatorateprocessor.Config": func(s setting) { s.some("metrics") },
		"probabilisticsamplerprocessor.Config": func(s setting) {
			s.atLeast(0, "sampling_percentage")
			s.oneOf("attribute_source", "traceID", "record")
			s.atMost(14, "sampling_precision")
		},
		"spanprocessor.Config": func(s setting) {
			if s.starts && s.empty("name.from_attributes") && s.at("name", "to_attributes").null() && s.at("status").null() {
				s.fail("", "changes nothing; set name or status")
			}
		},
		"tailsamplingprocessor.Config": func(s setting) {
			s.oneOf("sampling_strategy", "trace-complete", "span-ingest")
			var names []string
			for i, policy := range s.at("policies").list() {
				name := policy.at("name")
				if !name.open() && slices.Contains(names, name.text()) && s.starts {
					s.fail(fmt.Sprintf("policies[%d].name", i), "is %q, the name of another policy", name.text())
				}
				names = append(names, name.text())
			}
		},
		"tailsamplingprocessor.sharedPolicyCfg": func(s setting) {
			if s.starts {
				s.oneOf("type", "always_sample", "latency", "numeric_attribute", "probabilistic", "status_code", "string_attribute", "rate_limiting",
					"composite", "and", "not", "drop", "span_count", "trace_state", "boolean_attribute", "ottl_condition", "bytes_limiting", "trace_flags")
			}
		},
		"filterset.Config":                   matchRule,
		"filterconfig.MetricMatchProperties": matchRule,
		"filterprocessor.LogMatchProperties": matchRule,
		"filterprocessor.Config": func(s setting) {
			for _, part := range []struct{ section, conditions []string }{
				{[]string{"metrics"}, []string{"resource", "metric", "datapoint"}},
				{[]string{"logs"}, []string{"resource", "log_record"}},
				{[]string{"traces"}, []string{"resource", "span", "spanevent"}},
			} {
				name := part.section[0]
				section := s.at(name)
				for _, kind := range part.conditions {
					s.conditions(name+"."+kind, section.at(kind))
					if l := section.at(kind); len(l.list()) > 0 && (!section.at("include").null() || !section.at("exclude").null()) {
						s.fail(name+"."+kind, "does not go with include and exclude")
					}
				}
			}
			for _, key := range []string{"metric_conditions", "log_conditions", "trace_conditions"} {
				s.conditions(key, s.at(key))
			}
		},
		"filelogreceiver.FileLogConfig": func(s setting) {
			if s.starts {
				s.some("include")
				s.notEmpty("start_at")
				s.oneOf("start_at", "beginning", "end")
			}
			for i, operator := range s.at("operators").list() {
				if kind := operator.at("type"); operator.kind == mapping && !kind.open() && !slices.Contains(operators, kind.text()) {
					s.fail(fmt.Sprintf("operators[%d].type", i), "is %q, which is no operator%s", kind.text(), suggestion(kind.text(), operators))
				}
			}
		},
		"otelconftelemetry.Config": func(s setting) {
			s.notEmpty("logs.encoding")
			s.oneOf("logs.encoding", "json", "console")
			level, readers := s.at("metrics", "level"), s.at("metrics", "readers")
			if readers != nil && readers.kind == list && len(readers.items) == 0 && !level.open() && strings.ToLower(level.text()) != "none" {
				s.fail("metrics.readers", "is empty; name a reader, or write level: none")
			}
			if views := s.at("metrics", "views"); !views.null() && !level.open() && strings.ToLower(level.text()) != "detailed" {
				s.fail("metrics.views", "needs level: detailed")
			}
		},
		"otelconf.MetricReader": func(s setting) {
			if s.at("pull").null() && s.at("periodic").null() {
				s.fail("", "is no reader; write pull or periodic")
			}
		},
		"otelconf.PullMetricReader": func(s setting) {
			if s.at("exporter", "prometheus") == nil {
				s.fail("exporter", "has no prometheus, the one that can be pulled")
			}
		},
		"prometheusreceiver.Config": func(s setting) {
			jobs := s.at("config", "scrape_configs")
			if (jobs.null() || jobs.kind == list && len(jobs.items) == 0) && s.at("config", "scrape_config_files").null() && s.at("target_allocator").null() {
				s.fail("", "has no scrape_configs under config")
			}
		},
		"yaml:prometheusreceiver.PromConfig": prometheusRule,
		"yaml:config.ScrapeConfig":           scrapeConfigRule,
		"yaml:config.HTTPClientConfig":       httpClientRule,
		"yaml:relabel.Config":                relabelRule,
		"yaml:targetgroup.Group": func(s setting) {
			for i, target := range s.at("targets").list() {
				if !target.open() && strings.Contains(target.text(), "/") {
					s.fail(fmt.Sprintf("targets[%d]", i), "is %s; it must be host:port, and scheme and metrics_path stand in the job", target.describe())
				}
			}
		},
		"yaml:file.SDConfig": func(s setting) {
			if !s.some("files") {
				return
			}
			for i, file := range s.at("files").list() {
				if !file.open() && !discoveryFile.MatchString(file.text()) {
					s.fail(fmt.Sprintf("files[%d]", i), "is %s; it must end in .json, .yml or .yaml, with a * in its last part at most", file.describe())
				}
			}
		},
		"yaml:dns.SDConfig": func(s setting) {
			s.some("names")
			if kind := s.at("type"); !kind.null() && !kind.open() && kind.text() != "SRV" {
				if port, known := s.numberOr(0, "port"); known && port == 0 {
					s.fail("port", "is not set; all records but SRV need it")
				}
				s.oneOf("type", "SRV", "A", "AAAA", "MX", "NS")
			}
		},
		"yaml:http.SDConfig": func(s setting) {
			if u := s.at("url"); s.required("url") && !u.open() && !httpURL.MatchString(u.text()) {
				s.fail("url", "is %s; it must start with http:// or https:// and a host", u.describe())
			}
		},
	}
}

var (
	discoveryFile = regexp.MustCompile(`^[^*]*(\*[^/]*)?\.(json|yml|yaml|JSON|YML|YAML)$`)
	httpURL       = regexp.MustCompile(`^https?://[^/]`)
	operators     = strings.Fields(`add assign_keys container copy csv_parser drop_output file_input file_output filter flatten generate_input journald_input
		json_array_parser json_parser key_value_parser move namedpipe noop recombine regex_parser regex_replace remove retain router sanitize_utf8
		scope_name_parser severity_parser stdin stdout syslog_input syslog_parser tcp_input time_parser trace_parser udp_input unquote uri_parser`)
)

// judge applies the rules of a struct and of those that it includes.
func (c *typed) judge(path string, v *tree, kind string) {
	if rule := rules[kind]; rule != nil {
		rule(setting{c, path, v, c.starts})
	}
	for _, included := range table().types[kind].includes {
		c.judge(path, v, included)
	}
}

func (s setting) fail(key, format string, args ...any) {
	path, at := s.path, s.tree
	if key != "" {
		path += "." + key
		if v := s.at(strings.Split(key, ".")...); v != nil {
			at = v
		}
	}
	s.fault(at, "%s", path+" "+fmt.Sprintf(format, args...))
}

// number is a known number, or a duration in seconds; absent, it is not known.
func (s setting) number(key string) (n float64, known bool) {
	v := s.at(key)
	switch {
	case v == nil, v.open():
		return 0, false
	case v.null(): // the collector takes it for 0, Prometheus for the default
		return 0, !s.prometheus
	}
	if n, known = asFloat(v.scalar); known {
		return n, true
	}
	d, err := time.ParseDuration(v.text())
	return d.Seconds(), err == nil
}

// numberOr is a known number, or what stands for an absent one. The collector takes a key without a value for 0.
func (s setting) numberOr(standard float64, key string) (float64, bool) {
	switch v := s.at(key); {
	case v == nil:
		return standard, true
	case v.null():
		return 0, true
	}
	return s.number(key)
}

// duration is a known one; absent, it is 0.
func (s setting) duration(key string) (time.Duration, bool) {
	v := s.at(key)
	if v.null() {
		return 0, true
	}
	if v.open() {
		return 0, false
	}
	if n, isNumber := asFloat(v.scalar); isNumber {
		return time.Duration(n), true
	}
	d, err := time.ParseDuration(v.text())
	return d, err == nil
}

func (s setting) atLeast(least float64, keys ...string) {
	for _, key := range keys {
		if n, known := s.number(key); known && n < least {
			s.fail(key, "is %s; it must be %v at least", s.at(key).describe(), least)
		}
	}
}

func (s setting) atMost(most float64, keys ...string) {
	for _, key := range keys {
		if n, known := s.number(key); known && n > most {
			s.fail(key, "is %s; it must be %v at most", s.at(key).describe(), most)
		}
	}
}

// required reports keys without a value, and says whether all have one.
func (s setting) required(keys ...string) (all bool) {
	all = true
	for _, key := range keys {
		if s.empty(key) {
			s.fail("", "has no %s", key)
			all = false
		}
	}
	return all
}

// empty says whether a key has no value, or an empty text.
func (s setting) empty(key string) bool {
	v := s.at(strings.Split(key, ".")...)
	return v.null() || v.kind == scalar && !v.open() && v.text() == ""
}

// notEmpty reports keys that are there without a value, where the default is the only other choice.
func (s setting) notEmpty(keys ...string) {
	for _, key := range keys {
		if s.at(strings.Split(key, ".")...) != nil && s.empty(key) {
			s.fail(key, "is empty")
		}
	}
}

// some reports a list that is empty.
func (s setting) some(key string) bool {
	v := s.at(key)
	empty := v.null() || v.kind == list && len(v.items) == 0 || v.kind == scalar && !v.open() && v.text() == ""
	if empty {
		s.fail("", "has no %s", key)
	}
	return !empty
}

func (s setting) oneOf(key string, words ...string) {
	v := s.at(strings.Split(key, ".")...)
	if !v.null() && v.kind == scalar && !v.open() && v.text() != "" && !slices.Contains(words, v.text()) {
		s.fail(key, "is %s; it must be %s", v.describe(), strings.Join(words, ", "))
	}
}

func (s setting) isTrue(key string) bool  { return s.at(key).text() == "true" }
func (s setting) isFalse(key string) bool { return s.at(key).text() == "false" }

func (s setting) distinct(key string) {
	var seen []string
	for _, text := range s.at(key).texts() {
		if text = strings.ToLower(text); slices.Contains(seen, text) {
			s.fail(key, "names %s twice", text)
		}
		seen = append(seen, text)
	}
}

func (s setting) regexps(keys ...string) {
	for _, key := range keys {
		if v := s.at(key); !v.null() && !v.open() {
			if _, err := regexp.Compile(v.text()); err != nil {
				s.fail(key, "is %s, which is not a regular expression: %v", v.describe(), err)
			}
		}
	}
}

// protocols reports a receiver of which none is on.
func (s setting) protocols(names ...string) {
	p := s.at("protocols")
	if p.null() || p.kind == mapping && !slices.ContainsFunc(names, func(name string) bool {
		v := p.at(name)
		return v != nil && v.at("enabled").text() != "false"
	}) {
		s.fail("", "has no protocols; name %s", strings.Join(names, " or "))
	}
}

// permissions are in octal, as a text.
func (s setting) permissions() {
	if p := s.at("directory_permissions"); !p.null() && !p.open() {
		if n, err := strconv.ParseInt(p.text(), 8, 32); err != nil || n > 0o777 {
			s.fail("directory_permissions", "is %s; it must be octal, such as \"0750\"", p.describe())
		}
	}
}

// hostPort reports an endpoint of gRPC that has no port.
func (s setting) hostPort(key string) {
	v := s.at(key)
	if v.open() || v.kind != scalar {
		return
	}
	address := v.text()
	if scheme, rest, found := strings.Cut(address, "://"); found {
		if address = rest; scheme != "http" && scheme != "https" {
			return // a resolver of gRPC's
		}
	}
	if port := address[strings.LastIndex(address, ":")+1:]; !strings.Contains(address, ":") || !wholeNumber.MatchString(port) {
		s.fail(key, "is %s; it must be host:port", v.describe())
	}
}

// conditions reports statements of OTTL whose brackets and quotes do not close. The rest of its grammar is left to the collector.
func (s setting) conditions(key string, all *tree) {
	kinds := map[treeKind]bool{}
	conditions := all.list()
	if all != nil && all.kind == scalar && all.text() != "" {
		conditions = []*tree{all}
	}
	for i, condition := range conditions {
		if kinds[condition.kind] = true; kinds[scalar] && kinds[mapping] {
			s.fail(key, "mixes texts and mappings; write one of the two")
			return
		}
		if condition.kind == mapping {
			at := fmt.Sprintf("%s.%s[%d]", s.path, key, i)
			for _, e := range condition.entries {
				switch e.key {
				case "context":
					s.value(at+".context", e.value, "resource|scope|span|spanevent|metric|datapoint|log|profile|")
				case "conditions":
					s.value(at+".conditions", e.value, "texts")
					s.conditions(fmt.Sprintf("%s[%d].conditions", key, i), e.value)
				case "error_mode":
					s.value(at+".error_mode", e.value, "ignore|silent|propagate|")
				default:
					s.fault(e.value, "%s.%s is not a key of filter%s", at, e.key, suggestion(e.key, []string{"context", "conditions", "error_mode"}))
				}
			}
		} else if condition.kind != unknown {
			s.value(fmt.Sprintf("%s.%s[%d]", s.path, key, i), condition, "text")
		}
		if condition.open() || condition.kind != scalar {
			continue
		}
		if !ottlOperator.MatchString(condition.text()) {
			s.fail(fmt.Sprintf("%s[%d]", key, i), "is %s; a condition compares, such as name == \"a\", or calls a function", condition.describe())
			continue
		}
		if problem := unclosed(condition.text()); problem != "" {
			s.fail(fmt.Sprintf("%s[%d]", key, i), "is %s; %s", condition.describe(), problem)
		}
	}
}

var ottlOperator = regexp.MustCompile(`[=<>(]|^(true|false)$`)

// unclosed says which bracket or quote of a text is not closed.
func unclosed(text string) string {
	var open []byte
	quoted := false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case closingBracket[c] != 0:
			open = append(open, closingBracket[c])
		case c == ')' || c == ']' || c == '}':
			if len(open) == 0 || open[len(open)-1] != c {
				return fmt.Sprintf("%c closes nothing", c)
			}
			open = open[:len(open)-1]
		}
	}
	switch {
	case quoted:
		return `a " is not closed`
	case len(open) > 0:
		return fmt.Sprintf("a %c is missing", open[len(open)-1])
	}
	return ""
}

var closingBracket = map[byte]byte{'(': ')', '[': ']', '{': '}'}

func matchRule(s setting) {
	if !s.starts || (s.owner == "cumulativetodelta" || s.owner == "cumulative_to_delta") { // which takes any
		return
	}
	if s.empty("match_type") && len(s.entries) > 0 {
		s.fail("", "has no match_type; write strict or regexp")
	}
	s.oneOf("match_type", "strict", "regexp", "expr")
	if s.at("match_type").text() != "regexp" {
		return
	}
	for _, e := range s.entries {
		for i, item := range e.value.list() {
			if item.kind == scalar && !item.open() {
				if _, err := regexp.Compile(item.text()); err != nil {
					s.fail(fmt.Sprintf("%s[%d]", e.key, i), "is %s, which is not a regular expression: %v", item.describe(), err)
				}
			}
		}
	}
}

func attributeRule(s setting) {
	if !s.starts || s.at("action").open() {
		return
	}
	s.oneOf("converted_type", "string", "int", "double")
	action := strings.ToLower(s.at("action").text())
	sources := 0
	for _, key := range []string{"value", "from_attribute", "from_context"} {
		if key == "value" && !s.at(key).null() || !s.empty(key) {
			sources++
		}
	}
	pattern := s.at("pattern")
	if action != "delete" && action != "hash" || s.empty("pattern") {
		s.required("key")
	}
	switch action {
	case "insert", "update", "upsert":
		if sources == 0 && s.at("default_value").null() {
			s.fail("", "has no value; write value, from_attribute or from_context")
		}
		if sources > 1 {
			s.fail("", "has more than one of value, from_attribute and from_context")
		}
		if !pattern.null() {
			s.fail("pattern", "does not go with %s", action)
		}
	case "delete", "hash":
		if sources > 0 {
			s.fail("", "has a value, which %s does not take", action)
		}
		s.regexps("pattern")
	case "extract":
		if s.regexps("pattern"); s.required("pattern") && !pattern.open() {
			if r, err := regexp.Compile(pattern.text()); err == nil && (r.NumSubexp() == 0 || slices.Contains(r.SubexpNames()[1:], "")) {
				s.fail("pattern", "is %s; each of its groups needs a name, as in (?P<name>…)", pattern.describe())
			}
		}
	case "convert":
		s.required("converted_type")
	default:
		s.fail("action", "is %q; it must be insert, update, upsert, delete, hash, extract or convert", s.at("action").text())
	}
}

func transformRule(s setting) {
	if !s.starts {
		return
	}
	s.required("include")
	s.oneOf("match_type", "strict", "regexp")
	s.oneOf("aggregation_type", aggregations...)
	if s.at("match_type").text() == "regexp" {
		s.regexps("include")
	}
	switch action := s.at("action"); {
	case action.open():
	case action.text() == "insert":
		s.required("new_name")
	case action.text() == "combine":
		s.required("new_name", "aggregation_type")
	case action.text() == "group":
		s.required("group_resource_labels")
	case action.text() != "update":
		s.fail("action", "is %q; it must be insert, update, combine or group", action.text())
	}
}

var aggregations = []string{"sum", "mean", "min", "max", "count", "median"}

func transformOperationRule(s setting) {
	if !s.starts || s.at("action").open() {
		return
	}
	s.oneOf("aggregation_type", aggregations...)
	known := strings.Fields("add_label update_label delete_label_value toggle_scalar_data_type experimental_scale_value aggregate_labels aggregate_label_values")
	switch action := s.at("action").text(); {
	case !slices.Contains(known, action):
		s.fail("action", "is %q; it must be one of %s", action, strings.Join(known, ", "))
	case action == "update_label":
		s.required("label")
	case action == "add_label":
		s.required("new_label", "new_value")
	case action == "experimental_scale_value":
		s.required("experimental_scale")
	}
}

func prometheusRule(s setting) {
	for _, key := range []string{"remote_write", "remote_read", "rule_files"} {
		if len(s.at(key).list()) > 0 {
			s.fail(key, "is a part of Prometheus that the receiver does not have")
		}
	}
	global := s.at("global")
	var names []string
	for i, job := range s.at("scrape_configs").list() {
		at := fmt.Sprintf("scrape_configs[%d]", i)
		if job.null() {
			continue
		}
		name := job.at("job_name")
		if !name.open() && slices.Contains(names, name.text()) && name.text() != "" {
			s.fail(at+".job_name", "is %q, the name of another job", name.text())
		}
		names = append(names, name.text())
		interval, timeout := job.at("scrape_interval"), job.at("scrape_timeout")
		if interval.null() {
			interval = global.at("scrape_interval")
		}
		length := promLength(interval.text())
		if interval.null() || length == 0 {
			length = time.Minute
		}
		if !interval.open() && !timeout.open() && promLength(timeout.text()) > length {
			s.fail(at+".scrape_timeout", "is %s, longer than the interval of %s", timeout.text(), length)
		}
	}
	if interval, timeout := global.at("scrape_interval"), global.at("scrape_timeout"); !interval.open() && !timeout.open() {
		length := promLength(interval.text())
		if length == 0 {
			length = time.Minute
		}
		if promLength(timeout.text()) > length {
			s.fail("global.scrape_timeout", "is %s, longer than the interval of %s", timeout.text(), length)
		}
	}
	for _, e := range global.at("external_labels").all() {
		if !utf8Label(e.key) {
			s.fail("global.external_labels."+e.key, "is not the name of a label")
		}
	}
}

func utf8Label(name string) bool { return name != "" && validUTF8(name) }

var promUnit = regexp.MustCompile(`([0-9]+)(ms|[ywdhms])`)

// promLength is a duration as Prometheus writes it.
func promLength(text string) (d time.Duration) {
	for _, part := range promUnit.FindAllStringSubmatch(text, -1) {
		n, _ := strconv.Atoi(part[1])
		d += time.Duration(n) * map[string]time.Duration{
			"ms": time.Millisecond, "s": time.Second, "m": time.Minute, "h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour, "y": 365 * 24 * time.Hour,
		}[part[2]]
	}
	return d
}

func scrapeConfigRule(s setting) {
	s.required("job_name")
	if size := s.at("body_size_limit"); !size.null() && !size.open() && !bodySizeText.MatchString(size.text()) {
		s.fail("body_size_limit", "is %s; it must be a size such as 16MB", size.describe())
	}
	s.distinct("scrape_protocols")
	if p := s.at("scrape_protocols"); p != nil && p.kind == list && len(p.items) == 0 {
		s.fail("scrape_protocols", "is empty")
	}
	s.oneOf("metric_name_escaping_scheme", "allow-utf-8", "underscores", "dots", "values")
}

// Source: alecthomas/units, Base2Bytes.
var bodySizeText = regexp.MustCompile(`^(0|([0-9]+(\.[0-9]+)?([KMGTPE]i?)?B)+)$`)

func httpClientRule(s setting) {
	set := func(keys ...string) (have []string) {
		for _, key := range keys {
			if !s.at(strings.Split(key, ".")...).null() {
				have = append(have, key)
			}
		}
		return have
	}
	for _, together := range [][]string{
		{"basic_auth", "authorization", "oauth2", "bearer_token", "bearer_token_file"},
		{"basic_auth.username", "basic_auth.username_file"}, {"basic_auth.password", "basic_auth.password_file"},
		{"authorization.credentials", "authorization.credentials_file"}, {"oauth2.client_secret", "oauth2.client_secret_file"},
		{"tls_config.ca", "tls_config.ca_file"}, {"tls_config.cert", "tls_config.cert_file"}, {"tls_config.key", "tls_config.key_file"},
	} {
		if have := set(together...); len(have) > 1 {
			s.fail(have[1], "is set together with %s; leave one out", have[0])
		}
	}
	if kind := s.at("authorization", "type").text(); strings.EqualFold(strings.TrimSpace(kind), "basic") {
		s.fail("authorization.type", "is basic; write basic_auth")
	}
	if oauth := s.at("oauth2"); oauth != nil && oauth.kind == mapping {
		for _, key := range []string{"client_id", "token_url"} {
			if oauth.at(key).null() {
				s.fail("oauth2", "has no %s", key)
			}
		}
	}
}

func relabelRule(s setting) {
	s.regexps("regex")
	for i, label := range s.at("source_labels").list() {
		if !label.open() && label.text() == "" {
			s.fail(fmt.Sprintf("source_labels[%d]", i), "is empty")
		}
	}
	action := strings.ToLower(s.at("action").text())
	if s.at("action").open() {
		return
	}
	set := func(key string) bool { return !s.at(key).null() }
	switch action {
	case "", "replace", "hashmod", "lowercase", "uppercase", "keepequal", "dropequal":
		s.required("target_label")
	}
	switch action {
	case "hashmod":
		if n, known := s.numberOr(0, "modulus"); known && n == 0 {
			s.fail("", "has no modulus, which hashmod needs")
		}
	case "lowercase", "uppercase":
		if r := s.at("replacement"); set("replacement") && !r.open() && r.text() != "$1" {
			s.fail("replacement", "does not go with %s", action)
		}
	case "keepequal", "dropequal":
		for _, key := range []string{"regex", "modulus", "separator", "replacement"} {
			if set(key) {
				s.fail(key, "does not go with %s", action)
			}
		}
	case "labeldrop", "labelkeep":
		for _, key := range []string{"source_labels", "target_label", "modulus", "separator", "replacement"} {
			if set(key) {
				s.fail(key, "does not go with %s", action)
			}
		}
	}
}
