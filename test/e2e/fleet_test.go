package e2e

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/model/timestamp"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/tsdb/chunkenc"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/amp"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/ecs"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/ecsapi"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/harness"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

// fleet is the sample Fleet in a world of its own: the cluster that its collector looks at, and what runs there.
type fleet struct {
	deployment
	stack    *template.Template
	cluster  *ecsapi.Cluster
	services map[string]*ecsapi.Definition
	dir      string // that the collector writes to
	members  []*member
	program  string        // of the collector; empty: the one of this process
	page     string        // that members serve
	samples  int           // of a page
	refresh  time.Duration // of the list of tasks
	poll     time.Duration // between two looks at that list
	interval time.Duration // of scrapes
}

// Families of the sample's services.
var (
	onFargate = []string{"mail", "orders", "search", "stock"}
	onBridge  = []string{"images", "reports"}
)

// deployFleet emulates the deployment of the sample Fleet. Its collector looks at the cluster each second, and scrapes every two.
func deployFleet(t *testing.T) *fleet {
	t.Helper()
	dir, err := synthesize()
	if err != nil {
		t.Fatal(err)
	}
	stack, err := template.Load(filepath.Join(dir, "Fleet.template.json"), values)
	if err != nil {
		t.Fatal(err)
	}
	definitions, err := stack.TaskDefinitions()
	if err != nil {
		t.Fatal(err)
	}
	f := &fleet{stack: stack, services: map[string]*ecsapi.Definition{}, dir: t.TempDir(), page: memberPage, samples: memberSamples, refresh: time.Second, poll: time.Second, interval: 2 * time.Second}
	for _, d := range definitions {
		if _, err := d.Container(collectorName); err == nil {
			f.task = d
			continue
		}
		definition := &ecsapi.Definition{Family: d.Family, Revision: 7, NetworkMode: d.NetworkMode}
		for _, c := range d.ContainerDefinitions {
			if !slices.Equal(c.Ports(), []int{8080}) {
				t.Fatalf("container %s of %s maps %v", c.Name, d.Family, c.Ports())
			}
			definition.Containers = append(definition.Containers, ecsapi.Container{Name: c.Name, Ports: []int{memberPort}})
		}
		f.services[d.Family] = definition
	}
	if got := slices.Sorted(maps.Keys(f.services)); !slices.Equal(got, slices.Sorted(slices.Values(slices.Concat(onFargate, onBridge)))) || f.task == nil {
		t.Fatalf("the sample has services %v", got)
	}
	if f.World, err = harness.NewWorld(t.TempDir(), values, stack.WorkspaceIDs(), time.Hour); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	collector, err := f.task.Container(collectorName)
	if err != nil {
		t.Fatal(err)
	}
	name, _ := collector.Lookup("ECS_CLUSTER_NAME")
	f.cluster = &ecsapi.Cluster{Partition: values.Partition, Region: values.Region, Account: values.Account, Name: name, Verify: f.Verify, Latency: 20 * time.Millisecond}
	for host, handler := range map[string]http.HandlerFunc{"ecs": f.cluster.ECS, "ec2": f.cluster.EC2} {
		if err := f.Serve(host+"."+values.Region+"."+values.URLSuffix, handler); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// collectorPorts are those on which the sample's collector listens. Several can run at once only with others.
var collectorPorts = []string{"13133", "14318", "8888", "9090"}

// collect starts the collector.
func (f *fleet) collect(t *testing.T, edit func(*template.Container)) *harness.Task {
	t.Helper()
	ports := map[string]string{}
	for i := 0; i < len(collectorPorts); i++ {
		port, err := harness.FreePort()
		if err != nil {
			t.Fatal(err)
		}
		ports[collectorPorts[i]] = port
	}
	task, err := f.Start(f.task, harness.TaskOptions{
		ID: ecs.NewID(t.Name() + ports["8888"]), Cluster: f.cluster.Name, Zone: values.Region + "b", LaunchType: ecs.Fargate, Collector: collectorName, CollectorProgram: f.program,
		Edit: func(c *template.Container) {
			harness.Shorten(c, f.interval)
			for from, to := range ports {
				replaceEnv(c, regexp.MustCompile(`\b`+from+`\b`), to)
			}
			replaceEnv(c, regexp.MustCompile(`\b8080\b`), fmt.Sprint(memberPort))
			replaceEnv(c, regexp.MustCompile(`/var/lib/awscollector`), f.dir)
			replaceEnv(c, regexp.MustCompile(`refresh_interval: 30s`), "refresh_interval: "+f.refresh.String())
			replaceEnv(c, regexp.MustCompile(`refresh_interval: 10s`), "refresh_interval: "+f.poll.String())
			if edit != nil {
				edit(c)
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	f.watch(t, task)
	return task
}

// memberPort is that of the services, in place of the sample's 8080, on which other tests listen at every address.
const memberPort = 18080

// member is a task of the cluster. It counts how often it was scraped, and says so in each of its samples.
type member struct {
	*ecsapi.Task
	server *http.Server
	page   string

	mu     sync.Mutex
	paused bool
	times  []time.Time // of scrapes
}

// memberPage is what a member serves by default: so many samples, with the number of the scrape.
const (
	memberPage = `# TYPE fleet_requests_total counter
fleet_requests_total{code="200"} %[1]d
# TYPE fleet_depth gauge
fleet_depth %[1]d
# TYPE fleet_duration_seconds histogram
fleet_duration_seconds_bucket{le="0.1"} %[1]d
fleet_duration_seconds_bucket{le="+Inf"} %[1]d
fleet_duration_seconds_sum %[1]d
fleet_duration_seconds_count %[1]d
`
	memberSamples = 6
)

func (m *member) ServeHTTP(w http.ResponseWriter, _ *http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.paused {
		http.Error(w, "paused", http.StatusServiceUnavailable)
		return
	}
	w.Header().Set("Content-Type", "text/plain; version=0.0.4")
	if _, err := fmt.Fprintf(w, m.page, len(m.times)+1); err == nil {
		m.times = append(m.times, time.Now())
	}
}

func (m *member) scrapes() []time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.times)
}

// addresses are those of tasks and instances, each once in a process: all of 127.0.0.0/8 is the loopback interface.
var addresses struct {
	sync.Mutex
	n int
}

func nextAddress() string {
	addresses.Lock()
	defer addresses.Unlock()
	addresses.n++
	return fmt.Sprintf("127.%d.%d.%d", 10+addresses.n/62500, addresses.n/250%250, 1+addresses.n%250)
}

// run starts a task of a service in the cluster.
func (f *fleet) run(t *testing.T, family string) *member {
	t.Helper()
	m := &member{page: f.page, Task: &ecsapi.Task{
		ID: ecs.NewID(fmt.Sprint(t.Name(), family, len(f.members))), Definition: f.services[family], Service: family + "-service", LaunchType: "FARGATE", Address: nextAddress(),
	}}
	port := memberPort
	if m.Definition.NetworkMode == "bridge" {
		port, m.LaunchType = 32768+len(f.members), "EC2"
		m.Bindings = map[int]int{memberPort: port}
	}
	listener, err := net.Listen("tcp", fmt.Sprintf("%s:%d", m.Address, port))
	if err != nil {
		t.Fatal(err)
	}
	m.server = &http.Server{Handler: m}
	go func() { _ = m.server.Serve(listener) }()
	t.Cleanup(func() { _ = m.server.Close() })
	f.cluster.Run(m.Task)
	f.members = append(f.members, m)
	return m
}

// runAll starts tasks of every service.
func (f *fleet) runAll(t *testing.T, each int) {
	t.Helper()
	for _, family := range slices.Concat(onFargate, onBridge) {
		for range each {
			f.run(t, family)
		}
	}
}

// stop ends a task.
func (f *fleet) stop(m *member) {
	f.cluster.Stop(m.Task)
	_ = m.server.Close()
}

// scraped waits until every task has been scraped so often.
func (f *fleet) scraped(t *testing.T, task *harness.Task, times int, timeout time.Duration) {
	t.Helper()
	eventually(t, task, timeout, func() string {
		for _, m := range f.members {
			if n := len(m.scrapes()); n < times {
				return fmt.Sprintf("a task of %s was scraped %d times, expected %d", m.Definition.Family, n, times)
			}
		}
		return ""
	})
}

// settle ends the production of samples, and waits until all are stored. It gives how many are not.
func (f *fleet) settle(t *testing.T, since time.Time, timeout time.Duration) (produced, lost int) {
	t.Helper()
	for _, m := range f.members {
		m.mu.Lock()
		m.paused = true
		produced += len(m.times) * f.samples
		m.mu.Unlock()
	}
	for deadline := time.Now().Add(timeout); ; time.Sleep(200 * time.Millisecond) {
		stored, err := f.Store.Count(context.Background(), `{__name__=~"fleet_.+"}`, since)
		if err != nil {
			t.Fatal(err)
		}
		if lost = produced - stored; lost == 0 || time.Now().After(deadline) {
			return produced, lost
		}
	}
}

// gap is the longest time between two scrapes of a task, from a time on until another one.
func (f *fleet) gap(from, to time.Time) (longest time.Duration) {
	for _, m := range f.members {
		last := from
		for _, at := range append(m.scrapes(), to) {
			if at.After(from) && !at.After(to) {
				longest, last = max(longest, at.Sub(last)), at
			}
		}
	}
	return longest
}

// resets counts the markers of series that ended: a target that was lost, or a task that stopped.
func (f *fleet) resets(t *testing.T, since time.Time) (markers int) {
	t.Helper()
	querier, err := f.Store.DB().Querier(timestamp.FromTime(since), timestamp.FromTime(time.Now().Add(time.Hour)))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = querier.Close() }()
	set := querier.Select(t.Context(), false, nil, labels.MustNewMatcher(labels.MatchEqual, "__name__", "up"))
	var iterator chunkenc.Iterator
	for set.Next() {
		iterator = set.At().Iterator(iterator)
		for kind := iterator.Next(); kind != chunkenc.ValNone; kind = iterator.Next() {
			if _, v := iterator.At(); value.IsStaleNaN(v) {
				markers++
			}
		}
	}
	return markers
}

// alert is the expression of an alert in the sample's rules.
func (f *fleet) alert(t *testing.T, name string) string {
	t.Helper()
	for _, id := range f.stack.LogicalIDs("AWS::APS::RuleGroupsNamespace") {
		resolved, err := f.stack.Resolve(f.stack.Resources[id].Properties["Data"])
		if err != nil {
			t.Fatal(err)
		}
		groups, errs := rulefmt.Parse([]byte(resolved.(string)), false, model.UTF8Validation, promqlParser(), slog.New(slog.DiscardHandler))
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		for _, g := range groups.Groups {
			for _, r := range g.Rules {
				if r.Alert == name {
					return r.Expr
				}
			}
		}
	}
	t.Fatalf("the sample has no alert %s", name)
	return ""
}

// fine fails the test where something went wrong in silence.
func (f *fleet) fine(t *testing.T) {
	t.Helper()
	for _, r := range f.AMP.Refused() {
		// Two collectors on one host scrape a target in the same millisecond: Prometheus derives it from the name of the host. Each has one of
		// its own in a task.
		if !strings.Contains(r.Message, "duplicate sample for timestamp") {
			t.Errorf("AMP refused a request: %d %s", r.Status, r.Message)
		}
	}
	if hosts := f.Outsiders(); len(hosts) > 0 {
		t.Errorf("somebody tried to reach %v", hosts)
	}
}

// ofFleet selects what is scraped of the services, and nothing of the collector itself.
const ofFleet = `{job!~"ecs|otelcol.*"}`

// TestScrapeServiceFindsItsTasks: of four services on Fargate and two with network mode bridge, and of no other. What it stores has the labels
// that a sidecar stores, without the zone and with the name of the service.
func TestScrapeServiceFindsItsTasks(t *testing.T) {
	t.Parallel()
	f := deployFleet(t)
	started := time.Now()
	f.services["stranger"] = &ecsapi.Definition{Family: "more-orders", Revision: 1, NetworkMode: "awsvpc", Containers: []ecsapi.Container{{Name: "app", Ports: []int{memberPort}}}}
	f.runAll(t, 2)
	stranger := f.run(t, "stranger")
	f.members = f.members[:len(f.members)-1]
	task := f.collect(t, nil)
	f.scraped(t, task, 2, 40*time.Second)
	eventually(t, task, 20*time.Second, func() string {
		return f.mismatch(t, "count(up"+ofFleet+" == 1)", 12) + f.mismatch(t, "sum(prometheus_target_scrape_pool_targets)", 12) +
			f.mismatch(t, "count(time() - prometheus_sd_file_mtime_seconds < 10)", 1)
	})
	if n := len(stranger.scrapes()); n > 0 {
		t.Errorf("a task of another family was scraped %d times", n)
	}

	series, err := f.Store.Series(t.Context(), ofFleet, started)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]int{}
	for _, s := range series {
		i := slices.IndexFunc(f.members, func(m *member) bool { return m.ID == s.Get("instance") })
		if i < 0 {
			t.Errorf("%s is of no task", s)
			continue
		}
		m := f.members[i]
		seen[m.ID]++
		promised := promisedLabels(&ecs.Task{
			ID: m.ID, Cluster: f.cluster.Name, Family: m.Definition.Family, Revision: "7", LaunchType: ecs.LaunchType(m.LaunchType), Region: values.Region, Account: values.Account,
		}, source{job: m.Definition.Family})
		delete(promised, "cloud_availability_zone")
		promised["aws_ecs_service_name"] = m.Service
		own := labels.NewBuilder(s).Del("code", "le").Labels()
		for _, fault := range violations(own, promised) {
			t.Errorf("%s: %s", s, fault)
		}
	}
	for id, n := range seen {
		if n != memberSamples+5 { // up and four more of each scrape
			t.Errorf("task %s has %d series, expected %d", id, n, memberSamples+5)
		}
	}

	// A task that stops and one that starts.
	gone := f.members[0]
	f.stop(gone)
	f.members = f.members[1:]
	f.run(t, "orders")
	f.scraped(t, task, 3, 20*time.Second)
	eventually(t, task, 20*time.Second, func() string {
		return f.mismatch(t, "count(up"+ofFleet+" == 1)", 12) + f.mismatch(t, "count(up"+ofFleet+")", 12)
	})
	if n := f.resets(t, started); n != 1 {
		t.Errorf("%d targets ended, expected that of the task that stopped", n)
	}
	for _, level := range []string{"error", "warn"} {
		for _, line := range task.Collector.LogLines(level) {
			if !strings.Contains(line, gone.ID) { // its last scrape
				t.Errorf("the log says %s", line)
			}
		}
	}
	if err := task.Stop(); err != nil {
		t.Error(err)
	}
	f.fine(t)
}

// TestThrottledDiscoveryLosesNothing: the tasks that are known go on being scraped.
func TestThrottledDiscoveryLosesNothing(t *testing.T) {
	t.Parallel()
	length := 20 * time.Second
	if *fullFaults {
		length = 90 * time.Second
	}
	f := deployFleet(t)
	f.runAll(t, 5)
	task := f.collect(t, nil)
	f.scraped(t, task, 2, 40*time.Second)
	began, calls := time.Now(), f.cluster.Calls()["ListTasks"]
	f.cluster.SetFault(ecsapi.Always(ecsapi.Throttled))
	time.Sleep(length)
	f.cluster.SetFault(nil)
	time.Sleep(3 * time.Second)
	gap := f.gap(began, time.Now())
	if gap > 4*time.Second {
		t.Errorf("a task was not scraped for %s", gap)
	}
	if n := f.resets(t, began); n > 0 {
		t.Errorf("%d targets were lost", n)
	}
	produced, lost := f.settle(t, began.Add(-time.Minute), 20*time.Second)
	if lost != 0 {
		t.Errorf("%d of %d samples are lost", lost, produced)
	}
	t.Logf("%d calls of ListTasks in %s of throttling; longest gap %s; %d of %d samples lost", f.cluster.Calls()["ListTasks"]-calls, length, gap.Round(time.Millisecond), lost, produced)
	f.fine(t)
}

// TestDeniedDiscoveryFiresTheAlert: a collector that may not look at the cluster ends, and ECS starts it again and again. One whose call
// hangs goes on scraping what it knows, with a health check that succeeds, and finds nothing new.
func TestDeniedDiscoveryFiresTheAlert(t *testing.T) {
	for name, fault := range map[string]*ecsapi.Fault{"denied": ecsapi.Denied, "hanging": ecsapi.Hanging} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := deployFleet(t)
			f.runAll(t, 1)
			task := f.collect(t, nil)
			f.scraped(t, task, 2, 40*time.Second)
			stale := strings.ReplaceAll(f.alert(t, "EcsDiscoveryStale"), "> 180", "> 10") // as long as a test can wait
			fires := func() bool { return len(f.vector(t, stale)) > 0 }
			eventually(t, task, 10*time.Second, func() string { return unless(!fires(), "the alert fires before the fault") })
			began, known := time.Now(), f.members
			f.cluster.SetFault(ecsapi.Always(fault))
			late := f.run(t, "orders")
			for deadline := time.Now().Add(25 * time.Second); !fires(); time.Sleep(time.Second) {
				if time.Now().After(deadline) {
					t.Fatalf("%s does not fire", stale)
				}
			}
			if n := len(late.scrapes()); n > 0 {
				t.Errorf("a task that nothing can have found was scraped %d times", n)
			}
			if fault == ecsapi.Denied {
				<-task.Collector.Done()
				if !strings.Contains(task.Collector.Log(), "AccessDenied") {
					t.Error("the log does not say why the collector ended")
				}
				return
			}
			f.members = known
			if gap := f.gap(began, time.Now()); gap > 4*time.Second {
				t.Errorf("a task that was known before was not scraped for %s", gap)
			}
		})
	}
}

