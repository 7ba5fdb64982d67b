package page

import (
	"context"
	"errors"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
)

// Link is a connection to a server that keeps track of refusals. The server sends no answer to a
// refused request, so waiting for one would be in vain.
type Link struct {
	*nats.Conn
	mu      sync.Mutex
	refused []string
	waiting map[*func()]string
}

// mostDenials is how many are kept: a page asks for few things.
const mostDenials = 64

// Option makes l hear of refusals on the connection it will hold.
func (l *Link) Option() nats.Option {
	return nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		if errors.Is(err, nats.ErrPermissionViolation) {
			l.add(err.Error())
		}
	})
}

func (l *Link) add(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.refused) < mostDenials {
		l.refused = append(l.refused, text)
	}
	for do, subject := range l.waiting {
		if strings.Contains(text, subject) {
			(*do)()
		}
	}
}

// denied reports whether something with this subject was refused.
func (l *Link) denied(subject string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, text := range l.refused {
		if strings.Contains(text, subject) {
			return true
		}
	}
	return false
}

// onDenial calls do when a subject is refused, until the returned function is called.
func (l *Link) onDenial(subject string, do func()) (end func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.waiting == nil {
		l.waiting = map[*func()]string{}
	}
	l.waiting[&do] = subject
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.waiting, &do)
	}
}

// ask does something that needs a right, unless it was refused before. The context ends when it is
// refused.
func (l *Link) ask(ctx context.Context, subject string, do func(context.Context)) {
	if l.denied(subject) {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, inputsTimeout)
	defer cancel()
	defer l.onDenial(subject, cancel)()
	do(ctx)
}
