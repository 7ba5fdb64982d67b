package operate

import (
	"context"
	"fmt"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/consumers/audit"
	"github.com/rlsguard/rlsguard/consumers/layout"
	"github.com/rlsguard/rlsguard/fhir/issue"
)

// Audit calls do with the transitions that are kept for audit, oldest first: of the flag with an
// id, or of all when it is "". unread gets each that cannot be read, or that rlsguard did not write,
// which is checked with the site key and not at all where that is nil; the rest is handed on all the
// same.
func (o *Operator) Audit(
	ctx context.Context,
	key []byte,
	flag string,
	do func(checks.Flag) error,
	unread func(subject string, err error),
) error {
	if flag != "" && !layout.FlagID.MatchString(flag) {
		return fmt.Errorf("%q is not the id of a flag", flag)
	}
	check, err := o.checking(ctx, key)
	if err != nil {
		return err
	}
	return audit.Each(ctx, o.js, audit.Reading{Flag: flag}, func(e audit.Entry) error {
		if err := check(e.Subject, e.Header, e.Data, e.Committed); err != nil {
			unread(e.Subject, err)
			return nil
		}
		f, err := issue.Unmarshal(e.Data)
		if err == nil && f.ID != e.Flag {
			err = fmt.Errorf("it is about flag %s", f.ID)
		}
		if err != nil {
			unread(e.Subject, err)
			return nil
		}
		return do(f)
	})
}
