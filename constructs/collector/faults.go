package collector

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// faults collects what is wrong.
type faults []error

func (v *faults) add(format string, args ...any) { *v = append(*v, fmt.Errorf(format, args...)) }

func (v *faults) addError(err error) {
	if err != nil {
		*v = append(*v, err)
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

// literal reports a $ in a value that is taken as it is written. Nothing expands it, so it can only be a mistake.
func (v *faults) literal(what, s string) {
	if strings.Contains(placeholder.ReplaceAllString(s, ""), "$") {
		v.add("%s %q holds a $, which is not expanded; write the value itself", what, s)
	}
}

// printable reports text that YAML or Prometheus would not carry unchanged.
func (v *faults) printable(what, s string) {
	if unprintable.MatchString(s) || !validUTF8(s) {
		v.add("%s %q holds a control character or is not UTF-8", what, s)
	}
}

var unprintable = regexp.MustCompile(`[\x00-\x1f\x7f-\x{9f}\x{2028}\x{2029}\x{feff}\x{fffe}\x{ffff}]`)

func validUTF8(s string) bool { return strings.ToValidUTF8(s, "") == s }

// address reports a host:port that nothing could listen on or connect to.
func (v *faults) address(what, hostPort string) {
	if hasPlaceholder(hostPort) {
		return
	}
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil || !hostName.MatchString(host) {
		v.add("%s: address %q is not host:port", what, hostPort)
		return
	}
	if n, err := strconv.Atoi(port); err != nil || !wholeNumber.MatchString(port) || n < 1 || n > 65535 {
		v.add("%s: port %s is not a whole number from 1 to 65535", what, port)
	}
}

var (
	hostName    = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9])?$`)
	wholeNumber = regexp.MustCompile(`^[0-9]{1,18}$`)
)

func (v *faults) httpsURL(what, s string) {
	if u, err := url.Parse(s); err != nil || u.Scheme != "https" || !hostName.MatchString(u.Hostname()) {
		v.add("%s %q is not an https URL", what, s)
	}
}

// limit reports a limit that is set but is no whole number.
func (v *faults) limit(what, s string) {
	if s != "" && !isPlaceholder(s) && !wholeNumber.MatchString(s) {
		v.add("%s %s is not a whole number of 0 or more", what, s)
	}
}

// regexps reports what does not compile in the syntax that the collector and Prometheus use.
func (v *faults) regexps(what string, all ...string) {
	for _, r := range all {
		if r == "" {
			v.add("%s: the regular expression is empty", what)
		} else if _, err := regexp.Compile("^(?:" + r + ")$"); err != nil && !hasPlaceholder(r) {
			v.add("%s: %q is not a regular expression: %v", what, r, err)
		}
		v.printable(what+":", r)
	}
}

// variable reports what is no name of an environment variable.
func (v *faults) variable(what, name string) {
	if !variableName.MatchString(name) {
		v.add("%s %q is not the name of an environment variable", what, name)
	}
}

var variableName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

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
