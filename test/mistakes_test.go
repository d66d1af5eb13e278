package test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapplicationautoscaling"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecspatterns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/amp"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/observability"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/otelprometheus"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/slo"
)

// mistake is a plausible one. It is refused with a message, or warned of under an id, or it is right after all, for a reason.
type mistake struct {
	try     attempt
	refused string
	warned  string // the id
	message string // of the warning
	right   string // the reason
}

// attempt builds something in a stack, and gives the construct that warnings hang on.
type attempt func(stack awscdk.Stack) constructs.IConstruct

// mistakes are what new users try.
func mistakes() map[string]mistake {
	return map[string]mistake{
		"memory below what a collector takes":            {try: collectorOf(otelprometheus.CollectorProps{MemoryLimitMiB: jsii.Number(64)}), refused: "Telemetry.Collector.MemoryLimitMiB is 64"},
		"a tiny task":                                    {try: sized(256, 1, nil), refused: "the task's memory is 1 MiB, and half of it is too little for the collector, which takes 110 MB at rest"},
		"a small limit is told once":                     {try: collectorOf(otelprometheus.CollectorProps{MemoryLimitMiB: jsii.Number(50)}), refused: "Telemetry.Collector.MemoryLimitMiB is 50"},
		"a size that Fargate does not have":              {try: sized(300, 1000, nil), refused: "the task has 300 CPU units and 1000 MiB of memory, a size that Fargate does not have"},
		"a 512 MiB task whose app has no limit":          {try: sized(256, 512, nil), right: "the collector's own limit is half of the task, so the app has at least 256 MiB, and ECS kills the one that takes more than it has"},
		"an app that leaves no room for the collector":   {try: sized(256, 512, &awsecs.ContainerDefinitionOptions{MemoryLimitMiB: jsii.Number(512)}), refused: "the containers set aside 768 MiB of memory together (aws-otel-collector 256, app 512), more than the task's 512 MiB"},
		"a collector larger than the task":               {try: collectorOf(otelprometheus.CollectorProps{MemoryLimitMiB: jsii.Number(2048)}), refused: "Telemetry.Collector.MemoryLimitMiB is 2048, more than the task's 1024 MiB"},
		"an image without /healthcheck":                  {try: collectorOf(otelprometheus.CollectorProps{Image: image("mine/collector:1")}), warned: "healthCheckOfImage", message: "the health check runs /healthcheck, which is part of ADOT's image"},
		"an image tagged latest":                         {try: collectorOf(otelprometheus.CollectorProps{Image: image("public.ecr.aws/aws-observability/aws-otel-collector:latest")}), warned: "unpinnedImage", message: "the collector's image public.ecr.aws/aws-observability/aws-otel-collector:latest is not pinned to a version"},
		"no container but the collector":                 {try: alone(), warned: "noContainer", message: "the task has no container but the collector, which is not essential, and ECS takes no task without an essentia"},
		"only non-essential containers":                  {try: app(awsecs.ContainerDefinitionOptions{Essential: jsii.Bool(false)}), refused: "no container of the task is essential, and ECS wants one"},
		"a community collector beside ours":              {try: app(awsecs.ContainerDefinitionOptions{Image: image("otel/opentelemetry-collector-contrib:0.158.0")}), refused: "container app runs a collector, too: both listen on ports 4317, 4318 and 13133, and write the metrics of the task"},
		"ADOT beside ours":                               {try: app(awsecs.ContainerDefinitionOptions{Image: image("public.ecr.aws/aws-observability/aws-otel-collector:v0.50.0")}), refused: "container app runs a collector, too: both listen on ports 4317, 4318 and 13133, and write the metrics of the task"},
		"an app on the collector's port":                 {try: app(awsecs.ContainerDefinitionOptions{PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(4318)}}}), refused: "containers aws-otel-collector and app both use tcp port 4318, and share one network namespace"},
		"an app on the port of the health check":         {try: app(awsecs.ContainerDefinitionOptions{PortMappings: &[]*awsecs.PortMapping{{ContainerPort: jsii.Number(13133)}}}), refused: "containers aws-otel-collector and app both use tcp port 13133, and share one network namespace"},
		"an app named as the collector":                  {try: collectorOf(otelprometheus.CollectorProps{ContainerName: jsii.String("app")}), refused: "two containers are named app"},
		"a stop timeout that Fargate refuses":            {try: collectorOf(otelprometheus.CollectorProps{StopTimeout: awscdk.Duration_Minutes(jsii.Number(5))}), refused: "Telemetry.Collector.StopTimeout is 5m0s"},
		"a stop timeout of the app that Fargate refuses": {try: app(awsecs.ContainerDefinitionOptions{StopTimeout: awscdk.Duration_Seconds(jsii.Number(121))}), refused: "container app has a stop timeout of 121 seconds"},
		"HEALTHY without a health check":                 {try: collectorOf(otelprometheus.CollectorProps{DependencyCondition: awsecs.ContainerDependencyCondition_HEALTHY, HealthCheck: &otelprometheus.HealthCheckProps{Enabled: jsii.Bool(false)}}), refused: "Telemetry.Collector.DependencyCondition is HEALTHY, but the collector's health check is off"},
		"waiting until the collector has ended":          {try: collectorOf(otelprometheus.CollectorProps{DependencyCondition: awsecs.ContainerDependencyCondition_SUCCESS}), refused: "Telemetry.Collector.DependencyCondition is SUCCESS"},
		"a health check that is too slow":                {try: collectorOf(otelprometheus.CollectorProps{HealthCheck: &otelprometheus.HealthCheckProps{Interval: awscdk.Duration_Minutes(jsii.Number(10))}}), refused: "Telemetry.Collector.HealthCheck.Interval is 10m0s"},
		"an exception for a container that is not there": {try: telemetry(otelprometheus.TelemetryProps{Containers: &map[string]*otelprometheus.ContainerProps{"web": {OptOut: jsii.Bool(true)}}}), refused: "Telemetry.Containers names container web, which is not in the task"},
		"an exception that is nil":                       {try: telemetry(otelprometheus.TelemetryProps{Containers: &map[string]*otelprometheus.ContainerProps{"app": nil}}), refused: "Telemetry.Containers: app is nil"},
		"a variable without a name":                      {try: app(awsecs.ContainerDefinitionOptions{Environment: &map[string]*string{"": jsii.String("x")}}), refused: "container app has an environment variable without a name"},
		"an external instance":                           {try: external(), refused: "Compatibility is EXTERNAL"},
		"Windows":                                        {try: windows(), refused: "RuntimePlatform is Windows"},
		"host network":                                   {try: hostNetwork(), warned: "hostNetwork", message: "with network mode host the collectors of all tasks on an instance share its ports"},
		"two task definitions of one family":             {try: twoOfOneFamily(), warned: "sameFamily", message: "task definition Stack/First has the same family, shop: ECS takes them for revisions of one, and their metrics "},
		"the sidecar twice":                              {try: sidecarTwice(), refused: "there is a collector already"},
		"a sidecar that was never added":                 {try: neverAdded(), right: "it has no scope and changes nothing: no construct of the app knows of it, so nothing could say so"},

		"KeepMetrics with a prefix":                      {try: scrape(otelprometheus.ScrapeJob{KeepMetrics: jsii.Strings("http_")}), refused: `Telemetry.Scrape[0].KeepMetrics[0] is "http_", which must match the whole name of a metric`},
		"KeepMetrics with labels":                        {try: scrape(otelprometheus.ScrapeJob{KeepMetrics: jsii.Strings(`http_requests_total{code="200"}`)}), refused: `Telemetry.Scrape[0].KeepMetrics[0] is "http_requests_total{code=\"200\"}"`},
		"KeepMetrics with a histogram":                   {try: scrape(otelprometheus.ScrapeJob{KeepMetrics: jsii.Strings("http_request_duration_seconds")}), warned: "histogramName", message: "Telemetry.Scrape[0].KeepMetrics has http_request_duration_seconds, which as the name of a histogram or a summa"},
		"KeepMetrics that is no expression":              {try: scrape(otelprometheus.ScrapeJob{KeepMetrics: jsii.Strings("http_(")}), refused: "Telemetry.Scrape[0].KeepMetrics is \"http_(\", which is not a regular expression: error parsing regexp: missing closing ): `http_(`"},
		"KeepMetrics with an empty entry":                {try: scrape(otelprometheus.ScrapeJob{KeepMetrics: jsii.Strings("")}), refused: "Telemetry.Scrape[0].KeepMetrics is empty"},
		"DropMetrics with a glob":                        {try: scrape(otelprometheus.ScrapeJob{DropMetrics: jsii.Strings("go_*")}), refused: `Telemetry.Scrape[0].DropMetrics[0] is "go_*", which is a regular expression, not a file pattern`},
		"DropMetrics with everything":                    {try: scrape(otelprometheus.ScrapeJob{DropMetrics: jsii.Strings(".*")}), refused: `Telemetry.Scrape[0].DropMetrics[0] is ".*", which drops everything`},
		"more static labels than may be":                 {try: scrape(otelprometheus.ScrapeJob{StaticLabels: manyLabels(62)}), refused: "Telemetry.Scrape[0].StaticLabels has 62 labels, and LabelLimit is 64 with the name, job and instance: each scrape would be refused"},
		"a static label named job":                       {try: scrape(otelprometheus.ScrapeJob{StaticLabels: labels("job", "shop")}), refused: `Telemetry.Scrape[0].StaticLabels: label "job" is set by the scrape`},
		"a static label with a dash":                     {try: scrape(otelprometheus.ScrapeJob{StaticLabels: labels("my-team", "shop")}), refused: `Telemetry.Scrape[0].StaticLabels: name: "my-team" is not the name of a label: letters, digits and underscores, not starting with a digit`},
		"a static label with a variable":                 {try: scrape(otelprometheus.ScrapeJob{StaticLabels: labels("host", "$HOSTNAME")}), refused: `Telemetry.Scrape[0].StaticLabels: host is "$HOSTNAME", but a label is stored as it is written`},
		"an interval in milliseconds":                    {try: scrape(otelprometheus.ScrapeJob{Interval: awscdk.Duration_Millis(jsii.Number(30))}), refused: "Telemetry.Scrape[0].Interval is 30ms"},
		"an interval over 5 minutes":                     {try: scrape(otelprometheus.ScrapeJob{Interval: awscdk.Duration_Minutes(jsii.Number(10))}), warned: "longInterval", message: "Telemetry.Scrape[0].Interval is 10m0s, and a query looks back 5 minutes for the last sample: panels and alerts"},
		"a timeout longer than the interval":             {try: scrape(otelprometheus.ScrapeJob{Interval: awscdk.Duration_Seconds(jsii.Number(5)), Timeout: awscdk.Duration_Seconds(jsii.Number(10))}), refused: "Telemetry.Scrape[0].Timeout is 10s, longer than the interval of 5s"},
		"a timeout of zero":                              {try: scrape(otelprometheus.ScrapeJob{Timeout: awscdk.Duration_Seconds(jsii.Number(0))}), refused: "Telemetry.Scrape[0].Timeout is 0s"},
		"a job named ecs":                                {try: scrape(otelprometheus.ScrapeJob{Name: jsii.String("ecs")}), refused: `Telemetry.Scrape[0].Name is "ecs", the job of metrics that the collector makes itself`},
		"a job named otelcol":                            {try: telemetry(otelprometheus.TelemetryProps{CollectorMetrics: &otelprometheus.CollectorMetricsProps{}, Scrape: &[]*otelprometheus.ScrapeJob{{Name: jsii.String("otelcol"), Port: jsii.Number(8080)}}}), refused: `Telemetry.Scrape[0].Name is "otelcol", the name of the job that reads the collector's own metrics`},
		"a job with the name of the family":              {try: familyJob(), refused: `Telemetry.Scrape[1].Name is "shop", which is the task family`},
		"a scrape without a port":                        {try: telemetry(otelprometheus.TelemetryProps{Scrape: &[]*otelprometheus.ScrapeJob{{Path: jsii.String("/metrics")}}}), refused: "Telemetry.Scrape[0].Port is not set"},
		"a port beyond 65535":                            {try: scrape(otelprometheus.ScrapeJob{Port: jsii.Number(99999)}), refused: "Telemetry.Scrape[0].Port is 99999"},
		"a port that is a fraction":                      {try: scrape(otelprometheus.ScrapeJob{Port: jsii.Number(80.5)}), refused: "Telemetry.Scrape[0].Port is 80.5"},
		"a scrape of the collector":                      {try: scrape(otelprometheus.ScrapeJob{Port: jsii.Number(13133)}), refused: "Telemetry.Scrape[0].Port is 13133, which is the collector's own"},
		"a scrape of the load balancer's port":           {try: behindLoadBalancer(), warned: "scrapedPort", message: "Telemetry.Scrape[0].Port is 80, which no container maps"},
		"a scrape of a container that is not there":      {try: scrape(otelprometheus.ScrapeJob{ContainerName: jsii.String("web")}), refused: "Telemetry.Scrape[0].ContainerName is web, which is not in the task"},
		"a scrape of the collector by name":              {try: scrape(otelprometheus.ScrapeJob{ContainerName: jsii.String(collectorName)}), refused: "Telemetry.Scrape[0].ContainerName is aws-otel-collector, the collector itself"},
		"bridge, and the first container is not the one": {try: bridgeFirst(), warned: "scrapedContainer", message: "Telemetry.Scrape[0] reads port 9100 of container app, but it is container exporter that maps this port"},
		"bridge, scraped and pushed":                     {try: bridgeBoth(), refused: "network mode bridge: scraping needs links from the collector to the containers, OTLP and StatsD need them the other way, and links cannot be circular"},
		"a scheduled task that is scraped":               {try: scheduled(), warned: "scheduledScrape", message: "a scheduled task is scraped, and often ends before the first scrape, or loses what it counts after the last on"},
		"an endpoint twice":                              {try: telemetry(otelprometheus.TelemetryProps{Scrape: &[]*otelprometheus.ScrapeJob{{Name: jsii.String("a"), Port: jsii.Number(8080)}, {Name: jsii.String("b"), Port: jsii.Number(8080)}}}), refused: "Telemetry.Scrape[1] reads what Telemetry.Scrape[0] reads, and stores it twice"},
		"two jobs of one name":                           {try: telemetry(otelprometheus.TelemetryProps{Scrape: &[]*otelprometheus.ScrapeJob{{Name: jsii.String("a"), Port: jsii.Number(8080)}, {Name: jsii.String("a"), Port: jsii.Number(8081)}}}), refused: `Telemetry.Scrape[1].Name is "a", as that of Telemetry.Scrape[0]`},
		"two jobs without a name":                        {try: telemetry(otelprometheus.TelemetryProps{Scrape: &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080)}, {Port: jsii.Number(8081)}}}), refused: "Telemetry.Scrape[1].Name is not set, and neither is that of Telemetry.Scrape[0]"},
		"a job that is nil":                              {try: telemetry(otelprometheus.TelemetryProps{Scrape: &[]*otelprometheus.ScrapeJob{nil}}), refused: "Telemetry.Scrape[0] is nil"},
		"a path without a slash":                         {try: scrape(otelprometheus.ScrapeJob{Path: jsii.String("metrics")}), refused: `Telemetry.Scrape[0].Path is "metrics"`},
		"a path with a query":                            {try: scrape(otelprometheus.ScrapeJob{Path: jsii.String("/metrics?format=prometheus")}), refused: `Telemetry.Scrape[0].Path is "/metrics?format=prometheus"`},
		"a whole URL as the path":                        {try: scrape(otelprometheus.ScrapeJob{Path: jsii.String("http://localhost:8080/metrics")}), refused: `Telemetry.Scrape[0].Path is "http://localhost:8080/metrics"`},
		"a password without a user":                      {try: scrape(otelprometheus.ScrapeJob{BasicAuth: &otelprometheus.BasicAuthProps{}}), refused: "Telemetry.Scrape[0].BasicAuth.Username is empty"},
		"a relabel rule that does nothing":               {try: scrape(otelprometheus.ScrapeJob{Relabel: &[]*otelprometheus.RelabelRule{{Action: otelprometheus.RelabelReplace}}}), refused: `Telemetry.Scrape[0].Relabel[0].TargetLabel: "" is not the name of a label: letters, digits and underscores, not starting with a digit`},
		"a relabel action that is not there":             {try: scrape(otelprometheus.ScrapeJob{Relabel: &[]*otelprometheus.RelabelRule{{Action: "dropp", Regex: jsii.String("x")}}}), refused: `Telemetry.Scrape[0].Relabel[0].Action is "dropp"`},
		"Keep in Prometheus' spelling":                   {try: labelled(otelprometheus.LabelsProps{Policy: otelprometheus.LabelsList, Keep: jsii.Strings("aws_ecs_task_family", "aws.ecs.task.id")}), refused: `Telemetry.Labels.Keep[0] is "aws_ecs_task_family", which is the name of the label`},
		"Keep without the policy":                        {try: labelled(otelprometheus.LabelsProps{Policy: otelprometheus.LabelsTask, Keep: jsii.Strings("aws.ecs.task.id")}), refused: `Telemetry.Labels.Keep is set, but Policy is "task"`},
		"a list without anything in it":                  {try: labelled(otelprometheus.LabelsProps{Policy: otelprometheus.LabelsList}), refused: "Telemetry.Labels.Policy is LabelsList, but Keep is empty"},
		"a policy that is not there":                     {try: labelled(otelprometheus.LabelsProps{Policy: "everything"}), refused: `Telemetry.Labels.Policy is "everything"`},
		"an external label job":                          {try: labelled(otelprometheus.LabelsProps{External: labels("job", "shop")}), refused: "Telemetry.Labels.External: job would be the same for all series, and each source has its own"},
		"an external label instance":                     {try: labelled(otelprometheus.LabelsProps{External: labels("instance", "shop")}), refused: "Telemetry.Labels.External: instance would be the same for all series, and each source has its own"},
		"an external label without a value":              {try: labelled(otelprometheus.LabelsProps{External: labels("team", "")}), refused: "Telemetry.Labels.External: team is empty, and an empty label is no label"},
		"an external label with a variable":              {try: labelled(otelprometheus.LabelsProps{External: labels("env", "${ENVIRONMENT}")}), refused: `Telemetry.Labels.External: env is "${ENVIRONMENT}", but a label is stored as it is written`},
		"the name of the service twice":                  {try: labelled(otelprometheus.LabelsProps{Service: jsii.String("orders"), External: labels("service_name", "shop")}), refused: "Telemetry.Labels.Service is the label service_name, which Telemetry.Labels.External has too"},
		"delta temporality":                              {try: pushing("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "delta"), warned: "deltaTemporality", message: "container app sets OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE to delta, and metrics with delta temporal"},
		"an endpoint of compose":                         {try: pushing("OTEL_EXPORTER_OTLP_ENDPOINT", "http://otel-collector:4318"), warned: "otlpEndpoint", message: `container app: OTEL_EXPORTER_OTLP_ENDPOINT is "http://otel-collector:4318", and a task knows no host otel-coll`},
		"an endpoint without a scheme":                   {try: pushing("OTEL_EXPORTER_OTLP_ENDPOINT", "localhost:4317"), warned: "otlpEndpoint", message: `container app: OTEL_EXPORTER_OTLP_ENDPOINT is "localhost:4317", which has no scheme, so SDKs do not take it`},
		"gRPC to the port of HTTP":                       {try: pushing("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318", "OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"), warned: "otlpVariables", message: "container app sends its metrics with protocol grpc to port 4318, but the collector expects another protocol th"},
		"a protocol that is not there":                   {try: pushing("OTEL_EXPORTER_OTLP_PROTOCOL", "http"), warned: "otlpVariables", message: "container app: the protocol in OTEL_EXPORTER_OTLP_PROTOCOL is not known at synthesis, or not one of grpc, http"},
		"traces that nobody takes":                       {try: pushing("OTEL_TRACES_EXPORTER", "otlp"), warned: "otlpVariables", message: "container app sends its traces to the collector, which does not accept them"},
		"OTLP that Scrape turned off":                    {try: scrapedApp(environmentOf("OTEL_EXPORTER_OTLP_ENDPOINT", "http://localhost:4318")), warned: "otlpOff", message: "container app sends its metrics to the collector, but OTLP is off, because Telemetry.Scrape is set"},
		"two containers of one name":                     {try: sameIdentity(), warned: "sameIdentity", message: "containers app and worker both send as shop, so their series differ only in the label container_name"},
		"OTLP on one port twice":                         {try: telemetry(otelprometheus.TelemetryProps{Otlp: &otelprometheus.OtlpProps{GrpcPort: jsii.Number(4318)}}), refused: "Telemetry.Otlp.GrpcPort and Telemetry.Otlp.HttpPort are both port 4318"},
		"nothing to collect":                             {try: telemetry(otelprometheus.TelemetryProps{Otlp: &otelprometheus.OtlpProps{Enabled: jsii.Bool(false)}, TaskMetrics: &otelprometheus.TaskMetricsProps{Enabled: jsii.Bool(false)}}), refused: "there is nothing to collect"},
		"traces without OTLP":                            {try: telemetry(otelprometheus.TelemetryProps{Otlp: &otelprometheus.OtlpProps{Enabled: jsii.Bool(false)}, Traces: jsii.Bool(true)}), refused: "Telemetry.Traces is on, but traces arrive over OTLP, which is off"},
		"an ECS metric in Prometheus' spelling":          {try: telemetry(otelprometheus.TelemetryProps{TaskMetrics: &otelprometheus.TaskMetricsProps{Metrics: jsii.Strings("ecs_task_memory_utilized")}}), refused: `Telemetry.TaskMetrics.Metrics[0] is "ecs_task_memory_utilized", which ECS does not have, did you mean ecs.task.memory.utilized?`},
		"StatsD counters":                                {try: telemetry(otelprometheus.TelemetryProps{Statsd: &otelprometheus.StatsdProps{}}), warned: "statsdCounters", message: "StatsD counters are increments, which Prometheus cannot store"},
		"a container's network under awsvpc":             {try: telemetry(otelprometheus.TelemetryProps{TaskMetrics: &otelprometheus.TaskMetricsProps{Metrics: jsii.Strings("container.network.rate.rx", "ecs.task.cpu.utilized")}}), warned: "unknownMetrics", message: "Telemetry.TaskMetrics.Metrics has container.network.rate.rx, which ECS does not know: with network mode awsvpc"},

		"a queue larger than the memory":      {try: delivered(otelprometheus.DeliveryProps{QueueSize: awscdk.Size_Mebibytes(jsii.Number(512))}), refused: "Telemetry.Delivery.QueueSize is 512 MiB, which takes about 3584 MiB of memory when the queue is full, more than the collector's limit of 512 MiB"},
		"a queue below 1 MiB":                 {try: delivered(otelprometheus.DeliveryProps{QueueSize: awscdk.Size_Kibibytes(jsii.Number(100))}), refused: "Telemetry.Delivery.QueueSize is 0 MiB"},
		"one hop with a queue":                {try: delivered(otelprometheus.DeliveryProps{OneHop: jsii.Bool(true), QueueOnDisk: jsii.Bool(true)}), refused: "Telemetry.Delivery.QueueOnDisk is set together with OneHop, which has no such queue"},
		"a volume without a queue on disk":    {try: delivered(otelprometheus.DeliveryProps{QueueVolume: jsii.String("data")}), refused: "Telemetry.Delivery.QueueVolume holds a queue on disk, but QueueOnDisk is not set"},
		"a volume that is not there":          {try: delivered(otelprometheus.DeliveryProps{QueueOnDisk: jsii.Bool(true), QueueVolume: jsii.String("data")}), refused: "container aws-otel-collector mounts volume data, which the task does not have"},
		"a drain of ten minutes":              {try: delivered(otelprometheus.DeliveryProps{DrainTime: awscdk.Duration_Minutes(jsii.Number(10))}), refused: "Telemetry.Delivery.DrainTime is 10m0s"},
		"a drain of half a second":            {try: delivered(otelprometheus.DeliveryProps{DrainTime: awscdk.Duration_Millis(jsii.Number(500))}), refused: "Telemetry.Delivery.DrainTime is 500ms"},
		"an image for no drain":               {try: delivered(otelprometheus.DeliveryProps{DrainImage: image("busybox:1")}), refused: "Telemetry.Delivery.DrainImage is the image of a container that is only there with DrainTime"},
		"a delivery port on OTLP's":           {try: delivered(otelprometheus.DeliveryProps{Port: jsii.Number(4317)}), refused: "Telemetry.Otlp.GrpcPort and Telemetry.Delivery.Port are both port 4317"},
		"a workspace of another region":       {try: ofArn("arn:aws:aps:us-east-1:" + home + ":workspace/ws-a"), warned: "workspaceOfAnotherRegion", message: "the workspace is in us-east-1, and the task in eu-west-1: AWS charges for data that leaves a region, and an ou"},
		"a workspace by its id":               {try: ofArn("ws-0a1b2c3d"), refused: `"ws-0a1b2c3d" is not the ARN of a workspace, such as arn:aws:aps:eu-west-1:111122223333:workspace/ws-a1b2c3d4`},
		"a role without its id":               {try: telemetry(otelprometheus.TelemetryProps{RemoteWrite: &otelprometheus.RemoteWriteProps{ExternalId: jsii.String("x")}}), refused: "Telemetry.RemoteWrite: ExternalId and StsRegion go with AssumeRole, which is not set"},
		"a region that is none":               {try: telemetry(otelprometheus.TelemetryProps{RemoteWrite: &otelprometheus.RemoteWriteProps{StsRegion: jsii.String("Ireland")}}), refused: "Telemetry.RemoteWrite: ExternalId and StsRegion go with AssumeRole, which is not set"},
		"FIPS where there is none":            {try: telemetry(otelprometheus.TelemetryProps{RemoteWrite: &otelprometheus.RemoteWriteProps{Endpoint: &amp.EndpointOptions{Fips: jsii.Bool(true)}}}), refused: "Telemetry.RemoteWrite.Endpoint: Fips is set, but AWS documents no FIPS endpoint of AMP in eu-west-1, only in us-east-1, us-east-2, us-west-1, us-west-"},
		"a given role with a name":            {try: ownRole(), refused: "Telemetry.Roles: ManagedPolicy and TaskRoleName apply only to a task role that this library creates, but one is given"},
		"log streams without a prefix":        {try: telemetry(otelprometheus.TelemetryProps{Logging: &otelprometheus.LoggingProps{StreamPrefix: jsii.String("")}}), refused: "Telemetry.Logging.StreamPrefix is empty"},
		"a configuration and options":         {try: telemetry(otelprometheus.TelemetryProps{Config: otelprometheus.ConfigFromImage(jsii.String(otelprometheus.ADOTEcsAmp), nil), Otlp: &otelprometheus.OtlpProps{}}), refused: "Telemetry.Otlp is set together with Telemetry.Config, which would ignore it"},
		"a component that ADOT does not have": {try: configured("receivers: {hostmetrics: {}}\nexporters: {debug: {}}\nservice: {pipelines: {metrics: {receivers: [hostmetrics], exporters: [debug]}}}"), refused: "Telemetry.Config: receivers: hostmetrics is not part of ADOT v0.50.0"},
		"a key that is misspelt":              {try: configured("receivers: {otlp: {protocol: {grpc: {}}}}\nexporters: {debug: {}}\nservice: {pipelines: {metrics: {receivers: [otlp], exporters: [debug]}}}"), refused: "Telemetry.Config: line 1: receivers.otlp.protocol is not a key of otlp, did you mean protocols?"},
		"a pipeline without a receiver":       {try: configured("receivers: {otlp: {protocols: {grpc: {}}}}\nexporters: {debug: {}}\nservice: {pipelines: {metrics: {receivers: [prometheus], exporters: [debug]}}}"), refused: "Telemetry.Config: pipeline metrics: receiver prometheus is not defined"},
		"a configuration with a tab":          {try: configured("receivers:\n\totlp: {}"), refused: "Telemetry.Config: not YAML: yaml: line 2: found character that cannot start any token"},

		"a cluster's ARN for its name":          {try: ruled(observability.ServiceRulesProps{TaskFamily: jsii.String("orders"), Cluster: jsii.String("arn:aws:ecs:eu-west-1:111122223333:cluster/shop")}), refused: `Cluster is "arn:aws:ecs:eu-west-1:111122223333:cluster/shop"`},
		"a family that nobody has":              {try: ruled(observability.ServiceRulesProps{TaskFamily: jsii.String("order")}), warned: "unknownFamily", message: `TaskFamily is "order", and no task definition with a collector in this app has it`},
		"a family with its revision":            {try: ruled(observability.ServiceRulesProps{TaskFamily: jsii.String("orders:7")}), refused: `TaskFamily is "orders:7"`},
		"nothing that says which service":       {try: ruled(observability.ServiceRulesProps{}), refused: "nothing says which service it is"},
		"two ways to say which":                 {try: ruled(observability.ServiceRulesProps{TaskFamily: jsii.String("orders"), ServiceName: jsii.String("orders")}), refused: "Service, TaskDefinition, ServiceName and TaskFamily are ways to say the same"},
		"a share in per cent":                   {try: ruled(observability.ServiceRulesProps{TaskFamily: jsii.String("orders"), Tasks: &observability.TaskAlerts{MemoryUtilization: jsii.Number(90)}}), refused: "Tasks.MemoryUtilization is 90"},
		"an alert that is not there":            {try: ruled(observability.ServiceRulesProps{TaskFamily: jsii.String("orders"), Alerts: &map[string]*observability.Alert{"TaskCpuHigh": {Enabled: jsii.Bool(false)}}}), refused: "Alerts[TaskCpuHigh]: there is no such alert"},
		"an alert of a group that is off":       {try: ruled(observability.ServiceRulesProps{TaskFamily: jsii.String("orders"), Alerts: &map[string]*observability.Alert{observability.AlertScrapeDown: {Enabled: jsii.Bool(false)}}}), refused: "Alerts[EcsScrapeDown] is not among the alerts of this service"},
		"PromQL that does not parse":            {try: ruled(observability.ServiceRulesProps{TaskFamily: jsii.String("orders"), Alerts: &map[string]*observability.Alert{observability.AlertTaskCpuHigh: {Expr: jsii.String("sum(rate(x[5m])")}}}), refused: `Alerts[EcsTaskCpuHigh]: expr "sum(rate(x[5m])": ( is not closed`},
		"an objective in per cent":              {try: ruled(observability.ServiceRulesProps{TaskFamily: jsii.String("orders"), SLOs: &[]*slo.SLO{{Name: "a", Objective: 99.9, Requests: "r_total", Errors: "e_total"}}}), refused: "SLOs[0].Objective is 99.9"},
		"a histogram by a part of it":           {try: ruled(observability.ServiceRulesProps{TaskFamily: jsii.String("orders"), SLOs: &[]*slo.SLO{{Name: "a", Objective: 0.99, Histogram: "d_seconds_bucket", Threshold: 0.1}}}), refused: `SLOs[0].Histogram is "d_seconds_bucket", one part of a histogram`},
		"an objective without requests":         {try: ruled(observability.ServiceRulesProps{TaskFamily: jsii.String("orders"), SLOs: &[]*slo.SLO{{Name: "a", Objective: 0.99}}}), refused: "SLOs[0] measures nothing or two things"},
		"two objectives of one name":            {try: ruled(observability.ServiceRulesProps{TaskFamily: jsii.String("orders"), SLOs: &[]*slo.SLO{availability(), availability()}}), refused: `SLOs[1].Name is "availability", as that of SLOs[0]`},
		"a metric in OpenTelemetry's spelling":  {try: ruled(observability.ServiceRulesProps{TaskFamily: jsii.String("orders"), Absence: &observability.AbsenceAlerts{Metrics: jsii.Strings("http.server.request.duration")}}), refused: `Absence.Metrics[0]: "http.server.request.duration" has dots`},
		"a runbook with a fragment":             {try: ruled(observability.ServiceRulesProps{TaskFamily: jsii.String("orders"), RunbookUrl: jsii.String("https://wiki/runbook#top")}), refused: `RunbookUrl is "https://wiki/runbook#top"`},
		"no alert manager":                      {try: ruled(observability.ServiceRulesProps{TaskFamily: jsii.String("orders")}), warned: "noAlertManager", message: "workspace Stack/Workspace has no alert manager, so alerts that fire tell nobody"},
		"rules on scrapes that are not made":    {try: ofTask(observability.ServiceRulesProps{Scrape: &observability.ScrapeAlerts{}}), refused: "Scrape is set, but the task definition has no scrape job"},
		"rules on containers that are not sent": {try: ofTask(observability.ServiceRulesProps{Containers: &observability.ContainerAlerts{}}), refused: "Containers is set, but the task definition sends no metrics of containers"},
		"rules on a collector that is silent":   {try: ofTask(observability.ServiceRulesProps{Collector: &observability.CollectorAlerts{}}), refused: "Collector is set, but the task definition does not send the collector's own metrics"},
	}
}

