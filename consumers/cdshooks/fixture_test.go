package cdshooks

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/cdshooks/hook"
	"github.com/rlsguard/rlsguard/consumers/fold"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/fhir"
)

var asOf = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// The server's own: it waits up to 30 s for the answer to a request that its shutdown cut
		// off.
		goleak.IgnoreTopFunction("github.com/nats-io/nats-server/v2/server.(*stream).trySetupSourceConsumer.func3"))
}

func engine() *fold.Engine {
	return &fold.Engine{Settings: checks.DefaultSettings(), Key: []byte("key of the tests, not secret"), Ruleset: "r1"}
}

// Resources of a made-up patient.
const (
	adult        = `{"resourceType":"Patient","id":"1","birthDate":"1974-05-14"}`
	rlsCondition = `{"resourceType":"Condition","id":"c1","subject":{"reference":"Patient/1"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"32914008"}]}}`
)

func order(id, status, drug string) string {
	return fmt.Sprintf(
		`{"resourceType":"MedicationRequest","id":%q,"status":%q,"intent":"order","subject":{"reference":"Patient/1"},
  "authoredOn":"2026-11-22","medicationCodeableConcept":{"text":%q}}`,
		id,
		status,
		drug,
	)
}

func lab(id, loinc, value, unit string) string {
	return fmt.Sprintf(
		`{"resourceType":"Observation","id":%q,"status":"final","subject":{"reference":"Patient/1"},"effectiveDateTime":"2026-10-25",
  "code":{"coding":[{"system":"http://loinc.org","code":%q}]},"valueQuantity":{"value":%s,"unit":%q}}`,
		id,
		loinc,
		value,
		unit,
	)
}

func bundle(resources ...string) string {
	if len(resources) == 0 {
		return `{"resourceType":"Bundle","type":"searchset"}`
	}
	return `{"resourceType":"Bundle","type":"searchset","entry":[{"resource":` + strings.Join(
		resources,
		`},{"resource":`,
	) + `}]}`
}

// hookCall is a request with all that is asked for in prefetch, some of it null.
func hookCall(hook, drafts, prefetch string) string {
	return fmt.Sprintf(
		`{"hook":%q,"hookInstance":"d1577c69-dfbe-44ad-ba6d-3e05e953b2ea","context":{"userId":"Practitioner/7","patientId":"1","draftOrders":%s},"prefetch":%s}`,
		hook,
		drafts,
		prefetch,
	)
}

// fullPrefetch has every key; what is not given is null, as CDS Hooks wants it.
func fullPrefetch(given map[string]string) string {
	parts := []string{}
	for _, key := range hook.PrefetchKeys {
		value := given[key]
		if value == "" {
			value = "null"
		}
		parts = append(parts, fmt.Sprintf("%q:%s", key, value))
	}
	return "{" + strings.Join(parts, ",") + "}"
}

func read(t testing.TB, document string) []fhir.Resource {
	t.Helper()
	var all []fhir.Resource
	fhir.NewReader(fhir.DefaultOptions()).Document([]byte(document), func(res fhir.Resource) bool {
		all = append(all, res)
		return true
	})
	return all
}

// stored is a store that has read documents.
func stored(t testing.TB, documents ...string) ordercheck.Files {
	t.Helper()
	r := fold.NewReplay(engine())
	for i, d := range documents {
		r.Fold(fold.Input{Arrival: facts.Arrival{Sequence: uint64(i) + 1}, Resources: read(t, d), AllowAck: true})
	}
	return ordercheck.Files{View: r.Finish(asOf)}
}

// door is an open door under test, and what it wrote to its log.
type door struct {
	t   testing.TB
	url string
	log *lockedBuffer
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func newDoor(t testing.TB, known ordercheck.Stored, change func(*Config)) *door {
	t.Helper()
	d := &door{t: t, log: &lockedBuffer{}}
	c := Config{Log: zerolog.New(d.log), Timeout: 10 * time.Second,
		Checker: &ordercheck.Checker{
			Engine: engine(),
			Stored: known,
			Reader: fhir.DefaultOptions(),
			AsOf:   func() time.Time { return asOf },
		}}
	if change != nil {
		change(&c)
	}
	srv := httptest.NewServer(NewHandler(c))
	t.Cleanup(srv.Close)
	t.Cleanup(http.DefaultClient.CloseIdleConnections)
	d.url = srv.URL
	return d
}

// send sends a request and gives status, header and body.
func (d *door) send(method, path, body string, header ...string) (int, http.Header, []byte) {
	d.t.Helper()
	req, err := http.NewRequest(method, d.url+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i+1 < len(header); i += 2 {
		if header[i] == "Host" {
			req.Host = header[i+1]
		}
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return resp.StatusCode, resp.Header, data
}

// cards calls a hook's service; the answer has to be valid.
func (d *door) cards(hook, body string) []Card {
	d.t.Helper()
	status, _, data := d.send(http.MethodPost, "/cds-services/rlsguard-"+hook, body)
	if status != http.StatusOK {
		d.t.Fatalf("status %d: %s", status, data)
	}
	validResponse(d.t, data)
	var r Response
	if err := json.Unmarshal(data, &r); err != nil {
		d.t.Fatal(err)
	}
	return r.Cards
}

// flagged are the checks and drugs of the cards that show flags.
func flagged(cards []Card) string {
	var words []string
	for _, c := range cards {
		if f := flagOf(c); f != nil {
			words = append(words, strings.TrimSpace(fmt.Sprint(f["check"], " ", or(f["ingredient"], ""))))
		}
	}
	return strings.Join(words, ", ")
}

func or(v any, otherwise string) any {
	if v == nil {
		return otherwise
	}
	return v
}

func flagOf(c Card) map[string]any {
	f, _ := c.Extension[extensionFlag].(map[string]any)
	return f
}

// notesOf are the summaries of the other cards.
func notesOf(cards []Card) (notes []string) {
	for _, c := range cards {
		if flagOf(c) == nil {
			notes = append(notes, c.Summary)
		}
	}
	return notes
}

// memoryBus keeps what feedback leads to.
type memoryBus struct {
	mu       sync.Mutex
	feedback []Feedback
	issues   [][]byte
	open     []checks.Flag
	err      error
}

func (b *memoryBus) Feedback(_ context.Context, f Feedback) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.feedback = append(b.feedback, f)
	return b.err
}

func (b *memoryBus) Acknowledge(_ context.Context, issue []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.issues = append(b.issues, issue)
	return b.err
}

func (b *memoryBus) FindFlag(_ context.Context, match func(*checks.Flag) bool) (*checks.Flag, error) {
	for i := range b.open {
		if match(&b.open[i]) {
			return &b.open[i], nil
		}
	}
	return nil, b.err
}
