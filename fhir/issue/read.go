package issue

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/ahead"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/moment"
)

// Unmarshal reads a flag from what Marshal wrote. An error names the faulty element, and contains
// no text of b. Foreign elements and extensions are skipped.
func Unmarshal(b []byte) (checks.Flag, error) {
	f, err := readFlag(b)
	if err != nil {
		return checks.Flag{}, fmt.Errorf("flag from DetectedIssue: %w", err)
	}
	return f, nil
}

func readFlag(b []byte) (f checks.Flag, err error) {
	var in flagIssue
	if err := in.read(b); err != nil {
		return f, err
	}
	if in.resourceType != "DetectedIssue" {
		return f, errors.New("resourceType is not DetectedIssue")
	}
	if f.ID, err = flagID(in.identifier); err != nil {
		return f, err
	}
	if f.Check, err = readCheck(in.code); err != nil {
		return f, err
	}
	if f.Ack, err = readAcknowledgement(in.mitigation); err != nil {
		return f, err
	}
	f.Patient = facts.Ref(in.patient)
	f.Implicated, f.Evidence = readReferences(in.implicated), readReferences(in.evidence)
	if in.severity != "" {
		if f.Severity, err = checks.ParseSeverity(in.severity); err != nil {
			return f, errors.New("severity is not one of low, moderate, high")
		}
	}
	if err = readFlagExtensions(&f, in.extension); err != nil {
		return f, err
	}
	if f.Summary, err = splitDetail(in.detail, f.Action); err != nil {
		return f, err
	}
	if f.AsOf, err = readAsOf(in.identifiedDateTime); err != nil {
		return f, err
	}
	if in.status != flagStatus(&f).Code() {
		return f, errors.New("status does not fit the extensions that say what became of the flag")
	}
	return f, nil
}

func flagID(list []flagCoding) (string, error) {
	for _, i := range list {
		if i.system == FlagIDSystem && i.value != "" {
			return i.value, nil
		}
	}
	return "", errors.New("no identifier of system " + FlagIDSystem)
}

func readCheck(list []flagCoding) (string, error) {
	for _, c := range list {
		if c.system == CheckSystem && c.code != "" {
			return c.code, nil
		}
	}
	return "", errors.New("no code of system " + CheckSystem)
}

func readFlagExtensions(f *checks.Flag, ext found) (err error) {
	f.State, f.Change, f.Reason = checks.FlagState(
		ext.code(extState),
	), checks.Change(
		ext.code(extChange),
	), checks.Reason(
		ext.code(extReason),
	)
	if err := closedLists(f); err != nil {
		return err
	}
	if f.RLS, err = checks.ParseRLSStatus(ext.code(extRLS)); err != nil {
		return errors.New("RLS status is not one of none, possible, remission, confirmed")
	}
	if f.Number, err = ext.number(extNumber); err != nil {
		return err
	}
	f.Audience = ext.code(extAudience)
	f.Basis, f.Ingredient, f.Action, f.Ruleset = ext.text(
		ExtBasis,
	), ext.text(
		ExtIngredient,
	), ext.text(
		extAction,
	), ext.text(
		extRuleset,
	)
	for _, e := range ext {
		switch e.url {
		case extAlternative:
			f.Alternatives = append(f.Alternatives, e.text)
		case extCounsel:
			f.Counsel = append(f.Counsel, e.text)
		case extNext:
			if f.Next, err = readNext(e.parts); err == nil {
				err = closedLists(f)
			}
			if err != nil {
				return err
			}
		case extOrder:
			f.Orders = append(f.Orders, checks.OrderWords{
				Ref: facts.Ref(
					e.parts.text("ref"),
				), Product: e.parts.text("product"), Dose: e.parts.text("dose"), Since: e.parts.text("since"),
			})
		case extClears:
			c, err := readClears(e.parts)
			if err != nil {
				return err
			}
			f.Clears = append(f.Clears, c)
		case extClearsCut:
			f.ClearsCut = e.yes
		case extCitation:
			parts := e.parts
			f.Citations = append(
				f.Citations,
				checks.Citation{
					Source:   parts.text("source"),
					DOI:      parts.text("doi"),
					Strength: parts.text("strength"),
					Review:   parts.text("review"),
				},
			)
		}
	}
	return nil
}

func readNext(parts found) (n ahead.Next, err error) {
	n.To = ahead.Becoming(parts.code("to"))
	n.At, err = parts.time("at")
	return n, err
}

// closedLists rejects unknown words in a flag, in both directions; "" is absent.
func closedLists(f *checks.Flag) error {
	switch {
	case f.State != "" && !slices.Contains(flagStates, f.State):
		return errors.New("state is not a known one")
	case f.Change != "" && !slices.Contains(flagChanges, f.Change):
		return errors.New("change is not a known one")
	case f.Reason != "" && !slices.Contains(flagReasons, f.Reason):
		return errors.New("reason is not a known one")
	case f.Next.To != "" && !f.Next.To.Known():
		return errors.New("what comes next is not a known one")
	case f.Severity > checks.High:
		return errors.New("severity is not a known one")
	case f.RLS > checks.RLSConfirmed:
		return errors.New("RLS status is not a known one")
	}
	return nil
}

var (
	flagStates  = []checks.FlagState{checks.Open, checks.Acknowledged, checks.Overridden, checks.Resolved}
	flagChanges = []checks.Change{
		checks.ChangeOpened,
		checks.ChangeUpdated,
		checks.ChangeResolved,
		checks.ChangeMoved,
		checks.ChangeAcknowledged,
		checks.ChangeOverridden,
	}
	flagReasons = checks.Reasons()
)

// splitDetail removes the action from the end of detail.
func splitDetail(detail, action string) (summary string, err error) {
	if action == "" || detail == action {
		return strings.TrimSuffix(detail, action), nil
	}
	summary, ok := strings.CutSuffix(detail, "\n\n"+action)
	if !ok {
		return "", errors.New("detail does not end with the action")
	}
	return summary, nil
}

func readAsOf(s string) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339Nano, s)
	if err != nil {
		return time.Time{}, errors.New("identifiedDateTime is no dateTime with an offset")
	}
	return t.UTC(), nil
}

func readReferences(list []string) []facts.Ref {
	var refs []facts.Ref
	for _, r := range list {
		refs = append(refs, facts.Ref(r))
	}
	return refs
}

// found are extensions, looked up by their URL.
type found []flagExtension

func (l found) get(url string) *flagExtension {
	for i := range l {
		if l[i].url == url {
			return &l[i]
		}
	}
	return new(flagExtension)
}

func (l found) code(url string) string { return l.get(url).code }

func (l found) text(url string) string { return l.get(url).text }

func (l found) flag(url string) bool { return l.get(url).yes }

func (l found) number(url string) (uint64, error) {
	text := l.get(url).number
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		return 0, errors.New("number is no whole number from 0 on")
	}
	return n, nil
}

func (l found) time(url string) (moment.Time, error) {
	e := l.get(url)
	return readTime(cmp.Or(e.dateTime, e.text), url)
}
