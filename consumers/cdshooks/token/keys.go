package token

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

// Keys are the public keys of one issuer, as a JWK Set (RFC 7517) in a file or at an address. They
// are read again now and then, and when a token names one that is not known, so that an issuer can
// change its keys.
type Keys struct {
	file, url string
	client    *http.Client
	now       func() time.Time

	mu   sync.Mutex
	set  jose.JSONWebKeySet
	read time.Time // when they were last tried
}

// When keys are read again.
const (
	keysFor = 10 * time.Minute
	// also when a token names an unknown one, so that nobody can make us ask all the time
	keysAtLeast  = 30 * time.Second
	keysTimeout  = 2 * time.Second
	keysMaxBytes = 1 << 20
)

// NewKeys takes the path of a file, or an address: https, or http on this machine. The keys are
// read at once, so that a mistake shows at start.
func NewKeys(place string) (*Keys, error) {
	k := &Keys{now: time.Now}
	u, err := url.Parse(place)
	switch {
	case err == nil && (u.Scheme == "https" || u.Scheme == "http" && LoopbackName(u.Host)):
		k.url = place
		k.client = &http.Client{
			Timeout:       keysTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		}
	case err == nil && u.Scheme == "http":
		return nil, fmt.Errorf("keys at %s: only https, or http on this machine", place)
	default:
		k.file = place
	}
	ctx, cancel := context.WithTimeout(context.Background(), keysTimeout)
	defer cancel()
	if err := k.reread(ctx); err != nil {
		return nil, err
	}
	return k, nil
}

// find are the keys with an id.
func (k *Keys) find(ctx context.Context, id string) ([]jose.JSONWebKey, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	age := k.now().Sub(k.read)
	found := k.set.Key(id)
	if age > keysFor || len(found) == 0 && age > keysAtLeast {
		// what is known is better than nobody let in
		if err := k.reread(context.WithoutCancel(ctx)); err != nil && len(found) == 0 {
			return nil, err
		}
		found = k.set.Key(id)
	}
	return found, nil
}

func (k *Keys) reread(ctx context.Context) error {
	k.read = k.now()
	data, err := k.fetch(ctx)
	if err != nil {
		return fmt.Errorf("keys: %w", err)
	}
	var set jose.JSONWebKeySet
	if err := json.Unmarshal(data, &set); err != nil {
		return fmt.Errorf("keys at %s%s are no JWK Set: %w", k.file, k.url, err)
	}
	for i := range set.Keys {
		set.Keys[i] = set.Keys[i].Public()
	}
	if len(set.Keys) == 0 {
		return fmt.Errorf("keys at %s%s: there is none", k.file, k.url)
	}
	k.set = set
	return nil
}

func (k *Keys) fetch(ctx context.Context) ([]byte, error) {
	if k.url == "" {
		return os.ReadFile(k.file)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, k.url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := k.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("%s answers %s", k.url, resp.Status)
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, keysMaxBytes+1))
	if len(data) > keysMaxBytes {
		return nil, errors.New(k.url + " is too large")
	}
	return data, err
}
