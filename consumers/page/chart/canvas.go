package chart

import (
	"bytes"
	"encoding/xml"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// canvas writes elements. Names and attributes are ours; values and texts are escaped.
type canvas struct{ out bytes.Buffer }

// open begins an element; attributes are names and values, omitted if the value is empty.
func (c *canvas) open(name string, attributes ...string) { c.begin(name, ">", attributes) }

func (c *canvas) begin(name, end string, attributes []string) {
	c.out.WriteString("<" + name)
	for i := 0; i+1 < len(attributes); i += 2 {
		if attributes[i+1] == "" {
			continue
		}
		c.out.WriteString(" " + attributes[i] + `="`)
		c.escape(attributes[i+1])
		c.out.WriteByte('"')
	}
	c.out.WriteString(end)
}

func (c *canvas) close(name string) { c.out.WriteString("</" + name + ">\n") }

// leaf is an element without content, or with a title as tooltip.
func (c *canvas) leaf(title, name string, attributes ...string) {
	if title == "" {
		c.begin(name, "/>\n", attributes)
		return
	}
	c.open(name, attributes...)
	c.element("title", title)
	c.close(name)
}

func (c *canvas) element(name, text string, attributes ...string) {
	c.begin(name, ">", attributes)
	c.escape(text)
	c.close(name)
}

func (c *canvas) escape(s string) {
	_ = xml.EscapeText(&c.out, []byte(harmless(s))) // a buffer takes everything
}

func (c *canvas) line(class string, x1, y1, x2, y2 float64) {
	c.leaf("", "line", "class", class, "x1", num(x1), "y1", num(y1), "x2", num(x2), "y2", num(y2),
		"stroke", "currentColor")
}

// num is a length, rounded to a tenth of a pixel.
func num(v float64) string {
	return strconv.FormatFloat(math.Round(v*10)/10, 'f', -1, 64)
}

// harmless makes foreign text unable to change its surroundings: characters that steer text
// direction, or are not allowed in XML, are shown as such, and blanks are collapsed.
func harmless(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.Is(unicode.Bidi_Control, r), unicode.IsControl(r), r >= 0xfdd0 && r <= 0xfdef, r&0xfffe == 0xfffe:
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, string(unicode.ReplacementChar)))
	return strings.Join(strings.Fields(s), " ")
}
