// Package rules renders recording and alerting rules for an ECS service whose metrics a sidecar of this library sends to AMP.
//
// A [Config] says which service and which groups of rules, and [Config.Groups] makes them, or reports everything that is
// wrong with it at once. The same Config always gives the same rules. Package observability documents the options, and puts the
// rules into a stack.
//
// The package is plain Go. A string may hold a placeholder of the form ${Token[…]}, as CDK writes values that are known
// only when a template is deployed; it is passed on unchecked.
package rules
