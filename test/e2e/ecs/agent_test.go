package ecs

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// shapes are the ways in which a task can run, and its documents differ.
func shapes() map[string]*Task {
	all := map[string]*Task{"Fargate": newTask(Fargate)}
	for _, mode := range []string{"awsvpc", "bridge", "host"} {
		for version, v2 := range map[string]bool{"cgroup v1": false, "cgroup v2": true} {
			task := newTask(EC2)
			task.NetworkMode, task.CgroupV2, task.VCPU = mode, v2, 0
			all["EC2 "+mode+", "+version] = task
		}
	}
	for _, task := range all {
		task.Containers[0].Ports = []int{8080}
		task.Containers[1].HealthCheck, task.Containers[1].RestartPolicy = true, true
	}
	return all
}

// agentTypes reads testdata/agent.txt: the fields of each type.
func agentTypes(t *testing.T) map[string]map[string]string {
	t.Helper()
	text, err := os.ReadFile("testdata/agent.txt")
	if err != nil {
		t.Fatal(err)
	}
	types, name := map[string]map[string]string{}, ""
	for line := range strings.SplitSeq(string(text), "\n") {
		word, rest, _ := strings.Cut(line, " ")
		switch {
		case line == "" || word == "#":
		case word == "type":
			name = rest
			types[name] = map[string]string{}
		default:
			types[name][word] = rest
		}
	}
	return types
}

// TestDocumentsAreOfTheAgentsTypes compares every field of the documents of every shape with what the ECS agent serves: none that it
// does not have, none of another kind, and none left out that it always has.
func TestDocumentsAreOfTheAgentsTypes(t *testing.T) {
	types := agentTypes(t)
	for name, task := range shapes() {
		t.Run(name, func(t *testing.T) {
			var metadata, stats any
			for doc, into := range map[*any]any{&metadata: task.Metadata(), &stats: task.Stats(task.Started.Add(10 * time.Second))} {
				raw, err := json.Marshal(into)
				if err != nil {
					t.Fatal(err)
				}
				if err := json.Unmarshal(raw, doc); err != nil {
					t.Fatal(err)
				}
			}
			for _, fault := range append(misfits(types, "task", metadata, "v4.TaskResponse"), misfits(types, "stats", stats, "map v4.StatsResponse")...) {
				t.Error(fault)
			}
		})
	}
}

// misfits lists what is wrong with a document of a type.
func misfits(types map[string]map[string]string, at string, doc any, kind string) (faults []string) {
	if doc == nil && strings.HasPrefix(kind, "[]") {
		return nil // a nil slice
	}
	switch d := doc.(type) {
	case []any:
		element, list := strings.CutPrefix(kind, "[]")
		if !list {
			return []string{at + " is a list, expected " + kind}
		}
		for i, e := range d {
			faults = append(faults, misfits(types, fmt.Sprintf("%s[%d]", at, i), e, element)...)
		}
		return faults
	case map[string]any:
		if of, isMap := strings.CutPrefix(kind, "map "); isMap {
			for _, key := range slices.Sorted(maps.Keys(d)) {
				faults = append(faults, misfits(types, at+"."+key, d[key], of)...)
			}
			return faults
		}
		fields, known := types[kind]
		if !known {
			return []string{at + " is an object, expected " + kind}
		}
		for _, key := range slices.Sorted(maps.Keys(d)) {
			if fields[key] == "" {
				faults = append(faults, at+"."+key+" is no field of "+kind)
			}
		}
		for _, field := range slices.Sorted(maps.Keys(fields)) {
			of, optional := strings.CutSuffix(fields[field], " omitempty")
			if value, there := d[field]; there {
				faults = append(faults, misfits(types, at+"."+field, value, of)...)
			} else if !optional {
				faults = append(faults, at+" has no "+field+", which "+kind+" always has")
			}
		}
		return faults
	}
	fits := false
	switch d := doc.(type) {
	case string:
		_, err := time.Parse(time.RFC3339Nano, d)
		fits = kind == "string" || kind == "time" && err == nil
	case bool:
		fits = kind == "bool"
	case float64:
		fits = kind == "float" || kind == "int" && d == float64(int64(d))
	}
	if !fits {
		faults = append(faults, fmt.Sprintf("%s is %v, expected %s", at, doc, kind))
	}
	return faults
}

// TestNumbersAreThoseOfTheStatsEngine: in mode awsvpc each container has the rate of the one interface, in bridge its own, in host
// none; with control groups of version 2 there are other names and no cores.
func TestNumbersAreThoseOfTheStatsEngine(t *testing.T) {
	for name, task := range shapes() {
		t.Run(name, func(t *testing.T) {
			task.Containers[1].Load.RxBytesPerSecond = 7 // 12 with the app's
			raw, err := json.Marshal(task.Stats(task.Started.Add(10 * time.Second)))
			if err != nil {
				t.Fatal(err)
			}
			var stats map[string]any
			if err := json.Unmarshal(raw, &stats); err != nil {
				t.Fatal(err)
			}
			pause := 0
			for id, doc := range stats {
				i := slices.IndexFunc(task.all(), func(c Container) bool { return task.dockerID(&c) == id })
				c := task.all()[i]
				var rate any
				switch task.networkMode() {
				case "awsvpc":
					rate = 12.0
				case "bridge":
					rate = float64(c.Load.RxBytesPerSecond)
				}
				if got := at(doc, "network_rate_stats.rx_bytes_per_sec"); got != rate {
					t.Errorf("%s: the rate is %v, expected %v", c.Name, got, rate)
				}
				cache, cores := at(doc, "memory_stats.stats.cache"), at(doc, "cpu_stats.cpu_usage.percpu_usage")
				if op := at(doc, "blkio_stats.io_service_bytes_recursive.0.op"); task.CgroupV2 != (op == "read") || task.CgroupV2 != (cache == nil) || task.CgroupV2 != (cores == nil) {
					t.Errorf("%s: operation %v, cache %v, cores %v", c.Name, op, cache, cores)
				}
				if slash := strings.HasPrefix(at(doc, "name").(string), "/"); slash != (task.LaunchType == EC2) {
					t.Errorf("the name is %v", at(doc, "name"))
				}
				if c.Name == pauseContainer {
					pause++
				}
			}
			if want := map[bool]int{true: 1}[task.LaunchType == EC2 && task.NetworkMode == "awsvpc"]; pause != want {
				t.Errorf("%d pause containers, expected %d", pause, want)
			}
		})
	}
}
