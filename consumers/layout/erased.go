package layout

import (
	"strconv"
	"strings"

	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/codec"
)

// A patient is erased by writing an empty state under the subject of the old one, expecting its
// sequence. Instances follow states, so all of them forget the patient; a commit decided from the
// old state is refused, and decided again from nothing. The marker names nobody, and expires after
// a while.

// HeaderErased lists the ids of the flags that went with a state, and the tokens of tombstones, so
// that an interrupted erasure can be finished.
const HeaderErased = "Rls-Erased"

// Erased reports whether a state is the marker of an erasure.
func Erased(st *checks.State) bool {
	return st.Patient == "" && len(st.Facts) == 0 && len(st.Flags) == 0
}

// ErasureMessage is the marker that replaces a state.
func ErasureMessage(subject string, expect uint64, ids []string) *nats.Msg {
	return &nats.Msg{Subject: subject, Data: codec.Append(nil, &checks.State{}), Header: nats.Header{
		HeaderExpect: {
			strconv.FormatUint(expect, 10),
		}, HeaderTTL: {TTL(erasedTTL)}, HeaderErased: {strings.Join(ids, ",")},
	}}
}
