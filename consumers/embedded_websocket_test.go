package consumers

import (
	"crypto/tls"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/consumers/embedded"
)

// Browsers connect over WebSocket, with the rights of their user, from pages that are allowed.
func TestEmbeddedWebSocket(t *testing.T) {
	cert, pool := certificate(t)
	own := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	users := []embedded.User{{Name: "ward", Password: "secret of the test", Role: "dashboard"}}
	for name, c := range map[string]struct {
		socket        embedded.WebSocket
		tls           *tls.Config
		fine, refused []string // origins of pages
		itself        bool     // a page of the address itself may connect
	}{
		"origins": {
			socket: embedded.WebSocket{Origins: []string{"https://ward.example.org"}}, tls: own,
			fine:    []string{"", "https://ward.example.org"},
			refused: []string{"https://evil.example.org", "http://ward.example.org", "null"},
		},
		"same origin": {tls: own, fine: []string{""}, refused: []string{"https://ward.example.org"}, itself: true},
		"plain":       {fine: []string{""}, refused: []string{"http://localhost:1"}, itself: true},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			c.socket.Listen = "127.0.0.1:0"
			e, err := embedded.Start(t.Context(), embedded.Options{
				Dir: dir, Listen: "127.0.0.1:0", TLS: c.tls, Users: users, WebSocket: c.socket,
			})
			if err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(dir, "websocket.url")
			told, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			address := strings.TrimSpace(string(told))
			if strings.HasPrefix(address, "wss://127.0.0.1:") != (c.tls != nil) {
				t.Errorf("the address is %s", address)
			}
			connect := func(origin string, password string) error {
				options := []nats.Option{nats.UserInfo("ward", password)}
				if c.tls != nil {
					options = append(options, nats.Secure(&tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}))
				}
				if origin != "" {
					options = append(options, nats.WebSocketConnectionHeaders(http.Header{"Origin": {origin}}))
				}
				nc, err := nats.Connect(address, options...)
				if err == nil {
					nc.Close()
				}
				return err
			}
			if c.itself {
				c.fine = append(c.fine, strings.Replace(address, "ws", "http", 1))
			}
			for _, origin := range c.fine {
				if err := connect(origin, "secret of the test"); err != nil {
					t.Errorf("from %q: %v", origin, err)
				}
			}
			for _, origin := range c.refused {
				if connect(origin, "secret of the test") == nil {
					t.Errorf("a page of %q may connect", origin)
				}
			}
			if connect("", "another") == nil {
				t.Error("a wrong password is enough")
			}
			if err := e.Stop(); err != nil {
				t.Error(err)
			}
			if _, err := os.Stat(file); err == nil {
				t.Error("websocket.url is left behind")
			}
		})
	}
}

func TestEmbeddedWebSocketElsewhereNeedsTLSAndUsers(t *testing.T) {
	for _, users := range [][]embedded.User{nil, {{Name: "ward", Password: "secret", Role: "dashboard"}}} {
		e, err := embedded.Start(t.Context(), embedded.Options{
			Dir: t.TempDir(), Listen: "127.0.0.1:0", Users: users,
			WebSocket: embedded.WebSocket{Listen: "0.0.0.0:0"},
		})
		if err == nil {
			e.Stop()
		}
		if err == nil || !strings.Contains(err.Error(), "that needs TLS and users") {
			t.Errorf("with %d users: %v", len(users), err)
		}
	}
}
