package harness

import (
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
)

// Reachability is how the network treats a host.
type Reachability int

const (
	Reachable    Reachability = iota
	Refused                   // the connection is refused
	Unresolvable              // the name does not resolve
)

// proxy is the only way out for a task: a CONNECT proxy that leads registered hosts to handlers in this process and records
// every attempt at any other host.
type proxy struct {
	authority *authority
	listener  net.Listener
	server    *http.Server

	mu         sync.Mutex
	hosts      map[string]*host
	strangers  []string
	turnedAway int
}

// host is a registered host: an HTTPS server fed with the tunnels that the proxy opens.
type host struct {
	tunnels *tunnelListener
	server  *http.Server
	state   Reachability
	open    []net.Conn // and those that have been
}

func newProxy(a *authority) (*proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &proxy{authority: a, listener: listener, hosts: map[string]*host{}}
	p.server = &http.Server{Handler: p}
	go func() { _ = p.server.Serve(listener) }()
	return p, nil
}

func (p *proxy) url() string { return "http://" + p.listener.Addr().String() }

// register serves a host name over TLS on port 443. HTTP/1.1 only, because a fault must be able to reset the connection.
func (p *proxy) register(name string, handler http.Handler) error {
	certificate, err := p.authority.issue(name)
	if err != nil {
		return err
	}
	tunnels := &tunnelListener{make(chan net.Conn), make(chan struct{}), p.listener.Addr()}
	h := &host{tunnels: tunnels, server: &http.Server{
		Handler: handler, ErrorLog: log.New(io.Discard, "", 0), // cut connections are expected
		TLSConfig:    &tls.Config{Certificates: []tls.Certificate{*certificate}, NextProtos: []string{"http/1.1"}},
		TLSNextProto: map[string]func(*http.Server, *tls.Conn, http.Handler){},
	}}
	p.mu.Lock()
	p.hosts[name] = h
	p.mu.Unlock()
	go func() { _ = h.server.ServeTLS(tunnels, "", "") }()
	return nil
}

// setState cuts the connections to a host that is not reachable any more: a client that keeps one would not notice.
func (p *proxy) setState(name string, state Reachability) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.hosts[name]
	if h.state = state; state != Reachable {
		for _, conn := range h.open {
			_ = conn.Close()
		}
		h.open = nil
	}
}

func (p *proxy) lookup(name string) (*host, Reachability) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if h, ok := p.hosts[name]; ok {
		if h.state != Reachable {
			p.turnedAway++
		}
		return h, h.state
	}
	p.strangers = append(p.strangers, name)
	return nil, Unresolvable
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	name, port, err := net.SplitHostPort(r.Host)
	if r.Method != http.MethodConnect || err != nil || port != "443" {
		name = r.Method + " " + r.URL.String() // plain HTTP to anywhere is a stranger too
	}
	h, state := p.lookup(name)
	if state == Unresolvable {
		// What a proxy says of a name without address; Go's client reports it as a failed connection.
		http.Error(w, "could not resolve "+name, http.StatusBadGateway)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	if tcp, ok := conn.(*net.TCPConn); ok && state == Refused {
		_ = tcp.SetLinger(0) // a reset is the nearest that a tunnel has to a refused connection
	}
	if state == Refused {
		_ = conn.Close()
		return
	}
	if _, err := fmt.Fprint(conn, "HTTP/1.1 200 Connection established\r\n\r\n"); err != nil {
		_ = conn.Close()
		return
	}
	p.mu.Lock()
	h.open = append(h.open, conn)
	p.mu.Unlock()
	select {
	case h.tunnels.connections <- conn:
	case <-h.tunnels.closed:
		_ = conn.Close()
	}
}

// outsiders lists the hosts that somebody tried to reach and that the world does not have.
func (p *proxy) outsiders() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.strangers)
}

func (p *proxy) close() error {
	err := p.server.Close()
	for _, h := range p.hosts {
		err = errors.Join(err, h.server.Close())
	}
	return err
}

// tunnelListener is a net.Listener over connections made elsewhere.
type tunnelListener struct {
	connections chan net.Conn
	closed      chan struct{}
	addr        net.Addr
}

func (l *tunnelListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.connections:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *tunnelListener) Close() error   { close(l.closed); return nil }
func (l *tunnelListener) Addr() net.Addr { return l.addr }
