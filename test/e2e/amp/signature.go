package amp

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// maxSkew is how far the date of a signature may be from the clock of the service.
// Source: IAM user guide, "Signature Version 4 signing process": 5 minutes.
const maxSkew = 5 * time.Minute

// Credentials are what the emulated AWS has issued.
type Credentials struct {
	AccessKeyID, SecretAccessKey, SessionToken string
	Expires                                    time.Time
}

// Verifier checks SigV4 signatures for one service in one region.
type Verifier struct {
	Region, Service string
	// Lookup finds the credentials issued under an access key.
	Lookup func(accessKeyID string) (Credentials, bool)
	// Now is the service's clock. Default: time.Now.
	Now func() time.Time
}

// Refusal is an answer of the front door other than success.
type Refusal struct {
	Status  int
	Message string
}

func (r *Refusal) Error() string { return fmt.Sprintf("%d: %s", r.Status, r.Message) }

func forbidden(format string, args ...any) *Refusal {
	return &Refusal{Status: http.StatusForbidden, Message: fmt.Sprintf(format, args...)}
}

// authorization is a taken-apart Authorization header.
type authorization struct {
	accessKeyID, date, region, service string
	signedHeaders                      []string
}

func parseAuthorization(header string) (a authorization, ok bool) {
	rest, ok := strings.CutPrefix(header, "AWS4-HMAC-SHA256 ")
	if !ok {
		return a, false
	}
	fields := map[string]string{}
	for field := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		fields[name] = value
	}
	scope := strings.Split(fields["Credential"], "/")
	if len(scope) != 5 || scope[4] != "aws4_request" || fields["Signature"] == "" {
		return a, false
	}
	a = authorization{scope[0], scope[1], scope[2], scope[3], strings.Split(fields["SignedHeaders"], ";")}
	return a, true
}

// Verify signs the request again with the AWS SDK's own signer, from nothing but what the request says was signed, and
// compares. A nil error means that the real front door would have accepted the signature.
func (v *Verifier) Verify(r *http.Request, body []byte) error {
	auth, ok := parseAuthorization(r.Header.Get("Authorization"))
	if !ok {
		return forbidden("Missing Authentication Token")
	}
	if auth.region != v.Region {
		return forbidden("Credential should be scoped to a valid region (got %q, expected %q).", auth.region, v.Region)
	}
	if auth.service != v.Service {
		return forbidden("Credential should be scoped to correct service: '%s' (got %q).", v.Service, auth.service)
	}
	signed, err := time.Parse("20060102T150405Z", r.Header.Get("X-Amz-Date"))
	if err != nil || !strings.HasPrefix(r.Header.Get("X-Amz-Date"), auth.date) {
		return forbidden("Date in Credential scope does not match X-Amz-Date %q.", r.Header.Get("X-Amz-Date"))
	}
	now := time.Now()
	if v.Now != nil {
		now = v.Now()
	}
	if skew := now.Sub(signed).Abs(); skew > maxSkew {
		return forbidden("Signature expired: %s is %s away from %s.", signed, skew, now)
	}
	credentials, ok := v.Lookup(auth.accessKeyID)
	if !ok || r.Header.Get("X-Amz-Security-Token") != credentials.SessionToken {
		return forbidden("The security token included in the request is invalid.")
	}
	if !now.Before(credentials.Expires) {
		return forbidden("The security token included in the request is expired")
	}
	expected, err := v.sign(r, body, auth, credentials, signed)
	if err != nil {
		return err
	}
	if subtle.ConstantTimeCompare([]byte(expected), []byte(r.Header.Get("Authorization"))) != 1 {
		return forbidden("The request signature we calculated does not match the signature you provided. Expected %q, got %q.",
			expected, r.Header.Get("Authorization"))
	}
	return nil
}

// sign gives the Authorization header that these credentials would produce for the request.
func (v *Verifier) sign(r *http.Request, body []byte, auth authorization, c Credentials, at time.Time) (string, error) {
	fresh, err := http.NewRequest(r.Method, "https://"+r.Host+r.URL.RequestURI(), nil)
	if err != nil {
		return "", err
	}
	for _, name := range auth.signedHeaders {
		switch name {
		case "host", "x-amz-date", "x-amz-security-token": // the signer sets these itself
		case "content-length":
			fresh.ContentLength = r.ContentLength
		default:
			fresh.Header[http.CanonicalHeaderKey(name)] = r.Header.Values(name)
		}
	}
	sum := sha256.Sum256(body)
	credentials := aws.Credentials{AccessKeyID: c.AccessKeyID, SecretAccessKey: c.SecretAccessKey, SessionToken: c.SessionToken}
	err = v4.NewSigner().SignHTTP(context.Background(), credentials, fresh, hex.EncodeToString(sum[:]), v.Service, v.Region, at)
	return fresh.Header.Get("Authorization"), err
}
