package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/otelcol"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.yaml.in/yaml/v3"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/test/corpus"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/adot"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/keytable"
)

// TestKeyTableIsThatOfTheFactories: make keytable writes the table that internal/collector embeds.
func TestKeyTableIsThatOfTheFactories(t *testing.T) {
	factories, err := factories()
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile(filepath.Join(repository, "internal/collector/keys.txt"))
	if err != nil {
		t.Fatal(err)
	}
	have := strings.Split(keytable.Generate(factories), "\n")
	for i, line := range strings.Split(string(want), "\n") {
		if i >= len(have) || have[i] != line {
			t.Fatalf("keys.txt:%d is\n%s\nbut the factories say\n%s\nrun make keytable, and read the difference", i+1, line, have[min(i, len(have)-1)])
		}
	}
}

// start runs a collector with a configuration as a task does, until it has started, and gives back why it has not.
func start(text string) error {
	if err := os.Setenv(configVariable, text); err != nil {
		return err
	}
	settings := adot.Settings()
	settings.ConfigProviderSettings.ResolverSettings.URIs = []string{"env:" + configVariable}
	if strings.Contains(text, "\nservice:") && !strings.Contains(text, "telemetry:") && !strings.Contains(text, "service: $") {
		// A collector's own metrics have one port, which another collector on this machine may have.
		settings.ConfigProviderSettings.ResolverSettings.URIs = append(settings.ConfigProviderSettings.ResolverSettings.URIs, "yaml:service::telemetry::metrics::level: none")
	}
	settings.DisableGracefulShutdown = true
	settings.LoggingOptions = []zap.Option{zap.WrapCore(func(zapcore.Core) zapcore.Core { return zapcore.NewNopCore() })}
	c, err := otelcol.NewCollector(settings)
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() { ended <- c.Run(ctx) }()
	running := time.Time{}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		select {
		case err := <-ended:
			if err == nil {
				err = errors.New("it ended by itself")
			}
			return err
		default:
		}
		switch {
		case c.GetState() != otelcol.StateRunning:
		case running.IsZero():
			running = time.Now()
		case time.Since(running) > 100*time.Millisecond: // some components fail a moment after the start
			c.Shutdown()
			<-ended // what it says now is about the network: it cannot send what it still has
			return nil
		}
	}
	c.Shutdown()
	return fmt.Errorf("it has not started: %w", <-ended)
}

// TestCheckJudgesAsTheCollectorDoes hands every configuration of the corpus to Check and to a collector.
func TestCheckJudgesAsTheCollectorDoes(t *testing.T) {
	emulateAWS(t)
	matrix := map[string]int{}
	for _, kind := range []string{"good", "bad"} {
		cases, err := corpus.Read(filepath.Join(repository, "internal/collector/testdata/corpus", kind))
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range cases {
			t.Run(kind+"/"+c.Name, func(t *testing.T) {
				t.Setenv("DIR", t.TempDir())
				for name, value := range c.Env {
					t.Setenv(name, value)
				}
				verdict, truth := collector.Check(c.Text, collector.CheckOptions{}), start(c.Text)
				if c.Policy {
					matrix["refused by policy"]++
					if verdict == nil || truth != nil {
						t.Errorf("a case of policy: Check says %v, the collector %v", verdict, truth)
					}
					return
				}
				if (truth == nil) != (kind == "good") {
					t.Errorf("the case is in the wrong folder: the collector says %v", truth)
				}
				switch {
				case truth == nil && verdict == nil:
					matrix["starts, accepted"]++
				case truth != nil && verdict != nil:
					matrix["does not start, refused"]++
				case truth == nil:
					matrix["starts, refused"]++
					t.Errorf("refused, and it starts: %v", verdict)
				default:
					matrix["does not start, accepted"]++
					t.Errorf("accepted, and it does not start: %v", truth)
				}
			})
		}
	}
	t.Logf("%v", matrix)
	if n := matrix["starts, accepted"] + matrix["does not start, refused"]; n < 120 {
		t.Errorf("only %d cases were judged alike", n)
	}
}

// TestCheckFindsMisspeltKeys misspells each key of the good configurations, one at a time, and compares Check with the factories. Operators of
// file_log are not in the table, and of what comes from an expansion nothing is known.
func TestCheckFindsMisspeltKeys(t *testing.T) {
	emulateAWS(t)
	cases, err := corpus.Read(filepath.Join(repository, "internal/collector/testdata/corpus/good"))
	if err != nil {
		t.Fatal(err)
	}
	tried, misspelt := 0, 0
	for _, c := range cases {
		if strings.HasPrefix(c.Name, "expansions/") {
			continue
		}
		t.Setenv("DIR", t.TempDir())
		for name, value := range c.Env {
			t.Setenv(name, value)
		}
		var document yaml.Node
		if err := yaml.Unmarshal([]byte(c.Text), &document); err != nil {
			t.Fatal(err)
		}
		var walk func(n *yaml.Node, path string)
		walk = func(n *yaml.Node, path string) {
			for i, child := range n.Content {
				if n.Kind != yaml.MappingNode {
					walk(child, path)
					continue
				}
				if key := n.Content[i&^1].Value; i%2 == 1 && key != "operators" {
					walk(child, path+"."+key)
				}
				if i%2 == 1 || child.Tag == "!!merge" {
					continue
				}
				key := child.Value
				child.Value += "x"
				text, err := yaml.Marshal(&document)
				child.Value = key
				if err != nil {
					t.Fatal(err)
				}
				verdict := collector.Check(string(text), collector.CheckOptions{})
				truth := loadAndConstruct(string(text))
				if tried++; truth != nil {
					misspelt++
				}
				if (verdict == nil) != (truth == nil) && !knownToCheckOnly(verdict) {
					t.Errorf("%s: with %s.%sx, Check says %v, the factories %v", c.Name, path, key, verdict, truth)
				}
			}
		}
		walk(&document, "")
	}
	t.Logf("%d keys, of which %d are needed as they are", tried, misspelt)
	if misspelt < 400 {
		t.Error("the test has lost its point")
	}
}

// loadAndConstruct loads a configuration and makes its components. Some panic on what they do not expect.
func loadAndConstruct(text string) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v", r)
		}
	}()
	config, err := loadConfig(text, zap.NewNop())
	if err != nil {
		return err
	}
	return construct(config, zapcore.NewNopCore())
}

// knownToCheckOnly says whether an error comes to light at the start only, or is one of policy.
func knownToCheckOnly(err error) bool {
	for _, text := range []string{"not among the extensions of service", "has no auth: authenticator", "has no endpoint", "listen on port"} {
		if err != nil && strings.Contains(err.Error(), text) {
			return true
		}
	}
	return false
}
