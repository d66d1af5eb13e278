package panels_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/seed86154836/cdk-otel-prometheus/internal/panels"
)

func TestQueriesReplaceVariables(t *testing.T) {
	text := []byte(`{"templating":{"list":[{"name":"a","allValue":".*"},{"name":"b"}]},"panels":[
		{"type":"row","title":"R"},
		{"id":2,"type":"stat","title":"P","fieldConfig":{"defaults":{"unit":"s"}},"targets":[
			{"refId":"A","expr":"x{a=~\"$a\",b=\"${b}\",c=\"$ab\"}[$__rate_interval]","interval":"90s","legendFormat":"{{l}}","instant":true}]}]}`)
	got, err := panels.Queries(text, map[string]string{"b": "B", "ab": "AB"})
	if err != nil {
		t.Fatal(err)
	}
	want := []panels.Query{{PanelID: 2, Panel: "P", Type: "stat", Row: "R", RefID: "A", Expr: `x{a=~".*",b="B",c="AB"}[6m]`, Legend: "{{l}}", Unit: "s", Instant: true}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	if got, err = panels.Queries(text, map[string]string{"b": "B", "ab": "AB", "a": "A", "__rate_interval": "9s"}); err != nil || got[0].Expr != `x{a=~"A",b="B",c="AB"}[9s]` {
		t.Errorf("given values do not go first: %v, %v", got, err)
	}
	if _, err = panels.Queries(text, nil); err == nil || !strings.Contains(err.Error(), `panel "P"`) || !strings.Contains(err.Error(), "variable b, ab has no value") {
		t.Errorf("variables without a value: %v", err)
	}
	if _, err = panels.Queries([]byte("nonsense"), nil); err == nil || !strings.Contains(err.Error(), "not JSON as Grafana writes it") {
		t.Errorf("nonsense: %v", err)
	}
}
