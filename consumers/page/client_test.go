package page_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/page"
	"github.com/rlsguard/rlsguard/consumers/timeline"
	"github.com/rlsguard/rlsguard/fhir/issue"
)

// source is a bus of a test.
type source struct {
	flags []checks.Flag
	moved []checks.Flag // last words on severities before
	line  *timeline.Patient
	deny  bool // nobody answers
	fail  error
	sight chan page.Sight

	mu      sync.Mutex
	answers []checks.Flag
}

func (s *source) Watch(ctx context.Context, see page.Sight) error {
	for _, f := range s.moved {
		see.Moved(f)
	}
	if err := see.Open(s.flags); err != nil {
		return err
	}
	if s.sight != nil {
		s.sight <- see
	}
	<-ctx.Done()
	return nil
}

func (s *source) MayAnswer() bool { return !s.deny }

func (s *source) Answer(_ context.Context, data []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, err := issue.Unmarshal(data)
	s.answers = append(s.answers, f)
	return errors.Join(err, s.fail)
}

func (s *source) Timeline(context.Context, string) (*timeline.Patient, error) {
	if s.line == nil {
		return nil, errors.New("no answer")
	}
	return s.line, nil
}

func (s *source) Inputs(context.Context) page.Inputs { return page.Inputs{Waiting: -1, Rejected: -1} }

func aFlag(n int) checks.Flag {
	return checks.Flag{
		Finding: checks.Finding{
			Check: "rls-ssri", Ingredient: "sertraline", Patient: facts.Ref(fmt.Sprintf("Patient/p%d", n)),
			Severity: checks.Moderate,
			RLS:      checks.RLSConfirmed, Basis: "b", Summary: "Sertraline (SSRI): may worsen RLS. RLS confirmed.",
			Action:    "Ask.",
			Citations: []checks.Citation{{Source: "AASM 2025", Review: "pending"}},
		},
		ID: fmt.Sprintf("00000000-0000-8000-8000-%012d", n), Number: 1, State: checks.Open,
		Change: checks.ChangeOpened, AsOf: asOf.Add(-time.Hour),
	}
}

// client is a browser without a window.
type client struct {
	*http.Client
	t    *testing.T
	base string
	page *page.Page
	log  *strings.Builder
}

func startPage(t *testing.T, s *source, change ...func(*page.Config)) *client {
	t.Helper()
	c := &client{t: t, log: &strings.Builder{}}
	cfg := page.Config{Source: s, Author: "Practitioner/7", Now: func() time.Time { return asOf },
		Log: zerolog.New(c.log)}
	for _, do := range change {
		do(&cfg)
	}
	var err error
	if c.page, err = page.New(cfg); err != nil {
		t.Fatal(err)
	}
	web := httptest.NewServer(c.page.Handler())
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.page.Run(ctx) }()
	t.Cleanup(func() { stop(); web.CloseClientConnections(); web.Close(); <-ended })
	c.base = web.URL
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	c.Client = &http.Client{Jar: jar, CheckRedirect: func(*http.Request,
		[]*http.Request) error {
		return http.ErrUseLastResponse
	}}
	return c
}

// get gives status, headers and body of a path.
func (c *client) get(path string, change ...func(*http.Request)) (*http.Response, string) {
	c.t.Helper()
	return c.send(http.MethodGet, path, nil, change...)
}

func (c *client) send(method, path string, form url.Values, change ...func(*http.Request)) (*http.Response, string) {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.t.Context(), method, c.base+path, strings.NewReader(form.Encode()))
	if err != nil {
		c.t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, do := range change {
		do(r)
	}
	answer, err := c.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return answer, string(body)
}

// signIn returns the list when it has been read.
func (c *client) signIn() (list string) {
	c.t.Helper()
	if answer, _ := c.get(c.page.SignIn()); answer.StatusCode != http.StatusOK {
		c.t.Fatal(answer.Status)
	}
	for range 500 {
		if _, list = c.get("/"); !strings.Contains(list, "The flags are being read") {
			return list
		}
		time.Sleep(10 * time.Millisecond)
	}
	c.t.Fatal("the list is not read")
	return ""
}

func csrf(body string) string { return found(`data-csrf="([0-9a-f]+)"`, body) }

func token(body string) string { return found(`href="/patient/([0-9a-f]+)"`, body) }

func found(pattern, body string) string {
	if m := regexp.MustCompile(pattern).FindStringSubmatch(body); m != nil {
		return m[1]
	}
	return ""
}
