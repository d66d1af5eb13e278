package e2e

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configtelemetry"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/otelcol"
	"go.opentelemetry.io/collector/service"
	"go.opentelemetry.io/collector/service/telemetry/otelconftelemetry"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/seed86154836/cdk-otel-prometheus/internal/collector"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/adot"
)

// configVariable carries a configuration into the collector, as in a task.
const configVariable = "COLLECTOR_CONFIG"

// factories are made once: a fuzzer loads thousands of configurations with them.
var factories = sync.OnceValues(adot.Components)

// loadConfig reads a configuration as the collector does at its start, and validates it.
func loadConfig(text string, log *zap.Logger) (*otelcol.Config, error) {
	factories, err := factories()
	if err != nil {
		return nil, err
	}
	if err := os.Setenv(configVariable, text); err != nil {
		return nil, err
	}
	settings := adot.Settings().ConfigProviderSettings
	settings.ResolverSettings.URIs = []string{"env:" + configVariable}
	settings.ResolverSettings.ProviderSettings.Logger = log
	provider, err := otelcol.NewConfigProvider(settings)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	defer func() { _ = provider.Shutdown(ctx) }()
	config, err := provider.Get(ctx, factories)
	if err != nil {
		return nil, err
	}
	return config, confmap.Validate(config)
}

// construct makes the service and all its components out of a loaded configuration, without starting them. What is wrong
// with an OTTL statement, a resource action or an external label comes to light here only.
func construct(config *otelcol.Config, log zapcore.Core) error {
	factories, err := factories()
	if err != nil {
		return err
	}
	// The reader of the collector's own metrics would listen from now on; TestCollectorReportsItsOwnLosses runs it.
	config.Service.Telemetry.(*otelconftelemetry.Config).Metrics.Level = configtelemetry.LevelNone
	_, err = service.New(context.Background(), service.Settings{
		BuildInfo:        adot.Settings().BuildInfo,
		ReceiversConfigs: config.Receivers, ReceiversFactories: factories.Receivers,
		ProcessorsConfigs: config.Processors, ProcessorsFactories: factories.Processors,
		ExportersConfigs: config.Exporters, ExportersFactories: factories.Exporters,
		ConnectorsConfigs: config.Connectors, ConnectorsFactories: factories.Connectors,
		ExtensionsConfigs: config.Extensions, ExtensionsFactories: factories.Extensions,
		TelemetryFactory: factories.Telemetry,
		BuildZapLogger: func(c zap.Config, options ...zap.Option) (*zap.Logger, error) {
			return c.Build(append(options, zap.WrapCore(func(zapcore.Core) zapcore.Core { return log }))...)
		},
	}, config.Service)
	return err
}

// emulateAWS gives this process what a task has when the collector loads its configuration: credentials, the address of the
// metadata, and an STS that lets every role be assumed.
func emulateAWS(t testing.TB) {
	t.Helper()
	sts := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = fmt.Fprintf(w, `<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>
			<AccessKeyId>ASIAE2ETEST</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>
			<Expiration>%s</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`, time.Now().Add(time.Hour).Format(time.RFC3339))
	}))
	t.Cleanup(sts.Close)
	t.Cleanup(func() { _ = os.RemoveAll("/tmp/cdk-otel-prometheus") }) // folders for lists of targets, which are made with the components
	for name, value := range emulated {
		t.Setenv(name, value)
	}
	for name, value := range map[string]string{
		"AWS_ACCESS_KEY_ID": "AKIAE2ETEST", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true",
		"AWS_ENDPOINT_URL_STS": sts.URL, configVariable: "",
		"ECS_CONTAINER_METADATA_URI_V4": "http://127.0.0.1/v4/container", // nothing is read before the start
	} {
		t.Setenv(name, value)
	}
}

// emulated are the variables that generated configurations name. An account number that begins with 0 must stay a text.
var emulated = collector.Config{AssumeRole: true, ExternalID: true, Fleet: &collector.Fleet{}}.Environment(collector.Deployment{
	Endpoint: workspaceURL, Region: values.Region, TaskRegion: values.Region, AccountID: "012345678901", Family: "1e2", Cluster: "0123",
	RoleARN: "arn:aws:iam::111122223333:role/writer", STSRegion: values.Region, ExternalID: "0123",
})

