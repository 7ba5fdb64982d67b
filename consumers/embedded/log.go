package embedded

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/rs/zerolog"
)

// serverLog passes the embedded server's warnings and errors on. Its traces, which hold payloads,
// are never asked for, and debug lines and notices are its own affair.
type serverLog struct {
	log zerolog.Logger
	mu  sync.Mutex
	bad string
	end bool // a fatal error: the server will not get ready
	io  bool // the disk failed it
	// crashed: the store was not closed the last time, so that the server reads again what it would
	// else take from its indexes.
	crashed bool
}

func (l *serverLog) Noticef(format string, v ...any) {}

func (l *serverLog) Debugf(format string, v ...any) {}

func (l *serverLog) Tracef(format string, v ...any) {}

func (l *serverLog) Warnf(format string, v ...any) {
	if strings.HasPrefix(format, "Plaintext passwords") {
		return // the one that was made at random stands in a file only its owner can read
	}
	if strings.HasPrefix(format, "Websocket not configured with TLS") {
		return // only this machine reaches it
	}
	s := fmt.Sprintf(format, v...)
	l.notice(s)
	if l.crashed && rereads.MatchString(s) {
		return // one line says so, before the server starts
	}
	l.log.Warn().Str("from", "nats-server").Msg(unquoted(s))
}

// rereads is what the server says of each stream that it reads again after a crash: indexes that
// are older than the messages, or gone. What it finds damaged it says in other words.
var rereads = regexp.MustCompile(`^Filestore \[[^]]*\] (?:` +
	`(?:TTL|Message scheduling|Sourcing) state is outdated; attempting to recover` +
	`|Stream state (?:outdated|detected prior state|block does not exist or index mismatch)` +
	`|Recovering (?:stream|TTL|message scheduling|sources) state from index errored)`)

// quotes are what the server quotes: subjects that clients chose, and what they sent where it was
// no NATS protocol.
var quotes = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|'.*'`)

// unquoted is a line of the server without what others have put into it.
func unquoted(s string) string { return quotes.ReplaceAllString(s, "(left out)") }

// diskErrors are how failed writes read. The server stops storing after one, and says it nowhere
// but in its log.
var diskErrors = []string{
	syscall.ENOSPC.Error(),
	syscall.EIO.Error(),
	syscall.EROFS.Error(),
	"out of file resources",
	"JetStream out of resources",
}

// notice remembers a failed write.
func (l *serverLog) notice(s string) {
	if slices.ContainsFunc(diskErrors, func(e string) bool { return strings.Contains(s, e) }) {
		l.mu.Lock()
		l.io = true
		l.mu.Unlock()
	}
}

// diskFailed tells whether a write failed since clear.
func (l *serverLog) diskFailed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.io
}

func (l *serverLog) clear() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.io, l.end, l.bad = false, false, ""
}

func (l *serverLog) Errorf(format string, v ...any) { l.error(fmt.Sprintf(format, v...)) }

func (l *serverLog) Fatalf(format string, v ...any) {
	l.error(fmt.Sprintf(format, v...))
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end = true
}

func (l *serverLog) failed() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.end
}

func (l *serverLog) error(s string) {
	l.notice(s)
	l.mu.Lock()
	l.bad = s
	l.mu.Unlock()
	l.log.Error().Str("from", "nats-server").Msg(unquoted(s))
}

// last is the last error, as the reason why the server did not start.
func (l *serverLog) last() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bad == "" {
		return "no reason given"
	}
	return l.bad
}