// TestRestartedScrapeServiceGoesOn: the list of tasks is on disk, so it need not look at the cluster first.
func TestRestartedScrapeServiceGoesOn(t *testing.T) {
	t.Parallel()
	f := deployFleet(t)
	f.runAll(t, 1)
	task := f.collect(t, nil)
	f.scraped(t, task, 2, 40*time.Second)
	f.cluster.SetFault(ecsapi.Always(ecsapi.Hanging))
	began := time.Now()
	if err := task.Crash(); err != nil {
		t.Fatal(err)
	}
	time.Sleep(10 * time.Second)
	if gap := f.gap(began, time.Now()); gap > 9*time.Second { // Prometheus takes 5 seconds to pass targets on
		t.Errorf("a task was not scraped for %s", gap)
	}
}

// TestDeploymentOfAScrapeServiceOverlaps: for a while both collectors write the same series.
func TestDeploymentOfAScrapeServiceOverlaps(t *testing.T) {
	t.Parallel()
	f := deployFleet(t)
	f.runAll(t, 1)
	first := f.collect(t, nil)
	f.scraped(t, first, 2, 40*time.Second)
	began := time.Now()
	f.dir = t.TempDir()
	second := f.collect(t, nil)
	eventually(t, second, 40*time.Second, func() string { return f.mismatch(t, "count(prometheus_sd_file_mtime_seconds)", 2) })
	if err := first.Stop(); err != nil {
		t.Error(err)
	}
	time.Sleep(6 * time.Second)
	if gap := f.gap(began, time.Now()); gap > 4*time.Second {
		t.Errorf("a task was not scraped for %s", gap)
	}
	if err := second.Stop(); err != nil {
		t.Error(err)
	}
	f.fine(t)
}

