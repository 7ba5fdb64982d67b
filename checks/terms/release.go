package terms

import (
	"strconv"

	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/data"
)

// rxNormRelease names the RxNorm release that distinguishes other drugs from unknown codes.
const rxNormRelease = "RxNorm's prescribable release of February 2026"

// standing says what is known of a well-formed code that is in no table of drugs.
type standing uint8

const (
	standingNone   standing = iota // not a code of a system with tables here
	standingListed                 // in our tables
	standingOther                  // known to be a drug in none of our classes
	standingUnsaid                 // in the release, but which drug it is is unknown here
	standingAbsent                 // in neither
)

// Values of rxnorm_release.bin.
const (
	releaseListed = iota // one of ours when the table was made
	releaseOther
	releaseUnsaid
)

// standingOf says what the release knows of an RxNorm code that is in no table of drugs. A code
// that was ours when the release was read, but is no longer found, is unknown.
func standingOf(rxcui string) standing {
	n, err := strconv.ParseUint(rxcui, 10, 64)
	if err != nil {
		return standingAbsent
	}
	switch value, ok := data.Packed(data.RxNormRelease).Find(n); {
	case !ok:
		return standingAbsent
	case value == releaseOther:
		return standingOther
	}
	return standingUnsaid
}

// known says how a code is known to be another drug; "" if it is not.
func (r *recognised) known(system string) string {
	switch {
	case r.standing != standingOther:
		return ""
	case system == codes.ATC:
		return "ATC " + r.code + ": its group holds none of our drugs"
	case system == codes.NDC:
		return "NDC " + r.code + ": a package of another drug"
	}
	return "RxNorm " + r.code + ": another drug in " + rxNormRelease
}

// notKnown says that nothing is known of a well-formed code; "" if something is.
func (r *recognised) notKnown(system string) string {
	name := "RxNorm "
	if system == codes.ATC {
		name = "ATC "
	}
	switch {
	case r.standing == standingAbsent && system == codes.ATC:
		return name + r.code + " is in none of our tables, and its group holds drugs that are"
	case r.standing == standingAbsent:
		return name + r.code + " is neither in our tables nor in " + rxNormRelease
	case r.standing == standingUnsaid:
		return name + r.code + " is in " + rxNormRelease + ", but our tables do not say which drug it is"
	}
	return ""
}
