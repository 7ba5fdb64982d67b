package connect

import (
	"crypto/tls"
	"os"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// doorCertificate is that of a door, read again when its file has changed: certificates are renewed
// while serve runs.
type doorCertificate struct {
	cert, key string // files, PEM
	log       zerolog.Logger

	mu      sync.Mutex
	pair    *tls.Certificate
	changed time.Time // of the files, when pair was read
}

// newCertificate reads a certificate. Its error is that of the first reading; later ones are
// logged, and the last good pair goes on.
func newCertificate(cert, key string, log zerolog.Logger) (*doorCertificate, error) {
	c := &doorCertificate{cert: cert, key: key, log: log}
	changed := c.written()
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	c.pair, c.changed = &pair, changed
	return c, nil
}

// written is when the younger of the files was written; zero when one cannot be looked at.
func (c *doorCertificate) written() time.Time {
	var last time.Time
	for _, path := range []string{c.cert, c.key} {
		info, err := os.Stat(path)
		if err != nil {
			return time.Time{}
		}
		if info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last
}

// get is tls.Config.GetCertificate.
func (c *doorCertificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.written()
	if now.IsZero() || now.Equal(c.changed) {
		return c.pair, nil
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil { // one file may be new and the other not yet
		c.log.Warn().Err(err).Str("file", c.cert).Msg("a new certificate cannot be read: going on with the one before")
		return c.pair, nil
	}
	c.pair, c.changed = &pair, now
	c.log.Info().Str("file", c.cert).Msg("certificate read again")
	return c.pair, nil
}
