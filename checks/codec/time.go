package codec

import (
	"github.com/rlsguard/rlsguard/checks/moment"
)

// Units of time in nanoseconds.
const (
	nanosSecond = 1_000_000_000
	nanosMinute = 60 * nanosSecond
	nanosDay    = 24 * 60 * nanosMinute
)

// timeForms are the encodings of a Time: the difference from the previous time, in the coarsest
// unit that is exact. Their positions are part of the format. oddTime covers everything else:
// precision and nanoseconds in full.
var timeForms = [...]struct {
	precision moment.Precision
	unit      int64
}{
	{moment.NoTime, 1},
	{moment.ToYear, nanosDay}, {moment.ToMonth, nanosDay}, {moment.ToDay, nanosDay},
	{
		moment.ToInstant,
		nanosMinute,
	}, {moment.ToInstant, nanosSecond}, {moment.ToInstant, 1_000_000}, {moment.ToInstant, 1000},
	{moment.WithoutOff, nanosMinute}, {moment.WithoutOff, nanosSecond}, {moment.WithoutOff, 1_000_000},
}

const oddTime = 15

// firstForm of each precision.
var firstForm = [...]int{
	moment.ToYear:     1,
	moment.ToMonth:    2,
	moment.ToDay:      3,
	moment.ToInstant:  4,
	moment.WithoutOff: 8,
}

func (c *coder) time(t *moment.Time) {
	if c.reading {
		*t = c.readTime()
		return
	}
	form, steps := c.timeForm(*t)
	switch form {
	case 0:
		c.b = append(c.b, 0)
		return
	case oddTime:
		c.uint(oddTime)
		c.uint(uint64(t.Precision))
		c.signed(t.Nanos)
	default:
		c.uint(steps<<4 | uint64(form))
	}
	c.last = t.Nanos
}

// timeForm picks the form of t and its difference from the previous time in that form's unit.
func (c *coder) timeForm(t moment.Time) (form int, steps uint64) {
	if t == (moment.Time{}) {
		return 0, 0
	}
	if t.Precision == moment.NoTime || t.Precision > moment.WithoutOff {
		return oddTime, 0
	}
	for form = firstForm[t.Precision]; form < len(timeForms) && timeForms[form].precision == t.Precision; form++ {
		unit := timeForms[form].unit
		if t.Nanos%unit != 0 {
			continue
		}
		// Both quotients are 64-bit nanoseconds divided by at least 1000, so nothing overflows,
		// even shifted by four bits.
		return form, zigzag(t.Nanos/unit - c.last/unit)
	}
	return oddTime, 0
}

func (c *coder) readTime() moment.Time {
	v := c.uint(0)
	form := int(v & 15)
	var t moment.Time
	switch {
	case form == 0 && v == 0:
		return t
	case form == oddTime:
		t.Precision = enumOf(c, c.uint(0), moment.WithoutOff)
		t.Nanos = c.signed(0)
	case form == 0 || form >= len(timeForms):
		c.fail()
		return t
	default:
		unit := timeForms[form].unit
		t.Precision = timeForms[form].precision
		t.Nanos = (unzigzag(v>>4) + c.last/unit) * unit
	}
	c.last = t.Nanos
	return t
}

// Forms of meta.lastUpdated in the header of a fact, with their units.
var updatedUnits = [...]int64{0, nanosSecond, 1_000_000, 1}

// updatedSame in the header: same as the previous fact, so its form does not matter.
const updatedSame = 1 << 12

// updatedForm is the part of the header that says how meta.lastUpdated is written.
func (c *coder) updatedForm(nanos int64) uint64 {
	switch {
	case nanos == 0:
		return 0
	case nanos == c.before.Updated:
		return updatedSame
	case nanos%nanosSecond == 0:
		return 1 << 3
	case nanos%1_000_000 == 0:
		return 2 << 3
	}
	return 3 << 3
}

func (c *coder) updated(v *int64, header uint64) {
	if header&updatedSame != 0 {
		if c.reading {
			*v = c.before.Updated
		}
		c.last = *v
		return
	}
	form := header >> 3 & 3
	if form == 0 {
		return
	}
	unit := updatedUnits[form]
	before := c.before.Updated / unit
	if d := c.signed(*v/unit - before); c.reading {
		*v = (d + before) * unit
	}
	c.last = *v
}
