package otelprometheus

import "time"

// where addresses the fields of TelemetryProps in messages.
const where = "Telemetry."

// Construct ids below the task definition, unless said otherwise. They are part of the contract: changing one replaces resources.
const (
	idCollector         = "Collector"
	idWorkspace         = "OtelPrometheusWorkspace" // below the stack
	idCollectorLogGroup = "CollectorLogGroup"
	idContainerLogGroup = "ContainerLogGroup"

	idCloudWatchLogGroup = "CloudWatchLogGroup"
	idConfig             = "Config"
	idDrain              = "Drain"
	idLinuxParameters    = "LinuxParameters"
	idAddToAll           = "OtelPrometheus" // below the scope of AddToAll
)

// Ids that awscdk gives to the roles it creates below a task definition; TestRolesProps pins them.
const (
	idTaskRole      = "TaskRole"
	idExecutionRole = "ExecutionRole"
)

// Names of environment variables of the collector's container, beside those that a generated configuration names.
const (
	envConfig           = "COLLECTOR_CONFIG"
	envConfigRevision   = "COLLECTOR_CONFIG_REVISION"
	envScrapingEndpoint = "AWS_PROMETHEUS_SCRAPING_ENDPOINT"
	envGoMemLimit       = "GOMEMLIMIT"
	envAotConfig        = "AOT_CONFIG_CONTENT"
)

// The container that waits, and the volume of a queue on disk.
const (
	drainName         = "drain"
	defaultDrainImage = "public.ecr.aws/docker/library/busybox:1.37.0"
	drainMemoryMiB    = 16
	// drainMargin is what the waiting container gets to end by itself before it is killed.
	drainMargin = 2 * time.Second

	queueVolume    = "collector-queue" // and of the list of targets, where a cluster is scraped
	queueDirectory = "/var/lib/awscollector"
	rootUser       = "0"
)

// firstEligible stands for the first container that is added, which a scrape job reads that does not name its container.
const firstEligible = ""
