package codec

import (
	"encoding/hex"
	"strconv"
)

// A text is a varint whose two low bits say how to read the rest.
const (
	textRaw    = iota // the rest is the length; the bytes follow
	textNumber        // a whole number without leading zeros
	textWord          // position in words
	textForm          // three more bits: one of the forms
)

// Forms of a text other than a plain number. formPlaces1..3 are decimals with that many places; the
// rest is the number without its point.
const (
	formUUID    = iota // 16 bytes follow
	formPlaces1        // 12.5
	formPlaces2
	formPlaces3
	formLOINC // 2276-4: the rest is 22764
	formHex   // the rest is the number of bytes, which follow
	formSeen  // the rest says how many longer texts ago it occurred
)

// maxDigits keeps numbers, shifted by their five low bits, within 64 bits.
const maxDigits = 16

func (c *coder) text(s *string) {
	if c.reading {
		*s = c.readText()
		return
	}
	c.writeText(*s)
}

func (c *coder) writeText(s string) {
	if s == "" {
		c.b = append(c.b, 0)
		return
	}
	if s[0] <= '9' && c.writeNumeral(s) {
		return
	}
	if i, ok := wordTable.find(s); ok {
		c.uint(uint64(i)<<2 | textWord)
		return
	}
	if len(s) < 4 {
		c.uint(uint64(len(s)) << 2)
		c.b = append(c.b, s...)
		return
	}
	c.writeLong(s)
}

// writeNumeral writes digits, digits with a point and one to three places, or digits with a hyphen
// and a check digit; false if s is something else, or would not come back unchanged.
func (c *coder) writeNumeral(s string) bool {
	if len(s) > maxDigits+1 || s[0] == '0' && len(s) > 1 && s[1] >= '0' && s[1] <= '9' {
		return false
	}
	var v uint64
	mark, at := byte(0), 0
	for i := range len(s) {
		switch d := s[i]; {
		case d >= '0' && d <= '9':
			v = v*10 + uint64(d-'0')
		case (d == '.' || d == '-') && mark == 0 && i > 0:
			mark, at = d, i
		default:
			return false
		}
	}
	places := len(s) - 1 - at
	switch {
	case mark == 0 && len(s) <= maxDigits:
		c.uint(v<<2 | textNumber)
	case mark == '.' && places >= 1 && places <= 3:
		c.form(v, uint64(formPlaces1+places-1))
	case mark == '-' && places == 1:
		c.form(v, formLOINC)
	default:
		return false
	}
	return true
}

func (c *coder) form(v, form uint64) { c.uint(v<<5 | form<<2 | textForm) }

// writeLong writes a text that may recur.
func (c *coder) writeLong(s string) {
	for back := range min(c.nSeen, recentTexts) {
		if c.seen[(c.nSeen-1-back)%recentTexts] == s {
			c.form(uint64(back), formSeen)
			return
		}
	}
	c.remember(s)
	if id, ok := parseUUID(s); ok {
		c.form(0, formUUID)
		c.b = append(c.b, id[:]...)
		return
	}
	if c.writeHex(s) {
		return
	}
	c.uint(uint64(len(s)) << 2)
	c.b = append(c.b, s...)
}

func (c *coder) remember(s string) {
	c.seen[c.nSeen%recentTexts] = s
	c.nSeen++
}

func (c *coder) writeHex(s string) bool {
	if len(s) < 8 || len(s)%2 != 0 {
		return false
	}
	for i := range len(s) {
		if hexNibble[s[i]] < 0 {
			return false
		}
	}
	c.form(uint64(len(s)/2), formHex)
	for i := 0; i < len(s); i += 2 {
		c.b = append(c.b, byte(hexNibble[s[i]])<<4|byte(hexNibble[s[i+1]]))
	}
	return true
}

