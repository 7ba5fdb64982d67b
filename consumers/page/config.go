package page

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net/http"
	"sync"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/time/rate"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/consumers/timeline"
)

// Source supplies flags and accepts answers. *Bus is one on NATS.
type Source interface {
	// Watch calls open with the open flags and then live with every transition until ctx ends, and
	// reports when it cannot see, like watch.Watch.
	Watch(ctx context.Context, s Sight) error
	// Answer sends a DetectedIssue that answers a flag. errNotAllowed: this user may not.
	Answer(ctx context.Context, issue []byte) error
	// MayAnswer reports whether answers are accepted.
	MayAnswer() bool
	// Timeline is the patient of a flag. errNotAllowed: this user may not ask.
	Timeline(ctx context.Context, flag string) (*timeline.Patient, error)
	// Inputs counts waiting and rejected inputs.
	Inputs(ctx context.Context) Inputs
}

// Sight is what a Source calls.
type Sight struct {
	Moved  func(checks.Flag) // last word on a former severity, before Open
	Open   func([]checks.Flag) error
	Live   func(checks.Flag) error
	Blind  func(since time.Time, why error)
	Seeing func()
	// LeftOut is called for a flag that cannot be read, or that rlsguard did not write.
	LeftOut func(error)
}

// Inputs are figures about what producers sent; -1 if this user may not know one.
type Inputs struct{ Waiting, Rejected int64 }

// Config of a page.
type Config struct {
	Source Source
	// Author of answers; if "", each user is asked once, at sign-in.
	Author  string
	Reasons []ordercheck.Reason // override reasons; nil: the usual ones
	// RecordURL is an address of the site's record system, with {type} and {id}; "" links nothing.
	RecordURL string
	// Session is how long a sign-in lasts; 0 is twelve hours, a long shift.
	Session time.Duration
	Zone    *time.Location   // for the end dates of answers; nil is UTC
	Now     func() time.Time // clock used for decisions, frozen in demonstrations; nil is time.Now
	Log     zerolog.Logger   // never gets anything about a patient
}

// Page is the work list of one process, for the users who have its link.
type Page struct {
	Config
	list     *list
	sessions *sessions
	// wrong limits guesses at the secret, for everybody together, since nobody should guess.
	wrong  *rate.Limiter
	key    []byte // of tokens
	secret string // in the sign-in link

	mu     sync.Mutex
	inputs Inputs
}

// New makes a page; nothing runs yet.
func New(c Config) (*Page, error) {
	if c.Session == 0 {
		c.Session = 12 * time.Hour
	}
	if c.Zone == nil {
		c.Zone = time.UTC
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Reasons == nil {
		c.Reasons = ordercheck.DefaultReasons
	}
	if err := checkRecordURL(c.RecordURL); err != nil {
		return nil, err
	}
	p := &Page{Config: c, key: random(32), secret: hex.EncodeToString(random(24)), inputs: Inputs{-1, -1},
		wrong: rate.NewLimiter(1, 10)}
	p.list = newList(p.token)
	p.sessions = newSessions(c.Session)
	return p, nil
}

// SignIn is the path of the link that lets a user in.
func (p *Page) SignIn() string { return "/sign-in/" + p.secret }

// inputsEvery is how often waiting and rejected inputs are counted.
const inputsEvery = 5 * time.Second

// Run follows the flags until ctx ends, or the source gives up.
func (p *Page) Run(ctx context.Context) error {
	ctx, stop := context.WithCancel(ctx)
	var asking sync.WaitGroup
	asking.Go(func() { p.askInputs(ctx) })
	defer func() { stop(); asking.Wait() }()
	return p.Source.Watch(ctx, Sight{
		Moved: p.list.was,
		Open: func(flags []checks.Flag) error {
			p.list.open(flags)
			return nil
		},
		Live: func(f checks.Flag) error {
			p.list.live(f, time.Now())
			return nil
		},
		Blind:  func(since time.Time, _ error) { p.list.blind(since) },
		Seeing: func() { p.list.blind(time.Time{}) },
		LeftOut: func(err error) {
			p.Log.Warn().Err(err).Msg("a flag is left out of the page")
			p.list.leaveOut()
		},
	})
}

func (p *Page) askInputs(ctx context.Context) {
	for ctx.Err() == nil {
		asking, cancel := context.WithTimeout(ctx, inputsEvery)
		in := p.Source.Inputs(asking)
		cancel()
		p.mu.Lock()
		news := in != p.inputs
		p.inputs = in
		p.mu.Unlock()
		if news {
			p.list.tell()
		}
		select {
		case <-ctx.Done():
		case <-time.After(inputsEvery):
		}
	}
}

func (p *Page) known() Inputs {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.inputs
}

// random are unguessable bytes.
func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

// Handler serves the browser.
func (p *Page) Handler() http.Handler { return p.guard(p.routes()) }
