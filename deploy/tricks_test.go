package deploy

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"maps"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/jet"
)

// tricks are headers by which a message might be stored, shown or counted somewhere else than under
// its own subject.
func tricks(target string) []nats.Header {
	return []nats.Header{
		{"Nats-Subject": {target}, "Nats-Stream": {"RLS"}, "Nats-Sequence": {"1"}},
		{"Nats-Stream-Source": {"RLS 1 > > " + target}, "Nats-Last-Sequence": {"1"}},
		{"Nats-Schedule": {"@at 2020-01-01T00:00:00Z"}, "Nats-Schedule-Target": {target}, "Nats-Schedule-TTL": {"1s"}},
		{"Nats-Schedule": {"@every 1s"}, "Nats-Schedule-Target": {target}, "Nats-Schedule-Source": {"rls.state.site"}},
		{"Nats-Scheduler": {target}, "Nats-Schedule-Next": {"purge"}, "Nats-Schedule-Rollup": {"sub"}},
		{"Nats-Rollup": {"all"}},
		{"Nats-Rollup": {"sub"}, lastOf: {"1"}, lastOf + "-Subject": {target}},
		{"Nats-Expected-Stream": {"RLS"}, "Nats-Expected-Last-Sequence": {"0"}, "Nats-Expected-Last-Msg-Id": {target}},
		{"Nats-Batch-Id": {"x" + sum(target)}, "Nats-Batch-Sequence": {"1"}, "Nats-Batch-Commit": {"1"}},
		{"Nats-TTL": {"1s"}, "Nats-Marker-Reason": {"Purge"}, "Nats-Incr": {"1"}},
		{"Nats-Trace-Dest": {target}, "Nats-Trace-Only": {"true"}, "traceparent": {trace}},
		{"Nats-Request-Info": {`{"acc":"RLSGUARD","user":"admin"}`}, "Nats-Required-Api-Level": {"0"}},
		{"Nats-Service-Error": {target}, "Nats-Service-Error-Code": {"200"}, "Nats-Consumer-Stalled": {target}},
	}
}

const (
	lastOf = "Nats-Expected-Last-Subject-Sequence"
	trace  = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
)

func sum(s string) string {
	h := fnv.New32a()
	h.Write([]byte(s))
	return fmt.Sprint(h.Sum32())
}

// ownStreams ask for streams, and changes of those that there are, that would copy or publish into
// what is protected.
func ownStreams() []*nats.Msg {
	outside := map[string]any{"api": "$JS.RLSGUARD.API", "deliver": "rls.flags"}
	far := func(from string) []map[string]any {
		return []map[string]any{{
			"name": from, "external": map[string]any{"api": "$JS.CORE.API", "deliver": "rls-copy"},
			"subject_transforms": []map[string]any{{"src": ">", "dest": "rls.state.>"}},
		}}
	}
	settings := []map[string]any{
		{"mirror": map[string]any{"name": "RLS"}},
		{"mirror": map[string]any{"name": "RLS_FLAGS", "external": outside}},
		{"sources": far("RLS")},
		{"sources": far("FHIR"), "subjects": []string{"rls.state.>"}},
		{"subjects": []string{"fhir.>"}, "republish": map[string]any{"src": ">", "dest": "rls.flags.>"}},
		{"subjects": []string{"x.>"}, "republish": map[string]any{"src": "x.>", "dest": "rls.commit.flags.high.>"}},
		{"subjects": []string{"x.>"}, "subject_transform": map[string]any{"src": "x.>", "dest": "rls.state.>"}},
		{"subjects": []string{"x.>"}, "allow_msg_schedules": true, "allow_rollup_hdrs": true, "allow_msg_ttl": true},
	}
	var all []*nats.Msg
	for _, prefix := range []string{"$JS.API", "$JS.RLSGUARD.API", "$JS.CORE.API", "$JS.hub.API"} {
		for _, name := range []string{"X", "FHIR", "RLS", "RLS_FLAGS", "RLS_DEAD", "RLS_REJECTED"} {
			for _, s := range settings {
				cfg := maps.Clone(s)
				cfg["name"], cfg["storage"], cfg["retention"] = name, "file", "limits"
				body, err := json.Marshal(cfg)
				if err != nil {
					continue
				}
				for _, verb := range []string{"CREATE", "UPDATE"} {
					all = append(all, &nats.Msg{Subject: prefix + ".STREAM." + verb + "." + name, Data: body})
				}
			}
			for _, verb := range []string{"DELETE", "PURGE", "SNAPSHOT", "RESTORE", "LEADER.STEPDOWN"} {
				body := []byte(`{"deliver_subject":"rls.state.x"}`)
				all = append(all, &nats.Msg{Subject: prefix + ".STREAM." + verb + "." + name, Data: body})
			}
			for _, verb := range []string{"DELETE", "PAUSE", "RESET", "UNPIN", "LEADER.STEPDOWN"} {
				body := []byte(`{"group":"rlsguard","pause_until":"2099-01-01T00:00:00Z"}`)
				all = append(all, &nats.Msg{Subject: prefix + ".CONSUMER." + verb + "." + name + ".rlsguard",
					Data: body})
			}
		}
	}
	return all
}

