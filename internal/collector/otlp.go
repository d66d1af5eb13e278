package collector

import "time"

// OTLP configures the receiver of pushed telemetry.
//
// The remote write exporter cannot carry metrics with delta temporality. Those that arrive all the same are written to
// the collector's log, by name, and counted by the exporter debug/dropped_delta.
type OTLP struct {
	GrpcPort, HttpPort Number
}

const (
	defaultGrpcPort = "4317"
	defaultHttpPort = "4318"
)

// GRPC is the port for OTLP over gRPC, and HTTP that for OTLP over HTTP.
func (o OTLP) GRPC() Number { return stringOr(o.GrpcPort, defaultGrpcPort) }

// HTTP is the port for OTLP over HTTP.
func (o OTLP) HTTP() Number { return stringOr(o.HttpPort, defaultHttpPort) }

type endpoint struct {
	Endpoint Text `yaml:"endpoint"`
}

type otlpReceiver struct {
	Protocols struct {
		GRPC *endpoint `yaml:"grpc,omitempty"`
		HTTP *endpoint `yaml:"http,omitempty"`
	} `yaml:"protocols"`
}

func (o *OTLP) validate(v *faults) {
	if o != nil {
		v.port(v.at+"Otlp.GrpcPort", o.GrpcPort, maxPort)
		v.port(v.at+"Otlp.HttpPort", o.HttpPort, maxPort)
	}
}

func (o OTLP) receiver(host string) otlpReceiver {
	var r otlpReceiver
	r.Protocols.GRPC = &endpoint{address(host, o.GRPC())}
	r.Protocols.HTTP = &endpoint{address(host, o.HTTP())}
	return r
}

func address(host string, port Number) Text { return Text(host + ":" + string(port)) }

// Traces are sent in small batches, soon, as ADOT's ecs-amp-xray.yaml does.
const (
	traceBatchTimeout = Duration(time.Second)
	traceBatchSize    = 50
)

type xrayExporter struct {
	Region reference `yaml:"region"`
}

type batchProcessor struct {
	Timeout       Duration `yaml:"timeout"`
	SendBatchSize int      `yaml:"send_batch_size"`
}
