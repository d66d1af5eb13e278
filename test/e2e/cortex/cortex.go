// Package cortex runs a real Cortex, the engine that AMP is built on, as a child process with AMP's documented limits.
package cortex

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/prometheus/prompb"
	"go.yaml.in/yaml/v3"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/amp"
)

// Program is the environment variable that names the binary; make cortex builds it, from test/cortex.
const Program = "CORTEX"

// Cortex is a running process, with a tenant for each workspace.
type Cortex struct {
	base string
	cmd  *exec.Cmd
	log  log
	done chan struct{}
}

// log keeps what the process writes.
type log struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *log) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// ForTest starts the program that the variable [Program] names for the length of a test.
func ForTest(t testing.TB, tenants map[string]amp.Limits) *Cortex {
	t.Helper()
	c, err := Start(t.Context(), os.Getenv(Program), t.TempDir(), tenants)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the end of Cortex' log:\n%s", c.Log()[max(0, len(c.Log())-4000):])
		}
	})
	return c
}

// Start starts the program on free loopback ports, with its files in dir, and waits until it takes samples. Tenants without limits of
// their own have AMP's.
func Start(ctx context.Context, program, dir string, tenants map[string]amp.Limits) (*Cortex, error) {
	ports, err := freePorts(3)
	if err != nil {
		return nil, err
	}
	overrides := map[string]any{}
	for tenant, own := range tenants {
		overrides[tenant] = limits(own)
	}
	if err := writeYAML(filepath.Join(dir, "runtime.yaml"), map[string]any{"overrides": overrides}); err != nil {
		return nil, err
	}
	if err := writeYAML(filepath.Join(dir, "config.yaml"), config(dir, ports[0], ports[1], ports[2])); err != nil {
		return nil, err
	}
	c := &Cortex{base: "http://" + net.JoinHostPort(loopback, strconv.Itoa(ports[0])), done: make(chan struct{})}
	c.cmd = exec.Command(program, "-config.file="+filepath.Join(dir, "config.yaml"))
	c.cmd.Dir, c.cmd.Env, c.cmd.Stdout, c.cmd.Stderr = dir, []string{"AWS_EC2_METADATA_DISABLED=true", "HOME=" + dir}, &c.log, &c.log
	endWithParent(c.cmd)
	if err := c.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = c.cmd.Wait()
		close(c.done)
	}()
	if err := c.awaitReady(ctx); err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

const loopback = "127.0.0.1"

// freePorts are below those that the system gives to clients, so that no connection takes one before Cortex listens.
func freePorts(n int) (ports []int, err error) {
	for tries := 0; len(ports) < n; tries++ {
		port := 10_000 + rand.IntN(10_000)
		listener, err := net.Listen("tcp", net.JoinHostPort(loopback, strconv.Itoa(port)))
		if err == nil {
			defer func() { _ = listener.Close() }()
			ports = append(ports, port)
		} else if tries > 100 {
			return nil, err
		}
	}
	return ports, nil
}

func writeYAML(file string, value any) error {
	text, err := yaml.Marshal(value)
	if err != nil {
		return err
	}
	return os.WriteFile(file, text, 0o600)
}

type object = map[string]any

// requestBytes is AMP's size of a request.
// Source: AMP's quotas, "Request size": 1 MB.
const requestBytes = 1 << 20

// config is one process that does everything, alone, at once, and within loopback and dir.
func config(dir string, httpPort, grpcPort, gossipPort int) object {
	memory := object{"kvstore": object{"store": "inmemory"}, "instance_addr": loopback}
	files := func(name string) object {
		return object{"backend": "filesystem", "filesystem": object{"dir": filepath.Join(dir, name)}}
	}
	blocks := files("blocks")
	blocks["tsdb"] = object{"dir": filepath.Join(dir, "tsdb")}
	blocks["bucket_store"] = object{"sync_dir": filepath.Join(dir, "sync")}
	return object{
		"target": "all,alertmanager", "auth_enabled": true, // several tenants
		"server": object{
			"http_listen_address": loopback, "http_listen_port": httpPort, "grpc_listen_address": loopback, "grpc_listen_port": grpcPort,
			"log_level": "warn",
		},
		"distributor": object{
			"shard_by_all_labels": true, "ring": memory, "max_recv_msg_size": requestBytes,
			// As AMP takes the samples of replicas, with a tenth of its times.
			"ha_tracker": object{
				"enable_ha_tracker": true, "ha_tracker_update_timeout": "1500ms", "ha_tracker_update_timeout_jitter_max": "0s", "ha_tracker_failover_timeout": "3s",
				"kvstore": object{"store": "memberlist"},
			},
		},
		"memberlist": object{"bind_addr": []string{loopback}, "bind_port": gossipPort, "abort_if_cluster_join_fails": false},
		"ingester": object{"lifecycler": object{
			"address": loopback, "min_ready_duration": "0s", "join_after": "0s", "observe_period": "0s", "final_sleep": "0s", "num_tokens": 1,
			"ring": object{"kvstore": object{"store": "inmemory"}, "replication_factor": 1},
		}},
		"blocks_storage":       blocks,
		"compactor":            object{"data_dir": filepath.Join(dir, "compactor")},
		"querier":              object{"max_query_into_future": "0s"}, // so that samples ahead of the clock are found
		"ruler":                object{"enable_api": true, "rule_path": filepath.Join(dir, "evaluated"), "ring": memory, "poll_interval": "1s"},
		"ruler_storage":        files("rules"),
		"alertmanager_storage": files("alertmanagers"),
		"alertmanager": object{
			"enable_api": true, "data_dir": filepath.Join(dir, "alertmanager"), "external_url": "http://" + loopback + "/alertmanager",
			"cluster": object{"listen_address": ""}, "poll_interval": "1s",
		},
		"limits":         limits(amp.DefaultLimits()),
		"runtime_config": object{"file": filepath.Join(dir, "runtime.yaml")},
	}
}

