package otelprometheus

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// ConfigForClusterOptions configures [ConfigForCluster].
type ConfigForClusterOptions struct {
	// Shard is the part of the targets that this collector scrapes, from 0; less than Shards.
	//
	// Default: 0.
	Shard *float64

	// Shards is how many collectors share the targets, 1 to 1000.
	//
	// Default: 1.
	Shards *float64

	// RefreshInterval is the time between two looks at the cluster, at least 10 seconds.
	//
	// Default: 30 seconds.
	RefreshInterval awscdk.Duration

	// Replica tells collectors of one ReplicaGroup apart, which scrape the same. AMP stores what one of them sends, and takes another one when
	// that falls silent. Both become labels: __replica__, which AMP removes, and cluster, which every series then has. Set both or none.
	//
	// Default: none; what the collector sends is stored.
	// Source: Amazon Managed Service for Prometheus User Guide, Send high-availability data.
	Replica, ReplicaGroup *string
}

// ConfigForCluster generates the configuration of a collector that scrapes the tasks of a cluster, which it finds through the ECS API,
// beside what the other fields of TelemetryProps say of its own task. clusterName is the cluster's; Sidecar.ScrapeTasks says which tasks.
// Package central builds services of such collectors, with the access that they need: use that.
func ConfigForCluster(clusterName *string, options *ConfigForClusterOptions) *Config {
	if options == nil {
		options = &ConfigForClusterOptions{}
	}
	return &Config{generated: true, cluster: &clusterSource{clusterName, *options}}
}

// clusterSource is where the tasks are that a collector scrapes.
type clusterSource struct {
	name    *string
	options ConfigForClusterOptions
}

const maxShards = 1000

// fleet is the collector's part, without jobs.
func (c *clusterSource) fleet(f *input.Faults) *collector.Fleet {
	if c == nil {
		return nil
	}
	o := c.options
	fleet := &collector.Fleet{Shards: 1, Directory: queueDirectory, Replica: input.StringOr(o.Replica, ""), Group: input.StringOr(o.ReplicaGroup, "")}
	if (fleet.Replica == "") != (fleet.Group == "") {
		f.Add("Replica is %q and ReplicaGroup is %q; set both, or none", fleet.Replica, fleet.Group)
	}
	if input.StringOr(c.name, "") == "" {
		f.Add("ConfigForCluster has no name of a cluster; pass that of the cluster whose tasks are scraped")
	}
	if f.KnownNumberIn("Shards", o.Shards, 1, maxShards) && o.Shards != nil {
		fleet.Shards = int(*o.Shards)
	}
	if f.KnownNumberIn("Shard", o.Shard, 0, float64(max(fleet.Shards, 1)-1)) && o.Shard != nil {
		fleet.Shard = int(*o.Shard)
	}
	if d := f.Duration("RefreshInterval", o.RefreshInterval); d != nil {
		refresh := collector.Duration(*d)
		fleet.Refresh = &refresh
	}
	return fleet
}

// ScrapeTasks scrapes a container of all tasks of a task definition, in the cluster that ConfigForCluster names. It grants nothing and
// opens no security group; package central does. It changes nothing where it returns an error, which says all that is wrong: a job that
// a sidecar would refuse too, or that does not go with the others, a container without a mapping of the port (the ECS API tells of no other
// port), a task that cannot be reached.
func (s *Sidecar) ScrapeTasks(taskDefinition awsecs.TaskDefinition, jobs ...*ScrapeJob) error {
	var f input.Faults
	switch {
	case s.settings.cluster == nil:
		f.Add("the collector scrapes its own task; generate its configuration with ConfigForCluster, or use package central")
	case taskDefinition == nil:
		f.Add("the task definition is nil; pass that of the tasks to scrape")
	case len(jobs) == 0:
		f.Add("there is no job; say what to scrape")
	}
	if len(f) > 0 {
		return f.Error()
	}
	changed, fleet := *s.settings, *s.settings.config.Fleet
	changed.secrets, fleet.Jobs = maps.Clone(changed.secrets), slices.Clone(fleet.Jobs)
	checkReachable(taskDefinition, &f)
	for i, job := range jobs {
		at := fmt.Sprintf("jobs[%d]", i)
		if job == nil {
			f.Add("%s is nil; remove it", at)
			continue
		}
		fleet.Jobs = append(fleet.Jobs, collector.FleetJob{
			ScrapeJob: job.read(at, fmt.Sprintf("SCRAPE_%d_", len(fleet.Jobs)+1), changed.secrets, &f), Family: *taskDefinition.Family(),
			Container: mappedContainer(at, taskDefinition, job, &f), Port: collector.Number(input.Number(job.Port)),
		})
	}
	changed.config.Fleet = &fleet
	changed.render(&f)
	if len(f) > 0 {
		return f.Error()
	}
	known := s.settings.secrets
	s.settings = &changed
	s.update(known)
	return nil
}