// TestOutageIsDrainedFromDisk to the last sample.
func TestOutageIsDrainedFromDisk(t *testing.T) {
	t.Parallel()
	length := 20 * time.Second
	if *fullFaults {
		length = 5 * time.Minute
	}
	f := deployFleet(t)
	f.runAll(t, 5)
	began := time.Now()
	task := f.collect(t, nil)
	f.scraped(t, task, 2, 40*time.Second)
	f.AMP.SetFault(func(*http.Request) *amp.Failure { return &amp.Failure{Status: http.StatusServiceUnavailable} })
	time.Sleep(length)
	if files, _ := filepath.Glob(f.dir + "/exporter_*"); len(files) == 0 {
		t.Errorf("there is no queue in %s", f.dir)
	}
	f.AMP.SetFault(nil)
	ended := time.Now()
	produced, lost := f.settle(t, began, 2*time.Minute)
	if lost != 0 {
		t.Errorf("%d of %d samples are lost", lost, produced)
	}
	t.Logf("%s of 503: %d of %d samples lost, all stored %s after its end", length, lost, produced, time.Since(ended).Round(time.Second))
	f.fine(t)
}

// shard are the rules by which one of two collectors scrapes its part, as they are rendered.
const shard = `            - source_labels: [__meta_ecs_source]
              modulus: %d
              target_label: __tmp_shard
              action: hashmod
            - source_labels: [__tmp_shard]
              regex: "%d"
              action: keep
`

