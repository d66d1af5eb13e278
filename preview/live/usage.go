package live

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/harness"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

// usage stands before the emulated ECS agent and replaces what that makes up by what the processes use: CPU, memory and
// storage. Linux only.
type usage struct {
	listener  net.Listener
	collector string
	ready     chan struct{} // closed when the fields below are set
	task      *harness.Task

	mu       sync.Mutex
	measured map[string][]sample // by container, the newest last
	stop     chan struct{}
}

// smoothed is over how many seconds CPU is averaged: the system counts it in steps of 10 ms.
const smoothed = 5

// sample is what a process has used until a time.
type sample struct {
	at                    time.Time
	cpu                   time.Duration
	memory, read, written uint64 // in bytes; memory without the pages of files, which are caches to ECS
}

// newUsage gives nil where nothing can be measured: on other systems, and where a container waits until the collector is
// healthy, which asks for its metadata before there is a process to measure.
func newUsage(d *deployment) (*usage, error) {
	for _, c := range d.task.ContainerDefinitions {
		for _, dependency := range c.Dependencies() {
			if dependency.Condition != "START" {
				return nil, nil
			}
		}
	}
	if runtime.GOOS != "linux" {
		return nil, nil
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	u := &usage{
		listener: listener, collector: d.collector, ready: make(chan struct{}), stop: make(chan struct{}), measured: map[string][]sample{},
	}
	go func() { _ = http.Serve(listener, u) }()
	return u, nil
}

func (u *usage) close() {
	close(u.stop)
	_ = u.listener.Close()
}

// announce tells the collector to ask here.
func (u *usage) announce(c *template.Container) {
	if c.Name == u.collector {
		c.Environment = append(c.Environment, template.KeyValue{Name: "ECS_CONTAINER_METADATA_URI_V4", Value: "http://" + u.listener.Addr().String()})
	}
}

// follow measures the processes of a task once a second, as Docker does.
func (u *usage) follow(task *harness.Task, d *deployment) {
	u.task = task
	close(u.ready)
	go func() {
		for {
			for _, name := range d.names() {
				if process, err := task.Process(name); err == nil {
					u.measure(name, process)
				}
			}
			select {
			case <-u.stop:
				return
			case <-time.After(time.Second):
			}
		}
	}()
}

func (u *usage) measure(container string, process *harness.Process) {
	now := sample{at: time.Now(), cpu: process.CPU()}
	var resident, files uint64 // in pages
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", process.Pid()))
	if err != nil {
		return // it has ended
	}
	_, _ = fmt.Sscan(string(statm), new(uint64), &resident, &files)
	now.memory = (resident - min(resident, files)) * uint64(os.Getpagesize())
	io, _ := os.ReadFile(fmt.Sprintf("/proc/%d/io", process.Pid()))
	for line := range strings.SplitSeq(string(io), "\n") {
		_, _ = fmt.Sscanf(line, "read_bytes: %d", &now.read)
		_, _ = fmt.Sscanf(line, "write_bytes: %d", &now.written)
	}
	u.mu.Lock()
	defer u.mu.Unlock()
	all := append(u.measured[container], now)
	u.measured[container] = all[max(0, len(all)-smoothed-1):]
}

// ServeHTTP answers the statistics itself, and sends whoever wants something else on to the emulated agent.
func (u *usage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	select {
	case <-u.ready:
	case <-r.Context().Done():
		return
	}
	if r.URL.Path != "/task/stats" {
		http.Redirect(w, r, strings.TrimSuffix(u.task.ECS.MetadataURI(u.collector)+r.URL.Path, "/"), http.StatusTemporaryRedirect)
		return
	}
	containers := u.task.Metadata.Stats(time.Now())
	u.mu.Lock()
	defer u.mu.Unlock()
	for id, document := range containers {
		if last := u.measured[u.task.Metadata.NameOf(id)]; len(last) > 1 {
			last[len(last)-1].fill(document.(map[string]any), last[0], u.task.Metadata.CgroupV2)
		}
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(containers)
}

// processors is how many there are in the statistics; the share of one follows from both numbers of the system.
const processors = 2

// fill writes the numbers under the names that they have with the host's version of control groups.
func (s sample) fill(stats map[string]any, before sample, v2 bool) {
	type object = map[string]any
	cpu := func(s sample) object {
		usage := object{"total_usage": s.cpu.Nanoseconds()}
		if !v2 {
			usage["percpu_usage"] = []int64{s.cpu.Nanoseconds(), 0}
		}
		return object{"cpu_usage": usage, "system_cpu_usage": processors * s.at.UnixNano(), "online_cpus": processors}
	}
	stats["read"], stats["preread"] = s.at.UTC().Format(time.RFC3339Nano), before.at.UTC().Format(time.RFC3339Nano)
	stats["cpu_stats"], stats["precpu_stats"] = cpu(s), cpu(before)
	if v2 {
		stats["memory_stats"] = object{"usage": s.memory, "limit": 4 << 30, "stats": object{"anon": s.memory, "file": 0}}
		stats["blkio_stats"] = object{"io_service_bytes_recursive": []any{
			object{"major": 259, "minor": 0, "op": "read", "value": s.read}, object{"major": 259, "minor": 0, "op": "write", "value": s.written},
		}}
		return
	}
	stats["memory_stats"] = object{
		"usage": s.memory, "max_usage": s.memory, "limit": 4 << 30, "stats": object{"cache": 0, "rss": s.memory},
	}
	stats["blkio_stats"] = object{"io_service_bytes_recursive": []any{
		object{"major": 259, "minor": 0, "op": "Read", "value": s.read},
		object{"major": 259, "minor": 0, "op": "Write", "value": s.written},
		object{"major": 259, "minor": 0, "op": "Total", "value": s.read + s.written},
	}}
}