// checkReachable reports tasks whose address the ECS API does not tell.
func checkReachable(td awsecs.TaskDefinition, f *input.Faults) {
	path, mode := *td.Node().Path(), td.NetworkMode()
	switch {
	case td.Compatibility() == awsecs.Compatibility_EXTERNAL:
		f.Add("task definition %s is EXTERNAL, and the ECS API does not tell where such tasks run; use EC2 or FARGATE", path)
	case mode == awsecs.NetworkMode_NONE:
		f.Add("task definition %s has network mode none, so nothing can reach its tasks; use awsvpc or bridge", path)
	case strings.Contains(string(td.Compatibility()), "MANAGED_INSTANCES") && mode != awsecs.NetworkMode_AWS_VPC:
		f.Add("task definition %s can run on Managed Instances with network mode %s, where the collector cannot find the address of a task; use awsvpc", path, mode)
	}
}

// mappedContainer is the container whose port a job reads. The ECS API tells of no port without a mapping.
func mappedContainer(at string, td awsecs.TaskDefinition, job *ScrapeJob, f *input.Faults) string {
	if job.Port == nil {
		return "" // reported with the other options
	}
	path, port := *td.Node().Path(), input.Number(job.Port)
	if sidecar := sidecarOf(td); sidecar != nil && sidecar.scrapesPort(port) {
		f.Add("%s.Port is %s, which the sidecar of task definition %s scrapes too: its series would be stored twice; leave one of the two out", at, port, path)
	}
	if job.ContainerName != nil && td.FindContainer(job.ContainerName) == nil {
		f.Add("%s.ContainerName is %s, which task definition %s does not have; add the container before, or name another one", at, *job.ContainerName, path)
		return ""
	}
	var mapped []string
	for _, c := range *td.Containers() {
		name := *c.ContainerName()
		if job.ContainerName == nil || *job.ContainerName == name {
			if slices.ContainsFunc(*c.PortMappings(), func(m *awsecs.PortMapping) bool { return m.ContainerPort != nil && *m.ContainerPort == *job.Port }) {
				mapped = append(mapped, name)
			}
		}
	}
	switch len(mapped) {
	case 0:
		f.Add("%s.Port is %s, for which task definition %s has no port mapping, and the ECS API tells of no other port; give the container PortMappings with ContainerPort %s, before this call", at, port, path, port)
		return ""
	case 1:
		return mapped[0]
	}
	f.Add("%s.Port is %s, which containers %s of task definition %s map; name one of them in ContainerName", at, port, strings.Join(mapped, ", "), path)
	return ""
}

// sidecarOf is the collector of a task definition, or nil.
func sidecarOf(td awsecs.TaskDefinition) *Sidecar {
	c := callbacksOf[stackOf(td)]
	if c == nil {
		return nil
	}
	i := slices.IndexFunc(c.sidecars, func(s *Sidecar) bool { return *s.task.Node().Path() == *td.Node().Path() })
	if i < 0 {
		return nil
	}
	return c.sidecars[i]
}

// scrapesPort says whether one of the jobs reads a port.
func (s *Sidecar) scrapesPort(port string) bool {
	return slices.ContainsFunc(s.settings.config.Scrape, func(j collector.ScrapeJob) bool {
		return slices.ContainsFunc(j.Targets, func(target string) bool { return strings.HasSuffix(target, ":"+port) })
	})
}

// CheckTelemetry reports, all at once, what a constructor would refuse of telemetry, whatever the task is.
func CheckTelemetry(telemetry *TelemetryProps) error {
	var f input.Faults
	checkAnywhere(telemetry, &f)
	return f.Error()
}
