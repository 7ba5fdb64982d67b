package embedded

import (
	"bytes"
	"strings"
	"testing"

	"github.com/rs/zerolog"
)

// After a crash the server says of every stream that it reads it again; what it says of damage is
// passed on, and so is everything where nothing had crashed.
func TestServerLogAfterACrash(t *testing.T) {
	for _, c := range []struct {
		crashed bool
		line    string
		told    bool
	}{
		{true, "Filestore [RLS] TTL state is outdated; attempting to recover using linear scan (seq 1 to 15)", false},
		{true, "Filestore [RLS_AUDIT] Recovering stream state from index errored: prior state file", false},
		{false, "Filestore [RLS] TTL state is outdated; attempting to recover using linear scan (seq 1 to 15)", true},
		{true, "Filestore [RLS] Stream state checksum did not match", true},
		{true, "Filestore [RLS] indexCacheBuf corrupt state in 1.blk", true},
	} {
		var out bytes.Buffer
		l := &serverLog{log: zerolog.New(&out), crashed: c.crashed}
		l.Warnf("%s", c.line)
		if told := strings.Contains(out.String(), "Filestore"); told != c.told {
			t.Errorf("%s (crashed %t): told %t", c.line, c.crashed, told)
		}
	}
}

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
