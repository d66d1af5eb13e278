package otelprometheus

import (
	"fmt"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// faults collects what is wrong with the arguments of one call, to be reported together.
type faults []string

func (f *faults) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// addError adds each line of err.
func (f *faults) addError(err error) {
	if err != nil {
		*f = append(*f, strings.Split(err.Error(), "\n")...)
	}
}

func (f faults) panicIfAny(where string) {
	switch len(f) {
	case 0:
	case 1:
		panic(where + ": " + f[0])
	default:
		panic(fmt.Sprintf("%s: %d faults:\n  - %s", where, len(f), strings.Join(f, "\n  - ")))
	}
}

// duration converts d, which may be nil, and reports one that is not known at synthesis.
func (f *faults) duration(what string, d awscdk.Duration) *time.Duration {
	if d == nil {
		return nil
	}
	if *d.IsUnresolved() {
		f.add("%s is a token; it must be known at synthesis", what)
		return nil
	}
	ms := *d.ToMilliseconds(&awscdk.TimeConversionOptions{Integral: jsii.Bool(false)})
	r := time.Duration(ms * float64(time.Millisecond))
	return &r
}

// durationIn reports a duration outside a range.
func (f *faults) durationIn(what string, d awscdk.Duration, low, high time.Duration) {
	if v := f.duration(what, d); v != nil && (*v < low || *v > high || *v%time.Second != 0) {
		f.add("%s is %s; ECS takes %.0f to %.0f whole seconds", what, *v, low.Seconds(), high.Seconds())
	}
}

// numberIn reports a known number that is not a whole one in a range.
func (f *faults) numberIn(what string, n *float64, low, high int) {
	if n == nil || unresolved(n) {
		return
	}
	if *n != float64(int(*n)) || int(*n) < low || int(*n) > high {
		f.add("%s is %s; it must be a whole number from %d to %d", what, number(n), low, high)
	}
}

func childPath(scope constructs.Construct, id string) string {
	return strings.TrimPrefix(*scope.Node().Path()+"/"+id, "/")
}

// panicOf is what f panics with, or empty: constructors of other packages report their faults so.
func panicOf(f func()) (message string) {
	defer func() {
		if r := recover(); r != nil {
			message = fmt.Sprint(r)
		}
	}()
	f()
	return ""
}
