package otelprometheus

import (
	"strconv"
	"time"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/jsii-runtime-go"

	"github.com/seed86154836/cdk-otel-prometheus/internal/input"
	"github.com/seed86154836/cdk-otel-prometheus/internal/token"
)

func numberOr(n *float64, d float64) string {
	if n == nil {
		n = &d
	}
	return input.Number(n)
}

// knownNumber is n, d where n is nil, and nil where n is a token.
func knownNumber(n *float64, d float64) *float64 {
	switch {
	case n == nil:
		return &d
	case token.Is(*n):
		return nil
	default:
		return n
	}
}

// parseNumber reads the size of an awsecs.TaskDefinition; nil where it is not known. What awscdk does not understand
// either, it reports itself.
func parseNumber(s *string) *float64 {
	if !input.Known(s) {
		return nil
	}
	n, err := strconv.ParseFloat(*s, 64)
	if err != nil {
		return nil
	}
	return &n
}

// trueOrNil leaves a property out of the template where false is what ECS assumes anyway.
func trueOrNil(b *bool) *bool {
	if input.BoolOr(b, true) {
		return jsii.Bool(true)
	}
	return nil
}

func seconds(d time.Duration) awscdk.Duration {
	return awscdk.Duration_Seconds(jsii.Number(d.Seconds()))
}
