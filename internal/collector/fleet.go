package collector

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Fleet scrapes the tasks of a cluster, which it finds through the ECS API, instead of containers beside the collector.
type Fleet struct {
	// Jobs are what to scrape.
	Jobs []FleetJob

	// Refresh is the time between two looks at the cluster.
	//
	// Default: 30 seconds.
	Refresh *Duration

	// Shard is the part of the targets that this collector scrapes, from 0; Shards is how many parts there are.
	//
	// Default: all.
	Shard, Shards int

	// Directory is one that the collector can write to. It keeps the list of targets there.
	Directory string

	// Replica tells collectors that scrape the same apart, and Group is the same for all of them. AMP stores what one of a group sends.
	//
	// Default: none, what the collector sends is stored.
	Group, Replica string
}

// Labels by which AMP finds replicas; it stores the first and removes the second.
// Source: Amazon Managed Service for Prometheus User Guide, Send high-availability data.
const (
	labelGroup   = "cluster"
	labelReplica = "__replica__"
)

// replicated are the labels of a replica.
func (f *Fleet) replicated() map[string]any {
	if f == nil || f.Replica == "" {
		return nil
	}
	return map[string]any{labelGroup: Text(f.Group), labelReplica: Text(f.Replica)}
}

// FleetJob is a scrape job for the tasks of one task definition. It has no Targets.
type FleetJob struct {
	ScrapeJob

	// Family is that of the task definition, Container one of its containers, and Port one that this container has a mapping for.
	Family, Container string
	Port              Number
}

const (
	defaultRefresh = Duration(30 * time.Second)
	minRefresh     = Duration(10 * time.Second)

	// pollInterval is how long a list of targets may wait until it is read.
	pollInterval = Duration(10 * time.Second)

	// discoveryPort is where the receiver serves what it knows of its targets; the receiver's own default.
	discoveryPort = "9090"
	discoveryJob  = "otelcol_discovery"
)

// What the observer calls what it knows of a target. Source: contrib's ecsobserver v0.157.0, target.go.
const (
	metaFamily     = "__meta_ecs_task_definition_family"
	metaRevision   = "__meta_ecs_task_definition_revision"
	metaLaunchType = "__meta_ecs_task_launch_type"
	metaGroup      = "__meta_ecs_task_group"
	metaSource     = "__meta_ecs_source" // the ARN of the task
	metaJob        = "__meta_ecs_job"    // the part that scrapes it, a slash, and the name of the job
	tmpShard       = "__tmp_shard"
	serviceGroup   = "service:" // stands before the name of the service in a task's group
)

type observer struct {
	ClusterName     reference     `yaml:"cluster_name"`
	ClusterRegion   reference     `yaml:"cluster_region"`
	RefreshInterval Duration      `yaml:"refresh_interval"`
	ResultFile      Text          `yaml:"result_file"`
	JobLabelName    string        `yaml:"job_label_name"`
	DockerLabels    []string      `yaml:"docker_labels,flow"`
	TaskDefinitions []taskMatcher `yaml:"task_definitions"`
}

type taskMatcher struct {
	ARN       Text     `yaml:"arn_pattern"`
	Container Text     `yaml:"container_name_pattern"`
	Ports     []Number `yaml:"metrics_ports,flow"`
	Path      Text     `yaml:"metrics_path"`
	Job       Text     `yaml:"job_name"`
}

type fileDiscovery struct {
	Files   []Text   `yaml:"files"`
	Refresh Duration `yaml:"refresh_interval"`
}

// targetRule is an entry of Prometheus' relabel_configs.
type targetRule struct {
	SourceLabels []string `yaml:"source_labels,flow"`
	Modulus      int      `yaml:"modulus,omitempty"`
	Regex        Text     `yaml:"regex,omitempty"`
	TargetLabel  string   `yaml:"target_label,omitempty"`
	Action       string   `yaml:"action"`
}

type apiServer struct {
	Enabled bool     `yaml:"enabled"`
	Server  endpoint `yaml:"server_config"`
}

// scrapes says whether there is a fleet with something to scrape.
func (f *Fleet) scrapes() bool { return f != nil && len(f.Jobs) > 0 }

// fleetGroup are jobs that differ in nothing but their targets, name and path.
type fleetGroup struct {
	name string // of the group, a number
	ScrapeJob
}

// groups gives one for all jobs of the same settings: a fleet of a hundred services would not fit into a task definition
// otherwise. of has the group of each job.
func (f *Fleet) groups() (all []fleetGroup, of []fleetGroup) {
	for _, j := range f.Jobs {
		settings := j.ScrapeJob
		settings.At, settings.Name, settings.Path = "", "", ""
		i := slices.IndexFunc(all, func(g fleetGroup) bool { return reflect.DeepEqual(g.ScrapeJob, settings) })
		if i < 0 {
			i = len(all)
			all = append(all, fleetGroup{strconv.Itoa(i + 1), settings})
		}
		of = append(of, all[i])
	}
	return all, of
}