// TestMistakesAreNotSilent: whatever a user tries is refused, warned of, or right.
func TestMistakesAreNotSilent(t *testing.T) {
	all := mistakes()
	if n := len(all); n < 125 {
		t.Errorf("there are %d, want 125", n)
	}
	for name, m := range all {
		t.Run(name, func(t *testing.T) {
			stack := homeStack(t)
			if m.refused != "" {
				assertRefused(t, func() { m.try(stack); synth(t, stack) }, m.refused)
				return
			}
			built := m.try(stack)
			synth(t, stack)
			switch {
			case m.warned != "":
				assertWarned(t, built, m.warned, m.message)
			case m.right == "":
				t.Error("it is neither refused nor warned of, and nothing says why that is right")
			default:
				assertNoWarnings(t, built)
			}
		})
	}
}

func image(name string) awsecs.ContainerImage {
	return awsecs.ContainerImage_FromRegistry(&name, nil)
}

func environmentOf(pairs ...string) awsecs.ContainerDefinitionOptions {
	return awsecs.ContainerDefinitionOptions{Environment: labels(pairs...)}
}

func manyLabels(n int) *map[string]*string {
	labels := map[string]*string{}
	for i := range n {
		labels[fmt.Sprintf("l%d", i)] = jsii.String("v")
	}
	return &labels
}

