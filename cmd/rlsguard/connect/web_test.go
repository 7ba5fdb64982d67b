package connect

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/cdshooks"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/fhir"
)

// Every time of a door has an end.
func TestPatienceEnds(t *testing.T) {
	for name, p := range map[string]patience{"doors": doorPatience, "health": healthPatience} {
		if p.header <= 0 || p.request <= 0 || p.answer <= 0 || p.idle <= 0 || p.bytes <= 0 {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

// Whoever sends slowly, reads nothing or stays without a word is cut off; who is quick is not.
func TestSlowClientsAreCutOff(t *testing.T) {
	cds := cdshooks.NewHandler(cdshooks.Config{
		Checker: &ordercheck.Checker{
			Engine: &fold.Engine{Settings: checks.DefaultSettings()}, Reader: fhir.Options{},
		},
		Log: zerolog.Nop(),
	})
	large := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for _, err := w.Write(nil); err == nil; {
			_, err = w.Write(make([]byte, 1<<20))
		}
	})
	const post = "POST /cds-services/rlsguard-patient-view HTTP/1.1\r\nHost: localhost\r\nContent-Length: " +
		"100000\r\n\r\n{"
	for name, c := range map[string]struct {
		handler http.Handler
		sends   string
		answer  string // that it begins with
	}{
		"half a header": {cds, "POST /cds-serv", ""},
		"half a body":   {cds, post, "HTTP/1.1 400"},
		"idle":          {cds, "GET /cds-services HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200"},
		"reads nothing": {large, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200"},
	} {
		t.Run(name, func(t *testing.T) {
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			soon := 200 * time.Millisecond
			web := patience{soon, soon, 5 * soon, soon, 16 << 10}.server(c.handler)
			closed := make(chan struct{})
			web.ConnState = func(_ net.Conn, s http.ConnState) {
				if s == http.StateClosed {
					close(closed)
				}
			}
			ended := make(chan error, 1)
			go func() { ended <- web.Serve(listener) }()
			conn, err := net.Dial("tcp", listener.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if _, err := io.Copy(conn, strings.NewReader(c.sends)); err != nil {
				t.Fatal(err)
			}
			select {
			case <-closed:
			case <-time.After(time.Minute):
				t.Error("the connection stays")
			}
			answer := make([]byte, len(c.answer))
			if _, err := io.ReadFull(conn, answer); err != nil || !bytes.Equal(answer, []byte(c.answer)) {
				t.Errorf("the answer is %q, %v", answer, err)
			}
			if err := web.Close(); err != nil {
				t.Error(err)
			}
			if err := <-ended; !errors.Is(err, http.ErrServerClosed) {
				t.Error(err)
			}
		})
	}
}
