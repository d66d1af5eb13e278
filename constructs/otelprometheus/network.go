package otelprometheus

import (
	"slices"
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
)

// linkScraped leads the scrape jobs that read a container to it. Only with network mode bridge.
func (s *Sidecar) linkScraped(container awsecs.ContainerDefinition, name string) bool {
	first := slices.Contains(s.settings.scraped, firstEligible) && (s.firstScraped == "" || s.firstScraped == name)
	if !first && !slices.Contains(s.settings.scraped, name) {
		return false
	}
	s.linked[name] = true
	s.collector.AddLink(container, nil)
	if first {
		s.firstScraped = name
		s.leadTo(name)
	}
	return true
}

// leadTo writes the configuration again, with the name of the first container.
func (s *Sidecar) leadTo(name string) {
	changed := *s.settings
	changed.config.Scrape = slices.Clone(changed.config.Scrape)
	for i, container := range changed.scraped {
		if container == firstEligible {
			job := &changed.config.Scrape[i]
			_, port, _ := strings.Cut(job.Targets[0], ":")
			job.Targets = []string{name + ":" + port}
		}
	}
	var f input.Faults
	changed.render(&f)
	f.PanicIfAny("the collector's configuration") // it was rendered before; answer makes it an error of the construct
	s.settings = &changed
	s.update(changed.secrets)
}
