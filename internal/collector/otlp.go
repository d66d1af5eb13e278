package collector

import (
	"slices"
	"strings"
	"time"
)

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

// HeaderContainerName is the header of a request that names the container which sends it. It becomes the label container_name, so
// that containers of one task that call themselves alike do not write the same series.
const HeaderContainerName = "ecs-container-name"

// Signals are those that applications may push: metrics, traces or logs. The text is the configuration's, in which Extra may have
// given the receiver to other pipelines.
func (c Config) Signals(text string) []string {
	switch {
	case c.OTLP == nil:
		return nil
	case c.Extra == "" && c.Traces:
		return []string{"metrics", "traces"}
	case c.Extra == "":
		return []string{"metrics"}
	}
	root, err := parseMapping(text)
	if err != nil {
		return nil // Check says so
	}
	var signals []string
	for _, p := range newTree(root).at("service", "pipelines").all() {
		if signal, _, _ := strings.Cut(p.key, "/"); slices.Contains(p.value.at("receivers").texts(), receiverOTLP) {
			signals = append(signals, signal)
		}
	}
	return signals
}

type endpoint struct {
	Endpoint        Text `yaml:"endpoint"`
	IncludeMetadata bool `yaml:"include_metadata,omitempty"` // the headers are read: they say which container sends
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
	r.Protocols.GRPC = &endpoint{address(host, o.GRPC()), true}
	r.Protocols.HTTP = &endpoint{address(host, o.HTTP()), true}
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
