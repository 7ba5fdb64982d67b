package rrf

// Report says what an import found, for the person who started it.
type Report struct {
	Lines            map[string]int // read, by file
	Codes            map[string]int // RxNorm codes of the table, by term type
	Ingredients      int            // ingredients of the tables that the release holds
	Packages         int            // package codes of the table
	Others           int            // RxNorm codes of other drugs, where they were asked for
	Withdrawn        int            // RxNorm codes of the table that are suppressed or obsolete
	ByName           int            // of those, without relations: derived from their names
	Relations        int            // relations of RxNorm's own concepts that lead to ingredients
	Reversed         int            // of those, against the order of term types: not followed
	Dangling         int            // of those, to a concept that is not in the release: not followed
	OddPackages      int            // package codes in no known form
	PackageConflicts int            // package codes of several products with different ingredients
	Contradictions   []Contradiction
	// codes of our drugs in the embedded tables, of none in the release: they keep their embedded
	// rows
	Kept []Contradiction
	// ingredients whose code has a name in the release that the tables do not take for them
	Renamed []Contradiction
}

// Contradiction is an RxNorm code that the release gives other ingredients than the embedded
// tables. The site's table decides.
type Contradiction struct {
	Code, Kind      string
	Tables, Release []string
}
