package ecs

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

const mib = 1 << 20

// Stats is the document at ${ECS_CONTAINER_METADATA_URI_V4}/task/stats: Docker's statistics of each container by Docker id. As
// in the real one, they are taken once a second, so that within a second they do not change.
func (t *Task) Stats(at time.Time) map[string]any {
	doc := object{}
	for _, c := range t.all() {
		doc[t.dockerID(&c)] = t.containerStats(&c, at)
	}
	return doc
}

// Seconds is how many whole seconds the task has been running: the argument that all its statistics depend on.
func (t *Task) Seconds(at time.Time) uint64 { return uint64(max(0, at.Sub(t.Started)/time.Second)) }

func (t *Task) containerStats(c *Container, at time.Time) map[string]any {
	n := t.Seconds(at)
	read := t.Started.Add(time.Duration(n) * time.Second)
	name := "/" + t.dockerName(c) // as Docker has it
	if t.LaunchType == Fargate {
		name = c.Name
	}
	doc := object{
		"name": name, "id": t.dockerID(c),
		"read": stamp(read), "preread": stamp(read.Add(-time.Second)),
		"num_procs": 0, "storage_stats": object{},
		"pids_stats": object{"current": 7, "limit": 4621},
		"cpu_stats":  t.cpu(c, n+1), "precpu_stats": t.cpu(c, n),
		"memory_stats": t.memory(c, n), "blkio_stats": t.blkio(c, n),
	}
	if load, ok := t.traffic(c); ok {
		rx, tx := n*load.RxBytesPerSecond, n*load.TxBytesPerSecond
		doc["networks"] = object{t.networkInterface(): object{
			"rx_bytes": rx, "rx_packets": rx / 1000, "rx_errors": 0, "rx_dropped": 0,
			"tx_bytes": tx, "tx_packets": tx / 1000, "tx_errors": 0, "tx_dropped": 0,
		}}
		doc["network_rate_stats"] = object{
			"rx_bytes_per_sec": float64(load.RxBytesPerSecond), "tx_bytes_per_sec": float64(load.TxBytesPerSecond),
		}
	}
	return doc
}

// traffic is what the statistics of a container say of the network: in mode awsvpc that of the whole task, because the agent puts
// the interface's numbers on every container, in mode bridge its own, and in mode host nothing.
func (t *Task) traffic(c *Container) (Load, bool) {
	switch t.networkMode() {
	case "host":
		return Load{}, false
	case "bridge":
		return c.Load, true
	}
	return t.load(), true
}

// load is what the containers move over the network together.
func (t *Task) load() (sum Load) {
	for _, c := range t.Containers {
		sum.RxBytesPerSecond += c.Load.RxBytesPerSecond
		sum.TxBytesPerSecond += c.Load.TxBytesPerSecond
	}
	return sum
}

// networkInterface is the second one in mode awsvpc: eth0 is the way to the agent there.
func (t *Task) networkInterface() string {
	if t.networkMode() == "bridge" {
		return "eth0"
	}
	return "eth1"
}

// memory has the page cache under other names with control groups of version 2, and no maximum.
func (t *Task) memory(c *Container, n uint64) object {
	used, cache := c.memoryMiB(n)*mib, c.Load.CacheMiB*mib
	if t.CgroupV2 {
		return object{"usage": used, "limit": uint64(4*1024) * mib, "stats": object{
			"anon": used - cache, "file": cache, "inactive_file": cache / 2, "active_file": cache - cache/2,
		}}
	}
	return object{"usage": used, "max_usage": used, "limit": uint64(4*1024) * mib, "stats": object{"cache": cache, "rss": used - cache}}
}

// blkio names operations in lower case with control groups of version 2, and has no total.
func (t *Task) blkio(c *Container, n uint64) object {
	entry := func(op string, rate uint64) object {
		return object{"major": 259, "minor": 0, "op": op, "value": n * rate}
	}
	r, w := c.Load.ReadBytesPerSecond, c.Load.WriteBytesPerSecond
	doc := object{"io_service_bytes_recursive": []any{entry("Read", r), entry("Write", w), entry("Total", r+w)}}
	var others any = []any{}
	if t.CgroupV2 {
		doc["io_service_bytes_recursive"], others = []any{entry("read", r), entry("write", w)}, nil
	}
	for _, name := range []string{
		"io_serviced_recursive", "io_queue_recursive", "io_service_time_recursive", "io_wait_time_recursive", "io_merged_recursive",
		"io_time_recursive", "sectors_recursive",
	} {
		doc[name] = others
	}
	return doc
}

