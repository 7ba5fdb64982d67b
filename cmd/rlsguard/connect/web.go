package connect

import (
	stdlog "log"
	"net/http"
	"time"

	"github.com/rs/zerolog"
)

// patience is how long whoever calls an HTTP door may take. Without an end of each, clients that
// send or read a byte a minute, or nothing any more, would use up what a process may open.
type patience struct {
	header, request, answer, idle time.Duration
	bytes                         int // of a header
}

// doorPatience suits requests of some megabytes, healthPatience those without a body.
var (
	doorPatience   = patience{5 * time.Second, 15 * time.Second, 30 * time.Second, 2 * time.Minute, 64 << 10}
	healthPatience = patience{5 * time.Second, 10 * time.Second, 30 * time.Second, 2 * time.Minute, 16 << 10}
)

// HealthServer answers /healthz, /readyz and /metrics. Clients that are slow, or idle, are cut off.
func HealthServer(h http.Handler) *http.Server { return healthPatience.server(h) }

func (p patience) server(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: p.header,
		ReadTimeout:       p.request,
		WriteTimeout:      p.answer,
		IdleTimeout:       p.idle,
		MaxHeaderBytes:    p.bytes,
		ErrorLog:          stdlog.New(zerolog.Nop(), "", 0),
	}
}
