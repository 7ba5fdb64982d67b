package layout

import "strings"

// messageKinds maps prefixes of subjects in RLS to what is under them. The list is closed, for
// metrics.
var messageKinds = []struct{ subject, kind string }{
	{SubjectSite, "site"}, {SubjectTally, "tally"}, {SubjectState, "state"}, {SubjectInputs, "inputs"},
	{SubjectCommitFlags, "flag"}, {SubjectFlags, "flag"}, {SubjectAudit, "audit"}, {SubjectTimer, "timer"},
}

// KindOfMessage says in a word what is under a subject.
func KindOfMessage(subject string) string {
	for _, k := range messageKinds {
		if strings.HasPrefix(subject, k.subject) {
			return k.kind
		}
	}
	return "other"
}
