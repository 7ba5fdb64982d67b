package token

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

const (
	issuer = "https://ehr.example.org/"
	base   = "https://cds.example.org"
	path   = "/cds-services/rlsguard-order-sign"
)

// today is what the clock of these tests says.
var today = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// clientKeys are those of a CDS client under test.
type clientKeys struct {
	ec384, ec256 *ecdsa.PrivateKey
	rsa, short   *rsa.PrivateKey
}

func newClientKeys(t testing.TB) clientKeys {
	t.Helper()
	t.Setenv("GODEBUG", "rsa1024min=0")
	var k clientKeys
	var err error
	if k.ec384, err = ecdsa.GenerateKey(elliptic.P384(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	if k.ec256, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	if k.rsa, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	if k.short, err = rsa.GenerateKey(rand.Reader, 1024); err != nil {
		t.Fatal(err)
	}
	return k
}

// set is the JWK Set of the keys, by their ids.
func (k clientKeys) set() jose.JSONWebKeySet {
	return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{
		{
			Key:       k.ec384.Public(),
			KeyID:     "ec",
			Use:       "sig",
			Algorithm: "ES384",
		}, {Key: k.rsa.Public(), KeyID: "rsa", Use: "sig"},
		{Key: k.short.Public(), KeyID: "short"}, {Key: k.ec384.Public(), KeyID: "enc", Use: "enc"},
	}}
}

func (k clientKeys) file(t testing.TB) string {
	t.Helper()
	data, err := json.Marshal(k.set())
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

// token is what a test signs: a good one, but for what the test changes.
type token struct {
	key    any
	alg    jose.SignatureAlgorithm
	kid    string
	header map[jose.HeaderKey]any
	claims map[string]any
}

func (k clientKeys) good(id string) *token {
	return &token{
		key:    k.ec384,
		alg:    jose.ES384,
		kid:    "ec",
		header: map[jose.HeaderKey]any{"typ": "JWT"},
		claims: map[string]any{
			"iss": issuer, "aud": base + path, "iat": today.Unix(), "exp": today.Add(5 * time.Minute).Unix(), "jti": id,
			"tenant": "t7",
		},
	}
}

func (s *token) sign(t testing.TB) string {
	t.Helper()
	opts := &jose.SignerOptions{ExtraHeaders: s.header}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: s.alg, Key: jose.JSONWebKey{Key: s.key, KeyID: s.kid}},
		opts,
	)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := jwt.Signed(signer).Claims(s.claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + raw
}

func newTestVerifier(t testing.TB, k clientKeys) *Verifier {
	t.Helper()
	keys, err := NewKeys(k.file(t))
	if err != nil {
		t.Fatal(err)
	}
	v := NewVerifier([]string{base + "/", "http://127.0.0.1:1"}, map[string]*Keys{issuer: keys})
	v.now = func() time.Time { return today }
	return v
}

func TestVerifier(t *testing.T) {
	k := newClientKeys(t)
	v := newTestVerifier(t, k)
	claim := func(name string, value any) func(*token) { return func(s *token) { s.claims[name] = value } }
	without := func(name string) func(*token) { return func(s *token) { delete(s.claims, name) } }
	for name, test := range map[string]struct {
		change func(*token)
		want   error
	}{
		"ES384":                    {func(*token) {}, nil},
		"RS384":                    {func(s *token) { s.key, s.alg, s.kid = k.rsa, jose.RS384, "rsa" }, nil},
		"several audiences":        {claim("aud", []string{"https://other.example.org", base + path}), nil},
		"under another base":       {claim("aud", "http://127.0.0.1:1"+path), nil},
		"clocks disagree a little": {claim("iat", today.Add(30*time.Second).Unix()), nil},
		"RS256":                    {func(s *token) { s.key, s.alg, s.kid = k.rsa, jose.RS256, "rsa" }, badToken},
		"HS384": {func(s *token) { s.key, s.alg = []byte(strings.Repeat("k", 48)), jose.HS384 },
			badToken},
		"ES256":              {func(s *token) { s.key, s.alg = k.ec256, jose.ES256 }, badToken},
		"no kid":             {func(s *token) { s.kid = "" }, badHeader},
		"no typ":             {func(s *token) { s.header = nil }, badHeader},
		"another issuer":     {claim("iss", "https://evil.example.org/"), otherIssuer},
		"no issuer":          {without("iss"), otherIssuer},
		"unknown key":        {func(s *token) { s.kid = "new" }, noKey},
		"key for encryption": {func(s *token) { s.kid = "enc" }, noKey},
		"short key":          {func(s *token) { s.key, s.alg, s.kid = k.short, jose.RS384, "short" }, weakKey},
		"signed by another key": {func(s *token) { s.key, _ = ecdsa.GenerateKey(elliptic.P384(), rand.Reader) },
			badSignature},
		"RS384 with an EC key's id": {func(s *token) { s.key, s.alg = k.rsa, jose.RS384 }, noKey},
		"no exp":                    {without("exp"), noTimes},
		"no iat":                    {without("iat"), noTimes},
		"no jti":                    {without("jti"), noTimes},
		"expired":                   {claim("exp", today.Add(-2*time.Minute).Unix()), expired},
		"dated ahead":               {claim("iat", today.Add(2*time.Minute).Unix()), early},
		"not yet valid":             {claim("nbf", today.Add(2*time.Minute).Unix()), early},
		"issued years ago":          {claim("iat", today.AddDate(-10, 0, 0).Unix()), tooLong},
		"valid for years":           {claim("exp", today.AddDate(3, 0, 0).Unix()), tooLong},
		"another service":           {claim("aud", base+"/cds-services/other"), otherAudience},
		"base as audience":          {claim("aud", base), otherAudience},
		"no audience":               {without("aud"), otherAudience},
	} {
		t.Run(name, func(t *testing.T) {
			s := k.good(name)
			test.change(s)
			client, err := v.Verify(context.Background(), s.sign(t), path)
			if !errors.Is(err, test.want) {
				t.Fatalf("error %v, want %v", err, test.want)
			}
			if err == nil && (client.Issuer != issuer || client.Tenant != "t7") {
				t.Errorf("client %+v", client)
			}
		})
	}
	for _, header := range []string{"", "Basic dXNlcjpwYXNz", "Bearer", "Bearer not.a.token",
		"Bearer eyJhbGciOiJub25lIn0.e30."} {
		if _, err := v.Verify(context.Background(), header, path); err == nil {
			t.Errorf("%q is accepted", header)
		}
	}
}

func TestTokenIsUsedOnce(t *testing.T) {
	k := newClientKeys(t)
	v := newTestVerifier(t, k)
	now := today
	v.now = func() time.Time { return now }
	header := k.good("once").sign(t)
	if _, err := v.Verify(context.Background(), header, path); err != nil {
		t.Fatal(err)
	}
	if _, err := v.Verify(context.Background(), header, path); !errors.Is(err, replayed) {
		t.Errorf("the second time: %v", err)
	}
	if now = today.Add(5*time.Minute + 30*time.Second); true { // within the leeway it is still remembered
		if _, err := v.Verify(context.Background(), header, path); !errors.Is(err, replayed) {
			t.Errorf("at its end: %v", err)
		}
	}
	now = today.Add(time.Hour)
	v.replay.first("another", now, now)
	if n := len(v.replay.used); n != 1 {
		t.Errorf("%d tokens are remembered after they have expired", n)
	}
}

// An issuer at an address may change its keys; what nobody knows makes us ask again, but not all
// the time.
func TestKeysAtAnAddress(t *testing.T) {
	k := newClientKeys(t)
	var asked atomic.Int32
	var set atomic.Pointer[jose.JSONWebKeySet]
	first := k.set()
	set.Store(&first)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		if set.Load() == nil {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(set.Load())
	}))
	defer srv.Close()
	keys, err := NewKeys(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	defer keys.client.CloseIdleConnections()
	now := time.Now()
	keys.now = func() time.Time { return now }
	find := func(id string, want int) {
		t.Helper()
		if got, err := keys.find(context.Background(), id); err != nil || len(got) != want {
			t.Errorf("key %s: %d found, error %v", id, len(got), err)
		}
	}
	find("ec", 1)
	find("new", 0)
	second := jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: k.rsa.Public(), KeyID: "new"}}}
	set.Store(&second)
	find("new", 0) // asked a moment ago
	if asked.Load() != 1 {
		t.Errorf("asked %d times", asked.Load())
	}
	now = now.Add(time.Minute)
	find("new", 1)
	find("ec", 0)
	set.Store(nil)
	now = now.Add(time.Hour)
	find("new", 1) // the issuer does not answer: what is known holds
	if _, err := keys.find(context.Background(), "ec"); err != nil && asked.Load() < 3 {
		t.Errorf("error %v", err)
	}
	// A jku that is not the one on record is not followed.
	v := NewVerifier([]string{base}, map[string]*Keys{issuer: keys})
	v.now = func() time.Time { return today }
	s := k.good("jku")
	s.header["jku"] = "https://evil.example.org/keys"
	if _, err := v.Verify(context.Background(), s.sign(t), path); !errors.Is(err, otherKeys) {
		t.Errorf("error %v", err)
	}
}

func TestBadKeys(t *testing.T) {
	write := func(text string) string {
		name := filepath.Join(t.TempDir(), "keys.json")
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	for _, place := range []string{"http://ehr.example.org/keys", filepath.Join(t.TempDir(), "missing"), write("{"),
		write(`{"keys":[]}`), "http://127.0.0.1:1/keys"} {
		if _, err := NewKeys(place); err == nil {
			t.Errorf("%s is accepted", place)
		}
	}
	// A private or shared key in the set is none that a signature could be checked with.
	keys, err := NewKeys(write(`{"keys":[{"kty":"oct","kid":"s","k":"c2VjcmV0c2VjcmV0"}]}`))
	if err == nil {
		for _, k := range keys.set.Keys {
			if strong(k.Key, "HS384") || strong(k.Key, "RS384") {
				t.Error("a shared key is strong")
			}
		}
	}
}
