package live

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/harness"
)

func TestRelayPassesConnectionsOnUntilClosed(t *testing.T) {
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = fmt.Fprint(w, "at ", r.URL.Path) }))
	defer app.Close()
	port, err := harness.FreePort()
	if err != nil {
		t.Fatal(err)
	}
	close, err := relay("127.0.0.1:"+port, app.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://127.0.0.1:" + port + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if body, err := io.ReadAll(response.Body); err != nil || string(body) != "at /metrics" {
		t.Errorf("got %q, %v", body, err)
	}
	close()
	if response, err := client.Get("http://127.0.0.1:" + port + "/metrics"); err == nil {
		_ = response.Body.Close()
		t.Error("it passes connections on after its end")
	}
}
