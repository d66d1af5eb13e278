// Command preview runs the task of a sample stack, or of your own template, on this machine, and draws the dashboards of what
// it stores on a page on loopback. docs/preview.md says how to use it, and what it emulates.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/dashboards"
	"github.com/seed86154836/cdk-otel-prometheus/preview/live"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/harness"
)

func main() {
	harness.RunIfCollector()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "preview:", err)
		os.Exit(1)
	}
}

// options are the command line.
type options struct {
	live.Options
	stack, listen, dashboards, repository string
	out, show                             string
	after                                 time.Duration
}

func parse(args []string) (o options, err error) {
	o.Parameters = map[string]string{}
	flags := flag.NewFlagSet("preview", flag.ContinueOnError)
	flags.StringVar(&o.stack, "stack", "FargateScrape", "sample `stack` to run, with the sample app")
	flags.StringVar(&o.Template, "template", "", "`file` of a synthesized template to run instead of a sample")
	flags.StringVar(&o.Task, "task", "", "logical `id` of the task definition, where the template has several")
	flags.Func("parameter", "`name=value` of a parameter of the template; may be repeated", func(s string) error {
		name, value, ok := strings.Cut(s, "=")
		if !ok {
			return errors.New("expected name=value")
		}
		o.Parameters[name] = value
		return nil
	})
	flags.StringVar(&o.Collector, "collector", "", "`name` of the collector's container (default: found by its image)")
	flags.StringVar(&o.App.Container, "container", "", "`name` of the app's container (default: the only one beside the collector)")
	flags.StringVar(&o.App.Command, "app-command", "", "`command` that runs as the app's container")
	flags.StringVar(&o.App.Address, "app-address", "", "`host:port` on loopback of an app that runs already")
	flags.DurationVar(&o.Interval, "interval", 5*time.Second, "longest `time` between two collections; longer ones of the template are shortened")
	flags.StringVar(&o.dashboards, "dashboards", "", "`directory` of JSON files to draw (default: that beside the template, with its name and -dashboards; or those of package dashboards)")
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8090", "`host:port` on loopback of the page")
	flags.StringVar(&o.out, "out", "", "PNG `file` to write with a headless browser, and end")
	flags.StringVar(&o.show, "show", "", "`uid` of the dashboard on the picture, rules or metrics (default: the first dashboard)")
	flags.DurationVar(&o.after, "after", 90*time.Second, "`time` to collect before the picture is taken")
	flags.StringVar(&o.repository, "repository", "..", "`directory` of this project")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unknown argument %q", flags.Arg(0))
	}
	return o, nil
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	listener, err := listenOnLoopback(o.listen)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	if o.Dir, err = os.MkdirTemp("", "preview"); err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(o.Dir) }()
	if o.Title = filepath.Base(o.Template); o.Template == "" {
		if err := o.sample(ctx); err != nil {
			return err
		}
	}
	if beside := strings.TrimSuffix(o.Template, ".template.json") + live.DashboardsFolder; o.dashboards == "" && exists(beside) {
		o.dashboards = beside
	}
	if o.dashboards != "" {
		if o.Dashboards, err = live.ReadDashboards(o.dashboards); err != nil {
			return err
		}
	}

	fmt.Println("starting the task of", o.Title)
	preview, err := live.Start(o.Options)
	if err != nil {
		return err
	}
	defer preview.Close()
	if tabs := preview.Tabs(); o.show != "" && !slices.Contains(tabs, o.show) {
		return fmt.Errorf("-show is %q; expected one of %s", o.show, strings.Join(tabs, ", "))
	}
	server := &http.Server{Handler: preview, ReadHeaderTimeout: 5 * time.Second}
	defer func() { _ = server.Close() }()
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	url := "http://" + listener.Addr().String() + "/"
	fmt.Println("the preview is at", url)

	var photo <-chan time.Time
	if o.out != "" {
		fmt.Printf("taking the picture in %s\n", o.after)
		photo = time.After(o.after)
	}
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return nil
	case <-photo:
		return live.Screenshot(ctx, url, o.show, o.out)
	}
}

// sample synthesizes the samples and builds the app that they run.
func (o *options) sample(ctx context.Context) error {
	if o.App != (live.App{}) {
		return errors.New("-app-command, -app-address and -container go with -template: a sample runs the sample app")
	}
	fmt.Println("synthesizing", o.stack+"; the first time this compiles awscdk and the sample app, a minute or two")
	dir := filepath.Join(o.Dir, "cdk.out")
	if err := harness.Synth(ctx, o.repository, dir); err != nil {
		return err
	}
	o.Title, o.Template = o.stack, filepath.Join(dir, o.stack+".template.json")
	if !exists(o.Template) {
		return fmt.Errorf("there is no stack %q; package stacks lists them", o.stack)
	}
	o.App.Sample = filepath.Join(o.Dir, "sampleapp")
	if err := harness.Build(ctx, filepath.Join(o.repository, "sampleapp"), ".", o.App.Sample); err != nil {
		return err
	}
	var err error
	o.Dashboards, err = dashboards.All(live.SampleDashboards(o.Interval))
	return err
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// listenOnLoopback refuses other addresses: the page shows whatever the app exports.
func listenOnLoopback(address string) (net.Listener, error) {
	resolved, err := net.ResolveTCPAddr("tcp", address)
	if err != nil {
		return nil, err
	}
	if !resolved.IP.IsLoopback() {
		return nil, fmt.Errorf("-listen is %s; expected an address on loopback, such as 127.0.0.1:8090", address)
	}
	return net.ListenTCP("tcp", resolved)
}
