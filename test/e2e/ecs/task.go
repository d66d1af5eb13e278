// Package ecs emulates what the ECS agent gives to the containers of a task: the task metadata endpoint version 4, in the
// form of Fargate or of EC2, and task role credentials.
//
// Sources: for EC2 the ECS agent v1.105.1 (ecs-agent/tmds/handlers/v4/state and v2, agent/handlers/v2/response.go,
// agent/stats/engine.go), whose fields testdata/agent.txt lists; for Fargate the Amazon ECS developer guide, "Amazon ECS task
// metadata endpoint version 4 for tasks on Fargate", and its example pages; for the numbers inside /stats, Docker's
// ContainerStats. It has been compared with no real task.
package ecs

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"
)

// LaunchType is where the task runs; the metadata documents of the two differ.
type LaunchType string

const (
	Fargate LaunchType = "FARGATE"
	EC2     LaunchType = "EC2"
)

// Task is one running task.
type Task struct {
	Partition, Region, Account, Zone string
	Cluster, Family, Revision, ID    string
	LaunchType                       LaunchType
	// NetworkMode is the task definition's. Default: awsvpc.
	NetworkMode string
	// CgroupV2 says that the host has control groups of version 2, as Amazon Linux 2023 has. Fargate's documents are of version 1.
	CgroupV2 bool
	// ServiceName is in the metadata when it is set. AWS documents it for EC2 only, so leave it empty to be true to Fargate.
	ServiceName string
	// VCPU and MemoryMiB are the task's limits. 0: no limit at task level.
	VCPU, MemoryMiB float64
	// EphemeralMiB is what the task uses of its ephemeral storage on Fargate. Default: [EphemeralUtilizedMiB].
	EphemeralMiB uint64
	Containers   []Container
	Started      time.Time
}

// Container is one container of the task with the load it is said to have.
type Container struct {
	Name, Image string
	// CPUShares and MemoryMiB are the container's own limits, ReservationMiB its soft one. 0: none.
	CPUShares, MemoryMiB, ReservationMiB float64
	// Ports are those that the container has mappings for.
	Ports []int
	// HealthCheck and RestartPolicy say that the container definition has one.
	HealthCheck, RestartPolicy bool
	LogOptions                 map[string]string
	Load                       Load
}

// pauseContainer is the one that the agent adds to a task with network mode awsvpc, to hold its network namespace. It does next
// to nothing. Fargate's documents do not have it.
const pauseContainer = "~internal~ecs~pause"

// all are the containers that the documents have.
func (t *Task) all() []Container {
	if t.LaunchType == Fargate || t.networkMode() != "awsvpc" {
		return t.Containers
	}
	return append(slices.Clone(t.Containers), Container{Name: pauseContainer, Image: "amazon/amazon-ecs-pause:0.1.0"})
}

func (t *Task) networkMode() string { return cmp.Or(t.NetworkMode, "awsvpc") }

// Load is what a container uses, constantly: all its numbers at any time follow from it and the task's start.
type Load struct {
	VCPU                               float64
	MemoryMiB, CacheMiB                uint64 // MemoryMiB includes CacheMiB; one MiB more each second, unless it is Steady
	Steady                             bool
	RxBytesPerSecond, TxBytesPerSecond uint64
	ReadBytesPerSecond                 uint64
	WriteBytesPerSecond                uint64
}

// ARN is the task's ARN in the long format.
func (t *Task) ARN() string { return t.arn("task/" + t.Cluster + "/" + t.ID) }

func (t *Task) arn(resource string) string {
	return fmt.Sprintf("arn:%s:ecs:%s:%s:%s", t.Partition, t.Region, t.Account, resource)
}

// dockerID is 64 hexadecimal digits on EC2; on Fargate the task id and ten digits.
func (t *Task) dockerID(c *Container) string {
	sum := sha256.Sum256([]byte(t.ID + "/" + c.Name))
	if t.LaunchType == Fargate {
		return fmt.Sprintf("%s-%010d", t.ID, (uint64(sum[0])<<24|uint64(sum[1])<<16|uint64(sum[2])<<8|uint64(sum[3]))%1e10)
	}
	return hex.EncodeToString(sum[:])
}

// NewID gives a task id as ECS makes them, the same for the same seed.
func NewID(seed string) string {
	sum := sha256.Sum256([]byte(seed))
	return hex.EncodeToString(sum[:16])
}

type object = map[string]any

// Metadata is the document at ${ECS_CONTAINER_METADATA_URI_V4}/task.
func (t *Task) Metadata() map[string]any {
	doc := object{
		"TaskARN": t.ARN(), "Family": t.Family, "Revision": t.Revision,
		"DesiredStatus": "RUNNING", "KnownStatus": "RUNNING",
		"PullStartedAt": stamp(t.Started.Add(-10 * time.Second)), "PullStoppedAt": stamp(t.Started.Add(-2 * time.Second)),
		"AvailabilityZone": t.Zone, "LaunchType": string(t.LaunchType),
	}
	limits := object{}
	if t.VCPU > 0 {
		limits["CPU"] = t.VCPU
	}
	if t.MemoryMiB > 0 {
		limits["Memory"] = t.MemoryMiB
	}
	if len(limits) > 0 {
		doc["Limits"] = limits
	}
	if t.ServiceName != "" {
		doc["ServiceName"] = t.ServiceName
	}
	var containers []any
	for _, c := range t.all() {
		containers = append(containers, t.ContainerMetadata(c.Name))
	}
	doc["Containers"] = containers
	doc["FaultInjectionEnabled"] = false
	if t.LaunchType == Fargate {
		doc["Cluster"] = t.arn("cluster/" + t.Cluster)
		doc["ClockDrift"] = object{
			"ClockErrorBound": 0.5458234999999999, "ReferenceTimestamp": stamp(t.Started), "ClockSynchronizationStatus": "SYNCHRONIZED",
		}
		doc["EphemeralStorageMetrics"] = object{"Utilized": cmp.Or(t.EphemeralMiB, EphemeralUtilizedMiB), "Reserved": EphemeralReservedMiB}
	} else {
		doc["Cluster"] = t.Cluster // the short name, as the agent reports it
		doc["VPCID"] = "vpc-1234567890abcdef0"
	}
	return doc
}