func (j FleetJob) job() string { return stringOr(string(j.Name), j.Family) }

// Paths below Directory. The observer writes its list in place, and whoever reads it at that moment loses targets. Prometheus reads a
// file when something changes in the folder that its pattern names, and from time to time. This pattern matches the file in one folder,
// while the folder of its very name is another one, in which nothing ever changes; so only the time counts. (Read on each change, the
// lists of 1,000 tasks lost targets in 8 of 24 refreshes; docs/central.md has the measurements.)
const (
	targetsFolder = "/targets"
	quietFolder   = "/[t]argets"
	targetsFile   = "/targets.yaml"
)

func (c Config) addFleet(d *document) {
	f := c.Fleet
	if !f.scrapes() {
		return
	}
	list := observer{
		ClusterName: EnvCluster, ClusterRegion: EnvTaskRegion, RefreshInterval: valueOr(f.Refresh, defaultRefresh),
		ResultFile: Text(f.Directory + targetsFolder + targetsFile), JobLabelName: metaJob,
		DockerLabels: []string{}, // by default it looks for one
	}
	groups, of := f.groups()
	for i, j := range f.Jobs {
		list.TaskDefinitions = append(list.TaskDefinitions, taskMatcher{
			ARN: Text(":task-definition/" + j.Family + ":[0-9]+$"), Container: Text("^" + j.Container + "$"), Ports: []Number{j.Port},
			Path: stringOr(j.Path, "/metrics"), Job: Text(of[i].name + "/" + j.job()),
		})
	}
	folders := fileStorage{Directory: Text(f.Directory + targetsFolder), Create: true}
	folders.Compaction.OnRebound, folders.Compaction.Directory = true, Text(f.Directory+quietFolder)
	d.Extensions[extensionObserver], d.Extensions[extensionTargets] = list, folders
	d.Service.Extensions = append(d.Service.Extensions, extensionTargets, extensionObserver)

	r := prometheusReceiver{APIServer: &apiServer{Enabled: true, Server: endpoint{Endpoint: address(loopback, discoveryPort)}}}
	added := append(slices.Sorted(maps.Keys(c.Labels.named())), c.Labels.ofTargets()...)
	if f.Replica != "" {
		added = append(added, labelGroup)
	}
	var jobs []ScrapeJob
	for _, g := range groups {
		jobs = append(jobs, g.ScrapeJob)
		s := scrapeConfig{ScrapeJob: g.withDefaults(), RelabelConfigs: f.targets(g.name), MetricRelabelConfigs: append(g.relabelConfigs(), asTheyAre(added)...)}
		s.Name = JobName(g.name)
		s.FileSDConfigs = []fileDiscovery{{Files: []Text{Text(f.Directory + quietFolder + targetsFile)}, Refresh: pollInterval}}
		r.Config.ScrapeConfigs = append(r.Config.ScrapeConfigs, s)
	}
	d.Receivers[receiverFleet] = r
	d.Processors[processorSource+"fleet"] = resourceProcessor{Attributes: c.Labels.targetActions()}
	for name, first := range scrapePipelines(d, "fleet", jobs) {
		d.Service.Pipelines["metrics/"+name] = pipeline{
			Receivers:  []string{receiverFleet},
			Processors: slices.Concat([]string{processorMemoryLimiter}, first, []string{processorSource + "fleet"}),
			Exporters:  []string{c.deliver(d, exporterUnsuffixed)},
		}
	}
}

// targets chooses those of a group in this shard, and says what is known of them. All of it goes into instance, one attribute of the
// resource, which targetActions take apart: a label of its own would be copied to each sample, and stored in the queue with it.
func (f *Fleet) targets(group string) []targetRule {
	rules := []targetRule{{SourceLabels: []string{metaJob}, Regex: Text(group + "/.*"), Action: RelabelKeep}}
	if f.Shards > 1 {
		rules = append(rules,
			targetRule{SourceLabels: []string{metaSource}, Modulus: f.Shards, TargetLabel: tmpShard, Action: "hashmod"},
			targetRule{SourceLabels: []string{tmpShard}, Regex: Text(strconv.Itoa(f.Shard)), Action: RelabelKeep})
	}
	return append(rules,
		targetRule{SourceLabels: []string{metaJob}, Regex: Text(group + "/(.*)"), TargetLabel: "job", Action: RelabelReplace},
		targetRule{SourceLabels: []string{metaLaunchType}, TargetLabel: metaLaunchType, Action: "lowercase"},
		targetRule{SourceLabels: []string{metaFamily, metaRevision, metaLaunchType, metaGroup, metaSource}, TargetLabel: "instance", Action: RelabelReplace},
	)
}