// settings adds those of all streams, and the consumers of what is decided on.
func (s site) settings(t *testing.T, js jetstream.JetStream, to map[string]uint64) {
	t.Helper()
	streams, err := jet.Streams(t.Context(), js)
	if err != nil {
		t.Fatal(err)
	}
	for _, info := range streams {
		cfg, err := json.Marshal(info.Config)
		if err != nil {
			t.Fatal(err)
		}
		to["settings of "+info.Config.Name+" "+sum(string(cfg))] = uint64(info.Created.UnixNano())
	}
	for _, name := range []string{"FHIR", "RLS"} {
		stream, err := js.Stream(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		consumers := stream.ListConsumers(t.Context())
		for c := range consumers.Info() {
			if c.Config.Durable != "" { // the copying makes its own anew
				cfg, err := json.Marshal(c.Config)
				if err != nil {
					t.Fatal(err)
				}
				to["consumer "+name+" "+c.Name+" "+sum(string(cfg))] = 1
			}
		}
		if err := consumers.Err(); err != nil {
			t.Fatal(err)
		}
	}
}

// deliver makes consumers that deliver to every target, where the user may make any, and listens
// there itself where it may: a consumer delivers only to where somebody listens.
func (s site) deliver(t *testing.T, nc *nats.Conn, user string) (asked int) {
	t.Helper()
	made := 0
	streams := map[string][]string{
		"reviewer": {"RLS_FLAGS"}, "dashboard": {"RLS_FLAGS"}, "page": {"RLS_FLAGS"},
		"operator": {"RLS_DEAD", "RLS_FEEDBACK"},
	}[user]
	if len(streams) > 0 {
		for _, target := range targets {
			if _, err := nc.SubscribeSync(target); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, stream := range streams {
		for i, target := range targets {
			for kind, more := range map[string]string{
				"none":   `"ack_policy":"none"`,
				"all":    `"ack_policy":"all","headers_only":true`,
				"asked":  `"ack_policy":"explicit","deliver_group":"g"`,
				"direct": `"ack_policy":"none","direct":true,"sourcing":true`,
				"flow":   `"ack_policy":"none","flow_control":true,"idle_heartbeat":1000000000`,
			} {
				name := fmt.Sprintf("a%d%s", i, kind)
				body := fmt.Sprintf(
					`{"stream_name":%q,"config":{"name":%q,"deliver_subject":%q,%s,"deliver_policy":"all",`+
						`"replay_policy":"instant","inactive_threshold":60000000000}}`,
					stream, name, target, more,
				)
				m, err := nc.Request("$JS.RLSGUARD.API.CONSUMER.CREATE."+stream+"."+name, []byte(body), 5*time.Second)
				if err != nil {
					t.Fatal(err)
				}
				asked++
				if !bytes.Contains(m.Data, []byte(`"error"`)) {
					made++
				}
			}
		}
	}
	if len(streams) > 0 && made < 10 {
		t.Errorf("%d consumers made of %d: the trick is not tried", made, asked)
	}
	t.Logf("%d of %d consumers made", made, asked)
	return asked
}
