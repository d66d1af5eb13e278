package collector

import (
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// faults collects what is wrong with a configuration. Each text begins with the option, as the user wrote it.
type faults struct {
	at   string // stands before every option that is not a scrape job's
	list []error
}

// add reports an option of the configuration.
func (v *faults) add(format string, args ...any) { v.addTo(v.at+format, args...) }

// addTo reports an option that comes with its whole address.
func (v *faults) addTo(format string, args ...any) {
	v.list = append(v.list, fmt.Errorf(format, args...))
}

// positive says whether d is unset or a duration that can be written, and reports it where it is not.
func (v *faults) positive(what string, d *Duration) bool {
	switch {
	case d == nil:
		return true
	case *d <= 0:
		v.addTo("%s is %s; it must be more than 0", what, time.Duration(*d))
	case time.Duration(*d)%time.Millisecond != 0:
		v.addTo("%s is %s; it must be a whole number of milliseconds", what, time.Duration(*d))
	default:
		return true
	}
	return false
}

// literal reports a $ in a value that is taken as it is written. Nothing expands it, so it can only be a mistake.
func (v *faults) literal(what, s string) {
	if strings.Contains(placeholder.ReplaceAllString(s, ""), "$") {
		v.addTo("%s is %q, but a $ is not expanded here; write the value itself", what, s)
	}
}

// noVariable reports a label that names a variable in a way that nothing expands: it would be stored as it is written.
func (v *faults) noVariable(what, s string) {
	name := nakedVariable(placeholder.ReplaceAllLiteralString(s, result), "")
	if match := bracedVariable.FindStringSubmatch(placeholder.ReplaceAllLiteralString(s, result)); match != nil {
		name = match[1]
	}
	if name != "" {
		v.addTo("%s is %q, but a label is stored as it is written; give a CDK token for what is known at deployment, or write ${env:%s} (or $$%s for the text itself) in ConfigWithExtra",
			what, s, name, name)
	}
}

var bracedVariable = regexp.MustCompile(`\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)[^}]*\}`)

// printable reports text that YAML or Prometheus would not carry unchanged.
func (v *faults) printable(what, s string) {
	if unprintable.MatchString(s) || !validUTF8(s) {
		v.addTo("%s is %q, which has a control character or is not UTF-8; remove it", what, s)
	}
}

// scraped reports text that does not reach Prometheus' part of the collector unchanged.
func (v *faults) scraped(what, s string) {
	v.printable(what, s)
	// Source: prometheusreceiver v0.158.0 hands its configuration on as YAML that leaves such text unquoted, where it starts
	// a mapping key.
	if s == "?" || strings.HasPrefix(s, "? ") {
		v.addTo("%s is %q; the collector cannot read a text that starts with a question mark and a space, so write it differently", what, s)
	}
}

var unprintable = regexp.MustCompile(`[\x00-\x1f\x7f-\x{9f}\x{2028}\x{2029}\x{feff}\x{fffe}\x{ffff}]`)

func validUTF8(s string) bool { return strings.ToValidUTF8(s, "") == s }

// port reports what is set, but is no TCP or UDP port up to most.
func (v *faults) port(what string, port Number, most int) {
	if port == "" || isPlaceholder(string(port)) {
		return
	}
	if n, err := strconv.Atoi(string(port)); err != nil || !wholeNumber.MatchString(string(port)) || n < 1 || n > most {
		v.addTo("%s is %s; it must be a whole number from 1 to %d", what, port, most)
	}
}

const maxPort = 65535

// address reports a host:port that nothing could connect to.
func (v *faults) address(what, hostPort string) {
	if hasPlaceholder(hostPort) {
		return
	}
	host, port, err := net.SplitHostPort(hostPort)
	if err != nil || !hostName.MatchString(host) {
		v.addTo("%s is %q; it must be host:port", what, hostPort)
		return
	}
	v.port(what, Number(stringOr(port, "0")), maxPort)
}

var (
	hostName    = regexp.MustCompile(`^[a-zA-Z0-9]([a-zA-Z0-9._-]*[a-zA-Z0-9])?$`)
	wholeNumber = regexp.MustCompile(`^[0-9]{1,18}$`)
)

// limit reports a limit that is set but is no whole number.
func (v *faults) limit(what string, s Number) {
	if s != "" && !isPlaceholder(string(s)) && !wholeNumber.MatchString(string(s)) {
		v.addTo("%s is %s; it must be a whole number of 0 or more", what, s)
	}
}

// regexps reports what does not compile in the syntax that the collector and Prometheus use.
func (v *faults) regexps(what string, all ...string) {
	for i, r := range all {
		what := what
		if len(all) > 1 {
			what = fmt.Sprintf("%s[%d]", what, i)
		}
		if r == "" {
			v.addTo("%s is empty; write a regular expression, or remove it", what)
		} else if err := compile(r); err != nil && !hasPlaceholder(r) {
			v.addTo("%s is %q, which is not a regular expression: %v", what, r, err)
		}
		// Source: the YAML library of Prometheus v0.313.2 takes these for nothing, even in quotes; the expression would no
		// longer have to match as a whole.
		if r == "null" || r == "~" {
			v.addTo("%s is %q, which the collector does not read as a regular expression; write (%s)", what, r, r)
		}
		v.printable(what, r)
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
		v.addTo("%s is %q; it must be the name of an environment variable", what, name)
	}
}

var variableName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// distinctPorts reports two parts of the collector that would listen on one port. Where receivers listen on all interfaces, they
// take the port of loopback, too.
func (v *faults) distinctPorts(listeners []listener) {
	for i, l := range listeners {
		for _, other := range listeners[:i] {
			if l.port == other.port {
				v.addTo("%s and %s are both port %s; give one of them another port", other.what, l.what, l.port)
			}
		}
	}
}
