package cdshooks

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"
	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/consumers"
	"github.com/rlsguard/rlsguard/consumers/cdshooks/hook"
	"github.com/rlsguard/rlsguard/consumers/commit"
	"github.com/rlsguard/rlsguard/consumers/embedded"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/consumers/publish"
	"github.com/rlsguard/rlsguard/fhir"
)

// BenchmarkAnswer asks about a draft while events are consumed, beside a bare micro echo and a bare
// HTTP handler in the same run. The time of each answer is measured: p50 and p99 are reported.
// RLSGUARD_BENCH_PATIENTS is how many patients are stored (1000), RLSGUARD_BENCH_LOAD how many
// events a second come in meanwhile (200).
func BenchmarkAnswer(b *testing.B) {
	patients, load := number("RLSGUARD_BENCH_PATIENTS", 1000), number("RLSGUARD_BENCH_LOAD", 200)
	nc, known, stop := startConsumer(b, patients)
	defer stop()
	defer underLoad(b, nc, load)()
	checker := &ordercheck.Checker{
		Engine: engine(),
		Stored: known,
		Reader: fhir.DefaultOptions(),
		AsOf:   func() time.Time { return asOf },
	}
	svc, err := ordercheck.Serve(nc, checker)
	if err != nil {
		b.Fatal(err)
	}
	defer svc.Stop()
	echo, err := micro.AddService(
		nc,
		micro.Config{Name: "echo", Version: "1.0.0", Endpoint: &micro.EndpointConfig{Subject: "echo",
			Handler: micro.HandlerFunc(func(r micro.Request) { _ = r.Respond(r.Data()) })}},
	)
	if err != nil {
		b.Fatal(err)
	}
	defer echo.Stop()
	client, err := nats.Connect(nc.ConnectedUrl(), nats.UserInfo(userOf(nc)))
	if err != nil {
		b.Fatal(err)
	}
	defer client.Close()
	draft := func(n int) string {
		return strings.ReplaceAll(
			order("d1", "draft", "pregabalin 75 mg"),
			"Patient/1",
			fmt.Sprintf("Patient/p%d", n%patients),
		)
	}
	ask := func(subject string) func(int) error {
		return func(n int) error { _, err := client.Request(subject, []byte(draft(n)), 10*time.Second); return err }
	}
	b.Run("echo", func(b *testing.B) { measure(b, ask("echo")) })
	b.Run("rls.check", func(b *testing.B) { measure(b, ask(ordercheck.Subject)) })

	bare := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		_, _ = io.WriteString(w, `{"cards":[]}`)
	}))
	defer bare.Close()
	door := httptest.NewServer(NewHandler(Config{Checker: checker, Log: zerolog.Nop()}))
	defer door.Close()
	post := func(url string) func(int) error {
		return func(n int) error {
			body := strings.Replace(
				hookCall(hook.OrderSign, bundle(draft(n)), "{}"),
				`"patientId":"1"`,
				fmt.Sprintf(`"patientId":"p%d"`, n%patients),
				1,
			)
			resp, err := http.Post(url, "application/json", strings.NewReader(body))
			if err != nil {
				return err
			}
			defer resp.Body.Close()
			data, err := io.ReadAll(resp.Body)
			if err == nil && url != bare.URL && !bytes.Contains(data, []byte(`"iron-labs-missing"`)) {
				err = fmt.Errorf("no card: %s", data)
			}
			return err
		}
	}
	b.Run("bare HTTP", func(b *testing.B) { measure(b, post(bare.URL)) })
	b.Run("order-sign", func(b *testing.B) { measure(b, post(door.URL+"/cds-services/rlsguard-order-sign")) })
	http.DefaultClient.CloseIdleConnections()
}

func number(name string, otherwise int) int {
	if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
		return n
	}
	return otherwise
}

func measure(b *testing.B, do func(int) error) {
	took := make([]time.Duration, 0, b.N)
	for n := 0; b.Loop(); n++ {
		began := time.Now()
		if err := do(n * 7919); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "p50-µs")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}

// startConsumer serves on a server inside, with so many patients stored: RLS, sertraline and
// ferritin.
func startConsumer(b *testing.B, patients int) (*nats.Conn, *commit.Known, func()) {
	srv, err := embedded.Start(
		context.Background(),
		embedded.Options{Dir: b.TempDir(), Listen: "127.0.0.1:0", Log: zerolog.Nop()},
	)
	if err != nil {
		b.Fatal(err)
	}
	nc, err := nats.Connect(srv.URL())
	if err != nil {
		b.Fatal(err)
	}
	cfg := consumers.Config{
		Embedded: srv,
		Engine:   engine(),
		Reader:   fhir.DefaultOptions(),
		AsOf:     asOf,
		Log:      zerolog.Nop(),
		Known:    commit.NewKnown(),
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- consumers.Serve(ctx, cfg) }()
	<-cfg.Known.Filled()
	pub, err := publish.New(ctx, nc)
	if err != nil {
		b.Fatal(err)
	}
	for n := 0; n < patients; n += 100 {
		var all []string
		for i := n; i < min(n+100, patients); i++ {
			all = append(all, resourcesOf(i)...)
		}
		if err := pub.Publish(ctx, []byte(bundle(all...))); err != nil {
			b.Fatal(err)
		}
	}
	if err := pub.Wait(ctx, jet.WaitOptions{}); err != nil {
		b.Fatal(err)
	}
	pub.Close()
	return nc, cfg.Known, func() {
		cancel()
		<-ended
		nc.Close()
		_ = srv.Stop()
	}
}

// resourcesOf are the resources of one of many patients.
func resourcesOf(n int) []string {
	all := []string{rlsCondition, order("o1", "active", "sertraline"), lab("f1", "2276-4", "200", "ng/mL")}
	for i, res := range all {
		res = strings.ReplaceAll(res, "Patient/1", fmt.Sprintf("Patient/p%d", n))
		all[i] = strings.Replace(res, `"id":"`, fmt.Sprintf(`"id":"p%d-`, n), 1)
	}
	return all
}

// underLoad publishes so many events a second until the returned function is called.
func underLoad(b *testing.B, nc *nats.Conn, load int) func() {
	stop, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		t := time.NewTicker(time.Second / time.Duration(max(load, 1)))
		defer t.Stop()
		for n := 0; ; n++ {
			select {
			case <-stop:
				return
			case <-t.C:
				res := strings.ReplaceAll(
					order(fmt.Sprintf("load%d", n), "active", "mirtazapine"),
					"Patient/1",
					fmt.Sprintf("Patient/load%d", n%500),
				)
				if err := nc.Publish("fhir.MedicationRequest", []byte(res)); err != nil {
					b.Error(err)
					return
				}
			}
		}
	}()
	return func() { close(stop); <-ended }
}

func userOf(nc *nats.Conn) (user, password string) {
	return nc.Opts.User, nc.Opts.Password
}
