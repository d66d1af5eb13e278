package central

import (
	"fmt"
	"math"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// ScrapeServiceProps configures [NewScrapeService].
type ScrapeServiceProps struct {
	// Cluster whose tasks are scraped, and in which the collector runs, on Fargate. Required.
	Cluster awsecs.ICluster

	// Tasks is how many tasks there are to scrape at most, 1 to 100,000. A warning says when the services that are scraped have more.
	//
	// Default: 100.
	Tasks *float64

	// Series is how many series all tasks have together, 1 to 100 million. With Shards it decides how large the collectors and their
	// queues are. docs/central.md has the sizes that were measured.
	//
	// Default: 200 for each task.
	Series *float64

	// Shards is how many collectors share the tasks, 1 to 100. Each is a service of one task. A change of the number gives most tasks to
	// another collector: their series go on.
	//
	// Default: one for each 500,000 series.
	Shards *float64

	// HighAvailability runs two collectors for each shard, which scrape the same. AMP stores what one of them sends, and takes the other one
	// when that is silent for 30 seconds: what is lost in that time is lost. It charges what it stores. It costs two collectors, the tasks are
	// scraped twice as often, and every series gets the label cluster, by which AMP finds the two. Of their own metrics, too, it stores those
	// of one.
	//
	// Default: false.
	// Source: Amazon Managed Service for Prometheus User Guide, Deduplicating high availability metrics, and an earlier edition of that page
	// for the 30 seconds.
	HighAvailability *bool

	// RefreshInterval is the time between two looks at the cluster, at least 10 seconds. All shards look: ECS throttles an account that
	// asks too often.
	//
	// Default: 30 seconds.
	RefreshInterval awscdk.Duration

	// Workspace is where metrics are written.
	//
	// Default: as in otelprometheus.TelemetryProps.
	Workspace amp.IWorkspace

	// RemoteWrite says how the workspace is written to.
	//
	// Default: as in otelprometheus.TelemetryProps.
	RemoteWrite *otelprometheus.RemoteWriteProps

	// Labels chooses labels. What they keep of a task is its family, revision, id, launch type and service; cluster, region and account are
	// those of the collector. LabelsAll is refused.
	//
	// Default: all of these (LabelsTask).
	Labels *otelprometheus.LabelsProps

	// Delivery says how metrics are delivered. What is meant for the containers of the collector's own task (DrainTime) is not needed
	// here, as there are none.
	//
	// Default: two hops with a queue on disk that holds the samples of half an hour.
	Delivery *otelprometheus.DeliveryProps

	// Collector sets up the collector's container. It is essential.
	//
	// Default: as in otelprometheus.CollectorProps, with the memory of the task.
	Collector *otelprometheus.CollectorProps

	// CollectorMetrics collects the collector's own metrics, and what it knows of its targets. The alerts need them.
	//
	// Default: on.
	CollectorMetrics *otelprometheus.CollectorMetricsProps

	// Logging says where the collector logs.
	//
	// Default: as in otelprometheus.TelemetryProps.
	Logging *otelprometheus.LoggingProps

	// SecurityGroup of the collectors. Where it is in another stack than the scrape service, the rules that let it in are made in the
	// stacks of the services that are scraped: their stacks then need nothing of this one.
	//
	// Default: a new one, and the rules are in the stack of the scrape service.
	SecurityGroup awsec2.ISecurityGroup

	// Instances are the EC2 instances of the cluster, such as an awsautoscaling.AutoScalingGroup. In network mode bridge and host it is
	// their security groups that let the collectors in: awscdk does not tell which they are.
	//
	// Default: those of Cluster.Connections, which has none for an AsgCapacityProvider. A warning says where none is known.
	Instances *[]awsec2.IConnectable

	// VpcSubnets that the collectors run in.
	//
	// Default: the private subnets of the cluster's VPC.
	VpcSubnets *awsec2.SubnetSelection

	// AssignPublicIp gives the collectors public addresses, which they need in public subnets to reach ECS and AMP.
	//
	// Default: false.
	AssignPublicIp *bool
}

// size is what one collector needs.
type size struct{ series, cpu, memoryMiB float64 }

// sizes are for scrapes each 30 seconds. A collector took 0.11 vCPU and 330 MiB for 100,000 series, 0.44 and 978 for 500,000, 0.74 and 1,755 for a
// million (TestScrapeServiceSizes); it may use half of the CPU, and GOMEMLIMIT is four fifths of the memory.
var sizes = []size{{100_000, 256, 1024}, {250_000, 512, 2048}, {500_000, 1024, 2048}, {1_000_000, 2048, 4096}}

const (
	defaultTasks   = 100
	seriesPerTask  = 200
	seriesPerShard = 500_000
	maxTasks       = 100_000
	maxSeries      = 100e6
	maxShards      = 100

	// queuePerSeries is what half an hour takes on disk, in bytes: 60 samples of 100 bytes; 65 were measured.
	queuePerSeries = 6000
	minQueueMiB    = 512
)

// settings are the props with every default filled in.
type settings struct {
	ScrapeServiceProps
	tasks, series, shards float64
	size                  size
}

func (p *ScrapeServiceProps) resolve(f *input.Faults) *settings {
	s := &settings{ScrapeServiceProps: *p, tasks: numberOr(p.Tasks, defaultTasks)}
	for _, o := range []struct {
		name string
		n    *float64
		most float64
	}{{"Tasks", p.Tasks, maxTasks}, {"Series", p.Series, maxSeries}, {"Shards", p.Shards, maxShards}} {
		f.KnownNumberIn(o.name, o.n, 1, o.most)
	}
	if p.Cluster == nil {
		f.Add("Cluster is not set; give the cluster whose tasks are to be scraped")
	}
	s.series = numberOr(p.Series, s.tasks*seriesPerTask)
	s.shards = numberOr(p.Shards, math.Ceil(s.series/seriesPerShard))
	each := math.Ceil(s.series / max(s.shards, 1))
	for _, s.size = range sizes {
		if each <= s.size.series {
			break
		}
	}
	if each > s.size.series {
		f.Add("each of %.0f collectors would have %.0f series, and a collector was measured with %.0f at most; raise Shards to %.0f", s.shards, each, s.size.series, math.Ceil(s.series/seriesPerShard))
	}
	s.fillIn(each)
	if s.Collector.Essential != nil && !*s.Collector.Essential {
		f.Add("Collector.Essential is false, but the collector is the only container, and ECS wants one that is essential; leave it out")
	}
	if s.Delivery.DrainTime != nil {
		f.Add("Delivery.DrainTime is set, but it waits for other containers, and the collector is the only one; leave it out")
	}
	check := ""
	if input.BoolOr(s.HighAvailability, false) {
		check = "check"
	}
	// Each of its messages names fields of TelemetryProps; those of this type have the same names.
	if err := otelprometheus.CheckTelemetry(s.telemetry(0, check, check)); err != nil {
		f.AddError("", fmt.Errorf("%s", strings.ReplaceAll(err.Error(), "Telemetry.", "")))
	}
	return s
}

// fillIn gives the collector what it needs for so many series, where the props do not say otherwise.
func (s *settings) fillIn(series float64) {
	collector, delivery := otelprometheus.CollectorProps{}, otelprometheus.DeliveryProps{}
	if s.Collector != nil {
		collector = *s.Collector
	}
	if s.Delivery != nil {
		delivery = *s.Delivery
	}
	if collector.MemoryLimitMiB == nil {
		collector.MemoryLimitMiB = jsii.Number(s.size.memoryMiB)
	}
	if collector.Essential == nil {
		collector.Essential = jsii.Bool(true)
	}
	oneHop := input.BoolOr(delivery.OneHop, false)
	if delivery.QueueOnDisk == nil && !oneHop {
		delivery.QueueOnDisk = jsii.Bool(true)
	}
	if delivery.QueueSize == nil && !oneHop && *delivery.QueueOnDisk {
		delivery.QueueSize = awscdk.Size_Mebibytes(jsii.Number(math.Max(minQueueMiB, math.Ceil(series*queuePerSeries/(1<<20)))))
	}
	s.Collector, s.Delivery = &collector, &delivery
	if s.CollectorMetrics == nil {
		s.CollectorMetrics = &otelprometheus.CollectorMetricsProps{}
	}
}

// telemetry is that of the collector of a shard.
func (s *settings) telemetry(shard int, group, replica string) *otelprometheus.TelemetryProps {
	var cluster *string
	if s.Cluster != nil {
		cluster = s.Cluster.ClusterName()
	} else {
		cluster = jsii.String("missing") // which is reported
	}
	return &otelprometheus.TelemetryProps{
		Workspace: s.Workspace, RemoteWrite: s.RemoteWrite, Labels: s.Labels, Delivery: s.Delivery, Collector: s.Collector,
		CollectorMetrics: s.CollectorMetrics, Logging: s.Logging,
		Config: otelprometheus.ConfigForCluster(cluster, &otelprometheus.ConfigForClusterOptions{
			Shard: jsii.Number(float64(shard)), Shards: jsii.Number(s.shards), RefreshInterval: s.RefreshInterval,
			Replica: &replica, ReplicaGroup: &group,
		}),
	}
}

func numberOr(n *float64, d float64) float64 {
	if n == nil {
		return d
	}
	return *n
}
