package deploy

import (
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/nats.go"
)

// may is who may publish on a subject, which is how everything is asked of JetStream too; whoever
// is not named may not.
var may = []struct {
	subject string
	users   string
}{
	{"fhir.MedicationRequest", "admin producer operator"},
	{"fhir.DetectedIssue", "admin rlsguard reviewer"},
	{"rls.check", "admin orders"},
	{"rls.patient", "admin page"},
	{"$SRV.INFO", "orders"}, // nats micro ls
	{"$SRV.PING.rlsguard", "orders"},
	{"rls.flags.high.x.y", "admin"}, // no stream takes it: the flags are a copy
	{"rls.state.patient.x", "admin rlsguard"},
	{"rls.commit.flags.high.x.y", "admin rlsguard"},
	{"rls.dead.not-fhir", "admin rlsguard"},
	{"rls.rejected.not-fhir", "admin rlsguard"},
	{"rls.feedback.accepted.x", "admin rlsguard"},
	{"$JS.API.STREAM.MSG.GET.RLS", "admin rlsguard"},
	{"$JS.API.STREAM.MSG.GET.RLS_AUDIT", "admin rlsguard"},
	{"$JS.API.DIRECT.GET.RLS", "admin"},
	{"$JS.API.CONSUMER.CREATE.RLS.x.rls.state.>", "admin rlsguard"},
	{"$JS.API.CONSUMER.MSG.NEXT.RLS.x", "admin rlsguard"},
	{"$JS.API.CONSUMER.CREATE.FHIR.x", "admin rlsguard"},
	{"$JS.API.CONSUMER.MSG.NEXT.FHIR.rlsguard", "admin rlsguard"},
	{"$JS.API.STREAM.MSG.GET.FHIR", "admin rlsguard"},
	{"$JS.RLSGUARD.API.STREAM.MSG.GET.FHIR", "admin rlsguard operator"}, // rlsguard by the mapping for the admin
	{"$JS.ACK.FHIR.rlsguard.1.1.1.1.0", "admin rlsguard"},
	{"$JS.RLSGUARD.API.DIRECT.GET.RLS_FLAGS", "admin rlsguard reviewer dashboard page"},
	{"$JS.RLSGUARD.API.CONSUMER.CREATE.RLS_FLAGS.x", "admin reviewer dashboard page"},
	{"$JS.RLSGUARD.API.DIRECT.GET.RLS_REJECTED", "admin producer operator"},
	{"$JS.RLSGUARD.API.CONSUMER.CREATE.RLS_REJECTED.x", "admin"},
	{"$JS.RLSGUARD.API.CONSUMER.CREATE.RLS_DEAD.x", "admin rlsguard operator"},
	{"$JS.RLSGUARD.API.STREAM.MSG.GET.RLS_DEAD", "admin operator rlsguard"},
	{"$JS.RLSGUARD.API.STREAM.MSG.DELETE.RLS_DEAD", "admin operator"},
	{"$JS.API.STREAM.CREATE.X", "admin"},
	{"$JS.API.STREAM.UPDATE.RLS", "admin"},
	{"$JS.API.STREAM.DELETE.X", "admin"},
	{"$JS.API.STREAM.PURGE.X", "admin"},
	{"$JS.API.STREAM.PURGE.RLS", "admin rlsguard"}, // of what RLS_AUDIT holds
	{"$JS.API.STREAM.MSG.DELETE.RLS", "admin rlsguard"},
	{"$JS.API.STREAM.PURGE.RLS_AUDIT", "admin"},
	{"$JS.API.STREAM.UPDATE.RLS_AUDIT", "admin"},
	{"$JS.API.STREAM.MSG.DELETE.RLS_AUDIT", "admin"},
	{"$JS.API.CONSUMER.CREATE.RLS_AUDIT.x", "admin rlsguard"},
	{"$JS.RLSGUARD.API.CONSUMER.CREATE.RLS_AUDIT.x", "admin"},
	{"$JS.API.STREAM.SNAPSHOT.RLS", "admin"},
	{"$JS.API.CONSUMER.DELETE.FHIR.x", "admin"},
	{"$SYS.REQ.SERVER.PING", ""},
}

