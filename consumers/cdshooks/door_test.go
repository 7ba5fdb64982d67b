package cdshooks

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/rlsguard/rlsguard/consumers/cdshooks/hook"
	"github.com/rlsguard/rlsguard/consumers/cdshooks/token"
)

// signedWith gives what signs tokens of a new client for an audience, by their id, and the client's
// public keys.
func signedWith(t *testing.T, audience string) (sign func(id string) string, keys *token.Keys) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set, err := json.Marshal(
		jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "ec", Use: "sig", Algorithm: "ES384"}}},
	)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "keys.json")
	if err := os.WriteFile(file, set, 0o600); err != nil {
		t.Fatal(err)
	}
	if keys, err = token.NewKeys(file); err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.ES384, Key: jose.JSONWebKey{Key: key, KeyID: "ec"}},
		(&jose.SignerOptions{}).WithType("JWT"),
	)
	if err != nil {
		t.Fatal(err)
	}
	return func(id string) string {
		now := time.Now()
		raw, err := jwt.Signed(signer).Claims(map[string]any{
			"iss": "https://ehr.example.org/", "aud": audience, "iat": now.Unix(),
			"exp": now.Add(5 * time.Minute).Unix(), "jti": id,
		}).Serialize()
		if err != nil {
			t.Fatal(err)
		}
		return "Bearer " + raw
	}, keys
}

// The door lets nobody in without a token, and says why without repeating it.
func TestDoorWithVerifier(t *testing.T) {
	v := new(token.Verifier)
	d := newDoor(t, stored(t, rlsCondition), func(c *Config) { c.Verifier = v })
	const path = "/cds-services/rlsguard-order-sign"
	sign, keys := signedWith(t, d.url+path)
	*v = *token.NewVerifier([]string{d.url}, map[string]*token.Keys{"https://ehr.example.org/": keys})
	body := hookCall(hook.OrderSign, bundle(order("d1", "draft", "mirtazapine")), "{}")
	status, h, data := d.send(http.MethodPost, path, body)
	if status != http.StatusUnauthorized || !strings.Contains(h.Get("WWW-Authenticate"), "Bearer") ||
		!strings.Contains(string(data), "no bearer token") {
		t.Errorf("status %d, %v: %s", status, h, data)
	}
	once := sign("Zebrowski")
	if status, _, data = d.send(http.MethodPost, path, body, "Authorization", once); status != http.StatusOK {
		t.Errorf("status %d: %s", status, data)
	}
	if status, _, _ = d.send(http.MethodPost, path, body, "Authorization", once); status != http.StatusUnauthorized {
		t.Errorf("the second time: status %d", status)
	}
	if status, _, _ = d.send(http.MethodPost, path+"/feedback", `{}`); status != http.StatusUnauthorized {
		t.Errorf("feedback: status %d", status)
	}
	if status, _, data = d.send(http.MethodGet, "/cds-services", "", "Host",
		"cds.example.org"); status != http.StatusOK ||
		strings.Contains(string(data), "OPEN") {
		t.Errorf("discovery: status %d: %s", status, data)
	}
	if said := d.log.String(); !strings.Contains(said, "it was used before") || strings.Contains(said, "Zebrowski") {
		t.Errorf("log: %s", said)
	}
}
