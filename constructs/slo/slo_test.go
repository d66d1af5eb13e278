package slo_test

import (
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/constructs/slo"
)

func availability() *slo.SLO {
	return &slo.SLO{Name: "availability", Objective: 0.999, Requests: "http_requests_total", Errors: `http_requests_total{code=~"5.."}`}
}

func latency() *slo.SLO {
	return &slo.SLO{Name: "latency", Objective: 0.99, Histogram: "http_request_duration_seconds", Threshold: 0.3}
}

// TestObjectivesAreRejected has one entry for each rejection, with what its message must say.
func TestObjectivesAreRejected(t *testing.T) {
	availability := func(change func(*slo.SLO)) []*slo.SLO { s := availability(); change(s); return []*slo.SLO{s} }
	latency := func(change func(*slo.SLO)) []*slo.SLO { s := latency(); change(s); return []*slo.SLO{s} }
	rate := func(factor float64, long, short time.Duration) []*slo.SLO {
		return availability(func(s *slo.SLO) { s.BurnRates = []slo.BurnRate{{Factor: factor, Long: long, Short: short}} })
	}
	errors := func(selector string) []*slo.SLO { return availability(func(s *slo.SLO) { s.Errors = selector }) }
	for name, tc := range map[string]struct {
		objectives []*slo.SLO
		want       []string
	}{
		"nothing":         {[]*slo.SLO{nil, {}}, []string{"SLOs[0] is nil; remove it or describe an objective", `SLOs[1].Name is ""; it must have 1 to 40 lower-case letters`, "SLOs[1].Objective is 0; it must be from 0.5 to 0.99999", "SLOs[1] measures nothing or two things"}},
		"two of one name": {append(availability(func(*slo.SLO) {}), availability(func(*slo.SLO) {})...), []string{`SLOs[1].Name is "availability", as that of SLOs[0]; give each objective its own`}},
		"name":            {availability(func(s *slo.SLO) { s.Name = "Orders succeed" }), []string{`SLOs[0].Name is "Orders succeed"; it must have 1 to 40 lower-case`}},
		"percent":         {availability(func(s *slo.SLO) { s.Objective = 99.9 }), []string{"SLOs[0].Objective is 99.9; it is a share, so write 0.999"}},
		"certainty":       {availability(func(s *slo.SLO) { s.Objective = 1 }), []string{"SLOs[0].Objective is 1; it must be from 0.5 to 0.99999"}},
		"not a number":    {availability(func(s *slo.SLO) { s.Objective = math.NaN() }), []string{"SLOs[0].Objective is NaN"}},
		"unreachable":     {availability(func(s *slo.SLO) { s.Objective = 0.9 }), []string{"SLOs[0].BurnRates[0].Factor is 14.4, which with an objective of 0.9 is an error ratio of 1.44 and never reached; give BurnRates with a factor below 10"}},
		"tokens": {availability(func(s *slo.SLO) {
			token := math.Float64frombits(0xFBFF_0000_0000_0001) // as awscdk encodes them
			s.Objective, s.BurnRates = token, []slo.BurnRate{{Factor: token, Long: time.Hour, Short: 5 * time.Minute}}
		}), []string{"SLOs[0].Objective is a token; it must be known at synthesis", "SLOs[0].BurnRates[0].Factor is a token"}},

		"errors of nothing":  {availability(func(s *slo.SLO) { s.Requests = "" }), []string{"SLOs[0] has only one of Requests and Errors; set both"}},
		"both kinds":         {availability(func(s *slo.SLO) { s.Histogram = "h" }), []string{"SLOs[0] measures nothing or two things; set Requests and Errors, or Histogram and Threshold"}},
		"latency of nothing": {latency(func(s *slo.SLO) { s.Histogram = "" }), []string{"SLOs[0] has a Threshold without a Histogram"}},
		"no threshold":       {latency(func(s *slo.SLO) { s.Threshold = 0 }), []string{"SLOs[0].Threshold is 0; it must be more than 0 and at most 1000000000"}},
		"huge threshold":     {latency(func(s *slo.SLO) { s.Threshold = 1e10 }), []string{"SLOs[0].Threshold is 1e+10; it must be from 0 to 1000000000"}},
		"part of a histogram": {latency(func(s *slo.SLO) { s.Histogram = "http_bucket{}" }),
			[]string{`SLOs[0].Histogram is "http_bucket{}", one part of a histogram; name the histogram without suffix, http`}},

		"expression":       {errors("sum(a)"), []string{`SLOs[0].Errors is "sum(a)", but "(a)" stands after the name; only matchers in braces can`}},
		"no name":          {errors(`{a="b"}`), []string{"must start with the name of a metric"}},
		"dots":             {errors("http.errors"), []string{`"http.errors" has dots; in AMP, names have underscores instead, such as http_errors`}},
		"digit":            {errors("5xx"), []string{`"5xx" is not the name of a metric`}},
		"open":             {errors(`a{b="c"`), []string{"its brace is not closed"}},
		"no matcher":       {errors("a{code}"), []string{`"code}" is not a matcher; write label="value"`}},
		"bad label":        {errors(`a{a-b="c"}`), []string{`"a-b" is not the name of a label`}},
		"no quotes":        {errors("a{b=c}"), []string{"the value of b is not in quotes"}},
		"bad string":       {errors(`a{b="\q"}`), []string{`the value "\q" of b is not a string that parses`}},
		"bad pattern":      {errors(`a{b=~"("}`), []string{"the value of b has a regular expression that does not parse"}},
		"family":           {errors(`a{aws_ecs_task_family="x"}`), []string{"rules and dashboards add aws_ecs_task_family themselves; leave it out"}},
		"range":            {errors(`a{b="c"}[5m]`), []string{`"[5m]" stands after the matchers; a selector ends there`}},
		"only white space": {errors(" "), []string{`SLOs[0].Errors is empty; name a metric, such as http_requests_total{job="shop"}`}},

		"window of seconds":      {availability(func(s *slo.SLO) { s.Window = 90 * time.Second }), []string{"SLOs[0].Window is 1m30s; it must be whole minutes"}},
		"window below the rates": {availability(func(s *slo.SLO) { s.Window = 48 * time.Hour }), []string{"SLOs[0].BurnRates[3] has Long 72h0m0s and Short 6h0m0s; they must be whole minutes, Short at least 5 minutes, Long more than Short and at most the Window, 2d"}},
		"no burn rates":          {availability(func(s *slo.SLO) { s.BurnRates = []slo.BurnRate{} }), []string{"SLOs[0].BurnRates is empty"}},
		"factor":                 {rate(0, time.Hour, 5*time.Minute), []string{"SLOs[0].BurnRates[0].Factor is 0; it must be more than 0 and at most 1000"}},
		"windows upside down":    {rate(1, 5*time.Minute, time.Hour), []string{"SLOs[0].BurnRates[0] has Long 5m0s and Short 1h0m0s; they must be whole minutes"}},
		"short window":           {rate(1, time.Hour, 4*time.Minute), []string{"has Long 1h0m0s and Short 4m0s"}},
		"half a minute":          {rate(1, 3630*time.Second, 5*time.Minute), []string{"has Long 1h0m30s and Short 5m0s"}},
	} {
		t.Run(name, func(t *testing.T) {
			err := slo.Validate(tc.objectives)
			if err == nil {
				t.Fatal("it is accepted")
			}
			for _, want := range tc.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q is missing in\n%v", want, err)
				}
			}
			if n := strings.Count(err.Error(), "\n") + 1; n != len(tc.want) {
				t.Errorf("%d errors, want %d:\n%v", n, len(tc.want), err)
			}
		})
	}
}