// task is a task of a size with an app and telemetry.
func task(cpu, memory float64, container awsecs.ContainerDefinitionOptions, p *otelprometheus.TelemetryProps) attempt {
	return func(stack awscdk.Stack) constructs.IConstruct {
		td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), &awsecs.FargateTaskDefinitionProps{Cpu: &cpu, MemoryLimitMiB: &memory}, p)
		if container.Image == nil {
			container.Image = anyImage()
		}
		td.AddContainer(jsii.String("app"), &container)
		return td
	}
}

func sized(cpu, memory float64, container *awsecs.ContainerDefinitionOptions) attempt {
	if container == nil {
		container = &awsecs.ContainerDefinitionOptions{}
	}
	return task(cpu, memory, *container, nil)
}

func telemetry(p otelprometheus.TelemetryProps) attempt {
	return task(512, 1024, awsecs.ContainerDefinitionOptions{}, &p)
}

func app(container awsecs.ContainerDefinitionOptions) attempt { return task(512, 1024, container, nil) }

func pushing(pairs ...string) attempt { return app(environmentOf(pairs...)) }

func collectorOf(p otelprometheus.CollectorProps) attempt {
	return telemetry(otelprometheus.TelemetryProps{Collector: &p})
}

func labelled(p otelprometheus.LabelsProps) attempt {
	return telemetry(otelprometheus.TelemetryProps{Labels: &p})
}

