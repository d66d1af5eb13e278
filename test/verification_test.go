package test

import (
	"os"
	"regexp"
	"testing"
)

var (
	namedTest   = regexp.MustCompile("`(Test[A-Z]\\w*)`")
	definedTest = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

// TestDocsNameTestsThatExist: a page that says what proves a promise must not name what is gone.
func TestDocsNameTestsThatExist(t *testing.T) {
	defined := map[string]bool{}
	for _, file := range files(t, "_test.go") {
		for _, name := range definedTest.FindAllStringSubmatch(read(t, file), -1) {
			defined[name[1]] = true
		}
	}
	count := 0
	for _, file := range files(t, ".md") {
		for _, name := range namedTest.FindAllStringSubmatch(read(t, file), -1) {
			count++
			if !defined[name[1]] {
				t.Errorf("%s names %s, which no test file has", file, name[1])
			}
		}
	}
	if count < 10 {
		t.Errorf("only %d names were found", count)
	}
	for _, script := range []string{"tools/upgrade.sh", "tools/coverage.sh", "tools/vulnerabilities.sh"} {
		if info, err := os.Stat(script); err != nil || info.Mode()&0o111 == 0 {
			t.Errorf("%s: %v, expected a program", script, err)
		}
	}
}
