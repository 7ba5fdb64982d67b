package jet

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/layout"
)

// What is logged of a server names no user, password or token, however the address is written.
func TestWithoutCredentials(t *testing.T) {
	for given, want := range map[string]string{
		"":                                 "",
		"nats://host:4222":                 "nats://host:4222",
		"tls://user:secret@host:4222":      "tls://host:4222",
		"nats://token@host":                "nats://host",
		"user:secret@host":                 "nats://host",
		"nats://u:p@ss@host":               "nats://host",
		"nats://u:p@a:1,tls://v:q@b:2,c:3": "nats://a:1,tls://b:2,c:3",
	} {
		if got := WithoutCredentials(given); got != want || strings.Contains(got, "secret") {
			t.Errorf("of %q it is %q", given, got)
		}
	}
}

// Whoever waits, waits twice as long each time, up to a limit.
func TestBackoff(t *testing.T) {
	var waits []time.Duration
	b := &Backoff{By: func(_ context.Context, d time.Duration) { waits = append(waits, d/time.Millisecond) }}
	for range 8 {
		b.Sleep(t.Context())
	}
	if want := []time.Duration{100, 200, 400, 800, 1600, 3200, 5000, 5000}; !slices.Equal(waits, want) {
		t.Errorf("it waits %v ms", waits)
	}
}

// An answer tells one of three things: stored, refused for what is there, or nobody knows.
func TestParseAck(t *testing.T) {
	for text, c := range map[string]struct {
		seq uint64
		err error
	}{
		`{"stream":"RLS","seq":7}`: {seq: 7},
		`{"error":{"code":400,"err_code":10071,"description":"wrong last sequence: 3"}}`: {err: ErrConflict},
		`{"error":{"code":503,"err_code":10077,"description":"busy"}}`:                   {err: ErrUnknown},
		`{"stream":"RLS"}`: {err: ErrUnknown},
		`junk`:             {err: ErrUnknown},
	} {
		seq, err := parseAck([]byte(text))
		if seq != c.seq || !errors.Is(err, c.err) || (err == nil) != (c.err == nil) {
			t.Errorf("%s: %d, %v", text, seq, err)
		}
	}
	if err := publishError(fmt.Errorf("it is %w", nats.ErrMaxPayload)); !errors.Is(err, ErrPoison) {
		t.Errorf("too large is %v", err)
	}
	if err := publishError(nats.ErrConnectionClosed); !errors.Is(err, ErrUnknown) || errors.Is(err, ErrPoison) {
		t.Errorf("a closed connection is %v", err)
	}
}

// A batch is numbered from 1, its last message alone commits it, and a single message is none.
func TestUnstage(t *testing.T) {
	m := nats.NewMsg("a")
	last, err := (&JetStore{}).stage([]*nats.Msg{m})
	if err != nil || last != m || len(m.Header) != 0 {
		t.Errorf("one message is a batch: %v %v", m.Header, err)
	}
	m.Header[layout.HeaderBatch], m.Header["Other"] = []string{"x"}, []string{"y"}
	if Unstage(m); len(m.Header) != 1 || m.Header["Other"] == nil {
		t.Errorf("left are %v", m.Header)
	}
}

// Domain tells where streams are: with one account all are the user's own.
func TestDomain(t *testing.T) {
	for _, c := range []struct {
		domain          Domain
		prefix          string
		within, outside bool
	}{
		{NamedDomain(""), "", false, false},
		{NamedDomain("").Inside(), "", false, false},
		{NamedDomain("X"), "$JS.X.API", false, true},
		{NamedDomain("X").Inside(), "$JS.X.API", true, false},
		{OnlyDomain(nil), "", false, false},
		{OnlyDomain([]Domain{NamedDomain("X")}), "$JS.X.API", false, true},
	} {
		if c.domain.Prefix != c.prefix || c.domain.Within != c.within || c.domain.Outside() != c.outside {
			t.Errorf("%+v, outside %v", c.domain, c.domain.Outside())
		}
	}
	for stream, apart := range map[string]bool{
		layout.StreamFlags: true, layout.StreamDead: true, layout.StreamRLS: false, layout.StreamFHIR: false,
	} {
		if IsApart(stream) != apart {
			t.Errorf("%s is apart: %v", stream, !apart)
		}
	}
}

