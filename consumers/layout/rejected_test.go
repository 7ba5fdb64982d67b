package layout

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/nats-io/nats.go"

	"github.com/rlsguard/rlsguard/fhir"
)

// Producers learn reason, place and sequence of a rejection, and nothing a sender may have made up.
func TestRejectionNamesNobody(t *testing.T) {
	for _, c := range []struct {
		reason         fhir.Reason
		pointer, plain string
	}{
		{fhir.NoPatient, "/entry/3/resource/subject", "/entry/3/resource/subject"},
		{fhir.InvalidResource, "/entry/3/resource/_status", "/entry/3/resource/_status"},
		{fhir.InvalidResource, "/Anna Zebrowski/1", ""},
		{fhir.InvalidResource, "/name/Zebrowski", "/name"},
		{fhir.InvalidJSON, "/entry/3/resource/zebrowski", "/entry/3/resource"},
		{fhir.TooDeep, "/zebrowski/0", ""},
		{fhir.NotFHIR, "", ""},
	} {
		letter := &nats.Msg{
			Data: []byte("Zebrowski"),
			Header: nats.Header{
				HeaderReason:   {string(c.reason)},
				HeaderDetail:   {"Zebrowski"},
				HeaderPointer:  {c.pointer},
				HeaderSequence: {"7"},
				HeaderEpoch:    {"9"},
				HeaderTime:     {"2026-11-29T00:00:00Z"},
				nats.MsgIdHdr:  {"id"},
			},
		}
		m := RejectionMessage(letter, c.pointer)
		if len(m.Data) > 0 || m.Header.Get(HeaderDetail) != "" || m.Header.Get(nats.MsgIdHdr) != "id" ||
			m.Subject != "rls.rejected."+string(c.reason) {
			t.Errorf("%s: %+v", c.pointer, m)
		}
		if d := cmp.Diff(Rejection{Reason: string(c.reason), Pointer: c.plain, Input: 7, Epoch: 9},
			RejectionOf(m.Header)); d != "" {
			t.Errorf("%s: %s", c.pointer, d)
		}
	}
}

// Only names of FHIR types become part of a subject.
func TestInboundSubject(t *testing.T) {
	for kind, want := range map[string]string{"Patient": "fhir.Patient", "MedicationOrder": "fhir.MedicationOrder",
		"SECCANARYtype": "fhir.Unknown", "": "fhir.Unknown"} {
		if got := InboundSubject(kind); got != want {
			t.Errorf("%q: %s", kind, got)
		}
	}
}
