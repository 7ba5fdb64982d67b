package codec

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"runtime"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
)

func mustRoundTrip(t interface {
	Helper()
	Fatalf(string, ...any)
}, st *checks.State) {
	t.Helper()
	b := Append(nil, st)
	got, err := Decode(b)
	if err != nil {
		t.Fatalf("Decode: %v\nof %+v", err, st)
	}
	if diff := cmp.Diff(st, got, cmpopts.EquateEmpty()); diff != "" {
		t.Fatalf("not what was written (-written +read):\n%s", diff)
	}
}

func TestStateOfAnyContentComesBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		st := new(checks.State)
		drawInto(t, st)
		mustRoundTrip(t, st)
	})
}

// Nothing of one state in a reader shows in the next, even after a damaged one or one too large for
// its memory.
func TestReaderReadsAsDecode(t *testing.T) {
	large := new(checks.State)
	for i := range 2 * readerFacts {
		for _, f := range example(numericID).Facts {
			f.Ref = facts.Ref(f.Ref.Type() + "/" + uuidID(i))
			large.Merge(f)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		var r Reader
		for range rapid.IntRange(2, 6).Draw(t, "states") {
			st := new(checks.State)
			if rapid.IntRange(0, 9).Draw(t, "large") == 0 {
				st = large
			} else {
				drawInto(t, st)
			}
			b := Append(nil, st)
			if rapid.Bool().Draw(t, "damage") {
				body := b[2 : len(b)-crc32.Size]
				b = seal(version, body[:rapid.IntRange(0, len(body)).Draw(t, "length")])
			}
			want, wantErr := Decode(b)
			got, err := r.Decode(b)
			if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" || (err == nil) != (wantErr == nil) {
				t.Fatalf("%v and %v; (-Decode +Reader):\n%s", wantErr, err, diff)
			}
		}
	})
}

func TestStateEncodingAppends(t *testing.T) {
	st := example(numericID)
	alone := Append(nil, st)
	if got := Append([]byte("before"), st); string(got) != "before"+string(alone) {
		t.Errorf("Append to a prefix gave %x, want the prefix and %x", got, alone)
	}
}

func TestDecodedStateSharesNoMemory(t *testing.T) {
	st := example(uuidID)
	b := Append(nil, st)
	got, err := Decode(b)
	if err != nil {
		t.Fatal(err)
	}
	clear(b)
	if diff := cmp.Diff(st, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("clearing the input changed the state:\n%s", diff)
	}
}

// The golden files were written when their format versions were fixed. They must stay readable for
// ever, so they are never rewritten.
func TestStatesOfAllFormatVersionsAreRead(t *testing.T) {
	for v, want := range map[byte]*checks.State{1: golden(), 2: golden2()} {
		b, err := os.ReadFile(fmt.Sprintf("testdata/state_v%d.bin", v))
		if err != nil {
			t.Fatal(err)
		}
		got, err := Decode(b)
		if err != nil {
			t.Fatalf("version %d: %v", v, err)
		}
		if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("version %d (-want +read):\n%s", v, diff)
		}
		if v == version && !bytes.Equal(b, Append(nil, want)) {
			t.Error("the encoding changed and its version did not: states that are stored would be misread")
		}
	}
}

func TestDamagedStateIsRefused(t *testing.T) {
	good := Append(nil, example(uuidID))
	refused := func(what string, at int, b []byte) {
		if st, err := Decode(b); !errors.Is(err, errDamaged) || st != nil {
			t.Fatalf("%s at %d: got %v, %v; want ErrDamaged and no state", what, at, st, err)
		}
	}
	for i := range good {
		refused("cut", i, good[:i])
		for bit := range 8 {
			b := bytes.Clone(good)
			b[i] ^= 1 << bit
			refused("flipped bit", i*8+bit, b)
		}
	}
	refused("byte appended", len(good), append(bytes.Clone(good), 0))
	refused("body cut, sealed again", 0, seal(version, good[2:len(good)-5]))
	refused("body longer, sealed again", 0, seal(version, append(bytes.Clone(good[2:len(good)-4]), 0)))
	refused("nothing", 0, nil)
}

func TestOtherFormatVersionIsRefused(t *testing.T) {
	good := Append(nil, example(numericID))
	for _, version := range []byte{0, version + 1, 255} {
		if st, err := Decode(seal(version, good[2:len(good)-4])); !errors.Is(err, errVersion) || st != nil {
			t.Errorf("version %d: got %v, %v; want ErrVersion and no state", version, st, err)
		}
	}
}

func seal(version byte, body []byte) []byte {
	b := append([]byte{magic, version}, body...)
	return binary.LittleEndian.AppendUint32(b, crc32.Checksum(b, crc32.MakeTable(crc32.Castagnoli)))
}

// memoryPerByte bounds what a hostile body may make the decoder allocate: the largest struct, an
// Order, takes three bytes.
const memoryPerByte = 600

func FuzzDecodeState(f *testing.F) {
	f.Add([]byte{})
	for _, st := range []*checks.State{{}, golden(), example(uuidID), example(numericID)} {
		b := Append(nil, st)
		f.Add(b)
		f.Add(b[2 : len(b)-4])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, in := range [][]byte{b, seal(version, b)} {
			st, err := Decode(in)
			if err == nil {
				mustRoundTrip(t, st)
			} else if st != nil {
				t.Fatal("an error and a state")
			}
		}
	})
}

func TestHostileStateTakesBoundedMemory(t *testing.T) {
	const n = 1 << 16
	kinds := func(kind byte, rest ...byte) []byte {
		b := binary.AppendUvarint([]byte{0, 0, 0}, n/2<<1) // no patient, no ruleset, not cut, so many facts
		b = binary.AppendUvarint(append(b, 2<<1), n/2)     // all of one type
		b = append(b, make([]byte, n/2)...)                // without an id
		b = binary.AppendUvarint(b, uint64(kind)+1)
		return append(b, bytes.Repeat(rest, n)...)
	}
	for name, body := range map[string][]byte{
		"orders":     kinds(byte(facts.KindOrder), 0, 0, 0, 0),
		"results":    kinds(byte(facts.KindLab), 0, 0),
		"dosages":    kinds(byte(facts.KindOrder), 0, 4, 0, 0xff, 0xff, 3, 0),
		"counts":     kinds(byte(facts.KindOrder), 0, 0xff, 0x1f, 0xff, 0xff, 3),
		"conditions": kinds(byte(facts.KindCondition), 0, 0, 0),
		"flags":      append([]byte{0, 0, 0, 0}, binary.AppendUvarint(nil, n)...),
	} {
		in := seal(version, append(body, make([]byte, n)...))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := Decode(in)
		runtime.ReadMemStats(&after)
		if got, limit := after.TotalAlloc-before.TotalAlloc, uint64(len(in)*memoryPerByte); got > limit {
			t.Errorf(
				"%s: %d bytes allocated for %d bytes of input (error %v), limit %d",
				name,
				got,
				len(in),
				err,
				limit,
			)
		}
	}
}
