package collector

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

const minMemoryLimitMiB = 64

// Validate reports everything that would keep the collector from starting or from doing what was asked, all at once.
func (c Config) Validate() error {
	var v faults
	if c.OTLP == nil && len(c.Scrape) == 0 && c.TaskMetrics == nil {
		v.add("nothing to collect: turn on OTLP or task metrics, or add a scrape job")
	}
	c.OTLP.validate(&v)
	validateScrape(&v, c.Scrape)
	if t := c.TaskMetrics; t != nil {
		v.positive("task metrics: interval", t.Interval)
	}
	c.RemoteWrite.validate(&v)
	c.Labels.validate(&v)
	if c.MemoryLimitMiB != 0 && c.MemoryLimitMiB < minMemoryLimitMiB {
		v.add("memory limit %d MiB: the collector needs at least %d MiB", c.MemoryLimitMiB, minMemoryLimitMiB)
	}
	for _, l := range c.listeners() {
		v.address(l.what, l.address)
	}
	v.distinctAddresses(c)
	return errors.Join(v...)
}

func (o *OTLP) validate(v *faults) {
	if o == nil {
		return
	}
	if o.GRPCEndpoint == "" && o.HTTPEndpoint == "" {
		v.add("otlp: neither gRPC nor HTTP is on; set an endpoint for at least one")
	}
}

func validateScrape(v *faults, jobs []ScrapeJob) {
	seen := map[string]bool{}
	for i, j := range jobs {
		where := fmt.Sprintf("scrape job %q", j.Name)
		if j.Name == "" {
			where = fmt.Sprintf("scrape job %d", i+1)
			v.add("%s: the name is empty; it becomes the job label", where)
		} else if seen[j.Name] {
			v.add("%s: the name is used twice; give each job a name of its own", where)
		}
		seen[j.Name] = true
		v.literal(where+": name", j.Name)
		j.validate(v, where)
	}
}

var (
	wholeNumber = regexp.MustCompile(`^[0-9]{1,18}$`)
	bodySize    = regexp.MustCompile(`^(0|[0-9]{1,15}([KMGTP]i?)?B)$`)
)

func (j ScrapeJob) validate(v *faults, where string) {
	if len(j.Targets) == 0 {
		v.add("%s: no target to scrape", where)
	}
	for _, t := range j.Targets {
		v.address(where, t)
	}
	v.literal(where+": path", j.Path)
	if p := j.Path; p != "" && !hasPlaceholder(p) {
		if !strings.HasPrefix(p, "/") {
			v.add("%s: path %q does not start with a slash", where, p)
		} else if u, err := url.Parse(p); err != nil || u.Host != "" || u.RawQuery != "" || u.Fragment != "" {
			v.add("%s: path %q is not a plain URL path", where, p)
		}
	}
	if !slices.Contains([]string{"", "http", "https"}, j.Scheme) {
		v.add("%s: scheme %q is neither http nor https", where, j.Scheme)
	}
	if v.positive(where+": interval", j.Interval) && v.positive(where+": timeout", j.Timeout) && j.timeout() > j.interval() {
		v.add("%s: timeout %s is longer than interval %s; shorten the timeout or lengthen the interval", where, j.timeout(), j.interval())
	}
	for _, limit := range []struct{ name, value string }{
		{"sample limit", j.SampleLimit}, {"label limit", j.LabelLimit}, {"label value length limit", j.LabelValueLengthLimit},
	} {
		if s := limit.value; s != "" && !hasPlaceholder(s) && !wholeNumber.MatchString(s) {
			v.add("%s: %s %s is not a whole number of 0 or more", where, limit.name, s)
		}
	}
	if s := j.BodySizeLimit; s != "" && !hasPlaceholder(s) && !bodySize.MatchString(s) {
		v.add("%s: body size limit %q is not a size such as 16MB", where, s)
	}
}

func (r RemoteWrite) validate(v *faults) {
	if r.Endpoint == "" {
		v.add("remote write: the endpoint is empty")
	} else if !hasPlaceholder(r.Endpoint) {
		if u, err := url.Parse(r.Endpoint); err != nil || u.Scheme != "https" || u.Hostname() == "" {
			v.add("remote write: endpoint %q is not an https URL", r.Endpoint)
		}
	}
	if r.Region == "" {
		v.add("remote write: the region is empty; requests are signed for it")
	}
	if r.AssumeRole != nil && !hasPlaceholder(r.AssumeRole.ARN) && !roleARN.MatchString(r.AssumeRole.ARN) {
		v.add("remote write: role to assume %q is not the ARN of an IAM role", r.AssumeRole.ARN)
	}
}

var roleARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::[0-9]{12}:role/.+$`)

func (l Labels) validate(v *faults) {
	if !slices.Contains([]LabelPolicy{LabelsTask, LabelsIdentity, LabelsAll, LabelsList}, l.policy()) {
		v.add("labels: unknown policy %q; use task, identity, all or list", l.Policy)
	}
	if l.policy() == LabelsList && len(l.Keep) == 0 {
		v.add("labels: the list of attributes to keep is empty")
	}
	if l.policy() != LabelsList && len(l.Keep) > 0 {
		v.add("labels: a list of attributes to keep does not go with policy %q", l.Policy)
	}
	for _, k := range l.Keep {
		if k == "" || strings.HasPrefix(k, parkedPrefix) {
			v.add("labels: %q is not the name of a resource attribute", k)
		}
	}
}

// faults collects what is wrong.
type faults []error

func (v *faults) add(format string, args ...any) { *v = append(*v, fmt.Errorf(format, args...)) }

// literal reports a $ in a value that is taken as it is written. Nothing expands it, so it can only be a mistake.
func (v *faults) literal(what, s string) {
	if strings.Contains(placeholder.ReplaceAllString(s, ""), "$") {
		v.add("%s %q holds a $, which is not expanded; write the value itself", what, s)
	}
}

// positive says whether d is unset or a duration that can be written, and reports it where it is not.
func (v *faults) positive(what string, d *time.Duration) bool {
	switch {
	case d == nil:
		return true
	case *d <= 0:
		v.add("%s %s is not more than 0", what, *d)
	case *d%time.Millisecond != 0:
		v.add("%s %s is not a whole number of milliseconds", what, *d)
	default:
		return true
	}
	return false
}

// address reports a host:port that nothing could listen on or connect to.
func (v *faults) address(what, hostPort string) {
	if hasPlaceholder(hostPort) {
		return
	}
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil || host == "" {
		v.add("%s: address %q is not host:port", what, hostPort)
		return
	}
	if n, err := strconv.ParseFloat(port, 64); err != nil || n != float64(int(n)) || n < 1 || n > 65535 {
		v.add("%s: port %s is not a whole number from 1 to 65535", what, port)
	}
}

// distinctAddresses reports two parts of the collector that would listen on one address.
func (v *faults) distinctAddresses(c Config) {
	seen := map[string]string{}
	for _, l := range c.listeners() {
		if other, ok := seen[l.address]; ok {
			v.add("%s and %s both listen on %s; give one of them another port", other, l.what, l.address)
			continue
		}
		seen[l.address] = l.what
	}
}