// TestShardsScrapeEveryTaskOnce. The sample has one collector; two of them get the rules that more than one have.
func TestShardsScrapeEveryTaskOnce(t *testing.T) {
	t.Parallel()
	golden, err := os.ReadFile(filepath.Join(repository, "internal/collector/testdata/fleet_shard.yaml"))
	if err != nil || !strings.Contains(string(golden), fmt.Sprintf(shard, 4, 1)) {
		t.Fatalf("the rules of a shard are not these: %v", err)
	}
	f := deployFleet(t)
	f.runAll(t, 4)
	began := time.Now()
	var collectors []*harness.Task
	for part := range 2 {
		f.dir = t.TempDir()
		collectors = append(collectors, f.collect(t, func(c *template.Container) {
			if !replaceEnv(c, regexp.MustCompile(`(?m)^ +- source_labels: \[__meta_ecs_job\]\n +regex: 1/\.\*\n +action: keep\n`), "${0}"+fmt.Sprintf(shard, 2, part)) {
				t.Error("the configuration has no rule to put those of a shard behind")
			}
		}))
	}
	f.scraped(t, collectors[1], 4, 40*time.Second)
	eventually(t, collectors[0], 20*time.Second, func() string {
		return f.mismatch(t, "sum(prometheus_target_scrape_pool_targets)", float64(len(f.members))) + f.mismatch(t, "count(prometheus_target_scrape_pool_targets > 4)", 2) +
			f.mismatch(t, "count(up"+ofFleet+" == 1)", float64(len(f.members)))
	})
	for _, m := range f.members { // twice as often by two collectors
		times := m.scrapes()
		if least := time.Duration(len(times)-1) * f.interval * 9 / 10; times[len(times)-1].Sub(times[0]) < least {
			t.Errorf("a task was scraped %d times within %s", len(times), times[len(times)-1].Sub(times[0]))
		}
	}
	if produced, lost := f.settle(t, began, 20*time.Second); lost != 0 {
		t.Errorf("%d of %d samples are lost", lost, produced)
	}
	f.fine(t)
}

