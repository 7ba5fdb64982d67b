package terms

import (
	"sync"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

// routeRow is a row of routes.tsv.
type routeRow struct {
	route    string
	systemic drugs.Systemic
}

var routes = sync.OnceValue(func() map[codes.Key]routeRow {
	table := make(map[codes.Key]routeRow, 64)
	for line := range rows(routesTSV) {
		table[codes.Key{System: field(line, 0), Code: field(line, 1)}] = routeRow{
			field(line, 2),
			parseSystemic(field(line, 3)),
		}
	}
	return table
})

// Route tells whether a route of administration brings a drug into the body, and what we call it:
// by the codes of routes.tsv first, then by the words of texts and displays. SystemicDepends is a
// nasal route (Ingredient.Nasal decides); an unknown route is SystemicUnknown and "".
func (t *Terms) Route(codings []codes.Coding, texts []string) (drugs.Systemic, string) {
	for _, c := range codings {
		if row, ok := routes()[codes.Key{System: codes.Canonical(c.System), Code: codes.Upper(c.Code)}]; ok {
			return row.systemic, row.route
		}
	}
	for _, c := range codings {
		if w, ok := routeWords(c.Display); ok {
			return w.systemic, w.route
		}
	}
	for _, text := range texts {
		if w, ok := routeWords(text); ok {
			return w.systemic, w.route
		}
	}
	// Systems without a table here send the abbreviation as their code ("PO", "IV").
	for _, c := range codings {
		if w, ok := routeWords(c.Code); ok {
			return w.systemic, w.route
		}
	}
	return drugs.SystemicUnknown, ""
}

func routeWords(text string) (formWord, bool) {
	if text == "" {
		return formWord{}, false
	}
	w := formOf(fold(text))
	return w, w.systemic != drugs.SystemicUnknown
}

// Form tells whether a dose form (Medication.form) brings a drug into the body, by the words of its
// displays in the languages of forms.tsv, then by the codes of forms that senders show no words
// for. SystemicDepends is a nasal form.
func (t *Terms) Form(codings []codes.Coding) drugs.Systemic {
	for _, c := range codings {
		if w, ok := routeWords(c.Display); ok {
			return w.systemic
		}
	}
	for _, c := range codings {
		if row, ok := routes()[codes.Key{System: codes.Canonical(c.System), Code: codes.Upper(c.Code)}]; ok {
			return row.systemic
		}
		if w, ok := routeWords(c.Code); ok {
			return w.systemic
		}
	}
	return drugs.SystemicUnknown
}