func delivered(p otelprometheus.DeliveryProps) attempt {
	return telemetry(otelprometheus.TelemetryProps{Delivery: &p})
}

func configured(yaml string) attempt {
	return func(stack awscdk.Stack) constructs.IConstruct {
		return telemetry(otelprometheus.TelemetryProps{Config: otelprometheus.ConfigFromYaml(&yaml, nil)})(stack)
	}
}

func scraped(job otelprometheus.ScrapeJob) *otelprometheus.TelemetryProps {
	if job.Port == nil {
		job.Port = jsii.Number(8080)
	}
	return &otelprometheus.TelemetryProps{Scrape: &[]*otelprometheus.ScrapeJob{&job}}
}

func scrape(job otelprometheus.ScrapeJob) attempt { return telemetry(*scraped(job)) }

func scrapedApp(container awsecs.ContainerDefinitionOptions) attempt {
	return task(512, 1024, container, scraped(otelprometheus.ScrapeJob{}))
}

func behindLoadBalancer() attempt {
	return task(512, 1024, awsecs.ContainerDefinitionOptions{PortMappings: mapped(8080)}, scraped(otelprometheus.ScrapeJob{Port: jsii.Number(80)}))
}

func mapped(port float64) *[]*awsecs.PortMapping {
	return &[]*awsecs.PortMapping{{ContainerPort: &port}}
}

