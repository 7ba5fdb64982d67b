package issue

import (
	"errors"
	"strconv"

	samply "github.com/samply/golang-fhir-models/fhir-models/fhir"

	"github.com/rlsguard/rlsguard/checks/clears"
	"github.com/rlsguard/rlsguard/checks/facts"
)

// clears writes a change that would clear the flag.
func (l *extensions) clears(c *clears.Change) {
	parts := make(extensions, 0, 4+len(c.Targets)+len(c.Results))
	parts.code("change", string(c.Kind))
	for _, t := range c.Targets {
		parts.text("target", string(t))
	}
	parts.text("drug", c.Drug)
	for _, r := range c.Results {
		result := make(extensions, 0, 4)
		result.text("analyte", r.Analyte)
		result.limit(&r.Limit)
		parts = append(parts, samply.Extension{Url: "result", Extension: result})
	}
	parts.text("from", c.From)
	parts.number("days", uint64(c.Days))
	if c.Wanted {
		parts = append(parts, samply.Extension{Url: "wanted", ValueBoolean: ptr(true)})
	}
	if c.Dose != nil {
		dose := make(extensions, 0, 3)
		dose.limit(c.Dose)
		parts = append(parts, samply.Extension{Url: "dose", Extension: dose})
	}
	parts.code("value", c.Value)
	for _, check := range c.Opens {
		parts.code("opens", check)
	}
	parts.text("text", c.Text)
	*l = append(*l, samply.Extension{Url: extClears, Extension: parts})
}

func (l *extensions) limit(m *clears.Limit) {
	l.text("comparator", m.Comparator)
	l.text("value", m.Value)
	l.text("unit", m.Unit)
}

// readClears reads a change back. The text still describes a kind unknown here, from a newer
// version.
func readClears(parts found) (c clears.Change, err error) {
	c = clears.Change{
		Kind: clears.Kind(parts.code("change")), Drug: parts.text("drug"), From: parts.text("from"),
		Value: parts.code("value"), Wanted: parts.flag("wanted"), Text: parts.text("text"),
	}
	for _, p := range parts {
		switch p.url {
		case "target":
			c.Targets = append(c.Targets, facts.Ref(p.text))
		case "result":
			c.Results = append(c.Results, clears.Result{Analyte: p.parts.text("analyte"), Limit: readLimit(p.parts)})
		case "dose":
			dose := readLimit(p.parts)
			c.Dose = &dose
		case "opens":
			c.Opens = append(c.Opens, p.code)
		case "days":
			if c.Days, err = strconv.Atoi(p.number); err != nil {
				return c, errors.New("days of a change that clears are no whole number")
			}
		}
	}
	return c, nil
}

func readLimit(parts found) clears.Limit {
	return clears.Limit{
		Comparator: parts.text("comparator"), Value: parts.text("value"), Unit: parts.text("unit"),
	}
}
