// Package terms holds the tables of rlsguard as embedded data and answers questions about codes and
// names: which ingredients and classes a drug has, what a LOINC code measures and in which units,
// which codes mean restless legs, which routes are systemic.
//
// How codes are written is the package codes, and what is known of an ingredient is drugs.
//
// It must not know patients, FHIR resources, severities or time.
package terms

import (
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
)

// matchedBy says what identified a drug.
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
	// Doubt: the name is used for another drug elsewhere (brand_reused) or is an ambiguous
	// abbreviation: it counts at most low. It says in words what else the name may be.
	Doubt string
	// Unsure: elsewhere the name means another drug of the same class: the class is certain, the
	// ingredient is not. It says in words what the others are.
	Unsure string
	// Strength of one unit (tablet, capsule, patch) or of one millilitre of the product, in
	// milligrams, as a decimal number; "" when the tables do not tell.
	Strength string
	// PerML: Strength is per millilitre.
	PerML bool
	// Released are the milligrams that one unit, a patch, releases in so many Hours, as decimal
	// numbers; "" for all else, and then it has no Strength.
	Released, Hours string
}

// Match is what the tables say of a drug.
type Match struct {
	By    matchedBy
	Found []Found
	// Systemic by the product itself: its dose form, or a local ATC code, or form words in a name
	// ("cream"). SystemicUnknown when the product does not tell; then the route decides.
	Systemic drugs.Systemic
	// Specific: Systemic comes from a specific product code, which outranks the route.
	Specific bool
	// RouteGroup of products.tsv (oral, injectable, transdermal, ...), "" when unknown.
	RouteGroup string
	// With names other substances of the product that change a check: pyridoxine beside doxylamine.
	With []string
	// Identified: there is something to know the drug by, in our tables or not: a code that they
	// hold, one that is known to be another drug, or a name. False leads to
	// medication-unclassified.
	Identified bool
	// Known says of a code that it is known to be a drug in none of our classes, and by what; ""
	// when no code is.
	Known string
	// NotKnown says of a well-formed code that neither the tables nor the release nor the group of
	// its system tell its drug.
	NotKnown string
	// Table names the table that matched: ingredients.tsv, products.tsv, rxnorm.tsv, ndc.tsv,
	// dmd.tsv, atc.tsv, names.tsv, or site for a site's own.
	Table string
	// SiteTable is the name of the site's table when Table is site.
	SiteTable string
	// Matched is the code or the name that decided, in the words of our tables (never the sender's
	// text).
	Matched string
	// Disagreement tells that two recognised codings of one drug name different ingredients; ""
	// otherwise.
	Disagreement string
}