// memoryMiB is the memory in use, cache included, after n seconds.
func (c *Container) memoryMiB(n uint64) uint64 {
	if c.Load.Steady || c.Name == pauseContainer {
		n = 0
	}
	return c.Load.MemoryMiB + n
}

// cpu has no cores with control groups of version 2.
func (t *Task) cpu(c *Container, n uint64) object {
	total := uint64(c.Load.VCPU * float64(n) * 1e9)
	usage := object{"total_usage": total, "usage_in_kernelmode": total / 10, "usage_in_usermode": total - total/10}
	if !t.CgroupV2 {
		usage["percpu_usage"] = []uint64{total / 2, total - total/2}
	}
	return object{
		"cpu_usage": usage, "system_cpu_usage": n * 2e9, "online_cpus": 2,
		"throttling_data": object{"periods": 0, "throttled_periods": 0, "throttled_time": 0},
	}
}

// Totals are the task-level numbers after n seconds, by the name they are to have in AMP: what is true of the task, worked
// out from the load instead of from the documents. [Task.Unknown] are those that a collector cannot know.
func (t *Task) Totals(n uint64) map[string]float64 {
	totals := map[string]float64{
		"ecs_task_cpu_reserved":    t.VCPU * 1024, // CPU units
		"ecs_task_memory_reserved": t.MemoryMiB,
	}
	for _, c := range t.Containers {
		if t.VCPU == 0 { // without a limit of the task, what its containers set aside
			totals["ecs_task_cpu_reserved"] += c.CPUShares
		}
		if t.MemoryMiB == 0 {
			totals["ecs_task_memory_reserved"] += cmp.Or(c.MemoryMiB, c.ReservationMiB)
		}
		totals["ecs_task_cpu_utilized"] += c.Load.VCPU * 1024
		totals["ecs_task_memory_utilized"] += float64(c.memoryMiB(n) - c.Load.CacheMiB)
		totals["ecs_task_memory_usage"] += float64(c.memoryMiB(n)) * mib
		totals["ecs_task_network_rate_rx"] += float64(c.Load.RxBytesPerSecond)
		totals["ecs_task_network_rate_tx"] += float64(c.Load.TxBytesPerSecond)
		totals["ecs_task_storage_read_bytes"] += float64(n * c.Load.ReadBytesPerSecond)
		totals["ecs_task_storage_write_bytes"] += float64(n * c.Load.WriteBytesPerSecond)
	}
	if t.LaunchType == Fargate {
		totals["ecs_task_ephemeral_storage_utilized"] = EphemeralUtilizedMiB
		totals["ecs_task_ephemeral_storage_reserved"] = EphemeralReservedMiB
	}
	return totals
}

// ContainerTotals are the numbers of one container after n seconds, as Totals are those of the task.
func (t *Task) ContainerTotals(name string, n uint64) map[string]float64 {
	c := t.container(name)
	return map[string]float64{
		"container_cpu_reserved":        max(leastShares, c.CPUShares),
		"container_cpu_usage_vcpu":      c.Load.VCPU,
		"container_memory_reserved":     c.MemoryMiB,
		"container_memory_utilized":     float64(c.memoryMiB(n) - c.Load.CacheMiB),
		"container_memory_usage":        float64(c.memoryMiB(n)) * mib,
		"container_network_rate_rx":     float64(c.Load.RxBytesPerSecond),
		"container_network_rate_tx":     float64(c.Load.TxBytesPerSecond),
		"container_storage_read_bytes":  float64(n * c.Load.ReadBytesPerSecond),
		"container_storage_write_bytes": float64(n * c.Load.WriteBytesPerSecond),
	}
}

// Unknown are the names of Totals and ContainerTotals that ECS and the receiver give no true value of.
func (t *Task) Unknown() (names []string) {
	if t.CgroupV2 {
		for _, prefix := range []string{"ecs_task_", "container_"} {
			names = append(names, prefix+"memory_utilized", prefix+"storage_read_bytes", prefix+"storage_write_bytes")
		}
	}
	if t.networkMode() != "bridge" {
		names = append(names, "container_network_rate_rx", "container_network_rate_tx")
	}
	if t.networkMode() == "host" {
		names = append(names, "ecs_task_network_rate_rx", "ecs_task_network_rate_tx")
	}
	if t.VCPU == 0 && !slices.ContainsFunc(t.Containers, func(c Container) bool { return c.CPUShares > 0 }) {
		names = append(names, "ecs_task_cpu_reserved")
	}
	return names
}

// Known are the Totals without the Unknown.
func (t *Task) Known(totals map[string]float64) map[string]float64 {
	maps.DeleteFunc(totals, func(name string, _ float64) bool { return slices.Contains(t.Unknown(), name) })
	return totals
}
