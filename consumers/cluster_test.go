package consumers

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// cluster is three servers in processes of their own.
type cluster struct {
	*bench
	nodes [3]*exec.Cmd
	conf  [3]string
	urls  [3]string
}

// freePorts are ports that nobody listens on.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	var ports []int
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		ports = append(ports, l.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

func newCluster(t *testing.T) *cluster {
	c := &cluster{bench: &bench{t: t}}
	ports := freePorts(t, 6)
	for i := range c.nodes {
		c.urls[i] = fmt.Sprintf("nats://127.0.0.1:%d", ports[i])
		c.conf[i] = filepath.Join(t.TempDir(), "nats.conf")
		text := fmt.Sprintf(`server_name: n%d
listen: "127.0.0.1:%d"
jetstream { store_dir: %q, sync_interval: always }
cluster { name: test, listen: "127.0.0.1:%d", routes: ["nats://127.0.0.1:%d", "nats://127.0.0.1:%d", "nats://127.0.0.1:%d"] }
`, i, ports[i], t.TempDir(), ports[3+i], ports[3], ports[4], ports[5])
		if err := os.WriteFile(c.conf[i], []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c.startNode(i)
	}
	var err error
	c.wait("connected", func() bool { // to a node that is never killed
		c.nc, err = nats.Connect(
			c.urls[0],
			nats.MaxReconnects(-1),
			nats.IgnoreDiscoveredServers(),
			nats.DontRandomize(),
		)
		return err == nil
	})
	t.Cleanup(c.nc.Close)
	if c.js, err = jetstream.New(c.nc); err != nil {
		t.Fatal(err)
	}
	c.wait("formed", func() bool { return jet.MakeStreams(t.Context(), c.js, 3) == nil })
	return c
}

func (c *cluster) startNode(i int) {
	c.nodes[i] = startChild(c.t, "RLSGUARD_TEST_NATS="+c.conf[i])
}

// leader is the node that leads a stream.
func (c *cluster) leader(stream string) int {
	i := -1
	c.wait("led", func() bool {
		s, err := c.js.Stream(c.t.Context(), stream)
		if err != nil || s.CachedInfo().Cluster == nil {
			return false
		}
		_, err = fmt.Sscanf(s.CachedInfo().Cluster.Leader, "n%d", &i)
		return err == nil
	})
	return i
}

// lead lets another node than 0 lead a stream, since the tests listen there.
func (c *cluster) lead(stream string) int {
	c.wait("led by a node that may be killed", func() bool {
		if c.leader(stream) != 0 {
			return true
		}
		_, _ = c.nc.Request("$JS.API.STREAM.LEADER.STEPDOWN."+stream, nil, time.Second) // asked again when it failed
		time.Sleep(100 * time.Millisecond)
		return false
	})
	return c.leader(stream)
}

// current waits until a stream has all its replicas again.
func (c *cluster) current(stream string) {
	c.wait("replicated again", func() bool {
		s, err := c.js.Stream(c.t.Context(), stream)
		if err != nil || s.CachedInfo().Cluster == nil || len(s.CachedInfo().Cluster.Replicas) != 2 {
			return false
		}
		for _, r := range s.CachedInfo().Cluster.Replicas {
			if !r.Current || r.Offline {
				return false
			}
		}
		return true
	})
}

// The leader of a stream is killed, again and again, under three instances and load: nothing is
// lost, and nothing is shown twice.
func TestClusterLeaderKilled(t *testing.T) {
	c := newCluster(t)
	for range 3 {
		cfg := c.config3()
		defer c.serve(cfg)()
	}
	sub, err := c.nc.SubscribeSync(layout.SubjectFlags + ">")
	if err != nil {
		t.Fatal(err)
	}
	if err := sub.SetPendingLimits(-1, -1); err != nil {
		t.Fatal(err)
	}
	var docs []string
	for round := range kills(t, 1) {
		more := someDocsFrom(100*round, 25)
		docs = append(docs, more...)
		stream := []string{layout.StreamRLS, layout.StreamFHIR, layout.StreamFlags}[round%3]
		node := c.lead(stream)
		published := make(chan struct{})
		go func() {
			defer close(published)
			c.publishSurely(more)
		}()
		time.Sleep(20 * time.Millisecond)
		began := time.Now()
		kill(c.nodes[node])
		<-published
		c.decided()
		t.Logf("leader of %s killed: all %d inputs stored and decided %v after", stream, len(more), time.Since(began))
		c.startNode(node)
		c.current(layout.StreamRLS)
		c.current(layout.StreamFHIR)
	}
	c.sameAsReplay(docs...)
	if os.Getenv("RLSGUARD_SOAK") != "" { // the server takes half a minute until it goes on copying
		c.shownAsReplay(docs)
	}
	committed, seen := map[string]bool{}, map[string]bool{}
	for _, f := range c.history() {
		committed[fmt.Sprintf("%s.%d", f.ID, f.Number)] = true
	}
	for {
		m, err := sub.NextMsg(200 * time.Millisecond)
		if err != nil {
			break
		}
		id := m.Header.Get("ce-id")
		if seen[id] || !committed[id] {
			t.Errorf("shown %s: before %v, committed %v", id, seen[id], committed[id])
		}
		seen[id] = true
	}
	t.Logf("%d transitions, %d shown to a core subscriber, none twice", len(committed), len(seen))
}

// config3 is that of an instance on the cluster.
func (c *cluster) config3() Config {
	cfg := configOf(c.t)
	cfg.URL, cfg.Replicas = strings.Join(c.urls[:], ","), 3
	cfg.Options = []nats.Option{nats.Timeout(time.Second)}
	return cfg
}

// publishSurely publishes each document until it is acknowledged, as a producer has to.
func (b *bench) publishSurely(docs []string) {
	for _, d := range docs {
		for !b.tryPublish(d) {
		}
	}
}

// Two of three servers are gone: nothing is acknowledged and the instance is not ready; both come
// back, and all is well.
func TestClusterQuorumLost(t *testing.T) {
	if os.Getenv("RLSGUARD_SOAK") == "" {
		t.Skip("takes 20 s: set RLSGUARD_SOAK")
	}
	c := newCluster(t)
	cfg := c.config3()
	defer c.serve(cfg)()
	docs := someDocsFrom(0, 10)
	c.publishSurely(docs[:20])
	c.decided()
	kill(c.nodes[1])
	kill(c.nodes[2])
	c.wait("not ready", func() bool { return len(cfg.Health.Reasons()) > 0 })
	if c.tryPublish(docs[20]) {
		t.Error("an input was acknowledged by one server of three")
	}
	c.startNode(1)
	c.startNode(2)
	c.publishSurely(docs[20:])
	c.decided()
	c.wait("ready again", func() bool { return len(cfg.Health.Reasons()) == 0 })
	c.sameAsReplay(docs...)
}
