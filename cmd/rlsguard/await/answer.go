package await

import (
	"context"
	"errors"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/connect"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/show"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/jet"
	"github.com/rlsguard/rlsguard/consumers/watch"
)

const (
	// askDecided is when the server is first asked whether the answer was decided; most show before.
	askDecided = time.Second
	// shownPatience is how long a decided answer may take to show in RLS_FLAGS, which lags by
	// milliseconds.
	shownPatience = 5 * time.Second
	// takenPatience is more than an instance needs to take over from one that died.
	takenPatience = 6 * time.Second
	// decidedPatience is how long an answer may wait behind other inputs.
	decidedPatience = time.Minute
)

// Why the flag does not show an answer: others are before it, nobody takes it, or it was decided.
var (
	errUndecided = errors.New("does not count yet: rlsguard serve has not come to it")
	errNobody    = errors.New("does not count yet: no rlsguard serve takes it; is one running, and ready?")
	errNotShown  = errors.New("does not count")
)

// Answer is one that was published.
type Answer struct {
	facts.Acknowledgement

	To       checks.Flag // as it was when it was answered
	Sequence uint64      // in FHIR
}

// Shown returns when the flag shows the answer. Where it does not, Shown tells why, and its error is
// terminal.ErrReported.
func (a *Answer) Shown(ctx context.Context, p *terminal.Program, nc *connect.Connection) error {
	now, err := a.read(ctx, nc)
	if err == nil {
		return nil
	}
	terminal.Tell(p.Stderr, "%s: the answer is stored, but %s",
		show.ShortID(a.To.ID), terminal.Harmless(a.why(&now, nc.Explain(err))))
	return terminal.ErrReported
}

// read reads the flag until it shows the answer. Its error is one of those above, watch.ErrNoFlag,
// or one of the server; with errNotShown comes the flag.
func (a *Answer) read(ctx context.Context, nc *connect.Connection) (now checks.Flag, err error) {
	js, err := jet.New(nc.Conn, nc.Domain, jetstream.WithDefaultTimeout(connect.AskTimeout))
	if err != nil {
		return now, err
	}
	began := time.Now()
	taken, decided := began, time.Time{}
	for pause := 10 * time.Millisecond; ; pause = min(2*pause, time.Second/2) {
		if now, err = watch.FindFlag(ctx, nc.Conn, nil, a.To.ID, nc.Domain); err != nil || a.shows(&now) {
			return now, err
		}
		if time.Since(began) > askDecided && decided.IsZero() {
			floor, served, err := jet.DecidedUpTo(ctx, js)
			switch {
			case err != nil:
				return now, err
			case floor >= a.Sequence:
				decided = time.Now()
			case served:
				taken = time.Now()
			}
		}
		switch {
		case !decided.IsZero() && time.Since(decided) > shownPatience:
			return now, errNotShown
		case decided.IsZero() && time.Since(taken) > takenPatience:
			return now, errNobody
		case decided.IsZero() && time.Since(began) > decidedPatience:
			return now, errUndecided
		}
		jet.Sleep(ctx, pause)
	}
}

// shows tells whether a flag shows the answer.
func (a *Answer) shows(f *checks.Flag) bool {
	same := func(a, b moment.Time) bool {
		return a.IsZero() == b.IsZero() && a.Start(time.UTC).Equal(b.Start(time.UTC))
	}
	return f.Ack != nil && f.State != checks.Open && f.Ack.Override == a.Override &&
		same(f.Ack.Date, a.Date) && same(f.Ack.Until, a.Until)
}

// why tells why a flag does not show the answer.
func (a *Answer) why(now *checks.Flag, err error) string {
	asOf := now.AsOf.UTC().Truncate(time.Second).Format(time.RFC3339)
	switch {
	case errors.Is(err, errUndecided), errors.Is(err, errNobody):
		return err.Error()
	case errors.Is(err, watch.ErrNoFlag):
		return "the flag is not open any more"
	case !errors.Is(err, errNotShown):
		return "nobody can tell whether it counts: " + err.Error()
	case now.Basis != a.To.Basis:
		return "does not count: what the flag rests on has changed meanwhile. Look at the flag, and answer it again"
	case a.Date.Start(time.UTC).After(now.AsOf):
		return "does not count yet: it counts from " + a.Date.Start(time.UTC).Format(time.RFC3339) +
			", and the flag stands as of " + asOf + ". If rlsguard serve runs with --as-of, give --date " + asOf +
			"; if not, compare the clock of this machine with the server's, and see rlsguard dead list"
	}
	return "does not count: it was rejected, is over, or another answer came after it. Look at the flag, " +
		"and see rlsguard dead list"
}
