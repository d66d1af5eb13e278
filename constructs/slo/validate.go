package slo

import (
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/internal/prom"
	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

const (
	shortest     = 5 * time.Minute // the window of the recorded rates
	maxFactor    = 1000
	maxThreshold = 1e9
)

var nameText = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

// Validate reports everything that is wrong with objectives, one error a line. Rules and dashboards call it; a program that
// reads objectives from somewhere can do so earlier.
func Validate(objectives []*SLO) error {
	var errs []error
	first := map[string]int{}
	for i, s := range objectives {
		c := checker{where: fmt.Sprintf("SLOs[%d]", i)}
		if s == nil {
			c.errorf(" is nil; remove it or describe an objective")
		} else {
			if twin, twice := first[s.Name]; twice && s.Name != "" {
				c.errorf(".Name is %q, as that of SLOs[%d]; give each objective its own", s.Name, twin)
			} else {
				first[s.Name] = i
			}
			s.WithDefaults().check(&c)
		}
		errs = append(errs, c.errs...)
	}
	return errors.Join(errs...)
}

// checker collects what is wrong with one objective.
type checker struct {
	where string
	errs  []error
}

func (c *checker) errorf(format string, args ...any) {
	c.errs = append(c.errs, fmt.Errorf(c.where+format, args...))
}

func (c *checker) number(field string, n, low, high float64) bool {
	problem := prom.CheckNumber(c.where+field, n, low, high)
	if problem != "" {
		c.errs = append(c.errs, errors.New(problem))
	}
	return problem == ""
}

func (c *checker) positive(field string, n, high float64) bool {
	if n <= 0 && !token.Is(n) {
		c.errorf("%s is %s; it must be more than 0 and at most %s", field, prom.Number(n), prom.Number(high))
		return false
	}
	return c.number(field, n, 0, high)
}

func (c *checker) selector(field, text string, parse func(string) (prom.Selector, error)) {
	if _, err := parse(text); err != nil {
		c.errorf("%s %w", field, err)
	}
}

func (s SLO) check(c *checker) {
	if !nameText.MatchString(s.Name) {
		c.errorf(".Name is %q; it must have 1 to 40 lower-case letters, digits and dashes, the first a letter", s.Name)
	}
	s.checkMetrics(c)
	reachable := false
	if o := s.Objective; o >= 50 && o < 100 {
		c.errorf(".Objective is %s; it is a share, so write %s", prom.Number(o), prom.Number(o/100))
	} else {
		reachable = c.number(".Objective", o, 0.5, 0.99999)
	}
	if s.Window < shortest || s.Window%time.Minute != 0 {
		c.errorf(".Window is %s; it must be whole minutes, at least 5 and as long as the longest of BurnRates", s.Window)
		return
	}
	if len(s.BurnRates) == 0 {
		c.errorf(".BurnRates is empty; leave it out for the default, or give at least one")
	}
	for i, r := range s.BurnRates {
		field := fmt.Sprintf(".BurnRates[%d]", i)
		if c.positive(field+".Factor", r.Factor, maxFactor) && reachable && r.Factor*(1-s.Objective) >= 1 {
			c.errorf("%s.Factor is %s, which with an objective of %s is an error ratio of %s and never reached; give BurnRates with a factor below %s",
				field, prom.Number(r.Factor), prom.Number(s.Objective), prom.Number(r.Factor*(1-s.Objective)), prom.Number(1/(1-s.Objective)))
		}
		if r.Short < shortest || r.Short%time.Minute != 0 || r.Long%time.Minute != 0 || r.Long <= r.Short || r.Long > s.Window {
			c.errorf("%s has Long %s and Short %s; they must be whole minutes, Short at least 5 minutes, Long more than Short and at most the Window, %s",
				field, r.Long, r.Short, prom.Duration(s.Window))
		}
	}
}

func (s SLO) checkMetrics(c *checker) {
	ofErrors, ofLatency := s.Requests != "" || s.Errors != "", s.Histogram != "" || s.Threshold != 0
	switch {
	case ofErrors == ofLatency:
		c.errorf(" measures nothing or two things; set Requests and Errors, or Histogram and Threshold")
	case ofErrors && (s.Requests == "" || s.Errors == ""):
		c.errorf(" has only one of Requests and Errors; set both")
	case ofLatency && s.Histogram == "":
		c.errorf(" has a Threshold without a Histogram; set both")
	case ofLatency:
		c.positive(".Threshold", s.Threshold, maxThreshold)
	}
	if s.Requests != "" {
		c.selector(".Requests", s.Requests, prom.ParseScopedSelector)
	}
	if s.Errors != "" {
		c.selector(".Errors", s.Errors, prom.ParseScopedSelector)
	}
	if s.Histogram != "" {
		c.selector(".Histogram", s.Histogram, prom.ParseHistogram)
	}
}