// replicaLabels are those of a replica, as they are rendered.
const replicaLabels = "      __replica__: %s\n"

// TestCortexStoresOneOfTwoReplicas: of two collectors that scrape the same, and the other one when the first ends. The times of the failover are a
// tenth of AMP's, as those of the scrapes are of the sample's.
func TestCortexStoresOneOfTwoReplicas(t *testing.T) {
	t.Parallel()
	golden, err := os.ReadFile(filepath.Join(repository, "internal/collector/testdata/fleet_replica.yaml"))
	if err != nil || !strings.Contains(string(golden), fmt.Sprintf(replicaLabels, "b")) || !strings.Contains(string(golden), "      cluster: Stack/Fleet/0\n") {
		t.Fatalf("the labels of a replica are not these: %v", err)
	}
	c := startCortex(t, amp.DefaultLimits())
	w := workspace{Handler: c.Backend(tenant), cortex: c}
	f := deployFleet(t)
	f.AMP.Backend = w
	f.runAll(t, 4)
	var collectors []*harness.Task
	for _, replica := range []string{"a", "b"} {
		f.dir = t.TempDir()
		collectors = append(collectors, f.collect(t, func(c *template.Container) {
			if !replaceEnv(c, regexp.MustCompile(`(?m)^( +)external_labels:\n`), "${0}"+fmt.Sprintf(replicaLabels, replica)+"      cluster: fleet\n") {
				t.Error("the configuration has no labels to put those of a replica among")
			}
		}))
		f.scraped(t, collectors[len(collectors)-1], 4*len(collectors), 40*time.Second) // the first is the one that is taken
	}
	members := float64(len(f.members))
	// A series has a sample for each scrape of one collector, and none of the other.
	within := func(selector string) float64 { return w.sum(t, "count_over_time("+selector+"[10s])") / members }
	if n := within("fleet_depth"); n < 4 || n > 6 {
		t.Errorf("a series has %.1f samples of 10 s, expected 5, those of one of two", n)
	}
	if n := w.sum(t, `count(fleet_depth{cluster="fleet"})`); n != members || w.sum(t, `count({__replica__!=""})`) != 0 {
		t.Errorf("%.0f series are of the group, expected %.0f without the label of the replica", n, members)
	}
	ended := time.Now()
	collectors[0].Collector.Kill()
	eventually(t, collectors[1], 30*time.Second, func() string {
		return unless(time.Since(ended) > 15*time.Second && within("fleet_depth") >= 4, "the other one is not taken")
	})
	since := time.Since(ended).Round(time.Second)
	missed := since - time.Duration(w.sum(t, fmt.Sprintf("count_over_time(fleet_depth[%s])", since))/members*float64(f.interval))
	t.Logf("at the end of one of two collectors, the samples of %s are lost, on average of the tasks; a failover takes 3 s here, and a scrape 2 s", missed.Round(100*time.Millisecond))
	if missed > 8*time.Second {
		t.Error("that is too long")
	}
}