func alone() attempt {
	return func(stack awscdk.Stack) constructs.IConstruct {
		return otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), nil, nil)
	}
}

// general is a task definition of any launch type.
func general(p awsecs.TaskDefinitionProps) attempt {
	return func(stack awscdk.Stack) constructs.IConstruct {
		td := otelprometheus.NewOtelPrometheusTaskDefinition(stack, jsii.String("Task"), &p, nil)
		td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage(), MemoryLimitMiB: jsii.Number(128)})
		return td
	}
}

func external() attempt {
	return general(awsecs.TaskDefinitionProps{Compatibility: awsecs.Compatibility_EXTERNAL})
}

func hostNetwork() attempt {
	return general(awsecs.TaskDefinitionProps{Compatibility: awsecs.Compatibility_EC2, NetworkMode: awsecs.NetworkMode_HOST})
}

func windows() attempt {
	return func(stack awscdk.Stack) constructs.IConstruct {
		return general(awsecs.TaskDefinitionProps{
			Compatibility: awsecs.Compatibility_FARGATE, Cpu: jsii.String("1024"), MemoryMiB: jsii.String("2048"),
			RuntimePlatform: &awsecs.RuntimePlatform{OperatingSystemFamily: awsecs.OperatingSystemFamily_WINDOWS_SERVER_2022_CORE()},
		})(stack)
	}
}