// setVariables are those that configurations in testdata name.
func setVariables(t testing.TB) {
	t.Helper()
	for name, value := range map[string]string{
		"ADMIN_CA": "", "ADMIN_PASSWORD": "0123", "TOKEN": "1e3",
		"AWS_PROMETHEUS_ENDPOINT": "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1/api/v1/remote_write",
	} {
		t.Setenv(name, value)
	}
}

// TestGoldenConfigurationsBuild loads every configuration that the library's own tests expect. When the ADOT version is
// raised, this says what the new components refuse or call deprecated.
func TestGoldenConfigurationsBuild(t *testing.T) {
	buildAll(t, "*.yaml", func(t *testing.T, _ string, warnings []string) {
		for _, warning := range warnings {
			if strings.HasPrefix(warning, "the default value for DimensionRollupOption will be changing") {
				continue // awsemf says so whatever the option is set to
			}
			t.Errorf("the collector complains: %s", warning)
		}
	})
}

// TestAcceptedConfigurationsBuild does the same with what Check is tested to accept of users. Older names stay accepted, but
// the collector says so.
func TestAcceptedConfigurationsBuild(t *testing.T) {
	buildAll(t, "good/*.yaml", func(t *testing.T, name string, warnings []string) {
		if older := name == "older_spellings"; older != (len(warnings) > 0) {
			t.Errorf("the collector's complaints are %v", warnings)
		}
	})
}

func buildAll(t *testing.T, pattern string, judge func(t *testing.T, name string, warnings []string)) {
	emulateAWS(t)
	setVariables(t)
	files, err := filepath.Glob(filepath.Join(repository, "internal/collector/testdata", pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no configurations: %v", err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".yaml")
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			log, entries := observer.New(zapcore.WarnLevel)
			config, err := loadConfig(string(text), zap.New(log))
			if err == nil {
				err = construct(config, log)
			}
			if err != nil {
				t.Fatal(err)
			}
			var warnings []string
			for _, entry := range entries.All() {
				warnings = append(warnings, fmt.Sprint(entry.Message, " ", entry.ContextMap()))
			}
			judge(t, name, warnings)
		})
	}
}

// leftOut are the components of ADOT that the component set of these tests cannot have; the documentation of package adot
// says why.
var leftOut = map[string][]string{
	"receivers":  {"awscontainerinsightreceiver", "kafka"},
	"exporters":  {"awscloudwatchlogs", "datadog", "kafka", "load_balancing", "loadbalancing", "logzio", "signalfx"},
	"extensions": {"awsproxy"},
}

// TestComponentTableMatchesTheFactories compares the names that the library takes for ADOT's with the names that the
// factories go by, older spellings included.
func TestComponentTableMatchesTheFactories(t *testing.T) {
	factories, err := factories()
	if err != nil {
		t.Fatal(err)
	}
	for kind, have := range map[string][]string{
		"extensions": typeNames(factories.Extensions), "receivers": typeNames(factories.Receivers),
		"processors": typeNames(factories.Processors), "exporters": typeNames(factories.Exporters),
		"connectors": typeNames(factories.Connectors),
	} {
		known := collector.KnownComponents()[kind]
		for _, name := range have {
			if !slices.Contains(known, name) {
				t.Errorf("%s: the component set has %s, and the library does not know it", kind, name)
			}
		}
		missing := slices.DeleteFunc(known, func(name string) bool { return slices.Contains(have, name) })
		slices.Sort(missing)
		if !slices.Equal(missing, leftOut[kind]) {
			t.Errorf("%s: the component set lacks %v, expected %v", kind, missing, leftOut[kind])
		}
	}
	documentation, err := os.ReadFile("adot/doc.go")
	if err != nil {
		t.Fatal(err)
	}
	for kind, names := range leftOut {
		for _, name := range names {
			if !strings.Contains(string(documentation), strings.TrimSuffix(name, "receiver")) {
				t.Errorf("adot/doc.go does not say that it leaves out %s of the %s", name, kind)
			}
		}
	}
}

func typeNames[F any](factories map[component.Type]F) []string {
	var names []string
	for name := range maps.Keys(factories) {
		names = append(names, name.String())
	}
	return names
}
