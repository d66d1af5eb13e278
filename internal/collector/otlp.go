package collector

// OTLP configures the receiver of pushed telemetry. An empty endpoint turns its protocol off; at least one is needed.
//
// The remote write exporter cannot carry metrics with delta temporality. Those that arrive all the same are written to
// the collector's log, by name, and counted by the exporter debug/dropped_delta.
type OTLP struct {
	// GRPCEndpoint is the host:port to listen on for OTLP over gRPC.
	GRPCEndpoint string

	// HTTPEndpoint is the host:port to listen on for OTLP over HTTP.
	HTTPEndpoint string
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

func (o *OTLP) validate(v *faults) {
	if o != nil && o.GRPCEndpoint == "" && o.HTTPEndpoint == "" {
		v.add("otlp: neither gRPC nor HTTP is on; set an endpoint for at least one")
	}
}

func (o OTLP) receiver() otlpReceiver {
	var r otlpReceiver
	if o.GRPCEndpoint != "" {
		r.Protocols.GRPC = &endpoint{text(o.GRPCEndpoint)}
	}
	if o.HTTPEndpoint != "" {
		r.Protocols.HTTP = &endpoint{text(o.HTTPEndpoint)}
	}
	return r
}

// Traces configures AWS X-Ray as the destination of traces.
type Traces struct {
	// Region that traces are sent to.
	//
	// Default: RemoteWrite.Region.
	Region string
}

type xrayExporter struct {
	Region text `yaml:"region"`
}

type batchProcessor struct {
	Timeout       duration `yaml:"timeout"`
	SendBatchSize int      `yaml:"send_batch_size"`
}

func (t *Traces) validate(v *faults, otlp *OTLP) {
	if t == nil {
		return
	}
	if otlp == nil {
		v.add("traces: they arrive over OTLP, which is off; turn it on")
	}
	v.region("traces: region", t.Region)
}
