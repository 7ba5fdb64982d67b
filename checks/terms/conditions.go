package terms

// Counts says whether a code counts as restless legs syndrome.
type Counts uint8

// Values of the column counts_as_rls.
const (
	CountsNo Counts = iota
	CountsPossible
	CountsYes
)

// ConditionRow is what rls_conditions.tsv says of a code. Group is rls, rls_pregnancy, lookalike, lookalike_signal, or a context
// (context_esrd, context_esrd_check, context_pregnancy, context_iron_caution, context_respiratory, context_dopaminergic).
type ConditionRow struct {
	Counts Counts
	Group  string
}
