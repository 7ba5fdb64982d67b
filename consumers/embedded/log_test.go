package embedded

import (
	"testing"
)

// What a client wrote does not come into the log by way of the server's.
func TestServerLogQuotesNobody(t *testing.T) {
	for line, want := range map[string]string{
		`Publish Violation - User "x", Subject "fhir.Patient.anna \"a\""`:               `Publish Violation - User (left out), Subject (left out)`,
		`Client parser ERROR, state=0, i=0: proto='"{\"resourceType\":\"Patient\""...'`: `Client parser ERROR, state=0, i=0: proto=(left out)`,
		`Filestore [RLS] TTL state is outdated`:                                         `Filestore [RLS] TTL state is outdated`,
	} {
		if got := unquoted(line); got != want {
			t.Errorf("%s\nbecame %s\nwant   %s", line, got, want)
		}
	}
}