// reads is who may subscribe.
var reads = []struct{ subject, users string }{
	{"fhir.>", ""},
	{"rls.flags.>", "admin dashboard reviewer page"},
	{"rls.rejected.>", "admin producer"},
	{"rls.dead.>", ""},
	{"rls.feedback.>", ""},
	{"rls.check", "rlsguard"},
	{"rls.patient", "rlsguard"},
	{"rls.state.>", ""},
	{"rls.commit.>", ""},
	{"rls.audit.>", ""},
	{"_INBOX.>", ""},
	{"_INBOX_rlsguard.>", "rlsguard"},
	{"_INBOX_admin.>", "admin"},
	{"_R_.>", ""},
	{"$JS.API.>", ""},
	{"$SYS.>", ""},
	{">", ""},
}

func TestPermissions(t *testing.T) {
	s := run(t, "nats.conf", 1)
	s.setUp(t, 1)
	s.holdTo(t)
	if nc, err := nats.Connect("tls://"+s.addresses[0], nats.RootCAs(s.ca)); err == nil {
		nc.Close()
		t.Error("somebody without a name was let in")
	}
	if nc, err := nats.Connect("nats://"+s.addresses[0], nats.UserInfo("dashboard", "dashboard-secret"),
		nats.TLSHandshakeFirst()); err == nil {
		nc.Close()
		t.Error("a server that nobody knows was trusted")
	}
}

// holdTo tries everything with everybody.
func (s site) holdTo(t *testing.T) {
	t.Helper()
	for _, user := range users {
		for _, c := range may {
			want := slices.Contains(strings.Fields(c.users), user)
			if got := s.allowed(t, user, func(nc *nats.Conn) error {
				return nc.Publish(c.subject,
					[]byte("{}"))
			}); got != want {
				t.Errorf("%s may publish on %s: %v", user, c.subject, got)
			}
		}
		for _, c := range reads {
			want := slices.Contains(strings.Fields(c.users), user)
			if got := s.allowed(t, user, func(nc *nats.Conn) error {
				_,
					err := nc.SubscribeSync(c.subject)
				return err
			}); got != want {
				t.Errorf("%s may subscribe to %s: %v", user, c.subject, got)
			}
		}
	}
}

// Three servers from the file that an operator copies to each; they find each other over TLS and
// hold every stream three times.
func TestCluster(t *testing.T) {
	ports := freePorts(t, 3)
	s := run(t, "nats-cluster.conf", 3,
		"0.0.0.0:6222", fmt.Sprintf("127.0.0.1:%d|127.0.0.1:%d|127.0.0.1:%d", ports[0], ports[1], ports[2]),
		"nats://nats-1.example.org:6222", fmt.Sprintf("nats://127.0.0.1:%d", ports[0]),
		"nats://nats-2.example.org:6222", fmt.Sprintf("nats://127.0.0.1:%d", ports[1]),
		"nats://nats-3.example.org:6222", fmt.Sprintf("nats://127.0.0.1:%d", ports[2]))
	s.setUp(t, 3)
	js := s.jetStream(t, "admin")
	for _, name := range []string{"FHIR", "RLS", "RLS_AUDIT", "RLS_FLAGS", "RLS_DEAD", "RLS_REJECTED"} {
		stream, err := js.Stream(t.Context(), name)
		if err != nil {
			t.Fatal(err)
		}
		if c := stream.CachedInfo().Cluster; c == nil || len(c.Replicas) != 2 {
			t.Errorf("%s is not held three times: %+v", name, c)
		}
	}
	if s.allowed(t, "dashboard", func(nc *nats.Conn) error { return nc.Publish("rls.state.patient.x", nil) }) {
		t.Error("the accounts are not those of one server")
	}
	if testing.Short() {
		t.Skip("the attack is tried on one server alone: with three it only takes longer")
	}
	s.fill(t)
	s.nobodyWrites(t, bodies[:2])
}

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
