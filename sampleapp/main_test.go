package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestMain lets the tests start their own binary as the service, to see its exit code.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_AS_SAMPLEAPP") != "" {
		main()
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// command is the service as a process with these variables and no others.
func command(t *testing.T, variables map[string]string) (*exec.Cmd, *bytes.Buffer) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0])
	// The last two are for -race, which else waits a second at exit, and -cover, which else warns.
	cmd.Env = []string{"TEST_AS_SAMPLEAPP=1", "GORACE=atexit_sleep_ms=0", "GOCOVERDIR=" + t.TempDir()}
	for name, value := range variables {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	var output bytes.Buffer
	cmd.Stderr = &output
	return cmd, &output
}

func freePort(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return fmt.Sprint(listener.Addr().(*net.TCPAddr).Port)
}

// post retries until the service listens.
func post(t *testing.T, url string) string {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		response, err := http.Post(url, "", nil)
		if err == nil {
			defer response.Body.Close()
			body, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			return string(body)
		}
		if time.Now().After(deadline) {
			t.Fatal(err)
		}
	}
}

func TestSigtermFlushesAndExitsZero(t *testing.T) {
	for _, protocol := range []string{protocolGRPC, protocolHTTP} {
		t.Run(protocol, func(t *testing.T) {
			receiver := newOTLPReceiver(t, protocol)
			variables := receiver.variables()
			variables["PORT"] = freePort(t)
			cmd, output := command(t, variables)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			if got := post(t, "http://127.0.0.1:"+variables["PORT"]+"/orders?item=cake"); got != "1" {
				t.Errorf("answered %q, want 1", got)
			}
			if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
				t.Fatal(err)
			}
			if err := cmd.Wait(); err != nil {
				t.Fatalf("%v: %s", err, output)
			}
			if got := receiver.last(t).orders(t)["cake"]; got != 1 {
				t.Errorf("exported %d orders, want 1", got)
			}
		})
	}
}

func TestRunForExitsZero(t *testing.T) {
	receiver := newOTLPReceiver(t, protocolGRPC)
	variables := receiver.variables()
	maps.Copy(variables, map[string]string{"PORT": freePort(t), "RUN_FOR": "50ms"})
	cmd, output := command(t, variables)
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	receiver.last(t)
}

func TestUnreachableCollectorIsLoggedAndExitsZero(t *testing.T) {
	cmd, output := command(t, map[string]string{
		"INSTRUMENTATION": "opentelemetry", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:" + freePort(t),
		"OTEL_EXPORTER_OTLP_TIMEOUT": "100", "PORT": freePort(t), "RUN_FOR": "50ms",
	})
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	if want := "sampleapp: the last metrics were not exported: "; !strings.Contains(output.String(), want) {
		t.Errorf("no %q in %q", want, output)
	}
}

func TestSigtermEndsWithinFiveSecondsWhateverHangs(t *testing.T) {
	t.Parallel()
	collector, err := net.Listen("tcp", "127.0.0.1:0") // never accepts
	if err != nil {
		t.Fatal(err)
	}
	defer collector.Close()
	port := freePort(t)
	cmd, output := command(t, map[string]string{
		"INSTRUMENTATION": "opentelemetry", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://" + collector.Addr().String(), "PORT": port,
	})
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	post(t, "http://127.0.0.1:"+port+"/orders?item=tea")
	client, err := net.Dial("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	fmt.Fprint(client, "POST /orders?item=tea HTTP/1.1\r\n") // and no more
	// Connections are accepted in their order: with this answer the one above is open, not just waiting to be.
	post(t, "http://127.0.0.1:"+port+"/orders?item=tea")

	start := time.Now()
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
	for _, want := range []string{"closing the requests still open after 2s", "the last metrics were not exported"} {
		if !strings.Contains(output.String(), want) {
			t.Errorf("no %q in %q", want, output)
		}
	}
}

func TestFailureToStartExitsOneWithOneMessage(t *testing.T) {
	taken, err := net.Listen("tcp", ":0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := fmt.Sprint(taken.Addr().(*net.TCPAddr).Port)
	tests := map[string]struct {
		variables map[string]string
		want      string
	}{
		"bad environment": {
			map[string]string{"PORT": "http", "RUN_FOR": "10"},
			`sampleapp: bad environment: PORT is "http", expected a port number from 1 to 65535; ` +
				`RUN_FOR is "10", expected a Go duration above 0 such as 90s` + "\n",
		},
		"port in use": {
			map[string]string{"PORT": port},
			"sampleapp: listen tcp :" + port + ": bind: address already in use\n",
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			cmd, output := command(t, test.variables)
			var exit *exec.ExitError
			if err := cmd.Run(); !errors.As(err, &exit) || exit.ExitCode() != 1 {
				t.Errorf("got %v, want exit code 1", err)
			}
			if output.String() != test.want {
				t.Errorf("got %q, want %q", output, test.want)
			}
		})
	}
}

// blockingMetrics hold an order until released.
type blockingMetrics struct {
	metrics
	entered, released chan struct{}
}

func (m *blockingMetrics) orderHandled(ctx context.Context, item string, took time.Duration) {
	close(m.entered)
	<-m.released
	m.metrics.orderHandled(ctx, item, took)
}

func TestOpenRequestIsFinishedBeforeTheLastExport(t *testing.T) {
	inner, receiver := newExported(t, protocolHTTP, nil)
	m := &blockingMetrics{inner, make(chan struct{}), make(chan struct{})}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	served, answered := make(chan error, 1), make(chan string, 1)
	go func() { served <- serve(ctx, listener, m) }()
	go func() {
		response, err := http.Post("http://"+listener.Addr().String()+"/orders?item=tea", "", nil)
		if err != nil {
			answered <- err.Error()
			return
		}
		defer response.Body.Close()
		body, _ := io.ReadAll(response.Body)
		answered <- string(body)
	}()

	<-m.entered
	stop()
	for {
		connection, err := net.Dial("tcp", listener.Addr().String())
		if err != nil {
			break // no longer accepts
		}
		connection.Close()
		time.Sleep(time.Millisecond)
	}
	close(m.released)
	if got := <-answered; got != "1" {
		t.Errorf("answered %q, want 1", got)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
	if got := receiver.last(t).orders(t)["tea"]; got != 1 {
		t.Errorf("exported %d orders, want 1", got)
	}
}