func TestObjectivesAreAccepted(t *testing.T) {
	lenient := availability()
	lenient.Name, lenient.Objective, lenient.Window = "lenient", 0.5, 7*24*time.Hour
	lenient.BurnRates = []slo.BurnRate{{Factor: 1.9, Long: 7 * 24 * time.Hour, Short: 61 * time.Minute, Page: true}}
	lenient.Errors = ` a:b { c!='"}' , d!~"e|\\.", }`
	before := *lenient
	if err := slo.Validate([]*slo.SLO{availability(), latency(), lenient}); err != nil {
		t.Error(err)
	}
	if !reflect.DeepEqual(*lenient, before) {
		t.Errorf("the objective is %+v, was %+v", *lenient, before)
	}
}

// Who shows an objective can say what its defaults come to.
func ExampleSLO_WithDefaults() {
	s := slo.SLO{Name: "availability", Objective: 0.999, Requests: "http_requests_total", Errors: `http_requests_total{code=~"5.."}`}
	if err := slo.Validate([]*slo.SLO{&s}); err != nil {
		panic(err)
	}
	s = s.WithDefaults()
	for _, r := range s.BurnRates {
		fmt.Printf("%.0f %% of the budget of %g days in %g hours\n", 100*r.Factor*r.Long.Hours()/s.Window.Hours(), s.Window.Hours()/24, r.Long.Hours())
	}
	// Output:
	// 2 % of the budget of 30 days in 1 hours
	// 5 % of the budget of 30 days in 6 hours
	// 10 % of the budget of 30 days in 24 hours
	// 10 % of the budget of 30 days in 72 hours
}
