package consumers

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
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
		{layout.StreamRLS, "max_age", func(c *jetstream.StreamConfig) { c.MaxAge = 1000 * time.Hour }},
		{layout.StreamRLS, "max_msgs", func(c *jetstream.StreamConfig) { c.MaxMsgs = 1e6 }},
		{layout.StreamRLS, "max_bytes", func(c *jetstream.StreamConfig) { c.MaxBytes = 1e9 }},
		{layout.StreamRLS, "max_msgs_per_subject", func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 2 }},
		{layout.StreamRLS, "max_msg_size", func(c *jetstream.StreamConfig) { c.MaxMsgSize = 100 }},
		{layout.StreamRLS, "subjects", func(c *jetstream.StreamConfig) { c.Subjects = c.Subjects[:2] }},
		{layout.StreamRLS, "republish", func(c *jetstream.StreamConfig) { c.RePublish = nil }},
		{layout.StreamRLS, "allow_atomic", func(c *jetstream.StreamConfig) { c.AllowAtomicPublish = false }},
		{layout.StreamFHIR, "max_msgs", func(c *jetstream.StreamConfig) { c.MaxMsgs = 1e6 }},
		{layout.StreamFHIR, "max_bytes", func(c *jetstream.StreamConfig) { c.MaxBytes = 1e9 }},
		{layout.StreamFHIR, "max_msgs_per_subject", func(c *jetstream.StreamConfig) { c.MaxMsgsPerSubject = 100 }},
		{layout.StreamFHIR, "subjects", func(c *jetstream.StreamConfig) { c.Subjects = []string{"fhir.Patient"} }},
		{layout.StreamFHIR, "subject_transform", func(c *jetstream.StreamConfig) {
			c.SubjectTransform = &jetstream.SubjectTransformConfig{Source: "fhir.>", Destination: "fhir.x.>"}
		}},
		{layout.StreamFlags, "max_age", func(c *jetstream.StreamConfig) { c.MaxAge = 1000 * time.Hour }},
		{layout.StreamFlags, "max_msgs", func(c *jetstream.StreamConfig) { c.MaxMsgs = 1e6 }},
		{layout.StreamFlags, "sources", func(c *jetstream.StreamConfig) { c.Sources = nil }},
		{layout.StreamDead, "max_msgs", func(c *jetstream.StreamConfig) { c.MaxMsgs = 1e6 }},
		{layout.StreamDead, "subjects", func(c *jetstream.StreamConfig) { c.Subjects = []string{"rls.dead.too-deep"} }},
	} {
		restore := b.setStream(c.stream, c.change)
		b.wait(c.stream+" "+c.setting+" told", func() bool {
			code, body := asks(&cfg, "/readyz")
			return code == http.StatusServiceUnavailable && strings.Contains(body, `"stream-settings"`) &&
				strings.Contains(body, "stream "+c.stream+": "+c.setting+" ")
		})
		restore()
		b.wait("green again", func() bool { code, _ := asks(&cfg, "/readyz"); return code == http.StatusOK })
	}
	for name, change := range map[string]func(*jetstream.StreamConfig){
		layout.StreamFHIR: func(c *jetstream.StreamConfig) { c.MaxAge = 1000 * time.Hour },
		layout.StreamDead: func(c *jetstream.StreamConfig) { c.MaxAge = time.Hour; c.Duplicates = time.Hour },
	} {
		restore := b.setStream(name, change)
		time.Sleep(3 * jet.LookEvery)
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
	streams := map[string]*jetstream.StreamInfo{}
	for _, want := range layout.StreamConfigs(1) {
		streams[want.Name] = b.stream(want.Name).CachedInfo()
	}
	if unfit := jet.UnfitStreams(b.js, streams); unfit != "" {
		t.Error(unfit)
	}
}