// bridge has two containers, the second of which maps the port 9100.
func bridge(p *otelprometheus.TelemetryProps) attempt {
	return func(stack awscdk.Stack) constructs.IConstruct {
		td := otelprometheus.NewOtelPrometheusEc2TaskDefinition(stack, jsii.String("Task"), nil, p)
		td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage(), MemoryLimitMiB: jsii.Number(128)})
		td.AddContainer(jsii.String("exporter"), &awsecs.ContainerDefinitionOptions{Image: anyImage(), MemoryLimitMiB: jsii.Number(128), PortMappings: mapped(9100)})
		return td
	}
}

func bridgeFirst() attempt {
	return bridge(scraped(otelprometheus.ScrapeJob{Port: jsii.Number(9100)}))
}

func bridgeBoth() attempt {
	p := scraped(otelprometheus.ScrapeJob{})
	p.Otlp = &otelprometheus.OtlpProps{}
	return bridge(p)
}

func scheduled() attempt {
	return func(stack awscdk.Stack) constructs.IConstruct {
		task := awsecspatterns.NewScheduledFargateTask(stack, jsii.String("Report"), &awsecspatterns.ScheduledFargateTaskProps{
			Cluster: namedCluster(stack), Schedule: awsapplicationautoscaling.Schedule_Rate(awscdk.Duration_Hours(jsii.Number(1))),
			ScheduledFargateTaskImageOptions: &awsecspatterns.ScheduledFargateTaskImageOptions{Image: anyImage(), MemoryLimitMiB: jsii.Number(1024), Cpu: jsii.Number(512)},
		})
		task.TaskDefinition().AddExtension(otelprometheus.NewOtelPrometheusSidecar(scraped(otelprometheus.ScrapeJob{})))
		return task.TaskDefinition()
	}
}

