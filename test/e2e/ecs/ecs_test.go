package ecs

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
)

func newTask(launch LaunchType) *Task {
	return &Task{
		Partition: "aws", Region: "eu-west-1", Account: "111122223333", Zone: "eu-west-1b", Cluster: "shop", Family: "orders", Revision: "7",
		ID: NewID("one"), LaunchType: launch, ServiceName: "orders-service", VCPU: 0.5, MemoryMiB: 1024, Started: time.Now(),
		Containers: []Container{
			{Name: "app", Image: "image:1", MemoryMiB: 512, LogOptions: map[string]string{"awslogs-group": "g", "awslogs-region": "eu-west-1", "awslogs-stream-prefix": "p"},
				Load: Load{VCPU: 0.25, MemoryMiB: 100, CacheMiB: 10, RxBytesPerSecond: 5, ReadBytesPerSecond: 3}},
			{Name: "collector", Image: "image:2", Load: Load{VCPU: 0.125, MemoryMiB: 50}},
		},
	}
}

func startServer(t *testing.T, task *Task) *Server {
	t.Helper()
	server := &Server{Task: task, Issue: func() IssuedCredentials {
		return IssuedCredentials{AccessKeyID: "A", SecretAccessKey: "S", Token: "T", Expiration: time.Now(), RoleARN: "R"}
	}}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Close() })
	return server
}

func get(t *testing.T, url string) map[string]any {
	t.Helper()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	var doc map[string]any
	if err := json.NewDecoder(resp.Body).Decode(&doc); err != nil {
		t.Fatalf("%s: %s: %v", url, resp.Status, err)
	}
	return doc
}

// at follows keys and indexes into a document.
func at(doc any, path string) any {
	for key := range strings.SplitSeq(path, ".") {
		switch d := doc.(type) {
		case map[string]any:
			doc = d[key]
		case []any:
			i := int(key[0] - '0')
			if i >= len(d) {
				return nil
			}
			doc = d[i]
		default:
			return nil
		}
	}
	return doc
}

func TestTaskMetadataHasTheFormOfItsLaunchType(t *testing.T) {
	id := NewID("one")
	for launch, want := range map[LaunchType]map[string]any{
		Fargate: {
			"LaunchType": "FARGATE", "Cluster": "arn:aws:ecs:eu-west-1:111122223333:cluster/shop", "ServiceName": "orders-service",
			"TaskARN": "arn:aws:ecs:eu-west-1:111122223333:task/shop/" + id, "Family": "orders", "Revision": "7", "AvailabilityZone": "eu-west-1b",
			"KnownStatus": "RUNNING", "Limits.CPU": 0.5, "Limits.Memory": 1024.0, "EphemeralStorageMetrics.Reserved": 20496.0,
			"ClockDrift.ClockSynchronizationStatus": "SYNCHRONIZED", "VPCID": nil,
			"Containers.0.Name": "app", "Containers.0.Snapshotter": "overlayfs", "Containers.0.Limits.Memory": 512.0, "Containers.0.Limits.CPU": 2.0,
			"Containers.0.LogOptions.awslogs-stream": "p/app/" + id, "Containers.1.LogDriver": nil, "Containers.1.Limits.Memory": 0.0,
			"Containers.2": nil,
		},
		EC2: {
			"LaunchType": "EC2", "Cluster": "shop", "VPCID": "vpc-1234567890abcdef0", "EphemeralStorageMetrics": nil, "ClockDrift": nil,
			"Containers.0.Snapshotter": nil, "Containers.2.Name": "~internal~ecs~pause", "Containers.2.Type": "CNI_PAUSE", "FaultInjectionEnabled": false,
		},
	} {
		task := newTask(launch)
		doc := get(t, startServer(t, task).MetadataURI("collector")+"/task")
		for path, value := range want {
			if got := at(doc, path); got != value {
				t.Errorf("%s: %s is %v, expected %v", launch, path, got, value)
			}
		}
	}
}

func TestDockerIDsHaveTheFormOfTheirLaunchType(t *testing.T) {
	fargate, ec2 := newTask(Fargate), newTask(EC2)
	id := fargate.dockerID(&fargate.Containers[0])
	if prefix, digits, _ := strings.Cut(id, "-"); prefix != fargate.ID || len(digits) != 10 {
		t.Errorf("Fargate id %s", id)
	}
	if id := ec2.dockerID(&ec2.Containers[0]); len(id) != 64 {
		t.Errorf("EC2 id %s", id)
	}
}

func TestStatsFollowTheLoad(t *testing.T) {
	task := newTask(Fargate)
	raw, err := json.Marshal(task.Stats(task.Started.Add(10 * time.Second)))
	if err != nil {
		t.Fatal(err)
	}
	var stats map[string]any
	if err := json.Unmarshal(raw, &stats); err != nil {
		t.Fatal(err)
	}
	app := stats[task.dockerID(&task.Containers[0])]
	for path, want := range map[string]float64{
		"memory_stats.usage": 110 * mib, "memory_stats.stats.cache": 10 * mib, "networks.eth1.rx_bytes": 50,
		"network_rate_stats.rx_bytes_per_sec": 5, "blkio_stats.io_service_bytes_recursive.0.value": 30,
		"precpu_stats.cpu_usage.total_usage": 2.5e9, "cpu_stats.cpu_usage.total_usage": 2.75e9,
	} {
		if got := at(app, path); got != want {
			t.Errorf("%s is %v, expected %v", path, got, want)
		}
	}
	if len(stats) != 2 {
		t.Errorf("stats of %d containers, expected 2", len(stats))
	}
	server := startServer(t, task)
	own := get(t, server.MetadataURI("collector")+"/stats")
	if own["name"] != "collector" || get(t, server.MetadataURI("app"))["Name"] != "app" {
		t.Error("a container's own documents are not its own")
	}
}

func TestTotalsFollowTheLoad(t *testing.T) {
	totals := newTask(Fargate).Totals(10)
	for name, want := range map[string]float64{
		"ecs_task_cpu_utilized": 384, "ecs_task_cpu_reserved": 512, "ecs_task_memory_utilized": 160, "ecs_task_memory_reserved": 1024,
		"ecs_task_network_rate_rx": 5, "ecs_task_storage_read_bytes": 30,
	} {
		if totals[name] != want {
			t.Errorf("%s is %v, expected %v", name, totals[name], want)
		}
	}
}

func TestCredentialsAreServed(t *testing.T) {
	server := startServer(t, newTask(Fargate))
	doc := get(t, server.CredentialsURI())
	if doc["AccessKeyId"] != "A" || doc["SecretAccessKey"] != "S" || doc["Token"] != "T" || doc["Expiration"] == nil {
		t.Errorf("got %v", doc)
	}
}

func TestUnknownDocumentsAreNotFound(t *testing.T) {
	server := startServer(t, newTask(Fargate))
	for _, url := range []string{server.MetadataURI("nobody"), server.MetadataURI("app") + "/taskWithTags", server.CredentialsURI() + "0"} {
		resp, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: got %s, expected 404", url, resp.Status)
		}
	}
}
