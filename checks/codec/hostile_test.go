package codec

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
	"github.com/rlsguard/rlsguard/checks/unread"
)

func uvarints(v ...uint64) (b []byte) {
	for _, v := range v {
		b = binary.AppendUvarint(b, v)
	}
	return b
}

// factBody is the body of a state with one fact, Observation/, up to its content.
func factBody(header uint64, content ...uint64) []byte {
	return uvarints(append([]uint64{0, 0, 0, 1 << 1, 2 << 1, 1, 0, header + 1}, content...)...)
}

func stateBody(v ...uint64) []byte { return uvarints(append([]uint64{0, 0, 0}, v...)...) }

func deepResults(n int) (v []uint64) {
	for range n {
		v = append(v, 1<<15, 1)
	}
	return append(v, 0, 0, 0, 0)
}

// Content this format does not have was written by another program, however good its checksum: it
// is refused, not guessed at.
func TestUnknownContentIsRefused(t *testing.T) {
	const huge = 1 << 60
	order, lab, ack := uint64(facts.KindOrder), uint64(facts.KindLab), uint64(facts.KindAcknowledgement)
	for name, body := range map[string][]byte{
		"more facts than bytes":     stateBody(huge << 1),
		"more flags than bytes":     stateBody(0, huge),
		"an empty run":              stateBody(1<<1, 2<<1, 0, 0, 0, 0),
		"a run beyond the facts":    stateBody(1<<1, 2<<1, 2, 0, 0, 0, 0),
		"type of a fact":            stateBody(1<<1, uint64(len(refTypes))<<1, 1, 0, 1, 0),
		"half a UUID":               stateBody(1<<1, 2<<1|1, 1, 0, 0, 0),
		"kind":                      factBody(7, 0),
		"header bit":                factBody(1<<14, 0),
		"form of the version":       factBody(3<<5, 0),
		"entry beyond 32 bits":      factBody(1<<8, 1<<32, 0),
		"kind of order":             factBody(order, 3+1, 0),
		"status of order":           factBody(order, 9<<2+1, 0),
		"shape bit of order":        factBody(order, 1<<28+1, 0),
		"more codings than bytes":   factBody(order, 3<<21+1, huge, 0),
		"more names than bytes":     factBody(order, 1<<(21+2)+1, huge, 0),
		"system of a coding":        factBody(order, 1<<21+1, uint64(len(words)+1)<<1, 0, 0),
		"form of a time":            factBody(order, 1<<8+1, uint64(len(timeForms)), 0),
		"precision of an odd time":  factBody(order, 1<<8+1, oddTime, uint64(moment.WithoutOff)+1, 0, 0),
		"absent time with a number": factBody(order, 1<<8+1, 1<<4, 0),
		"reference to no fact":      factBody(order, 1<<9+1, refFact, 1, 0),
		"type of a reference":       factBody(order, 1<<9+1, refTyped+uint64(len(refTypes)), 0, 0),
		"untyped reference":         factBody(order, 1<<9+1, refTyped, 0, 0),
		"word":                      factBody(order, 1<<12+1, uint64(len(words))<<2|textWord, 0),
		"text beyond the rest":      factBody(order, 1<<12+1, huge, 0),
		"hex beyond the rest":       factBody(order, 1<<12+1, 100<<5|formHex<<2|textForm, 0),
		"text that was not seen":    factBody(order, 1<<12+1, 0<<5|formSeen<<2|textForm, 0),
		"form of a text":            factBody(order, 1<<12+1, 7<<2|textForm, 0),
		"status of result":          factBody(lab, 7, 0),
		"bit of result":             factBody(lab, 1<<16, 0),
		"unread part":               factBody(unreadFollows, 1<<unreadBits),
		"results in results":        factBody(lab, deepResults(maxNested+1)...),
		"kind of value":             factBody(lab, 1<<4, 7+1, 0),
		"bit of value":              factBody(lab, 1<<4, 1<<11+1, 0),
		"bit of acknowledgement":    factBody(ack, 2, 0, 0, 0, 0, 0, 0, 0),
		"severity":                  stateBody(0, 1, 0, 0, uint64(checks.High)+1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
		"half a digest":             stateBody(0, 1, 0, 0, 0, 0, 0, 0, 0),
		"nothing cut":               {0, 0, 0, 1, 0, 0},
		"kind that was cut":         append([]byte{0, 0, 0, 1, 0}, uvarints(uint64(checks.CutKnown)+1)...),
		"places of no fact":         append(factBody(0, 0, 1, 1), 2),
		"no places":                 factBody(0, 0, 1, 0, 0),
		"more places than bytes":    factBody(0, 0, 1, 0, huge<<1),
		"bit of places":             factBody(0, 0, 1, 0, 1<<1, 0, uint64(checks.AllPlaces)+1),
		"bit of an older version":   factBody(0, 0, 1, 0, 1<<1, 1<<5, 1),
		"kind of what is hidden":    factBody(0, 0, 1, 0, 1, 7),
		"mark of what is hidden":    factBody(0, 0, 1, 0, 1, 4<<3),
		"overlong varint":           {0, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
	} {
		if st, err := Decode(seal(version, append(body, 0))); !errors.Is(err, errDamaged) || st != nil {
			t.Errorf("%s: got %+v, %v; want ErrDamaged and no state", name, st, err)
		}
	}
}

// The bodies above are refused for the reason they are named after, not for their frame.
func TestKnownContentIsTaken(t *testing.T) {
	for name, body := range map[string][]byte{
		"nothing": stateBody(0, 0),
		"mark":    factBody(0, 0),
		"unread":  factBody(unreadFollows, uint64(unread.All), 0),
		"report":  factBody(uint64(facts.KindLab), deepResults(1)[:4]...),
		"entry":   factBody(1<<8, 1<<32-1, 0),
		"order":   factBody(uint64(facts.KindOrder), 1, 0),
		"time":    factBody(uint64(facts.KindOrder), 1<<8+1, 3, 0),
		"odd":     factBody(uint64(facts.KindOrder), 1<<8+1, oddTime, uint64(moment.WithoutOff), 2, 0),
		"ref":     factBody(uint64(facts.KindOrder), 1<<9+1, refFact, 0, 0),
		"typed":   factBody(uint64(facts.KindOrder), 1<<9+1, refTyped+1, 0, 0),
		"word":    factBody(uint64(facts.KindOrder), 1<<12+1, uint64(len(words)-1)<<2|textWord, 0),
		"result":  factBody(uint64(facts.KindLab), 1<<4, uint64(facts.UnreadValue)+1, 0),
		"ack":     factBody(uint64(facts.KindAcknowledgement), 1, 0, 0, 0, 0, 0, 0, 0),
		"flag":    stateBody(0, 1, 0, 0, uint64(checks.High), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
	} {
		if _, err := Decode(seal(version, append(body, 0))); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