func sameIdentity() attempt {
	return func(stack awscdk.Stack) constructs.IConstruct {
		td := pushing("OTEL_SERVICE_NAME", "shop")(stack).(*otelprometheus.OtelPrometheusFargateTaskDefinition)
		td.AddContainer(jsii.String("worker"), &awsecs.ContainerDefinitionOptions{Image: anyImage(), Environment: labels("OTEL_SERVICE_NAME", "shop")})
		return td
	}
}

func twoOfOneFamily() attempt {
	return func(stack awscdk.Stack) (second constructs.IConstruct) {
		for _, id := range []string{"First", "Second"} {
			td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, &id, &awsecs.FargateTaskDefinitionProps{Family: jsii.String("shop")}, nil)
			td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage()})
			second = td
		}
		return second
	}
}

func familyJob() attempt {
	return func(stack awscdk.Stack) constructs.IConstruct {
		return otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), &awsecs.FargateTaskDefinitionProps{Family: jsii.String("shop")},
			&otelprometheus.TelemetryProps{Scrape: &[]*otelprometheus.ScrapeJob{{Port: jsii.Number(8080)}, {Name: jsii.String("shop"), Port: jsii.Number(8081)}}})
	}
}

func sidecarTwice() attempt {
	return func(stack awscdk.Stack) constructs.IConstruct {
		td := awsecs.NewFargateTaskDefinition(stack, jsii.String("Task"), nil)
		td.AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage()})
		sidecar := otelprometheus.NewOtelPrometheusSidecar(nil)
		td.AddExtension(sidecar)
		td.AddExtension(sidecar)
		if errors := errorsOf(td); errors != "" {
			panic(errors) // as the synthesis of an app does
		}
		return td
	}
}

