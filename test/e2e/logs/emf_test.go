package logs

import (
	"strings"
	"testing"
)

const event = `{"_aws":{"Timestamp":1574109732004,"CloudWatchMetrics":[{"Namespace":"Shop","Dimensions":[["Service"],["Service","Stage"]],` +
	`"Metrics":[{"Name":"depth","Unit":"Count","StorageResolution":60}]}]},"Service":"orders","Stage":"prod","depth":7,"task":"abc"}`

func TestEventsBecomeMetrics(t *testing.T) {
	data, err := ParseEMF([]byte(event))
	if err != nil || len(data) != 2 {
		t.Fatalf("got %v, %v", data, err)
	}
	for i, want := range []string{"Shop depth{Service=orders}", "Shop depth{Service=orders,Stage=prod}"} {
		if d := data[i]; d.Metric() != want || d.Value != 7 || d.At.UnixMilli() != 1574109732004 {
			t.Errorf("got %+v, expected %s", d, want)
		}
	}
}

func TestEventsThatAreNoMetrics(t *testing.T) {
	for name, change := range map[string][2]string{
		"no metadata":            {`"_aws"`, `"aws"`},
		"dimension not there":    {`"Stage":"prod"`, `"stage":"prod"`},
		"dimension is a number":  {`"Stage":"prod"`, `"Stage":1`},
		"metric not there":       {`"depth":7`, `"deep":7`},
		"metric is a text":       {`"depth":7`, `"depth":"7"`},
		"unknown unit":           {`"Unit":"Count"`, `"Unit":"{order}"`},
		"no time":                {`"Timestamp":1574109732004`, `"Time":1`},
		"no namespace":           {`"Namespace":"Shop"`, `"Namespace":""`},
		"impossible resolution":  {`"StorageResolution":60`, `"StorageResolution":30`},
		"no dimension set":       {`[["Service"],["Service","Stage"]]`, `[]`},
		"a value that is no set": {`"Stage":"prod"`, `"Stage":""`},
	} {
		t.Run(name, func(t *testing.T) {
			changed := strings.Replace(event, change[0], change[1], 1)
			if changed == event {
				t.Fatal("nothing was changed")
			}
			if data, err := ParseEMF([]byte(changed)); err == nil {
				t.Errorf("got %v, expected an error", data)
			}
		})
	}
}
