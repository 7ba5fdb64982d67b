package consumers

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// A stream whose settings change under a running instance turns it red, with the stream and the
// setting named; put back, it is green again.
func TestStreamSettingsChange(t *testing.T) {
	b := newBench(t)
	cfg := b.config()
	defer b.serve(cfg)()
	b.publish(someDocs(4)...)
	b.decided()
	for _, c := range []struct {
		stream, setting string
		change          func(*jetstream.StreamConfig)
	}{
		{StreamRLS, "max_age", func(c *jetstream.StreamConfig) { c.MaxAge = 1000 * time.Hour }},
		{StreamRLS, "max_msgs", func(c *jetstream.StreamConfig) { c.MaxMsgs = 1e6 }},
		{StreamRLS, "max_bytes", func(c *jetstream.StreamConfig) { c.MaxBytes = 1e9 }},
		{StreamRLS, "max_msgs_per_subject", func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 2 }},
		{StreamRLS, "max_msg_size", func(c *jetstream.StreamConfig) { c.MaxMsgSize = 100 }},
		{StreamRLS, "subjects", func(c *jetstream.StreamConfig) { c.Subjects = c.Subjects[:2] }},
		{StreamRLS, "republish", func(c *jetstream.StreamConfig) { c.RePublish = nil }},
		{StreamRLS, "allow_atomic", func(c *jetstream.StreamConfig) { c.AllowAtomicPublish = false }},
		{StreamFHIR, "max_msgs", func(c *jetstream.StreamConfig) { c.MaxMsgs = 1e6 }},
		{StreamFHIR, "max_bytes", func(c *jetstream.StreamConfig) { c.MaxBytes = 1e9 }},
		{StreamFHIR, "max_msgs_per_subject", func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 100 }},
		{StreamFHIR, "subjects", func(c *jetstream.StreamConfig) { c.Subjects = []string{"fhir.Patient"} }},
		{StreamFHIR, "subject_transform", func(c *jetstream.StreamConfig) {
			c.SubjectTransform = &jetstream.SubjectTransformConfig{Source: "fhir.>", Destination: "fhir.x.>"}
		}},
		{StreamFlags, "max_age", func(c *jetstream.StreamConfig) { c.MaxAge = 1000 * time.Hour }},
		{StreamFlags, "max_msgs", func(c *jetstream.StreamConfig) { c.MaxMsgs = 1e6 }},
		{StreamFlags, "sources", func(c *jetstream.StreamConfig) { c.Sources = nil }},
		{StreamDead, "max_msgs", func(c *jetstream.StreamConfig) { c.MaxMsgs = 1e6 }},
		{StreamDead, "subjects", func(c *jetstream.StreamConfig) { c.Subjects = []string{"rls.dead.too-deep"} }},
	} {
		restore := b.setStream(c.stream, c.change)
		b.wait(c.stream+" "+c.setting+" told", func() bool {
			code, body := asks(&cfg, "/readyz")
			return code == http.StatusServiceUnavailable && strings.Contains(body, `"stream-settings"`) && strings.Contains(body, "stream "+c.stream+": "+c.setting+" ")
		})
		restore()
		b.wait("green again", func() bool { code, _ := asks(&cfg, "/readyz"); return code == http.StatusOK })
	}
	for name, change := range map[string]func(*jetstream.StreamConfig){
		StreamFHIR: func(c *jetstream.StreamConfig) { c.MaxAge = 1000 * time.Hour },
		StreamDead: func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour; c.Duplicates = time.Hour },
	} {
		restore := b.setStream(name, change)
		time.Sleep(3 * lookEvery)
		if code, body := asks(&cfg, "/readyz"); code != http.StatusOK {
			t.Errorf("%s with an age limit: %s", name, body)
		}
		restore()
	}
}

// What is made is fit.
func TestMadeStreamsAreFit(t *testing.T) {
	b := newBench(t)
	defer b.serve(b.config())()
	for _, want := range streamConfigs(1) {
		if found := settingsOf(&b.stream(want.Name).CachedInfo().Config, &want); len(found) > 0 {
			t.Error(found)
		}
	}
}
