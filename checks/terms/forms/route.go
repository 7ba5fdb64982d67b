package forms

import (
	"sync"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/data"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/checks/terms/phrase"
)

type routeRow struct {
	route    string
	systemic drugs.Systemic
}

var routes = sync.OnceValue(func() map[codes.Key]routeRow {
	table := make(map[codes.Key]routeRow, 64)
	for line := range data.Rows(data.Routes) {
		table[codes.Key{System: data.Field(line, 0), Code: data.Field(line, 1)}] = routeRow{
			data.Field(line, 2),
			drugs.ParseSystemic(data.Field(line, 3)),
		}
	}
	return table
})

// Route reports whether a route of administration is systemic, and our name for it: by the codes of
// routes.tsv first, then by the words of texts and displays. SystemicDepends is a nasal route
// (Ingredient.Nasal decides); an unknown route is SystemicUnknown and "".
func Route(codings []codes.Coding, texts []string) (drugs.Systemic, string) {
	for _, c := range codings {
		if row, ok := routes()[codes.Key{System: codes.Canonical(c.System), Code: codes.Upper(c.Code)}]; ok {
			return row.systemic, row.route
		}
	}
	for _, c := range codings {
		if w, ok := routeWords(c.Display); ok {
			return w.Systemic, w.Route
		}
	}
	for _, text := range texts {
		if w, ok := routeWords(text); ok {
			return w.Systemic, w.Route
		}
	}
	// Systems without a table here send the abbreviation as their code ("PO", "IV").
	for _, c := range codings {
		if w, ok := routeWords(c.Code); ok {
			return w.Systemic, w.Route
		}
	}
	return drugs.SystemicUnknown, ""
}

func routeWords(text string) (Word, bool) {
	if text == "" {
		return Word{}, false
	}
	w := Of(phrase.Of(text))
	return w, w.Systemic != drugs.SystemicUnknown
}

// Form reports whether a dose form (Medication.form) is systemic, by the words of its displays in
// the languages of forms.tsv, then by codes sent without words. SystemicDepends is a nasal form.
func Form(codings []codes.Coding) drugs.Systemic {
	for _, c := range codings {
		if w, ok := routeWords(c.Display); ok {
			return w.Systemic
		}
	}
	for _, c := range codings {
		if row, ok := routes()[codes.Key{System: codes.Canonical(c.System), Code: codes.Upper(c.Code)}]; ok {
			return row.systemic
		}
		if w, ok := routeWords(c.Code); ok {
			return w.Systemic
		}
	}
	return drugs.SystemicUnknown
}
