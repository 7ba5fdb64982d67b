package connect

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/jet"
)

// Connection is one to a NATS server, for a command. It closes as soon as the server refuses
// something: it sends no answer then, and whoever waits for one would wait in vain.
type Connection struct {
	*nats.Conn
	Domain jet.Domain // under which streams of another account are reached
	denied atomic.Pointer[error]
}

// options make c the one that hears of refusals.
func (c *Connection) options() []nats.Option {
	return []nats.Option{nats.ErrorHandler(func(nc *nats.Conn, _ *nats.Subscription, err error) {
		if errors.Is(err, nats.ErrPermissionViolation) && c.denied.CompareAndSwap(nil, &err) {
			nc.Close()
		}
	})}
}

// errInbox: --inbox-prefix was forgotten.
var errInbox = errors.New("this user may not receive replies on " + nats.InboxPrefix +
	">: give --inbox-prefix, which is _INBOX_ and the user's name with deploy/accounts.conf")

// tryInbox tells whether the server lets this user receive replies: it refuses the subscription at
// once, and every request would wait in vain.
func tryInbox(nc *nats.Conn) error {
	sub, err := nc.SubscribeSync(nc.NewInbox())
	if err != nil {
		return err
	}
	err = errors.Join(nc.FlushTimeout(inboxPatience), sub.Unsubscribe())
	if errors.Is(nc.LastError(), nats.ErrPermissionViolation) {
		return errInbox
	}
	return err
}

// inboxPatience is how long the server may take to say that it took a subscription.
const inboxPatience = 10 * time.Second

// refused is the server's word for what a user may not do.
var refused = regexp.MustCompile(`(?i)violation for (publish|subscription) to "([^"]*)"`)

// Explain names the missing right where err came from a refusal, and the option by which streams of
// another account are reached where err came from looking for them in the wrong place.
func (c *Connection) Explain(err error) error {
	denied := c.denied.Load()
	switch {
	case err == nil || errors.Is(err, terminal.ErrRejected) || errors.Is(err, terminal.ErrReported):
		return err
	case denied == nil:
		return c.misplaced(err)
	}
	m := refused.FindStringSubmatch((*denied).Error())
	switch {
	case m == nil:
		return *denied
	case strings.EqualFold(m[1], "subscription") && strings.HasPrefix(m[2], nats.InboxPrefix):
		return errInbox
	case strings.EqualFold(m[1], "subscription"):
		return fmt.Errorf("this user may not subscribe to %s", m[2])
	case strings.HasPrefix(m[2], "$JS.API.") && c.Domain.Prefix == "":
		return fmt.Errorf(
			"this user may not request %s: give --js-domain, unless the user's own account holds "+
				"the streams",
			m[2],
		)
	}
	return fmt.Errorf("this user may not publish on %s; another one may, see deploy/roles.md", m[2])
}

// misplaced adds what may be wrong with the domain.
func (c *Connection) misplaced(err error) error {
	switch {
	case c.Domain.Prefix == "" && errors.Is(err, jetstream.ErrStreamNotFound):
		return fmt.Errorf(
			"%w (has rlsguard serve run here? With deploy/accounts.conf, give --js-domain "+
				"RLSGUARD)",
			err,
		)
	case c.Domain.Prefix != "" && errors.Is(err, nats.ErrNoResponders):
		return fmt.Errorf("%w (nobody answers %s.>: is --js-domain right? Omit it if everything is in one "+
			"account)",
			err, c.Domain.Prefix)
	}
	return err
}
