// Package token tells values that are known only at deployment, without asking Node, which takes as long as making a small
// construct. TestUnresolvedAgreesWithAwscdk pins both marks.
package token

import (
	"math"
	"regexp"
	"strings"
)

// In says whether a string holds the token of something.
func In(s string) bool { return strings.Contains(s, "${Token[") }

// Is says whether a number is a token. Such a number is less than any that is meant.
func Is(n float64) bool { return math.Float64bits(n)>>48 == 0xFBFF }

var mark = regexp.MustCompile(`\$\{Token\[[^\]]*\]\}`)

// Without leaves the tokens in a string out.
func Without(s string) string { return mark.ReplaceAllString(s, "") }
