package cdshooks

import (
	"slices"
	"sync"
	"time"

	"github.com/rlsguard/rlsguard/checks"
)

// How long a card is remembered, and how many are, so that feedback can be told what it is about.
// The flag of a card that was forgotten is looked for among the open flags.
const (
	shownFor  = 12 * time.Hour
	shownMost = 50_000
)

// shownCard is what feedback on a card needs.
type shownCard struct {
	flag checks.Flag // without its texts
	user string      // to whom it was shown last
}

// shownCards are the cards that were given out, in two generations: when the younger is full or old
// it becomes the older, and what was that is forgotten.
type shownCards struct {
	mu      sync.Mutex
	young   map[string]shownCard
	old     map[string]shownCard
	started time.Time
}

func newShownCards() *shownCards {
	return &shownCards{young: map[string]shownCard{}, old: map[string]shownCard{}}
}

func (s *shownCards) add(m *cardMaker, now time.Time) {
	flags := slices.Concat(m.advice.Because, m.advice.Open)
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.young) >= shownMost || now.Sub(s.started) > shownFor {
		s.old, s.young, s.started = s.young, map[string]shownCard{}, now
	}
	for i := range flags {
		f := flags[i]
		f.Summary, f.Action, f.Alternatives, f.Citations, f.Evidence = "", "", nil, nil, nil
		f.Orders, f.Counsel, f.Clears = nil, nil, nil
		s.young[cardID(m.key, &f)] = shownCard{flag: f, user: m.request.User}
	}
}

func (s *shownCards) find(card string) (shownCard, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c, ok := s.young[card]; ok {
		return c, true
	}
	c, ok := s.old[card]
	return c, ok
}
