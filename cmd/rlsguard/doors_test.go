package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/consumers"
	"github.com/rlsguard/rlsguard/consumers/certtest"
	"github.com/rlsguard/rlsguard/consumers/fold"
)

// TestCDSOverTLS opens the door as a site does: with a certificate, and for one client with a key.
// Before the states are read it answers, and says so.
func TestCDSOverTLS(t *testing.T) {
	dir := t.TempDir()
	certtest.Files(t, dir)
	key, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	set, err := json.Marshal(jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "k1"}}})
	if err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(dir, "keys.json")
	if err := os.WriteFile(keys, set, 0o600); err != nil {
		t.Fatal(err)
	}
	flags := connect.DoorFlags{
		CDS: "127.0.0.1:0", CDSTLSCert: filepath.Join(dir, "server.crt"), CDSTLSKey: filepath.Join(dir, "server.key"),
		CDSIssuer: []string{"https://ehr.example.org/=" + keys}, CDSReason: []string{"local=A reason of our own"},
	}
	if err := flags.Check(); err != nil {
		t.Fatal(err)
	}
	settings, err := settings.Flag{}.Read()
	if err != nil {
		t.Fatal(err)
	}
	cfg := consumers.Config{
		URL: "nats://127.0.0.1:1", Reader: settings.Reader, AsOf: demoAsOf, Log: zerolog.Nop(), Replicas: 1,
		Audit:  time.Hour,
		Engine: &fold.Engine{Settings: checks.DefaultSettings(), Key: []byte(connect.PublicTestKey)},
	}
	opened, err := flags.Open(t.Context(), &cfg, dir)
	if err != nil {
		t.Fatal(err)
	}
	defer opened.Close()
	url, err := os.ReadFile(filepath.Join(dir, "cds.url"))
	if err != nil {
		t.Fatal(err)
	}
	service := strings.TrimSpace(string(url)) + "/cds-services/rlsguard-order-sign"
	if !strings.HasPrefix(service, "https://127.0.0.1:") {
		t.Fatalf("the door is at %s", service)
	}
	client := tlsClient(t, dir)
	defer client.CloseIdleConnections()
	const body = `{"hook":"order-sign","hookInstance":"1","context":{"patientId":"1"},` +
		`"prefetch":{"c":{"resourceType":"Condition","id":"c","subject":{"reference":"Patient/1"},` +
		`"code":{"coding":[{"system":"http://snomed.info/sct","code":"32914008"}]}}}}`
	if status, data := callCDS(t, client, service, body, ""); status != http.StatusUnauthorized {
		t.Errorf("without a token: status %d: %s", status, data)
	}
	status, data := callCDS(t, client, service, body, clientToken(t, key, service))
	if status != http.StatusOK {
		t.Fatalf("status %d: %s", status, data)
	}
	for _, want := range []string{"rls-iron-unchecked", "the stored record could not be looked at",
		"A reason of our own"} {
		if !strings.Contains(data, want) {
			t.Errorf("the answer lacks %q: %s", want, data)
		}
	}
}

// tlsClient trusts the certificate in dir.
func tlsClient(t *testing.T, dir string) *http.Client {
	t.Helper()
	pem, err := os.ReadFile(filepath.Join(dir, "server.crt"))
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AppendCertsFromPEM(pem)
	return &http.Client{
		Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}},
	}
}

// clientToken is what a CDS client sends with one call.
func clientToken(t *testing.T, key *ecdsa.PrivateKey, service string) string {
	t.Helper()
	signer, err := jose.NewSigner(
		jose.SigningKey{Algorithm: jose.ES384, Key: jose.JSONWebKey{Key: key, KeyID: "k1"}},
		(&jose.SignerOptions{}).WithType("JWT"),
	)
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	token, err := jwt.Signed(signer).Claims(jwt.Claims{
		Issuer: "https://ehr.example.org/", Audience: jwt.Audience{service}, ID: "n1",
		IssuedAt: jwt.NewNumericDate(now), Expiry: jwt.NewNumericDate(now.Add(time.Minute)),
	}).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func callCDS(t *testing.T, client *http.Client, url, body, token string) (int, string) {
	t.Helper()
	req, err := http.NewRequest(http.MethodPost, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(data)
}