type config = jetstream.StreamConfig

// A stream as it is made is fit; each setting that would lose or hide messages is named.
func TestSettings(t *testing.T) {
	for _, want := range layout.StreamConfigs(1) {
		if found := settingsOf(&want, &want); len(found) > 0 {
			t.Errorf("as it is made: %v", found)
		}
	}
	for name, c := range map[string]struct {
		stream string
		change func(*config)
	}{
		"max_age":                 {layout.StreamRLS, func(c *config) { c.MaxAge = time.Hour }},
		"max_msgs":                {layout.StreamRLS, func(c *config) { c.MaxMsgs = 9 }},
		"max_bytes":               {layout.StreamFlags, func(c *config) { c.MaxBytes = 9 }},
		"max_msgs_per_subject":    {layout.StreamRLS, func(c *config) { c.MaxMsgsPerSubject = 5 }},
		"max_msg_size":            {layout.StreamRLS, func(c *config) { c.MaxMsgSize = 9 }},
		"discard_new_per_subject": {layout.StreamRLS, func(c *config) { c.DiscardNewPerSubject = true }},
		"retention":               {layout.StreamFHIR, func(c *config) { c.Retention = jetstream.WorkQueuePolicy }},
		"sealed":                  {layout.StreamDead, func(c *config) { c.Sealed = true }},
		"no_ack":                  {layout.StreamFHIR, func(c *config) { c.NoAck = true }},
		"subjects":                {layout.StreamFHIR, func(c *config) { c.Subjects = []string{"fhir.Patient"} }},
		"sources":                 {layout.StreamFlags, func(c *config) { c.Sources = nil }},
		"mirror":                  {layout.StreamRLS, func(c *config) { c.Mirror = &jetstream.StreamSource{} }},
		"allow_direct":            {layout.StreamFlags, func(c *config) { c.AllowDirect = false }},
		"allow_atomic":            {layout.StreamRLS, func(c *config) { c.AllowAtomicPublish = false }},
		"deny_purge":              {layout.StreamAudit, func(c *config) { c.DenyPurge = true }},
		"deny_delete":             {layout.StreamRLS, func(c *config) { c.DenyDelete = true }},
	} {
		for _, want := range layout.StreamConfigs(1) {
			if want.Name != c.stream {
				continue
			}
			have := want
			c.change(&have)
			if found := settingsOf(&have, &want); len(found) == 0 ||
				!strings.Contains(found[0], "stream "+c.stream+": "+name+" ") {
				t.Errorf("%s of %s: %v", name, c.stream, found)
			}
		}
	}
	// How long inputs, letters and the audit are kept is the site's own choice.
	for _, want := range layout.StreamConfigs(1) {
		have := want
		have.MaxAge = time.Hour
		forever := []string{layout.StreamRLS, layout.StreamFlags, layout.StreamFeedback}
		if n := len(settingsOf(&have, &want)); (n > 0) != slices.Contains(forever, want.Name) {
			t.Errorf("max_age of %s: %d", want.Name, n)
		}
	}
}

// A stream that listens to more than it has to listens to that.
func TestLacks(t *testing.T) {
	for _, c := range []struct {
		have, want string
		lacks      bool
	}{
		{"fhir.>", "fhir.>", false}, {">", "fhir.>", false}, {"fhir.Patient", "fhir.>", true},
		{"rls.state.> rls.commit.> more", "rls.state.> rls.commit.>", false},
		{"rls.>", "rls.state.> rls.timer.*", false},
		{"rls.state.>", "rls.state.> rls.commit.>", true}, {"", "fhir.>", true}, {"x", "", false},
	} {
		if got := lacks(strings.Fields(c.have), strings.Fields(c.want)); got != c.lacks {
			t.Errorf("%q lacks %q: %v", c.have, c.want, got)
		}
	}
}
