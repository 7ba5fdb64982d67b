package rrf

// Report says what an import found, for whoever started it.
type Report struct {
	Lines            map[string]int // read, by file
	Codes            map[string]int // RxNorm codes in the table, by term type
	Ingredients      int            // ingredients of the tables found in the release
	Packages         int            // package codes in the table
	Others           int            // RxNorm codes of other drugs, if requested
	Withdrawn        int            // RxNorm codes in the table that are suppressed or obsolete
	ByName           int            // of those, without relations: derived from their names
	Relations        int            // relations of RxNorm's own concepts that lead to ingredients
	Reversed         int            // of those, against the order of term types: not followed
	Dangling         int            // of those, to a concept not in the release: not followed
	OddPackages      int            // package codes in no known form
	PackageConflicts int            // package codes of several products with different ingredients
	Contradictions   []Contradiction
	// codes of our drugs in the embedded tables but not in the release: they keep their embedded
	// rows
	Kept []Contradiction
	// ingredients whose name in the release the tables do not take for them
	Renamed []Contradiction
}

// Contradiction is an RxNorm code with different ingredients in the release and the embedded
// tables. The site's table decides.
type Contradiction struct {
	Code, Kind      string
	Tables, Release []string
}