func neverAdded() attempt {
	return func(stack awscdk.Stack) constructs.IConstruct {
		otelprometheus.NewOtelPrometheusSidecar(nil)
		return stack
	}
}

func ofArn(arn string) attempt {
	return func(stack awscdk.Stack) constructs.IConstruct {
		workspace := amp.WorkspaceFromWorkspaceArn(stack, jsii.String("Workspace"), &arn)
		return telemetry(otelprometheus.TelemetryProps{Workspace: workspace})(stack)
	}
}

func ownRole() attempt {
	return func(stack awscdk.Stack) constructs.IConstruct {
		role := awsiam.NewRole(stack, jsii.String("Role"), &awsiam.RoleProps{AssumedBy: awsiam.NewServicePrincipal(jsii.String("ecs-tasks.amazonaws.com"), nil)})
		return otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), &awsecs.FargateTaskDefinitionProps{TaskRole: role},
			&otelprometheus.TelemetryProps{Roles: &otelprometheus.RolesProps{TaskRoleName: jsii.String("shop")}})
	}
}

// ruled are rules beside a task definition of the family orders.
func ruled(p observability.ServiceRulesProps) attempt {
	return func(stack awscdk.Stack) constructs.IConstruct {
		otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), &awsecs.FargateTaskDefinitionProps{Family: jsii.String("orders")}, nil).
			AddContainer(jsii.String("app"), &awsecs.ContainerDefinitionOptions{Image: anyImage()})
		return serviceRules(stack, &p)
	}
}

// ofTask are rules for a task definition that sends what it does by default.
func ofTask(p observability.ServiceRulesProps) attempt {
	return func(stack awscdk.Stack) constructs.IConstruct {
		td := otelprometheus.NewOtelPrometheusFargateTaskDefinition(stack, jsii.String("Task"), nil, nil)
		p.TaskDefinition = td
		return serviceRules(stack, &p)
	}
}