func (c *coder) readText() string {
	t := c.uint(0)
	rest := t >> 2
	switch t & 3 {
	case textRaw:
		b := c.take(rest)
		s := c.keep(b)
		if len(b) >= 4 {
			c.remember(s)
		}
		return s
	case textNumber:
		var buf [20]byte
		return c.keep(strconv.AppendUint(buf[:0], rest, 10))
	case textWord:
		if rest >= uint64(len(words)) {
			c.fail()
			return ""
		}
		return words[rest]
	}
	return c.readForm(rest>>3, rest&7)
}

func (c *coder) readForm(v, form uint64) string {
	switch form {
	case formUUID:
		s := c.keepUUID("", c.take(16))
		c.remember(s)
		return s
	case formPlaces1, formPlaces2, formPlaces3:
		return c.keepPoint(v, int(form-formPlaces1)+1, '.')
	case formLOINC:
		return c.keepPoint(v, 1, '-')
	case formHex:
		s := c.keepHex(c.take(v))
		c.remember(s)
		return s
	case formSeen:
		if v < uint64(min(c.nSeen, recentTexts)) {
			return c.seen[(c.nSeen-1-int(v))%recentTexts]
		}
	}
	c.fail()
	return ""
}

// keepPoint writes v with a mark before its last places digits: 22764 is 2276-4.
func (c *coder) keepPoint(v uint64, places int, mark byte) string {
	unit := [...]uint64{1, 10, 100, 1000}[places]
	var buf [24]byte
	b := append(strconv.AppendUint(buf[:0], v/unit, 10), mark)
	for unit /= 10; unit > 0; unit /= 10 {
		b = append(b, '0'+byte(v/unit%10))
	}
	return c.keep(b)
}

// arenaChunk bounds how much memory one short text can keep alive.
const arenaChunk = 1024

// keep copies b into the arena. A builder with room does not move its content, so one allocation
// serves many texts.
func (c *coder) keep(b []byte) string {
	c.room(len(b))
	from := c.arena.Len()
	c.arena.Write(b)
	return c.arena.String()[from:]
}

func (c *coder) room(n int) {
	if c.arena.Cap()-c.arena.Len() < n {
		c.arena.Reset()
		c.arena.Grow(max(n, min(arenaChunk, 64+4*len(c.b))))
	}
}

func (c *coder) keepHex(b []byte) string {
	c.room(2 * len(b))
	from := c.arena.Len()
	for _, x := range b {
		c.arena.WriteByte(hexDigits[x>>4])
		c.arena.WriteByte(hexDigits[x&15])
	}
	return c.arena.String()[from:]
}

// keepUUID writes prefix and the UUID of 16 bytes; "" if there are none.
func (c *coder) keepUUID(prefix string, id []byte) string {
	if len(id) != 16 {
		return ""
	}
	var u [36]byte
	hex.Encode(u[:8], id[:4])
	hex.Encode(u[9:13], id[4:6])
	hex.Encode(u[14:18], id[6:8])
	hex.Encode(u[19:23], id[8:10])
	hex.Encode(u[24:], id[10:])
	u[8], u[13], u[18], u[23] = '-', '-', '-', '-'
	c.room(len(prefix) + len(u))
	from := c.arena.Len()
	c.arena.WriteString(prefix)
	c.arena.Write(u[:])
	return c.arena.String()[from:]
}

const hexDigits = "0123456789abcdef"

// hexNibble is the value of a lower-case hex digit, else -1: upper case would not come back
// unchanged.
var hexNibble = func() (t [256]int8) {
	for i := range t {
		t[i] = -1
	}
	for i := range len(hexDigits) {
		t[hexDigits[i]] = int8(i)
	}
	return t
}()

func parseUUID(s string) (id [16]byte, ok bool) {
	if len(s) != 36 || s[8] != '-' || s[13] != '-' || s[18] != '-' || s[23] != '-' {
		return id, false
	}
	n := 0
	for i := 0; i < len(s); i += 2 {
		if i == 8 || i == 13 || i == 18 || i == 23 {
			i++
		}
		hi, lo := hexNibble[s[i]], hexNibble[s[i+1]]
		if hi < 0 || lo < 0 {
			return id, false
		}
		id[n] = byte(hi)<<4 | byte(lo)
		n++
	}
	return id, true
}
