package token

import (
	"context"
	"crypto/ecdsa"
	"crypto/rsa"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// Client is who calls, as its token says.
type Client struct {
	Issuer string
	Tenant string
}

// Verifier checks the tokens of CDS clients (CDS Hooks 2.0, "Trusting CDS Clients"): signed with
// ES384 or RS384 by a key of an issuer on the list, meant for this service, neither expired nor
// used before.
type Verifier struct {
	base    []string // base URLs under which this service is called
	issuers map[string]*Keys
	replay  *replayGuard
	now     func() time.Time
}

// The limits of a token's times.
const (
	leeway   = time.Minute    // of clocks that disagree
	lifetime = 24 * time.Hour // an end further ahead would have to be remembered for long
)

var algorithms = []jose.SignatureAlgorithm{jose.ES384, jose.RS384}

// refusal is why a token is not accepted: a closed list, for logs and answers.
type refusal string

func (r refusal) Error() string { return string(r) }

// Reasons to refuse a token.
const (
	noToken       refusal = "no bearer token"
	badToken      refusal = "not a token signed with ES384 or RS384"
	badHeader     refusal = "its header lacks typ JWT or kid"
	otherKeys     refusal = "jku is not the one on record for this issuer"
	otherIssuer   refusal = "the issuer is not on the list"
	noKey         refusal = "the issuer has no such key"
	weakKey       refusal = "the key is not on P-384, or shorter than 2048 bits"
	badSignature  refusal = "the signature is wrong"
	noTimes       refusal = "exp, iat or jti is missing"
	expired       refusal = "it has expired"
	early         refusal = "it is dated ahead"
	tooLong       refusal = "it is valid for longer than a day"
	otherAudience refusal = "it is meant for another service"
	replayed      refusal = "it was used before"
	keysUnread    refusal = "the issuer's keys cannot be read"
)

// Reason is a refusal in words.
func Reason(err error) string {
	var r refusal
	if errors.As(err, &r) {
		return string(r)
	}
	return "it cannot be checked"
}

// NewVerifier makes a verifier for a service that is called under one of the base URLs, such as
// https://cds.example.org, by the issuers given.
func NewVerifier(base []string, issuers map[string]*Keys) *Verifier {
	bases := make([]string, len(base))
	for i, b := range base {
		bases[i] = strings.TrimRight(b, "/")
	}
	return &Verifier{base: bases, issuers: issuers, replay: newReplayGuard(), now: time.Now}
}

type claims struct {
	jwt.Claims
	Tenant string `json:"tenant"`
}

// Verify checks the header Authorization of a call to path. The error is a refusal.
func (v *Verifier) Verify(ctx context.Context, authorization, path string) (*Client, error) {
	scheme, raw, ok := strings.Cut(authorization, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return nil, noToken
	}
	token, err := jwt.ParseSigned(strings.TrimSpace(raw), algorithms)
	if err != nil || len(token.Headers) != 1 {
		return nil, badToken
	}
	var c claims
	if token.UnsafeClaimsWithoutVerification(&c) != nil {
		return nil, badToken
	}
	keys := v.issuers[c.Issuer] // which keys to try; nothing of the claims is believed before the signature is checked
	if keys == nil {
		return nil, otherIssuer
	}
	key, err := keyOf(ctx, keys, &token.Headers[0])
	if err != nil {
		return nil, err
	}
	if token.Claims(key, &c) != nil {
		return nil, badSignature
	}
	if err := v.accept(&c, path); err != nil {
		return nil, err
	}
	return &Client{Issuer: c.Issuer, Tenant: c.Tenant}, nil
}

// keyOf is the key that a token's header names.
func keyOf(ctx context.Context, keys *Keys, h *jose.Header) (any, error) {
	typ, _ := h.ExtraHeaders[jose.HeaderType].(string)
	if h.KeyID == "" || !strings.EqualFold(typ, "JWT") {
		return nil, badHeader
	}
	if jku, ok := h.ExtraHeaders["jku"]; ok && keys.url != "" && jku != keys.url {
		return nil, otherKeys
	}
	set, err := keys.find(ctx, h.KeyID)
	if err != nil {
		return nil, keysUnread
	}
	for _, k := range set {
		if k.Use != "" && k.Use != "sig" || k.Algorithm != "" && k.Algorithm != h.Algorithm {
			continue
		}
		if !strong(k.Key, h.Algorithm) {
			return nil, weakKey
		}
		return k.Key, nil
	}
	return nil, noKey
}

// strong tells that a public key is one for the algorithm, and long enough.
func strong(key any, algorithm string) bool {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		return algorithm == string(jose.ES384) && k.Curve.Params().BitSize == 384
	case *rsa.PublicKey:
		return algorithm == string(jose.RS384) && k.N.BitLen() >= 2048
	}
	return false
}

// accept checks what a genuine token says.
func (v *Verifier) accept(c *claims, path string) error {
	now := v.now()
	switch {
	case c.Expiry == nil || c.IssuedAt == nil || c.ID == "":
		return noTimes
	case !c.Expiry.Time().Add(leeway).After(now):
		return expired
	case c.IssuedAt.Time().After(now.Add(leeway)), c.NotBefore != nil && c.NotBefore.Time().After(now.Add(leeway)):
		return early
	case c.Expiry.Time().After(now.Add(lifetime)), c.IssuedAt.Time().Add(lifetime + leeway).Before(now):
		return tooLong
	case !slices.ContainsFunc(v.base, func(b string) bool { return c.Audience.Contains(b + path) }):
		return otherAudience
	case !v.replay.first(c.Issuer+" "+c.ID, c.Expiry.Time().Add(leeway), now):
		return replayed
	}
	return nil
}
