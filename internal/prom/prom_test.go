package prom

import (
	"slices"
	"strings"
	"testing"
	"time"
)

func TestDurationsInWords(t *testing.T) {
	for d, want := range map[time.Duration]string{
		24 * time.Hour: "1 day", 672 * time.Hour: "28 days", time.Hour: "1 hour", 6 * time.Hour: "6 hours", 90 * time.Minute: "90 minutes", time.Minute: "1 minute",
	} {
		if got := Words(d); got != want {
			t.Errorf("%s is %s, want %s", d, got, want)
		}
	}
}

// TestSelectorsAreReadAsPrometheusDoes: constructs/slo has those that are refused.
func TestSelectorsAreReadAsPrometheusDoes(t *testing.T) {
	for text, want := range map[string][]string{
		`a_total`:                                {"a_total"},
		`a:b{}`:                                  {"a:b"},
		` a_total { b = "c" , }`:                 {"a_total", `b = "c"`},
		`a{b!="{",c!~'}"\'',}`:                   {"a", `b!="{"`, `c!~'}"\''`},
		`a{b="x,",c=~"d|e"}`:                     {"a", `b="x,"`, `c=~"d|e"`},
		`${Token[T.1]}_total{a="${Token[T.2]}"}`: {"${Token[T.1]}_total", `a="${Token[T.2]}"`},
	} {
		s, err := ParseSelector(text)
		if got := append([]string{s.Name}, s.Texts()...); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: got %q, %v, want %q", text, got, err, want)
		}
	}
}

// TestAlertMatchersMayGoWithoutQuotes, as Alertmanager has them; single quotes are part of a value there.
func TestAlertMatchersMayGoWithoutQuotes(t *testing.T) {
	for text, want := range map[string]string{
		`a="b"`: "", ` a =~ "b.*" `: "", "a!~b.*": "", "a!=": "", `${Token[T.1]}`: "",
		"severity":  `"severity" is not a matcher; write label="value"`,
		`a=~"("`:    "the value of a has a regular expression that does not parse",
		"a='b'":     "the value of a is not in quotes",
		`a="b",c=d`: `"a=\"b\",c=d" has ",c=d" after the value`,
		`a-b="c"`:   `"a-b" is not the name of a label`,
		`a="\q"`:    "is not a string that parses",
	} {
		if got := CheckAlertMatcher(text); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("%s: got %q, want %q", text, got, want)
		}
	}
}
