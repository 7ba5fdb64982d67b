package fhir

import (
	"math"
	"strconv"
	"strings"

	"github.com/rlsguard/rlsguard/fhir/scan"
)

// frame is one container around the target of a pointer.
type frame struct {
	array bool
	index int
	key   []byte
}

// pointerAt is the JSON pointer of what is at offset target, from the value at start. The document
// may be broken from target on. It is computed only for reports, so that reading need not track it.
func pointerAt(b []byte, start, target int) string { return pointersAt(b, start, []int{target})[0] }

// pointersAt is pointerAt for several ascending offsets, in one walk.
func pointersAt(b []byte, start int, targets []int) []string {
	w := pointerWalk{targets: targets, found: make([]string, 0, len(targets)), stack: make([]frame, 0, 8)}
	s := scan.Scanner{B: b}
	for i := scan.PastBlanks(b, start); i < len(b) && !w.done(); i = scan.PastBlanks(b, i) {
		w.reach(i)
		if b[i] == '"' {
			end := s.Str(i)
			if end < 0 {
				break
			}
			w.text(b[i+1:end-1], end)
			i = end
			continue
		}
		w.reach(i + 1)
		if w.punctuation(b[i]) {
			i++
			continue
		}
		for i < len(b) && strings.IndexByte("{}[],:\" \t\r\n", b[i]) < 0 {
			i++
		}
	}
	w.reach(math.MaxInt)
	return w.found
}

// pointerWalk is the progress of pointersAt.
type pointerWalk struct {
	targets []int
	found   []string
	stack   []frame
	wantKey bool
}

func (w *pointerWalk) done() bool { return len(w.found) == len(w.targets) }

// reach answers for all targets before offset end.
func (w *pointerWalk) reach(end int) {
	for !w.done() && w.targets[len(w.found)] < end {
		w.found = append(w.found, joinPointer(w.stack))
	}
}

// text passes the string k, a key or a value, which ends at end.
func (w *pointerWalk) text(k []byte, end int) {
	if n := len(w.stack); n > 0 && w.wantKey {
		w.stack[n-1].key, w.wantKey = k, false
	}
	w.reach(end)
}

// punctuation passes c if it is JSON punctuation.
func (w *pointerWalk) punctuation(c byte) bool {
	n := len(w.stack)
	switch c {
	case '{', '[':
		w.stack = append(w.stack, frame{array: c == '['})
		w.wantKey = c == '{'
	case '}', ']':
		w.stack = w.stack[:max(n-1, 0)]
		w.wantKey = false
	case ',':
		if n > 0 {
			w.stack[n-1].index++
			w.wantKey = !w.stack[n-1].array
		}
	case ':':
	default:
		return false
	}
	return true
}

func joinPointer(stack []frame) string {
	var p strings.Builder
	for _, f := range stack {
		switch {
		case f.array:
			p.WriteString("/" + strconv.Itoa(f.index))
		case f.key != nil:
			p.WriteString("/" + safeKey(f.key))
		}
	}
	return p.String()
}

// safeKey is k if it can be a property name, else "?": pointers go into logs and headers, which
// must not contain payload.
func safeKey(k []byte) string {
	if len(k) == 0 || len(k) > 64 {
		return "?"
	}
	for _, c := range k {
		if (c|0x20 < 'a' || c|0x20 > 'z') && (c < '0' || c > '9') && c != '_' {
			return "?"
		}
	}
	return string(k)
}
