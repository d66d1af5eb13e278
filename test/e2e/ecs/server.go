package ecs

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"strings"
	"time"
)

// Server serves the metadata of one task and the credentials of its role on loopback.
type Server struct {
	Task *Task
	// Issue makes credentials for each call of the credentials endpoint.
	Issue func() IssuedCredentials

	listener net.Listener
	http     *http.Server
}

// IssuedCredentials is what the credentials endpoint answers.
type IssuedCredentials struct {
	AccessKeyID     string    `json:"AccessKeyId"`
	SecretAccessKey string    `json:"SecretAccessKey"`
	Token           string    `json:"Token"`
	Expiration      time.Time `json:"Expiration"`
	RoleARN         string    `json:"RoleArn"`
}

// Start listens on a free loopback port.
func (s *Server) Start() (err error) {
	if s.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return err
	}
	s.http = &http.Server{Handler: s}
	go func() { _ = s.http.Serve(s.listener) }()
	return nil
}

// Close stops the server.
func (s *Server) Close() error { return s.http.Close() }

// MetadataURI is the value of ECS_CONTAINER_METADATA_URI_V4 in the named container.
func (s *Server) MetadataURI(container string) string {
	return fmt.Sprintf("http://%s/v4/%s", s.listener.Addr(), s.Task.dockerID(&Container{Name: container}))
}

// CredentialsURI is where the credentials of the task role are.
func (s *Server) CredentialsURI() string {
	return fmt.Sprintf("http://%s%s", s.listener.Addr(), s.credentialsPath())
}

func (s *Server) credentialsPath() string { return "/v2/credentials/" + hash(s.Task.ID)[:32] }

func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	doc := s.document(r.URL.Path, time.Now())
	if doc == nil {
		http.Error(w, "no such document: "+r.URL.Path, http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(doc)
}

// document finds what is at a path; nil if there is nothing.
func (s *Server) document(path string, at time.Time) any {
	if path == s.credentialsPath() {
		return s.Issue()
	}
	all := s.Task.all()
	for i := range all {
		c := &all[i]
		rest, ok := strings.CutPrefix(path, "/v4/"+s.Task.dockerID(c))
		if !ok {
			continue
		}
		switch rest {
		case "":
			return s.Task.ContainerMetadata(c.Name)
		case "/task":
			return s.Task.Metadata()
		case "/stats":
			return s.Task.containerStats(c, at)
		case "/task/stats":
			return s.Task.Stats(at)
		}
	}
	return nil
}
