package connect

import (
	"crypto/tls"
	"os"
	"sync"
	"time"

	"github.com/rs/zerolog"
)

// Certificate is that of a door or a server, read again when its files have changed: certificates
// are renewed while serve runs.
type Certificate struct {
	cert, key string // files, PEM
	log       zerolog.Logger

	mu      sync.Mutex
	pair    *tls.Certificate
	changed time.Time // of the files, when pair was read
}

// NewCertificate reads a certificate. Its error is that of the first reading; later ones are
// logged, and the last good pair goes on.
func NewCertificate(cert, key string, log zerolog.Logger) (*Certificate, error) {
	c := &Certificate{cert: cert, key: key, log: log}
	changed := c.written()
	pair, err := tls.LoadX509KeyPair(cert, key)
	if err != nil {
		return nil, err
	}
	c.pair, c.changed = &pair, changed
	return c, nil
}

// written is when the younger of the files was written; zero when one cannot be looked at.
func (c *Certificate) written() time.Time {
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

// Get is tls.Config.GetCertificate.
func (c *Certificate) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.written()
	if now.IsZero() || now.Equal(c.changed) {
		return c.pair, nil
	}
	pair, err := tls.LoadX509KeyPair(c.cert, c.key)
	if err != nil { // one file may be new and the other not yet
		c.log.Warn().Err(err).Str("file", c.cert).Msg("cannot read the new certificate: keeping the previous one")
		return c.pair, nil
	}
	c.pair, c.changed = &pair, now
	c.log.Info().Str("file", c.cert).Msg("certificate reloaded")
	return c.pair, nil
}
