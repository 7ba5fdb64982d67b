package measure

import (
	"strings"
)

// UnitWords writes a UCUM unit as people do: without brackets, with µ and m².
func UnitWords(unit string) string {
	return strings.NewReplacer(
		"{",
		"",
		"}",
		"",
		"_m2",
		" m²",
		"[",
		"",
		"]",
		"",
		"ug/",
		"µg/",
		"umol/",
		"µmol/",
	).Replace(
		unit,
	)
}
