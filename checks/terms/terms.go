// Package terms holds the tables of rlsguard as embedded data and answers questions about codes and
// names: which ingredients and classes a drug has, what a LOINC code measures and in which units,
// which codes mean restless legs, which routes are systemic.
//
// Package codes knows how codes are written, package drugs what is known of an ingredient.
//
// It must not know patients, FHIR resources, severities or time.
package terms

import (
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

type matchedBy uint8

// What identified a drug.
const (
	MatchedNone matchedBy = iota
	MatchedCode
	matchedName
)

func (m matchedBy) String() string { return [...]string{"none", "code", "name"}[m] }

// Found is one ingredient of a classified drug.
type Found struct {
	*drugs.Ingredient
	// Doubt: elsewhere the name means another drug (brand_reused), or it is an ambiguous
	// abbreviation: it counts at most low. It says in words what else the name may be.
	Doubt string
	// Unsure: elsewhere the name means another drug of the same class: the class is certain, the
	// ingredient is not. It says in words what the others are.
	Unsure string
	// Strength of one unit (tablet, capsule, patch) or of one millilitre of the product, in
	// milligrams, as a decimal number; "" if the tables do not say.
	Strength string
	// PerML: Strength is per millilitre.
	PerML bool
	// Released are the milligrams one unit, a patch, releases in Hours, as decimal numbers, in
	// place of a Strength; "" for everything else.
	Released, Hours string
}

// Match is what the tables know of a drug.
type Match struct {
	By    matchedBy
	Found []Found
	// Systemic by the product itself: its dose form, a local ATC code, or form words in a name
	// ("cream"). If it is SystemicUnknown, the route decides.
	Systemic drugs.Systemic
	// Specific: Systemic comes from a specific product code, which outranks the route.
	Specific bool
	// RouteGroup of products.tsv (oral, injectable, transdermal, ...), "" when unknown.
	RouteGroup string
	// With names other substances of the product that change a check: pyridoxine beside doxylamine.
	With []string
	// Identified: something identifies the drug, in our tables or not: a code they contain, one
	// known to be another drug, or a name. If false, medication-unclassified follows.
	Identified bool
	// Known says how a code is known to be a drug in none of our classes; "" if none is.
	Known string
	// NotKnown says of a well-formed code that its drug cannot be told from the tables, the release
	// or its system's group.
	NotKnown string
	// Table names the table that matched: ingredients.tsv, products.tsv, rxnorm.tsv, ndc.tsv,
	// dmd.tsv, atc.tsv, names.tsv, or site for a site's own.
	Table string
	// SiteTable is the name of the site's table if Table is site.
	SiteTable string
	// Matched is the code or name that decided, as in our tables (never the sender's text).
	Matched string
	// Disagreement says that two recognised codings of one drug name different ingredients; else
	// "".
	Disagreement string
}
