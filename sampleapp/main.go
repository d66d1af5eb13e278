// Command sampleapp is the small web service that the sample stacks deploy and the end-to-end tests run.
// README.md lists its endpoints, metrics and environment variables.
package main

import (
	"context"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"os/signal"
	"syscall"
	"time"
)

const (
	// shutdownTimeout leaves a second of the 5 s in which the service promises to end after SIGTERM.
	shutdownTimeout = 4 * time.Second
	// drainTimeout is the part of it that open requests may use: a client that never ends must not cost the last export.
	drainTimeout = 2 * time.Second
)

func main() {
	log.SetFlags(0) // the log driver adds the time
	log.SetPrefix("sampleapp: ")
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

// run serves until ctx is done or RUN_FOR is over.
func run(ctx context.Context) error {
	env, err := readEnvironment()
	if err != nil {
		return err
	}
	m, err := newMetrics(ctx, env)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", fmt.Sprintf(":%d", env.port))
	if err != nil {
		return err
	}
	if env.runFor > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, env.runFor)
		defer cancel()
	}
	log.Printf("listening on %s, instrumentation %s", listener.Addr(), env.instrumentation)
	return serve(ctx, listener, m)
}

// serve answers requests until ctx is done, then stops accepting, lets open requests finish and exports what is left.
// Metrics that can't be exported then are logged, not returned: they must not make a finished task look failed.
func serve(ctx context.Context, listener net.Listener, m metrics) error {
	server := &http.Server{Handler: newHandler(m), ReadHeaderTimeout: 5 * time.Second}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}

	deadline, cancel := context.WithTimeout(context.Background(), shutdownTimeout)
	defer cancel()
	drain, cancelDrain := context.WithTimeout(deadline, drainTimeout)
	defer cancelDrain()
	if err := server.Shutdown(drain); err != nil {
		log.Print(errors.Join(fmt.Errorf("closing the requests still open after %s: %w", drainTimeout, err), server.Close()))
	}
	if err := m.shutdown(deadline); err != nil {
		log.Printf("the last metrics were not exported: %v", err)
	}
	return nil
}
