package input

import (
	"math"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"
)

// DurationIn reports a duration that is not a whole number of unit, "days", "minutes" or "seconds", in a range; high may be
// infinite. A token passes if it counts in that unit: it cannot be converted. hint ends the message.
func (f *Faults) DurationIn(what string, d awscdk.Duration, unit string, low, high float64, hint string) {
	switch {
	case d == nil:
	case *d.IsUnresolved():
		if *d.UnitLabel() != unit {
			f.Add("%s is a token counted in %s; a token must be counted in %s", what, *d.UnitLabel(), unit)
		}
	default:
		n := *CountOf(d, unit)
		upTo := " to " + Number(&high)
		if math.IsInf(high, 1) {
			upTo = " on"
		}
		if n != math.Trunc(n) || n < low || n > high {
			f.Add("%s is %s %s; it must be a whole number from %s%s%s", what, Number(&n), unit, Number(&low), upTo, hint)
		}
	}
}

// CountOf is d, which may be nil, as a number of unit.
func CountOf(d awscdk.Duration, unit string) *float64 {
	fraction := &awscdk.TimeConversionOptions{Integral: jsii.Bool(false)}
	switch {
	case d == nil:
		return nil
	case unit == "days":
		return d.ToDays(fraction)
	case unit == "minutes":
		return d.ToMinutes(fraction)
	default:
		return d.ToSeconds(fraction)
	}
}
