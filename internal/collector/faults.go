package collector

import (
	"fmt"
	"net"
	"net/url"
	"regexp"
	"slices"
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

// scraped reports text that does not reach Prometheus' part of the collector unchanged.
func (v *faults) scraped(what, s string) {
	v.printable(what, s)
	// Source: prometheusreceiver v0.156.0 hands its configuration on as YAML that leaves such text unquoted, where it starts
	// a mapping key.
	if s == "?" || strings.HasPrefix(s, "? ") {
		v.add("%s %q starts with a question mark alone, which the collector cannot read; write it differently", what, s)
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

// region reports what is set but is no name of an AWS region. The collector asks STS for credentials there before it starts.
func (v *faults) region(what, s string) {
	if s != "" && !hasPlaceholder(s) && !regionName.MatchString(s) {
		v.add("%s %q is not the name of an AWS region, such as eu-west-1", what, s)
	}
	v.printable(what, s)
}

var regionName = regexp.MustCompile(`^[a-z]+(-[a-z]+)+-[0-9]+$`)

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
		} else if err := compile(r); err != nil && !hasPlaceholder(r) {
			v.add("%s: %q is not a regular expression: %v", what, r, err)
		}
		// Source: the YAML library of Prometheus v0.312.0 takes these for nothing, even in quotes; the expression would no
		// longer have to match as a whole.
		if r == "null" || r == "~" {
			v.add("%s: %q is not read as a regular expression; write (%s)", what, r, r)
		}
		v.printable(what+":", r)
	}
}

// compile tries an expression by itself and, because a parenthesis too many or an open \Q could go unnoticed in one of the
// two, inside the group that Prometheus puts around it.
func compile(r string) error {
	_, err := regexp.Compile(r)
	if err == nil {
		_, err = regexp.Compile("^(?s:" + r + ")$")
	}
	return err
}

// variable reports what is no name of an environment variable.
func (v *faults) variable(what, name string) {
	if !variableName.MatchString(name) {
		v.add("%s %q is not the name of an environment variable", what, name)
	}
}

var variableName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// distinctAddresses reports two parts of the collector that would listen on one port. An address for all interfaces takes the
// port of each.
func (v *faults) distinctAddresses(c Config) {
	all := c.listeners()
	for i, l := range all {
		for _, other := range all[:i] {
			hosts, ports := [2]string{}, [2]string{}
			hosts[0], ports[0], _ = strings.Cut(l.address, ":")
			hosts[1], ports[1], _ = strings.Cut(other.address, ":")
			if ports[0] == ports[1] && (hosts[0] == hosts[1] || slices.Contains(hosts[:], "0.0.0.0")) {
				v.add("%s and %s both listen on %s; give one of them another port", other.what, l.what, l.address)
			}
		}
	}
}
