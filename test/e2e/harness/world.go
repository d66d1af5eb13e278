// Package harness runs what a template says: the collector and the app of one ECS task as child processes, between an emulated
// ECS agent and an emulated AMP. Nothing leaves loopback, yet the endpoint keeps its real name, TLS and signature.
package harness

import (
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/amp"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/ecs"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/logs"
	"github.com/seed86154836/cdk-otel-prometheus/test/e2e/template"
)

// World is one account in one region: its AMP workspaces and the way to them. Tasks run in it one after the other, because each
// of them has the whole loopback interface, as in awsvpc mode it has one of its own.
type World struct {
	Values template.Values
	AMP    *amp.Server
	Store  *amp.Store
	Logs   *logs.Server // nil before AddLogs

	dir       string
	authority *authority
	proxy     *proxy
	issuer    issuer
	skew      atomic.Int64
}

// AMPHost is the name of AMP's endpoint in the world's region.
func (w *World) AMPHost() string {
	return fmt.Sprintf("aps-workspaces.%s.%s", w.Values.Region, w.Values.URLSuffix)
}

// NewWorld makes a world that keeps its files in dir. Credentials of task roles are valid for the given time.
func NewWorld(dir string, values template.Values, workspaces []string, credentialLife time.Duration) (*World, error) {
	return NewWorldWithLimits(dir, values, workspaces, credentialLife, amp.DefaultLimits())
}

// NewWorldWithLimits makes a world whose workspace takes other than AMP takes by default.
func NewWorldWithLimits(dir string, values template.Values, workspaces []string, credentialLife time.Duration, limits amp.Limits) (*World, error) {
	w := &World{Values: values, dir: dir, issuer: issuer{life: credentialLife}}
	w.AMP = &amp.Server{
		Workspaces: workspaces,
		Verifier: amp.Verifier{
			Region: values.Region, Service: "aps", Lookup: w.issuer.lookup,
			Now: func() time.Time { return time.Now().Add(time.Duration(w.skew.Load())) },
		},
	}
	var err error
	if w.Store, err = amp.OpenStore(filepath.Join(dir, "tsdb"), limits); err != nil {
		return nil, err
	}
	w.AMP.Backend = w.Store
	if w.authority, err = newAuthority(dir); err != nil {
		return nil, err
	}
	if w.proxy, err = newProxy(w.authority); err != nil {
		return nil, err
	}
	return w, w.proxy.register(w.AMPHost(), w.AMP)
}

// Serve adds a host to the world, which tasks reach over HTTPS.
func (w *World) Serve(name string, handler http.Handler) error {
	return w.proxy.register(name, handler)
}

// Verify checks that a request is signed for a service, with credentials of the world.
func (w *World) Verify(service string, r *http.Request, body []byte) error {
	v := w.AMP.Verifier
	v.Service = service
	return v.Verify(r, body)
}

// AddLogs adds CloudWatch Logs, with one log group.
func (w *World) AddLogs(group string) error {
	w.Logs = &logs.Server{Group: group, Verifier: w.AMP.Verifier}
	w.Logs.Verifier.Service = "logs"
	return w.proxy.register(fmt.Sprintf("logs.%s.%s", w.Values.Region, w.Values.URLSuffix), w.Logs)
}

// Reach changes how the network treats the AMP endpoint.
func (w *World) Reach(state Reachability) { w.proxy.setState(w.AMPHost(), state) }

// Skew puts the clock of AMP forward.
func (w *World) Skew(by time.Duration) { w.skew.Store(int64(by)) }

// TurnedAway counts the connections to AMP that the network refused.
func (w *World) TurnedAway() int {
	w.proxy.mu.Lock()
	defer w.proxy.mu.Unlock()
	return w.proxy.turnedAway
}

// Outsiders lists hosts outside the world that a task tried to reach. A test should fail when there is one.
func (w *World) Outsiders() []string { return w.proxy.outsiders() }

// Close ends the world. Tasks must have been stopped.
func (w *World) Close() error { return errors.Join(w.proxy.close(), w.Store.Close()) }

// issuer is the emulated STS behind the credentials endpoint.
type issuer struct {
	life   time.Duration
	mu     sync.Mutex
	issued []amp.Credentials
}

func (i *issuer) issue(roleARN string) ecs.IssuedCredentials {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := len(i.issued) + 1
	c := amp.Credentials{
		AccessKeyID: fmt.Sprintf("ASIAE2ETEST%09d", n), SecretAccessKey: fmt.Sprintf("secret-of-e2e-test-%021d", n),
		SessionToken: fmt.Sprintf("session-token-%d", n), Expires: time.Now().Add(i.life),
	}
	i.issued = append(i.issued, c)
	return ecs.IssuedCredentials{
		AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, Token: c.SessionToken, Expiration: c.Expires, RoleARN: roleARN,
	}
}

func (i *issuer) lookup(accessKeyID string) (amp.Credentials, bool) {
	i.mu.Lock()
	defer i.mu.Unlock()
	n := slices.IndexFunc(i.issued, func(c amp.Credentials) bool { return c.AccessKeyID == accessKeyID })
	if n < 0 {
		return amp.Credentials{}, false
	}
	return i.issued[n], true
}
