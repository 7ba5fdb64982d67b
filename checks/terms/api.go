package terms

import "io"

// New builds the tables with the site's options.
func New(Options) (*Terms, error) { return &Terms{}, nil }

// ReadSite reads a site table.
func ReadSite(r io.Reader) ([]SiteRow, error) { return nil, nil }

// Classify tells which drugs codings and names of one medication mean.
func (t *Terms) Classify(codings []Coding, names []string) Match { return Match{} }

// Route tells whether a route is systemic, and its name.
func (t *Terms) Route(codings []Coding, texts []string) (Systemic, string) { return SystemicUnknown, "" }

// Form tells whether a dose form is systemic.
func (t *Terms) Form(codings []Coding) Systemic { return SystemicUnknown }

// Lab is the row of a LOINC code.
func (t *Terms) Lab(loinc string) (*Lab, bool) { return nil, false }

// UnitFactor converts a unit of a laboratory result.
func (t *Terms) UnitFactor(lab *Lab, unit string) (factor string, ok bool) { return "", false }

// LabRelevant tells whether Lab knows a code.
func (t *Terms) LabRelevant(code []byte) bool { return false }

// Condition is the row of a diagnosis code.
func (t *Terms) Condition(c Coding) (ConditionRow, bool) { return ConditionRow{}, false }

// RLSText tells whether a text names restless legs.
func RLSText(s string) bool { return false }

// Ingredient is the ingredient of that name.
func (t *Terms) Ingredient(name string) (*Ingredient, bool) { return nil, false }

// Ingredients are all ingredients.
func (t *Terms) Ingredients() []*Ingredient { return nil }

// Fingerprint is a hash of the tables and options.
func (t *Terms) Fingerprint() string { return "" }
