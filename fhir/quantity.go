package fhir

import (
	"bytes"
	"strconv"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/fhir/scan"
)

// str is the string at v, trimmed and copied. A code, unit or URL longer than maxText is dropped,
// since part of it might be a different one.
func (d *decoder) str(v int) string {
	t := bytes.TrimSpace(d.text(v))
	if len(t) > maxText {
		d.tooLong(v)
		return ""
	}
	return d.keep(t)
}

func (d *decoder) tooLong(v int) { d.unread(v, "longer than "+strconv.Itoa(maxText)+" bytes") }

func (d *decoder) boolean(v int) bool {
	switch d.b[v] {
	case 't':
		return true
	case 'f':
		return false
	}
	d.wrong(v, "true or false")
	return false
}

func (d *decoder) number(v int) []byte {
	t := d.digits(v)
	if len(t) > maxText {
		d.tooLong(v)
		return nil
	}
	return t
}

// digits is the text of the number at v, however long.
func (d *decoder) digits(v int) []byte {
	if c := d.b[v]; c != '-' && (c < '0' || c > '9') {
		d.wrong(v, "a number")
		return nil
	}
	d.pos = scan.Past(d.b, v)
	return d.b[v:d.pos]
}

// beyondReason stands for a number with too many digits, and is implausible too. Part of the digits
// might be a plausible number, and rejecting the resource would hide that there is a result.
const beyondReason = "1e999"

func (d *decoder) amount(v int) string {
	switch t := d.digits(v); {
	case len(t) <= maxText:
		return d.keep(t)
	case t[0] == '-':
		return "-" + beyondReason
	}
	return beyondReason
}

// whole is the whole number at v, at least 0. Numbers above a million read as a million: nobody
// repeats that often.
func (d *decoder) whole(v int) int {
	t := d.number(v)
	if t == nil {
		return 0
	}
	n, err := strconv.ParseUint(string(t), 10, 64)
	if err != nil && !allDigits(t) {
		d.wrong(v, "a whole number")
		return 0
	}
	return int(min(n, 1_000_000))
}

func allDigits(t []byte) bool {
	for _, c := range t {
		if c < '0' || c > '9' {
			return false
		}
	}
	return len(t) > 0
}

func (d *decoder) quantity(v int) (q facts.Quantity) {
	o := d.object(v)
	for d.more(&o) {
		switch o.name {
		case nValue:
			q.Value = d.amount(o.v)
		case nComparator:
			if q.Comparator = d.str(o.v); !comparator(q.Comparator) {
				d.unread(o.v, "not a FHIR R4 comparator")
			}
		case nUnit:
			q.Unit = d.str(o.v)
		case nCode:
			q.Code = d.str(o.v)
		case nSystem:
			q.System = d.system(o.v)
		}
	}
	return q
}

func comparator(c string) bool { return c == "<" || c == "<=" || c == ">=" || c == ">" || c == "" }

// system is the code system at v by its canonical URL.
func (d *decoder) system(v int) string {
	return codes.Canonical(d.str(v))
}

func (d *decoder) high(v int) (q facts.Quantity) {
	o := d.object(v)
	for d.more(&o) {
		if o.name == nHigh {
			q = d.quantity(o.v)
		}
	}
	return q
}

func (d *decoder) ratio(v int) (r facts.Ratio) {
	o := d.object(v)
	for d.more(&o) {
		switch o.name {
		case nNumerator:
			r.Numerator = d.quantity(o.v)
		case nDenominator:
			r.Denominator = d.quantity(o.v)
		}
	}
	return r
}

func (d *decoder) period(v int) (p facts.Period) {
	o := d.object(v)
	for d.more(&o) {
		switch o.name {
		case nStart:
			p.Start = d.dateTime(o.v)
		case nEnd:
			p.End = d.dateTime(o.v)
		}
	}
	return p
}
