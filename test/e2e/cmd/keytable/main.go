// Keytable prints the table of the collector's keys that internal/collector embeds.
package main

import (
	"fmt"
	"log"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/adot"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/keytable"
)

func main() {
	factories, err := adot.Components()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(keytable.Generate(factories))
}
