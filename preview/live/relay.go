package live

import (
	"io"
	"net"
)

// relay passes connections to one address on to another one.
func relay(from, to string) (close func(), err error) {
	listener, err := net.Listen("tcp", from)
	if err != nil {
		return nil, err
	}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go pass(client, to)
		}
	}()
	return func() { _ = listener.Close() }, nil
}

func pass(client net.Conn, to string) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	go func() {
		_, _ = io.Copy(server, client)
		_ = server.(*net.TCPConn).CloseWrite() // the answer is still to come
	}()
	_, _ = io.Copy(client, server)
}
