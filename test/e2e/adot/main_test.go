package adot

import (
	"slices"
	"testing"
)

func TestConfigContentLeavesOtherArguments(t *testing.T) {
	got := withoutConfig([]string{"--config=env:A", "--feature-gates=x", "--config", "env:B", "--set=y", "--set", "z"})
	if want := []string{"--feature-gates=x"}; !slices.Equal(got, want) {
		t.Errorf("got %q, expected %q", got, want)
	}
}
