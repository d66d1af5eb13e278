package ecs

import "time"

const mib = 1 << 20

// Stats is the document at ${ECS_CONTAINER_METADATA_URI_V4}/task/stats: Docker's statistics of each container by Docker id. As
// in the real one, they are taken once a second, so that within a second they do not change.
func (t *Task) Stats(at time.Time) map[string]any {
	doc := object{}
	for i := range t.Containers {
		c := &t.Containers[i]
		doc[t.dockerID(c)] = t.containerStats(c, at)
	}
	return doc
}

// Seconds is how many whole seconds the task has been running: the argument that all its statistics depend on.
func (t *Task) Seconds(at time.Time) uint64 { return uint64(max(0, at.Sub(t.Started)/time.Second)) }

func (t *Task) containerStats(c *Container, at time.Time) map[string]any {
	n := t.Seconds(at)
	read := t.Started.Add(time.Duration(n) * time.Second)
	rx, tx := n*c.Load.RxBytesPerSecond, n*c.Load.TxBytesPerSecond
	return object{
		"name": c.Name, "id": t.dockerID(c),
		"read": stamp(read), "preread": stamp(read.Add(-time.Second)),
		"num_procs": 0, "storage_stats": object{},
		"pids_stats": object{"current": 7, "limit": 4621},
		"cpu_stats":  c.cpu(n + 1), "precpu_stats": c.cpu(n),
		"memory_stats": object{
			"usage": c.memoryMiB(n) * mib, "max_usage": c.memoryMiB(n) * mib, "limit": uint64(4*1024) * mib,
			"stats": object{"cache": c.Load.CacheMiB * mib, "rss": (c.memoryMiB(n) - c.Load.CacheMiB) * mib},
		},
		"blkio_stats": object{"io_service_bytes_recursive": []any{
			object{"major": 259, "minor": 0, "op": "Read", "value": n * c.Load.ReadBytesPerSecond},
			object{"major": 259, "minor": 0, "op": "Write", "value": n * c.Load.WriteBytesPerSecond},
			object{"major": 259, "minor": 0, "op": "Total", "value": n * (c.Load.ReadBytesPerSecond + c.Load.WriteBytesPerSecond)},
		}},
		"networks": object{t.networkInterface(): object{
			"rx_bytes": rx, "rx_packets": rx / 1000, "rx_errors": 0, "rx_dropped": 0,
			"tx_bytes": tx, "tx_packets": tx / 1000, "tx_errors": 0, "tx_dropped": 0,
		}},
		"network_rate_stats": object{
			"rx_bytes_per_sec": float64(c.Load.RxBytesPerSecond), "tx_bytes_per_sec": float64(c.Load.TxBytesPerSecond),
		},
	}
}

// networkInterface is the second one in mode awsvpc: eth0 is the way to the agent there.
func (t *Task) networkInterface() string {
	if t.NetworkMode == "bridge" {
		return "eth0"
	}
	return "eth1"
}

// memoryMiB is the memory in use, cache included, after n seconds.
func (c *Container) memoryMiB(n uint64) uint64 { return c.Load.MemoryMiB + n }

func (c *Container) cpu(n uint64) object {
	total := uint64(c.Load.VCPU * float64(n) * 1e9)
	return object{
		"cpu_usage": object{
			"total_usage": total, "percpu_usage": []uint64{total / 2, total - total/2},
			"usage_in_kernelmode": total / 10, "usage_in_usermode": total - total/10,
		},
		"system_cpu_usage": n * 2e9, "online_cpus": 2,
		"throttling_data": object{"periods": 0, "throttled_periods": 0, "throttled_time": 0},
	}
}

// Totals are the task-level numbers after n seconds, by the name they are to have in AMP: what a collector must report, worked
// out from the load instead of from the documents.
func (t *Task) Totals(n uint64) map[string]float64 {
	totals := map[string]float64{
		"ecs_task_cpu_reserved":    t.VCPU * 1024, // CPU units
		"ecs_task_memory_reserved": t.MemoryMiB,
	}
	for i := range t.Containers {
		if t.VCPU == 0 { // without a limit of the task, those of its containers
			totals["ecs_task_cpu_reserved"] += t.Containers[i].CPUShares
			totals["ecs_task_memory_reserved"] += t.Containers[i].MemoryMiB
		}
	}
	if t.LaunchType == Fargate {
		totals["ecs_task_ephemeral_storage_utilized"] = EphemeralUtilizedMiB
		totals["ecs_task_ephemeral_storage_reserved"] = EphemeralReservedMiB
	}
	for i := range t.Containers {
		load := t.Containers[i].Load
		totals["ecs_task_cpu_utilized"] += load.VCPU * 1024
		totals["ecs_task_memory_utilized"] += float64(t.Containers[i].memoryMiB(n) - load.CacheMiB)
		totals["ecs_task_network_rate_rx"] += float64(load.RxBytesPerSecond)
		totals["ecs_task_network_rate_tx"] += float64(load.TxBytesPerSecond)
		totals["ecs_task_storage_read_bytes"] += float64(n * load.ReadBytesPerSecond)
		totals["ecs_task_storage_write_bytes"] += float64(n * load.WriteBytesPerSecond)
	}
	if totals["ecs_task_cpu_reserved"] == 0 {
		// A limit of the receiver, not a wish: without a CPU limit of the task or of any container, which only EC2 allows, it
		// reports no CPU use. Source: awsecscontainermetricsreceiver v0.156.0, accumulator.go, overrideWithTaskLevelLimit.
		totals["ecs_task_cpu_utilized"] = 0
	}
	return totals
}

// ContainerTotals are the numbers of one container after n seconds, as Totals are those of the task.
func (t *Task) ContainerTotals(name string, n uint64) map[string]float64 {
	c := t.container(name)
	return map[string]float64{
		"container_cpu_reserved":        c.CPUShares,
		"container_cpu_usage_vcpu":      c.Load.VCPU,
		"container_memory_reserved":     c.MemoryMiB,
		"container_memory_utilized":     float64(c.memoryMiB(n) - c.Load.CacheMiB),
		"container_network_rate_rx":     float64(c.Load.RxBytesPerSecond),
		"container_network_rate_tx":     float64(c.Load.TxBytesPerSecond),
		"container_storage_read_bytes":  float64(n * c.Load.ReadBytesPerSecond),
		"container_storage_write_bytes": float64(n * c.Load.WriteBytesPerSecond),
	}
}
