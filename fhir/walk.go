package fhir

import (
	"bytes"
	"strconv"

	"github.com/rlsguard/rlsguard/fhir/scan"
)

// props walks over the properties of an object. Null values count as absent.
type props struct {
	name name // unknown for a name nobody reads
	v    int  // offset of the value
	i    int
	none bool // not an object
	seen nameSet
}

// object starts on the value at v. A value that is not an object has no properties, which is noted.
func (d *decoder) object(v int) props {
	if d.b[v] != '{' {
		d.wrong(v, "an object")
		return props{none: true}
	}
	return props{i: v + 1}
}

// more goes to the next property that is not null. It returns false at the end, and after a
// rejection.
func (d *decoder) more(p *props) bool {
	for d.rejection == nil && !p.none {
		i := p.i // after the opening brace
		if p.v > 0 {
			if i = d.pos; i <= p.v {
				i = scan.Past(d.b, p.v)
			}
		}
		if i = scan.PastBlanks(d.b, i); d.b[i] == ',' {
			i = scan.PastBlanks(d.b, i+1)
		}
		if d.b[i] == '}' {
			d.pos = i + 1
			return false
		}
		end := scan.PastString(d.b, i)
		n, exact := spelled(d.b[i+1 : end-1])
		if n != unknown && p.seen.add(n) {
			d.fail(i, InvalidJSON, duplicateName().Detail)
			return false
		}
		if p.name = n; !exact {
			p.name = unknown
		}
		p.v = scan.PastBlanks(d.b, scan.PastBlanks(d.b, end)+1)
		d.pos = p.v
		if d.b[p.v] != 'n' {
			return true
		}
	}
	return false
}

// maxItems of one array. A real one has a handful; a million empty dosages would cost a thousand
// times their bytes.
const maxItems = 1000

// items calls f with each element of the array at v that is not null.
func (d *decoder) items(v int, f func(v int)) {
	if d.b[v] != '[' {
		d.wrong(v, "an array")
		return
	}
	i := scan.PastBlanks(d.b, v+1)
	for n := 0; d.b[i] != ']' && d.rejection == nil; n++ {
		if n == maxItems {
			d.invalid(i, "more than "+strconv.Itoa(maxItems)+" elements")
			return
		}
		d.pos = i
		if d.b[i] != 'n' {
			f(i)
		}
		if d.rejection != nil {
			return
		}
		if d.pos <= i {
			d.pos = scan.Past(d.b, i)
		}
		if i = scan.PastBlanks(d.b, d.pos); d.b[i] == ',' {
			i = scan.PastBlanks(d.b, i+1)
		}
	}
	d.pos = i + 1
}

// text is the string at v, valid as long as the document; text to be kept goes through keep.
func (d *decoder) text(v int) []byte {
	if d.b[v] != '"' {
		d.wrong(v, "a string")
		return nil
	}
	d.pos = scan.PastString(d.b, v)
	raw := d.b[v+1 : d.pos-1]
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw
	}
	d.scratch = scan.Unescape(d.scratch[:0], raw)
	return d.scratch
}

// word is the code at v in lower case, trimmed; valid as long as text.
func (d *decoder) word(v int) []byte {
	t := bytes.TrimSpace(d.text(v))
	for _, c := range t {
		if c >= 'A' && c <= 'Z' {
			return bytes.ToLower(t)
		}
	}
	return t
}
