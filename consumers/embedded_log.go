package consumers

import (
	"fmt"
	"strings"
	"sync"

	"github.com/rs/zerolog"
)

// serverLog passes the embedded server's warnings and errors on. Its traces, which hold payloads, are never asked for, and debug
// lines and notices are its own affair.
type serverLog struct {
	log zerolog.Logger
	mu  sync.Mutex
	bad string
	end bool // a fatal error: the server will not get ready
}

func (l *serverLog) Noticef(format string, v ...any) {}
func (l *serverLog) Debugf(format string, v ...any)  {}
func (l *serverLog) Tracef(format string, v ...any)  {}

func (l *serverLog) Warnf(format string, v ...any) {
	if strings.HasPrefix(format, "Plaintext passwords") {
		return // the one that was made at random stands in a file only its owner can read
	}
	l.log.Warn().Str("from", "nats-server").Msg(fmt.Sprintf(format, v...))
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
	l.mu.Lock()
	l.bad = s
	l.mu.Unlock()
	l.log.Error().Str("from", "nats-server").Msg(s)
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
