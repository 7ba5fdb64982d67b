package layout

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"hash"
	"strconv"
	"strings"
	"sync"

	"github.com/nats-io/nats.go"
)

// HeaderSignature authenticates a message of the stream RLS, and its copies in RLS_FLAGS and the
// audit: a counter, a dot, and the first half of an HMAC-SHA-256 in base64. The key is derived from
// the site key. It covers the stream, the subject the message was written under, the counter, the
// headers that are read back, and the payload.
const HeaderSignature = "Rls-Signature"

// ErrForeign: rlsguard did not write a message with this site key, or not for this place; nothing
// in it is believed.
var ErrForeign = errors.New("a message that rlsguard did not write")

// signedHeaders are those that readers rely on. A new one that is read back belongs here.
var signedHeaders = []string{
	HeaderErased, HeaderNumber, HeaderReason, headerRuleset, HeaderTransition,
	headerSchedule, headerTarget, headerTimerTTL,
}

// Sum is the part of a signature that is never shown: what a message adds to a tally. The zero Sum
// is that of no message.
type Sum [2]uint64

// Plus adds each half separately.
func (s Sum) Plus(o Sum) Sum { return Sum{s[0] + o[0], s[1] + o[1]} }

// Minus subtracts o.
func (s Sum) Minus(o Sum) Sum { return Sum{s[0] - o[0], s[1] - o[1]} }

// Signer signs and checks messages with a key of the site. It is safe for concurrent use.
type Signer struct{ pool sync.Pool }

type signing struct {
	mac hash.Hash
	buf []byte
	sum [sha256.Size]byte
}

// NewSigner derives the key from the site key.
func NewSigner(siteKey []byte) *Signer {
	h := hmac.New(sha256.New, siteKey)
	h.Write([]byte("signature of stored messages|1"))
	key := h.Sum(nil)
	return &Signer{pool: sync.Pool{New: func() any { return &signing{mac: hmac.New(sha256.New, key)} }}}
}

// Sign adds a signature to m. The counter of a state is the sequence it replaces, which exposes an
// older state; for everything else it is 0.
func (s *Signer) Sign(m *nats.Msg, counter uint64) Sum {
	if m.Header == nil {
		m.Header = nats.Header{}
	}
	shown, sum := s.mac(m.Subject, m.Header, m.Data, counter)
	text := strconv.AppendUint(make([]byte, 0, 44), counter, 10)
	text = base64.RawStdEncoding.AppendEncode(append(text, '.'), shown[:])
	m.Header[HeaderSignature] = []string{string(text)}
	return sum
}

// Check returns the counter of a message and what it adds to a tally. Its error is ErrForeign.
func (s *Signer) Check(subject string, h nats.Header, data []byte) (counter uint64, sum Sum, err error) {
	number, mac, found := strings.Cut(h.Get(HeaderSignature), ".")
	counter, err = strconv.ParseUint(number, 10, 64)
	if !found || err != nil {
		return 0, Sum{}, ErrForeign
	}
	var want [18]byte
	n, err := base64.RawStdEncoding.Decode(want[:], append(make([]byte, 0, 24), mac[:min(len(mac), 24)]...))
	shown, sum := s.mac(subject, h, data, counter)
	if err != nil || !hmac.Equal(want[:n], shown[:]) {
		return 0, Sum{}, ErrForeign
	}
	return counter, sum, nil
}

// Verdict is the outcome of Check for a message.
type Verdict struct {
	Counter uint64
	Sum     Sum
	Err     error
}

// Judge is Check with a result to keep.
func (s *Signer) Judge(subject string, h nats.Header, data []byte) *Verdict {
	var v Verdict
	v.Counter, v.Sum, v.Err = s.Check(subject, h, data)
	return &v
}

// mac returns both halves of the code: the one that is shown, and the one that is summed.
func (s *Signer) mac(subject string, h nats.Header, data []byte, counter uint64) (shown [16]byte, sum Sum) {
	g := s.pool.Get().(*signing)
	defer s.pool.Put(g)
	b := appendPart(g.buf[:0], StreamRLS)
	b = appendPart(b, writtenUnder(subject, h))
	b = binary.BigEndian.AppendUint64(b, counter)
	for i, name := range signedHeaders {
		if v, ok := h[name]; ok && len(v) > 0 {
			b = appendPart(append(b, byte(i+1)), v[0])
		}
	}
	g.buf = append(b, 0)
	g.mac.Reset()
	g.mac.Write(g.buf)
	g.mac.Write(data)
	out := g.mac.Sum(g.sum[:0])
	copy(shown[:], out)
	return shown, Sum{binary.BigEndian.Uint64(out[16:]), binary.BigEndian.Uint64(out[24:])}
}

func appendPart(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// writtenUnder is the subject a message had in RLS: flags are copied under another, and an audit
// entry may be under its flag alone.
func writtenUnder(subject string, h nats.Header) string {
	if rest, shown := strings.CutPrefix(subject, SubjectFlags); shown {
		return SubjectCommitFlags + rest
	}
	if id, audit := strings.CutPrefix(subject, SubjectAudit); audit && !strings.Contains(id, ".") {
		return subject + "." + h.Get(HeaderNumber)
	}
	return subject
}

// IsSigned reports whether a message claims to be signed.
func IsSigned(h nats.Header) bool { return len(h[HeaderSignature]) > 0 }

// SameSigned reports whether two messages carry the same signature and payload.
func SameSigned(a, b nats.Header, dataA, dataB []byte) bool {
	return a.Get(HeaderSignature) == b.Get(HeaderSignature) && bytes.Equal(dataA, dataB)
}
