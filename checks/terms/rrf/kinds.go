package rrf

// kind is an RxNorm term type, ordered so that a concept is made only of concepts of lower kinds.
type kind uint8

const (
	kindNone kind = iota
	kindDF        // dose form
	kindDFG       // dose form group
	kindIN
	kindPIN
	kindMIN
	kindBN
	kindSCDG
	kindSCDGP
	kindSBDG
	kindSCDF
	kindSCDFP
	kindSBDF
	kindSBDFP
	kindSCDC
	kindSBDC
	kindSCD
	kindSBD
	kindGPCK
	kindBPCK
	kindCount
)

var kindNames = [kindCount]string{
	"", "DF", "DFG", "IN", "PIN", "MIN", "BN", "SCDG", "SCDGP", "SBDG", "SCDF", "SCDFP", "SBDF", "SBDFP", "SCDC",
	"SBDC", "SCD", "SBD", "GPCK", "BPCK",
}

var kindsByName = func() map[string]kind {
	all := make(map[string]kind, kindCount)
	for k := kindNone + 1; k < kindCount; k++ {
		all[kindNames[k]] = k
	}
	return all
}()

func (k kind) String() string { return kindNames[k] }

// formed reports whether concepts of the kind have a dose form or form group.
func (k kind) formed() bool {
	return k == kindSCD || k == kindSBD || k >= kindSCDG && k <= kindSBDFP
}

// pack reports whether concepts of the kind contain several products.
func (k kind) pack() bool { return k == kindGPCK || k == kindBPCK }

// status of a concept or a package code, by the column SUPPRESS.
type status uint8

const (
	statusCurrent status = iota
	statusSuppressed
	statusObsolete
)

// String is what a site table shows: nothing for a current code.
func (s status) String() string { return [...]string{"", "suppressed", "obsolete"}[s] }

// statusOf reads SUPPRESS: N no, O obsolete, E and Y suppressed by an editor or a source.
func statusOf(suppress []byte) (status, bool) {
	switch string(suppress) {
	case "N", "":
		return statusCurrent, true
	case "O":
		return statusObsolete, true
	case "E", "Y":
		return statusSuppressed, true
	}
	return statusCurrent, false
}