// TestRewritingTheListOfTasksLosesNone, and the list is never read while it is written, as it is where Prometheus reads it whenever
// something changes: the canary. Whether such a read loses targets is a matter of luck: a good one follows, and Prometheus passes on what it has
// read last.
func TestRewritingTheListOfTasksLosesNone(t *testing.T) {
	const tasks, refreshes = 1000, 150
	if !*fullFaults {
		t.Skipf("NOT RUN: %d tasks and %d refreshes take 7 minutes; go test . -run %s -args -faults", tasks, refreshes, t.Name())
	}
	for name, canary := range map[string]bool{"by time": false, "on each change": true} {
		t.Run(name, func(t *testing.T) {
			f := deployFleet(t)
			f.refresh, f.poll, f.interval = 1030*time.Millisecond, 10*time.Second, 10*time.Second
			for i := range tasks {
				f.run(t, onFargate[i%len(onFargate)])
			}
			task := f.collect(t, func(c *template.Container) {
				if canary && !replaceEnv(c, regexp.MustCompile(`/\[t\]argets/targets\.yaml`), "/targets/targets.yaml") {
					t.Error("the configuration has no such pattern")
				}
			})
			f.scraped(t, task, 2, time.Minute)
			began, calls := time.Now(), f.cluster.Calls()["ListTasks"]
			for f.cluster.Calls()["ListTasks"]-calls < refreshes*tasks/100 {
				time.Sleep(time.Second)
			}
			time.Sleep(2 * f.interval) // until its own metrics say so
			n, bad := f.resets(t, began), f.vector(t, "prometheus_sd_file_read_errors_total")
			t.Logf("%d refreshes of %d tasks in %s: %v bad reads, %d targets were lost for a while", refreshes, tasks, time.Since(began).Round(time.Second), bad, n)
			if len(bad) != 1 || (bad[0].F > 0) != canary || n > 0 && !canary {
				t.Errorf("bad reads %v, %d targets were lost for a while", bad, n)
			}
		})
	}
}
