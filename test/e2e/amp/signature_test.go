package amp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

const workspace = "ws-11111111-2222-3333-4444-555555555555"

var issued = Credentials{"ASIAEXAMPLE", "secret", "token", time.Now().Add(time.Hour)}

func verifier() Verifier {
	return Verifier{Region: "eu-west-1", Service: "aps", Lookup: func(id string) (Credentials, bool) {
		return issued, id == issued.AccessKeyID
	}}
}

// signing is what a client does; each case changes one thing.
type signing struct {
	credentials     Credentials
	service, region string
	at              time.Time
	body            []byte
}

func (s signing) request(t *testing.T) *http.Request {
	t.Helper()
	url := "https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/" + workspace + "/api/v1/remote_write"
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(s.body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Encoding", "snappy")
	r.Header.Set("Content-Type", "application/x-protobuf")
	r.Header.Set("X-Prometheus-Remote-Write-Version", "0.1.0")
	sum := sha256.Sum256(s.body)
	c := aws.Credentials{AccessKeyID: s.credentials.AccessKeyID, SecretAccessKey: s.credentials.SecretAccessKey, SessionToken: s.credentials.SessionToken}
	if err := v4.NewSigner().SignHTTP(context.Background(), c, r, hex.EncodeToString(sum[:]), s.service, s.region, s.at); err != nil {
		t.Fatal(err)
	}
	return r
}

// received is the request as a server sees it.
func received(r *http.Request, body []byte) *http.Request {
	in := httptest.NewRequest(r.Method, r.URL.RequestURI(), bytes.NewReader(body))
	in.Host, in.Header = r.URL.Host, r.Header.Clone()
	return in
}

func TestSignatureIsVerified(t *testing.T) {
	body := []byte("samples")
	for name, c := range map[string]struct {
		sign    func(*signing)
		tamper  func(*http.Request)
		refusal string // "" is accepted
	}{
		"good":                {},
		"slow clock":          {sign: func(s *signing) { s.at = s.at.Add(-4 * time.Minute) }},
		"expired date":        {sign: func(s *signing) { s.at = s.at.Add(-6 * time.Minute) }, refusal: "Signature expired"},
		"date in the future":  {sign: func(s *signing) { s.at = s.at.Add(6 * time.Minute) }, refusal: "Signature expired"},
		"wrong region":        {sign: func(s *signing) { s.region = "us-east-1" }, refusal: "valid region"},
		"empty region":        {sign: func(s *signing) { s.region = "" }, refusal: "valid region"},
		"wrong service":       {sign: func(s *signing) { s.service = "execute-api" }, refusal: "correct service: 'aps'"},
		"empty service":       {sign: func(s *signing) { s.service = "" }, refusal: "correct service: 'aps'"},
		"wrong secret":        {sign: func(s *signing) { s.credentials.SecretAccessKey = "guess" }, refusal: "does not match"},
		"unknown key":         {sign: func(s *signing) { s.credentials.AccessKeyID = "AKIAOTHER" }, refusal: "token included in the request is invalid"},
		"no session token":    {sign: func(s *signing) { s.credentials.SessionToken = "" }, refusal: "token included in the request is invalid"},
		"tampered body":       {sign: func(s *signing) { s.body = []byte("other") }, refusal: "does not match"},
		"tampered header":     {tamper: func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, refusal: "does not match"},
		"tampered path":       {tamper: func(r *http.Request) { r.URL.Path = "/workspaces/other" }, refusal: "does not match"},
		"tampered host":       {tamper: func(r *http.Request) { r.URL.Host = "aps-workspaces.us-east-1.amazonaws.com" }, refusal: "does not match"},
		"no authorization":    {tamper: func(r *http.Request) { r.Header.Del("Authorization") }, refusal: "Missing Authentication Token"},
		"basic authorization": {tamper: func(r *http.Request) { r.SetBasicAuth("u", "p") }, refusal: "Missing Authentication Token"},
	} {
		t.Run(name, func(t *testing.T) {
			s := signing{credentials: issued, service: "aps", region: "eu-west-1", at: time.Now(), body: body}
			if c.sign != nil {
				c.sign(&s)
			}
			r := s.request(t)
			if c.tamper != nil {
				c.tamper(r)
			}
			v := verifier()
			err := v.Verify(received(r, body), body)
			switch {
			case c.refusal == "" && err != nil:
				t.Errorf("refused: %v", err)
			case c.refusal != "" && (err == nil || !strings.Contains(err.Error(), c.refusal)):
				t.Errorf("got %v, expected a refusal with %q", err, c.refusal)
			}
		})
	}
}

func TestExpiredCredentialsAreRefused(t *testing.T) {
	s := signing{credentials: issued, service: "aps", region: "eu-west-1", at: issued.Expires, body: []byte("samples")}
	v := verifier()
	v.Now = func() time.Time { return issued.Expires }
	err := v.Verify(received(s.request(t), s.body), s.body)
	if err == nil || !strings.Contains(err.Error(), "is expired") {
		t.Errorf("got %v, expected a refusal of expired credentials", err)
	}
}
