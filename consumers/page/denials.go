package page

import (
	"errors"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
)

// Denials are what a server refused. It answers nothing then: whoever waits would wait in vain.
type Denials struct {
	mu      sync.Mutex
	refused []string
	waiting map[*func()]string
}

// mostDenials is how many are kept: there are few things that a page asks for.
const mostDenials = 64

// Option makes d the one that hears of refusals on a connection.
func (d *Denials) Option() nats.Option {
	return nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
		if errors.Is(err, nats.ErrPermissionViolation) {
			d.add(err.Error())
		}
	})
}

func (d *Denials) add(text string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.refused) < mostDenials {
		d.refused = append(d.refused, text)
	}
	for do, subject := range d.waiting {
		if strings.Contains(text, subject) {
			(*do)()
		}
	}
}

// denied tells that something with this subject was refused.
func (d *Denials) denied(subject string) bool {
	if d == nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, text := range d.refused {
		if strings.Contains(text, subject) {
			return true
		}
	}
	return false
}

// onDenial calls do when a subject is refused, until the returned function is called.
func (d *Denials) onDenial(subject string, do func()) (end func()) {
	if d == nil {
		return func() {}
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.waiting == nil {
		d.waiting = map[*func()]string{}
	}
	d.waiting[&do] = subject
	return func() {
		d.mu.Lock()
		defer d.mu.Unlock()
		delete(d.waiting, &do)
	}
}
