package adot

import (
	"fmt"
	"os"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/confmap/provider/envprovider"
	"go.opentelemetry.io/collector/confmap/provider/fileprovider"
	"go.opentelemetry.io/collector/confmap/provider/httpprovider"
	"go.opentelemetry.io/collector/confmap/provider/httpsprovider"
	"go.opentelemetry.io/collector/confmap/provider/yamlprovider"
	"go.opentelemetry.io/collector/otelcol"
)

// ConfigContentVar is the variable whose presence, even with an empty value, makes ADOT ignore every --config and --set.
const ConfigContentVar = "AOT_CONFIG_CONTENT"

// Main runs the collector with the arguments of a container's command until SIGTERM or SIGINT, and returns its exit code.
func Main(args []string) int {
	if _, set := os.LookupEnv(ConfigContentVar); set {
		args = append(withoutConfig(args), "--config=env:"+ConfigContentVar)
	}
	cmd := otelcol.NewCommand(Settings())
	cmd.SetArgs(args)
	if err := cmd.Execute(); err != nil {
		fmt.Fprintln(os.Stderr, "application run finished with error:", err)
		return 1
	}
	return 0
}

// Settings are the collector's settings without a config location.
func Settings() otelcol.CollectorSettings {
	return otelcol.CollectorSettings{
		Factories: Components,
		BuildInfo: component.BuildInfo{Command: "awscollector", Description: "ADOT v0.50.0 component set", Version: "v0.50.0"},
		ConfigProviderSettings: otelcol.ConfigProviderSettings{ResolverSettings: confmap.ResolverSettings{
			DefaultScheme: "env", // as ADOT has it
			ProviderFactories: []confmap.ProviderFactory{
				envprovider.NewFactory(), fileprovider.NewFactory(), yamlprovider.NewFactory(),
				httpprovider.NewFactory(), httpsprovider.NewFactory(),
			},
		}},
	}
}

// withoutConfig drops --config and --set, as ADOT does, each with its value.
func withoutConfig(args []string) []string {
	var kept []string
	for i := 0; i < len(args); i++ {
		switch flag, _, _ := strings.Cut(args[i], "="); {
		case flag == args[i] && (flag == "--config" || flag == "--set"):
			i++
		case flag == "--config" || flag == "--set":
		default:
			kept = append(kept, args[i])
		}
	}
	return kept
}