// The ephemeral storage of an emulated Fargate task, in MiB: 20 GiB, the default.
const (
	EphemeralUtilizedMiB = 261
	EphemeralReservedMiB = 20496
)

// ContainerMetadata is the document at ${ECS_CONTAINER_METADATA_URI_V4} of the named container; nil if there is none.
func (t *Task) ContainerMetadata(name string) map[string]any {
	c := t.container(name)
	if c == nil {
		return nil
	}
	doc := object{
		"DockerId": t.dockerID(c), "Name": c.Name, "DockerName": t.dockerName(c),
		"Image": c.Image, "ImageID": "sha256:" + hash(c.Image),
		"Labels": object{
			"com.amazonaws.ecs.cluster": t.arn("cluster/" + t.Cluster), "com.amazonaws.ecs.container-name": c.Name,
			"com.amazonaws.ecs.task-arn": t.ARN(), "com.amazonaws.ecs.task-definition-family": t.Family,
			"com.amazonaws.ecs.task-definition-version": t.Revision,
		},
		"DesiredStatus": "RUNNING", "KnownStatus": "RUNNING", "Type": "NORMAL",
		"CreatedAt": stamp(t.Started.Add(-time.Second)), "StartedAt": stamp(t.Started),
		"ContainerARN": t.arn("container/" + t.Cluster + "/" + t.ID + "/" + hash(c.Name)[:32]),
		// The agent never says less than 2 units, and 0 where there is no limit of memory; reservations it does not say.
		"Limits": object{"CPU": max(leastShares, c.CPUShares), "Memory": c.MemoryMiB},
	}
	if network := t.network(); network != nil {
		doc["Networks"] = []any{network}
	}
	if c.Name == pauseContainer {
		doc["DesiredStatus"], doc["KnownStatus"], doc["Type"] = "RESOURCES_PROVISIONED", "RESOURCES_PROVISIONED", "CNI_PAUSE"
	}
	var ports []any
	for _, port := range c.Ports {
		p := object{"ContainerPort": port, "Protocol": "tcp", "HostPort": port}
		if t.networkMode() == "bridge" {
			p["HostPort"], p["HostIp"] = 32768+port%1000, "0.0.0.0"
		}
		ports = append(ports, p)
	}
	if len(ports) > 0 {
		doc["Ports"] = ports
	}
	if c.HealthCheck {
		doc["Health"] = object{"status": "HEALTHY", "statusSince": stamp(t.Started)}
	}
	if c.RestartPolicy {
		doc["RestartCount"] = 0
	}
	if len(c.LogOptions) > 0 {
		prefix := c.LogOptions["awslogs-stream-prefix"]
		doc["LogDriver"] = "awslogs"
		doc["LogOptions"] = object{
			"awslogs-group": c.LogOptions["awslogs-group"], "awslogs-region": c.LogOptions["awslogs-region"],
			"awslogs-stream": strings.Join([]string{prefix, c.Name, t.ID}, "/"),
		}
	}
	if t.LaunchType == Fargate {
		doc["Snapshotter"] = "overlayfs"
	}
	return doc
}

// leastShares is what Docker gives a container without CPU units.
const leastShares = 2

func (t *Task) dockerName(c *Container) string {
	if t.LaunchType == Fargate {
		return c.Name
	}
	name := strings.NewReplacer("~", "", "_", "").Replace(c.Name)
	return strings.Join([]string{"ecs", t.Family, t.Revision, name, hash(t.ID + c.Name)[:20]}, "-")
}

func (t *Task) network() object {
	switch t.networkMode() {
	case "bridge":
		return object{"NetworkMode": "bridge", "IPv4Addresses": []string{"172.17.0.2"}}
	case "host":
		return object{"NetworkMode": "host", "IPv4Addresses": []string{""}}
	}
	return object{
		"NetworkMode": "awsvpc", "IPv4Addresses": []string{"10.0.0.61"}, "AttachmentIndex": 0,
		"MACAddress": "0e:10:e2:01:bd:91", "IPv4SubnetCIDRBlock": "10.0.0.0/24", "PrivateDNSName": "ip-10-0-0-61.ec2.internal",
		"DomainNameServers": []string{"10.0.0.2"}, "SubnetGatewayIpv4Address": "10.0.0.1/24",
	}
}

// NameOf is the name of the container with a Docker id; empty if there is none.
func (t *Task) NameOf(dockerID string) string {
	for _, c := range t.all() {
		if t.dockerID(&c) == dockerID {
			return c.Name
		}
	}
	return ""
}

func (t *Task) container(name string) *Container {
	all := t.all()
	for i := range all {
		if all[i].Name == name {
			return &all[i]
		}
	}
	return nil
}

func stamp(at time.Time) string { return at.UTC().Format(time.RFC3339Nano) }

func hash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}
