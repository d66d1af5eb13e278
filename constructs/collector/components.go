package collector

// The types below mirror the configuration of the components this package writes, with the keys of contrib v0.156.0 and
// collector v0.156.0. Only keys that are set are rendered.

type document struct {
	Extensions map[string]any `yaml:"extensions"`
	Receivers  map[string]any `yaml:"receivers"`
	Processors map[string]any `yaml:"processors"`
	Exporters  map[string]any `yaml:"exporters"`
	Service    service        `yaml:"service"`
}

type service struct {
	Extensions []string            `yaml:"extensions,flow"`
	Pipelines  map[string]pipeline `yaml:"pipelines"`
	Telemetry  telemetry           `yaml:"telemetry"`
}

type pipeline struct {
	Receivers  []string `yaml:"receivers,flow"`
	Processors []string `yaml:"processors,flow"`
	Exporters  []string `yaml:"exporters,flow"`
}

type telemetry struct {
	Metrics struct {
		Level string `yaml:"level"`
	} `yaml:"metrics"`
}

type endpoint struct {
	Endpoint text `yaml:"endpoint"`
}

type otlpReceiver struct {
	Protocols struct {
		GRPC *endpoint `yaml:"grpc,omitempty"`
		HTTP *endpoint `yaml:"http,omitempty"`
	} `yaml:"protocols"`
}

type prometheusReceiver struct {
	Config struct {
		ScrapeConfigs []scrapeConfig `yaml:"scrape_configs"`
	} `yaml:"config"`
}

type scrapeConfig struct {
	JobName               text           `yaml:"job_name"`
	ScrapeInterval        duration       `yaml:"scrape_interval"`
	ScrapeTimeout         duration       `yaml:"scrape_timeout"`
	Scheme                string         `yaml:"scheme,omitempty"`
	MetricsPath           text           `yaml:"metrics_path"`
	SampleLimit           number         `yaml:"sample_limit"`
	LabelLimit            number         `yaml:"label_limit"`
	LabelValueLengthLimit number         `yaml:"label_value_length_limit"`
	BodySizeLimit         number         `yaml:"body_size_limit"`
	StaticConfigs         []staticConfig `yaml:"static_configs"`
}

type staticConfig struct {
	Targets []text `yaml:"targets"`
}

type taskMetricsReceiver struct {
	CollectionInterval duration `yaml:"collection_interval"`
}

type memoryLimiter struct {
	CheckInterval        duration `yaml:"check_interval"`
	LimitMiB             int      `yaml:"limit_mib,omitempty"`
	SpikeLimitMiB        int      `yaml:"spike_limit_mib,omitempty"`
	LimitPercentage      int      `yaml:"limit_percentage,omitempty"`
	SpikeLimitPercentage int      `yaml:"spike_limit_percentage,omitempty"`
}

type resourceDetection struct {
	Detectors []string `yaml:"detectors,flow"`
	Override  bool     `yaml:"override"`
}

type resourceProcessor struct {
	Attributes []attributeAction `yaml:"attributes"`
}

type attributeAction struct {
	Action        string `yaml:"action"`
	Key           text   `yaml:"key,omitempty"`
	Value         text   `yaml:"value,omitempty"`
	FromAttribute text   `yaml:"from_attribute,omitempty"`
	Pattern       text   `yaml:"pattern,omitempty"`
}

type filterProcessor struct {
	ErrorMode        string `yaml:"error_mode"`
	MetricConditions []text `yaml:"metric_conditions"`
}

type remoteWriteExporter struct {
	Endpoint            text           `yaml:"endpoint"`
	Auth                authenticator  `yaml:"auth"`
	Timeout             duration       `yaml:"timeout"`
	MaxBatchSizeBytes   int            `yaml:"max_batch_size_bytes"`
	RemoteWriteQueue    writeQueue     `yaml:"remote_write_queue"`
	RetryOnFailure      retryOnFailure `yaml:"retry_on_failure"`
	TranslationStrategy string         `yaml:"translation_strategy,omitempty"`
	DisableScopeInfo    bool           `yaml:"disable_scope_info"`
	TargetInfo          enabled        `yaml:"target_info"`
	ResourceToTelemetry struct {
		Enabled                  bool `yaml:"enabled"`
		ExcludeServiceAttributes bool `yaml:"exclude_service_attributes"`
	} `yaml:"resource_to_telemetry_conversion"`
}

type authenticator struct {
	Authenticator string `yaml:"authenticator"`
}

type writeQueue struct {
	Enabled      bool `yaml:"enabled"`
	QueueSize    int  `yaml:"queue_size"`
	NumConsumers int  `yaml:"num_consumers"`
}

type retryOnFailure struct {
	Enabled         bool     `yaml:"enabled"`
	InitialInterval duration `yaml:"initial_interval"`
}

type enabled struct {
	Enabled bool `yaml:"enabled"`
}

type sigV4Auth struct {
	Region     text        `yaml:"region"`
	Service    string      `yaml:"service"`
	AssumeRole *assumeRole `yaml:"assume_role,omitempty"`
}

type assumeRole struct {
	ARN        text `yaml:"arn"`
	STSRegion  text `yaml:"sts_region,omitempty"`
	ExternalID text `yaml:"external_id,omitempty"`
}
