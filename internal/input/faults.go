package input

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

// Faults collects what is wrong with the arguments of one call, to be reported together.
type Faults []string

// Add adds one.
func (f *Faults) Add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// AddError adds each line of err, which may be nil; where, which may be empty, stands before it.
func (f *Faults) AddError(where string, err error) {
	if err != nil {
		f.AddAll(where, strings.Split(err.Error(), "\n")...)
	}
}

// AddAll adds those of texts that are not empty, in the same way.
func (f *Faults) AddAll(where string, texts ...string) {
	for _, text := range texts {
		if text != "" && where != "" {
			text = where + ": " + text
		}
		if text != "" {
			*f = append(*f, text)
		}
	}
}

// Error is all of them in one, or nil.
func (f Faults) Error() error {
	if len(f) == 0 {
		return nil
	}
	return errors.New(strings.Join(f, "\n"))
}

// PanicIfAny panics with all of them; where says which call was wrong.
func (f Faults) PanicIfAny(where string) {
	switch len(f) {
	case 0:
	case 1:
		panic(where + ": " + f[0])
	default:
		panic(fmt.Sprintf("%s: %d errors:\n  - %s", where, len(f), strings.Join(f, "\n  - ")))
	}
}

// Must panics with everything that is wrong with the arguments of a constructor, before anything is built.
func Must(constructor string, scope constructs.Construct, id *string, validate func(*Faults)) {
	var f Faults
	if scope == nil {
		f.Add("scope is nil; pass the stack or construct to build in")
	}
	if StringOr(id, "") == "" {
		f.Add("id is empty; pass a name that is unique in its scope")
	}
	validate(&f)
	if len(f) > 0 && scope != nil && StringOr(id, "") != "" {
		constructor = strings.TrimPrefix(*scope.Node().Path()+"/"+*id, "/") + ": " + constructor
	}
	f.PanicIfAny(constructor)
}

// NumberIn reports a known number that is not a whole one in a range.
func (f *Faults) NumberIn(what string, n *float64, low, high float64) {
	if n == nil || token.Is(*n) {
		return
	}
	if *n != float64(int64(*n)) || *n < low || *n > high {
		f.Add("%s is %s; it must be a whole number from %s to %s", what, Number(n), Number(&low), Number(&high))
	}
}

// KnownNumberIn is NumberIn for a number that must be known at synthesis. It says whether it is.
func (f *Faults) KnownNumberIn(what string, n *float64, low, high float64) bool {
	if n != nil && token.Is(*n) {
		f.Add("%s is a token; it must be known at synthesis", what)
		return false
	}
	f.NumberIn(what, n, low, high)
	return true
}

var regionName = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]+$`)

// Region reports what is set and known, but no name of an AWS region.
func (f *Faults) Region(what string, region *string) {
	if Known(region) && !regionName.MatchString(*region) {
		f.Add("%s is %q; it must be the name of an AWS region, such as eu-west-1", what, *region)
	}
}

// Duration converts d, which may be nil, and reports one that is not known at synthesis.
func (f *Faults) Duration(what string, d awscdk.Duration) *time.Duration {
	if d == nil {
		return nil
	}
	if *d.IsUnresolved() {
		f.Add("%s is a token; it must be known at synthesis", what)
		return nil
	}
	ms := *d.ToMilliseconds(&awscdk.TimeConversionOptions{Integral: jsii.Bool(false)})
	r := time.Duration(ms * float64(time.Millisecond))
	return &r
}

// InPlace reports a workspace that is not where the stack is: what belongs to it is made beside it.
func (f *Faults) InPlace(scope constructs.Construct, workspace awscdk.IResource, what string) {
	if scope == nil {
		return
	}
	env, stack := workspace.Env(), awscdk.Stack_Of(scope)
	if here := stack.Account(); Differ(env.Account, here) {
		f.Add("workspace %s is in account %s, the stack in %s; put the %s in a stack of account %s",
			*workspace.Node().Path(), *env.Account, *here, what, *env.Account)
	}
	if here := stack.Region(); Differ(env.Region, here) {
		f.Add("workspace %s is in %s, the stack in %s; put the %s in a stack of %s", *workspace.Node().Path(), *env.Region, *here, what, *env.Region)
	}
}

// Warn adds a warning that awscdk.Annotations.AcknowledgeWarning silences by its id.
func Warn(scope constructs.IConstruct, id, format string, args ...any) {
	awscdk.Annotations_Of(scope).AddWarningV2(jsii.String("cdk-otel-prometheus:"+id), jsii.String(fmt.Sprintf(format, args...)), nil)
}