// targetDimensions are what is known of a target, in the order in which instance has it.
var targetDimensions = []string{attrFamily, attrRevision, attrLaunchType, attrECSService, attrTaskID}

// ofTargets are the attributes that targets get.
func (l Labels) ofTargets() []string {
	return slices.DeleteFunc(slices.Clone(targetDimensions), func(d string) bool { return !slices.Contains(l.kept(), d) })
}

// targetActions take instance apart, into the labels that a sidecar's samples have.
func (l Labels) targetActions() []attributeAction {
	kept := l.ofTargets()
	named := func(attribute, pattern string) string {
		if slices.Contains(kept, attribute) {
			return "(?P<" + labelOf(attribute) + ">" + pattern + ")"
		}
		return pattern
	}
	task := labelOf(attrTaskID) // always needed
	pattern := "^" + named(attrFamily, "[^;]*") + ";" + named(attrRevision, "[^;]*") + ";" + named(attrLaunchType, "[^;]*") + ";[^;]*;.*/(?P<" + task + ">[^/]*)$"
	actions := append(l.sourceActions(attrServiceName, attrServiceInstanceID),
		attributeAction{Action: "extract", Key: attrServiceInstanceID, Pattern: Text(pattern)})
	if slices.Contains(kept, attrECSService) {
		actions = append(actions, attributeAction{Action: "extract", Key: attrServiceInstanceID, Pattern: Text(";" + serviceGroup + named(attrECSService, "[^;]+") + ";")})
	}
	actions = append(actions, attributeAction{Action: "update", Key: attrServiceInstanceID, FromAttribute: Text(task)})
	if !slices.Contains(kept, attrTaskID) {
		actions = append(actions, attributeAction{Action: "delete", Key: Text(task)})
	}
	return actions
}

// discovery scrapes what the receiver says of its targets, beside the collector's own metrics.
func (f *Fleet) discovery(m CollectorMetrics) ScrapeJob {
	return ScrapeJob{
		Name: discoveryJob, Targets: []string{loopback + ":" + discoveryPort}, Interval: m.Interval,
		KeepMetrics: []string{"prometheus_sd_file_(?:mtime_seconds|read_errors_total)", "prometheus_target_scrape_pool_targets"},
	}
}

func (f *Fleet) validate(v *faults, l Labels) {
	if f == nil {
		return
	}
	if l.policy() == LabelsAll {
		v.add("Labels.Policy is LabelsAll, which keeps what a collector finds beside the task; the ECS API does not tell that, so use LabelsTask or LabelsList")
	}
	for _, o := range []struct{ name, value string }{{"Service", l.Service}, {"Version", l.Version}} {
		if o.value != "" {
			v.add("Labels.%s is %q, which would be that of every service that is scraped; leave it out: the label aws_ecs_service_name tells them apart", o.name, o.value)
		}
	}
	if _, own := l.External[labelGroup]; own && f.Replica != "" {
		v.add("Labels.External has %s, by which AMP finds the replicas of a collector; choose another name", labelGroup)
	}
	if l.policy() == LabelsList {
		known := append(slices.Clone(targetDimensions), attrClusterName, attrAccount, attrRegion)
		for i, k := range l.Keep {
			if !slices.Contains(known, k) {
				v.add("Labels.Keep[%d] is %q, which is not known of a task of another host; the ECS API tells %s", i, k, strings.Join(known, ", "))
			}
		}
	}
	if r := f.Refresh; v.positive(v.at+"RefreshInterval", r) && r != nil && *r < minRefresh {
		v.add("RefreshInterval is %s; it must be at least %s, since ECS throttles", time.Duration(*r), time.Duration(minRefresh))
	}
	names, endpoints := map[string]string{}, map[string]string{}
	for _, j := range f.Jobs {
		j.ScrapeJob.validate(v)
		v.port(j.At+".Port", j.Port, maxPort)
		if j.Port == "" || isPlaceholder(string(j.Port)) {
			v.addTo("%s.Port is not set, or a token; name the port that the endpoint listens on", j.At)
		}
		if j.HonorLabels {
			v.addTo("%s.HonorLabels is set, but then an endpoint could take the label instance away, by which tasks are told apart; leave it out: a clashing label becomes exported_instance", j.At)
		}
		name := j.Family + "/" + j.job()
		if first, twice := names[name]; twice {
			v.addTo("%s.Name is %q, as that of %s for the same task definition; give each job its own name", j.At, j.job(), first)
		}
		names[name] = j.At
		at := fmt.Sprint(j.Family, "/", j.Container, ":", j.Port, stringOr(j.Path, "/metrics"))
		if first, twice := endpoints[at]; twice {
			v.addTo("%s reads what %s reads, port %s of container %s with the same path, and only one of them would be scraped; leave one out", j.At, first, j.Port, j.Container)
		}
		endpoints[at] = j.At
	}
}
