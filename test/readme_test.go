package test

import (
	"os"
	"regexp"
	"strings"
	"testing"
)

// TestReadmeQuickStart keeps the README's first code block the same as the compiled example.
func TestReadmeQuickStart(t *testing.T) {
	source, err := os.ReadFile("test/example_test.go")
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile("README.md")
	if err != nil {
		t.Fatal(err)
	}
	example := regexp.MustCompile(`(?s)\t// quick start\n(.*?)\t// end`).FindSubmatch(source)
	block := regexp.MustCompile("(?s)```go\n(.*?)```").FindSubmatch(readme)
	if example == nil || block == nil {
		t.Fatal("the example or the README's code block is missing")
	}
	want := strings.ReplaceAll("\n"+string(example[1]), "\n\t", "\n")[1:]
	if got := string(block[1]); got != want {
		t.Errorf("the README's quick start is\n%s\nthe example is\n%s", got, want)
	}
}
