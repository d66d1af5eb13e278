package live

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/dashboards"
	"github.com/seed86154836/cdk-otel-prometheus/constructs/slo"
)

const requestHistogram = "sampleapp_order_duration_seconds"

// SampleDashboards show the sample app.
func SampleDashboards(interval time.Duration) dashboards.Options {
	return dashboards.Options{
		CollectionInterval: interval,
		Application: []dashboards.Metric{
			{Title: "Orders", Description: "Orders per second, by item.", Kind: dashboards.Counter, Selector: "sampleapp_orders_total", By: "item"},
			{Title: "Queue", Description: "Orders that wait.", Kind: dashboards.Gauge, Selector: "sampleapp_queue_depth"},
			{Title: "Order duration", Description: "Time that an order takes.", Kind: dashboards.Histogram, Selector: requestHistogram},
		},
		SLOs: sampleObjectives(),
	}
}

func sampleObjectives() []*slo.SLO {
	return []*slo.SLO{{Name: "orders-are-fast", Description: "Orders are fast", Objective: 0.99, Histogram: requestHistogram, Threshold: 0.005}}
}

// startLoad shops at every sample app: up to ten orders a second, in waves of a minute.
func (p *Preview) startLoad(d *deployment) error {
	ctx, cancel := context.WithCancel(context.Background())
	p.closers = append(p.closers, cancel)
	for i, name := range d.apps() {
		container, err := p.task.Container(name)
		if err != nil {
			return err
		}
		port, ok := container.Lookup("PORT")
		if !ok {
			port = "8080"
		}
		go shop(ctx, "http://127.0.0.1:"+port, float64(i))
	}
	return nil
}

var menu = []string{"tea", "tea", "coffee", "coffee", "coffee", "cake"}

func shop(ctx context.Context, url string, phase float64) {
	client := &http.Client{Timeout: 5 * time.Second}
	post := func(format string, args ...any) {
		// The app may not be up yet, or be gone; the page tells.
		if response, err := client.Post(url+fmt.Sprintf(format, args...), "", nil); err == nil {
			_ = response.Body.Close()
		}
	}
	for n := 0; ; n++ {
		wave := math.Sin(phase + 2*math.Pi*float64(time.Now().UnixMilli()%60_000)/60_000)
		select {
		case <-ctx.Done():
			return
		case <-time.After(time.Duration((250 - 150*wave) * float64(time.Millisecond))):
		}
		post("/orders?item=%s", menu[n%len(menu)])
		if n%4 == 0 {
			post("/queue?depth=%d", 6+int(5*wave)+n/4%3)
		}
	}
}
