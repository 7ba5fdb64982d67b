package fhir

import (
	"strconv"
	"strings"
)

// frame is one container around the place that a pointer leads to.
type frame struct {
	array bool
	index int
	key   []byte
}

// pointerAt is the JSON pointer of what stands at the offset target, counted from the value at start. The document may be
// broken from target on. It is worked out only when something is rejected, so reading does not have to keep it.
func pointerAt(b []byte, start, target int) string {
	var stack []frame
	s := scanner{b: b, maxDepth: 1}
	wantKey := false
	for i := blank(b, start); i < len(b) && i <= target; i = blank(b, i) {
		c := b[i]
		if i == target && c != '"' {
			break
		}
		switch c {
		case '{', '[':
			stack = append(stack, frame{array: c == '['})
			wantKey = c == '{'
			i++
		case '}', ']':
			if len(stack) > 0 {
				stack = stack[:len(stack)-1]
			}
			wantKey = false
			i++
		case ',':
			if n := len(stack); n > 0 {
				stack[n-1].index++
				wantKey = !stack[n-1].array
			}
			i++
		case ':':
			i++
		case '"':
			end := s.str(i)
			if end < 0 {
				return joinPointer(stack)
			}
			if n := len(stack); n > 0 && wantKey {
				stack[n-1].key, wantKey = b[i+1:end-1], false
				if target < end {
					return joinPointer(stack)
				}
			}
			if i = end; target < end {
				return joinPointer(stack)
			}
		default:
			for i < len(b) && strings.IndexByte("{}[],:\" \t\r\n", b[i]) < 0 {
				i++
			}
		}
	}
	return joinPointer(stack)
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

// safeKey is k where it can be a property name, else "?": a pointer goes into logs and headers, and nothing of a payload may come along.
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
