package test

import (
	"regexp"
	"strings"
	"testing"
)

var (
	testInCode    = regexp.MustCompile("`(Test[A-Z]\\w*)`")
	testInComment = regexp.MustCompile(`//.*?\b(Test[A-Z]\w*)`)
	definedTest   = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

// TestDocsNameTestsThatExist: a page or a comment that says what proves a promise must not name what is gone.
func TestDocsNameTestsThatExist(t *testing.T) {
	defined := map[string]bool{}
	for _, file := range files(t, "_test.go") {
		for _, name := range definedTest.FindAllStringSubmatch(read(t, file), -1) {
			defined[name[1]] = true
		}
	}
	check := func(ending, folder string, named *regexp.Regexp, least int) {
		count := 0
		for _, file := range files(t, ending) {
			if !strings.HasPrefix(file, folder) {
				continue
			}
			for _, name := range named.FindAllStringSubmatch(read(t, file), -1) {
				count++
				if !defined[name[1]] {
					t.Errorf("%s names %s, which no test file has", file, name[1])
				}
			}
		}
		if count < least {
			t.Errorf("only %d names were found in %s of %q", count, ending, folder)
		}
	}
	check(".md", "", testInCode, 10)
	check(".go", "constructs/", testInComment, 5)
}