// limits are Cortex' names for AMP's limits; amp.DefaultLimits has the sources.
func limits(l amp.Limits) object {
	orNone := func(n int) int {
		if n == 0 {
			return math.MaxInt32
		}
		return n
	}
	o := object{
		"max_label_names_per_series": orNone(l.LabelsPerSeries), "max_label_name_length": orNone(l.LabelNameBytes),
		"max_label_value_length": orNone(l.LabelValueBytes), "max_labels_size_bytes": l.LabelsBytes, "max_metadata_length": orNone(l.MetadataBytes),
		"reject_old_samples": l.MaxAge > 0, "reject_old_samples_max_age": l.MaxAge.String(), "creation_grace_period": l.MaxAhead.String(),
		"out_of_order_time_window": l.OutOfOrderWindow.String(),
		"enable_native_histograms": true, "max_native_histogram_buckets": l.HistogramBuckets,
		"max_series_per_user": 0, "max_global_series_per_user": l.Series,
		"max_series_per_metric": 0, "max_global_series_per_metric": l.SeriesPerMetric,
		"ingestion_rate": l.Rate, "ingestion_burst_size": l.Burst,
		"accept_ha_samples": true, "ha_cluster_label": "cluster", "ha_replica_label": "__replica__",
	}
	var sets []object
	for _, set := range l.SeriesPerLabelSet {
		sets = append(sets, object{"label_set": set.Labels, "limits": object{"max_series": set.Series}})
	}
	if len(sets) > 0 {
		o["limits_per_label_set"] = sets
	}
	return o
}

// awaitReady waits until a sample is stored: a Cortex that says it is ready may still answer 500 for a moment.
func (c *Cortex) awaitReady(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	message := prompb.WriteRequest{Timeseries: []prompb.TimeSeries{{
		Labels: []prompb.Label{{Name: "__name__", Value: "ready"}}, Samples: []prompb.Sample{{Timestamp: time.Now().UnixMilli()}},
	}}}
	raw, err := message.Marshal()
	if err != nil {
		return err
	}
	body, header := snappy.Encode(nil, raw), http.Header{"Content-Encoding": {"snappy"}}
	for {
		status, text, err := c.Do(ctx, http.MethodPost, "readiness", "/api/v1/push", header, body)
		if err == nil && status == http.StatusOK {
			return nil
		}
		select {
		case <-c.done:
			return fmt.Errorf("cortex ended\n%s", c.Log())
		case <-ctx.Done():
			return fmt.Errorf("cortex is not ready: %d %s %w\n%s", status, text, err, c.Log())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// Log is what the process has written.
func (c *Cortex) Log() string { return c.log.String() }

// Pid is the process id.
func (c *Cortex) Pid() int { return c.cmd.Process.Pid }

// Close ends the process.
func (c *Cortex) Close() error {
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-c.done:
		return nil
	case <-time.After(20 * time.Second):
		return errors.Join(errors.New("cortex did not stop within 20 s"), c.cmd.Process.Kill())
	}
}

// Do sends a request for a tenant.
func (c *Cortex) Do(ctx context.Context, method, tenant, path string, header http.Header, body []byte) (status int, text string, err error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return 0, "", err
	}
	if header != nil {
		r.Header = header.Clone()
	}
	r.Header.Set("X-Scope-OrgID", tenant)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(answer), err
}

// Backend takes remote writes for a tenant, so that Cortex can stand behind an [amp.Server].
func (c *Cortex) Backend(tenant string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		status, text, err := c.Do(r.Context(), r.Method, tenant, "/api/v1/push", r.Header, body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, text)
	})
}

// Query evaluates a PromQL expression at one time, and reads its result, in the form of Prometheus' API, into result.
func (c *Cortex) Query(ctx context.Context, tenant, expr string, at time.Time, result any) error {
	values := url.Values{"query": {expr}, "time": {fmt.Sprintf("%.3f", float64(at.UnixMilli())/1000)}}
	return c.api(ctx, tenant, "/prometheus/api/v1/query?"+values.Encode(), result)
}

// QueryRange evaluates a PromQL expression at each step of a range of time.
func (c *Cortex) QueryRange(ctx context.Context, tenant, expr string, start, end time.Time, step time.Duration, result any) error {
	values := url.Values{
		"query": {expr}, "start": {fmt.Sprint(start.Unix())}, "end": {fmt.Sprint(end.Unix())}, "step": {fmt.Sprint(step.Seconds())},
	}
	return c.api(ctx, tenant, "/prometheus/api/v1/query_range?"+values.Encode(), result)
}

func (c *Cortex) api(ctx context.Context, tenant, path string, result any) error {
	status, text, err := c.Do(ctx, http.MethodGet, tenant, path, nil, nil)
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("%d %s", status, text)
	}
	return json.Unmarshal([]byte(text), &struct{ Data struct{ Result any } }{struct{ Result any }{result}})
}
