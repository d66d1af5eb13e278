package adot

import (
	"slices"
	"testing"
)

func TestConfigContentLeavesOtherArguments(t *testing.T) {
	got := withoutConfig([]string{"--config=env:A", "--feature-gates=x", "--config", "env:B", "--set=y"})
	if want := []string{"--feature-gates=x", "--set=y"}; !slices.Equal(got, want) {
		t.Errorf("got %q, expected %q", got, want)
	}
}
