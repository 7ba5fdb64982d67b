package consumers

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/consumers/operate"
)

// eraseAll erases the patient and all that names them, and looks through the streams: nothing is
// found by whoever asks the server.
func (b *bench) eraseAll() {
	b.t.Helper()
	of := operate.InputsOf{Erase: true, Shared: true}
	done, err := b.operator().Erase(b.t.Context(), engine().Key, "Patient/"+erasedID, of, nil)
	if err != nil || done.Files.Searched || len(done.Inputs.Shared)+len(done.Inputs.Waiting) > 0 {
		b.t.Fatalf("%+v, %v", done, err)
	}
	for _, stream := range everywhere {
		for _, c := range canaries {
			if left := b.naming(stream, c); len(left) > 0 {
				b.t.Errorf("%s still says %s under %q", stream, c, left)
			}
		}
	}
}

// overwritten are the streams in whose files even another server leaves nothing.
var overwritten = []string{layout.StreamFHIR, layout.StreamAudit, layout.StreamDead, layout.StreamFeedback}

// A server of one's own overwrites what it held; what it replaced stays in its files.
func TestEraseOnAnotherServer(t *testing.T) {
	srv := jetStreamServer(t, server.Options{Port: server.RANDOM_PORT})
	b := &bench{t: t, dir: srv.StoreDir()}
	var err error
	if b.nc, err = nats.Connect(srv.ClientURL()); err != nil {
		t.Fatal(err)
	}
	defer b.nc.Close()
	if b.js, err = jetstream.New(b.nc); err != nil {
		t.Fatal(err)
	}
	cfg := configOf(t)
	cfg.URL = srv.ClientURL()
	defer b.serve(cfg)()
	b.toErase(1)
	b.eraseAll()
	left := b.canaryFiles()
	for _, stream := range overwritten {
		if left[stream] > 0 {
			t.Errorf("the files of %s still hold it: %v", stream, left)
		}
	}
	if left[layout.StreamRLS] == 0 {
		t.Log("the server has compacted: nothing is left")
	}
}

var storeDir = regexp.MustCompile(`store_dir: "([^"]+)"`)

// The same on every replica of a cluster.
func TestClusterErase(t *testing.T) {
	c := newCluster(t)
	defer c.serve(c.config3())()
	conf, err := os.ReadFile(c.conf[0])
	if err != nil {
		t.Fatal(err)
	}
	c.dir = string(storeDir.FindSubmatch(conf)[1])
	c.toErase(3)
	c.eraseAll()
	for i := range c.nodes {
		if conf, err = os.ReadFile(c.conf[i]); err != nil {
			t.Fatal(err)
		}
		node := &bench{t: t, dir: filepath.Clean(string(storeDir.FindSubmatch(conf)[1]))}
		for _, stream := range overwritten {
			c.wait("overwritten by every replica", func() bool { return node.canaryFiles()[stream] == 0 })
		}
		t.Logf("node %d: left in %v", i, node.canaryFiles())
	}
}
