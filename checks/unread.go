package checks

import (
	"strings"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/unread"
	"github.com/rlsguard/rlsguard/checks/words"
)

// newerUnread says which facts behind a flag may be outdated.
func (ev *evaluation) newerUnread(refs []facts.Ref) string {
	var doubtful []string
	said := map[facts.Ref]bool{}
	add := func(ref facts.Ref) {
		if f := ev.st.Find(ref); f != nil && f.Unread&unread.Newer != 0 && !said[ref] {
			said[ref] = true
			doubtful = append(doubtful, string(ref))
		}
	}
	for _, ref := range refs {
		add(ref)
		if f := ev.st.Find(ref); f != nil && f.Order != nil && f.Order.MedicationRef != "" {
			add(f.Order.MedicationRef)
		}
	}
	if len(doubtful) == 0 {
		return ""
	}
	return words.Say("unread.newer", "refs", strings.Join(doubtful, ", "))
}

// noteUnread notes what could not be read of an order. A part that may reverse its meaning caps it
// at low.
func (o *orderView) noteUnread() {
	for _, n := range unreadNotes {
		if o.unread&n.part != 0 {
			o.notes = append(o.notes, words.Say(n.key))
		}
	}
	if o.unread&unread.Modifier != 0 {
		o.ceiling = min(o.ceiling, Low)
	}
}

// modified notes that the order's Medication may mean something other than it says.
func (o *orderView) modified() {
	if o.unread&unread.Modifier == 0 {
		o.unread |= unread.Modifier
		o.ceiling = min(o.ceiling, Low)
		o.notes = append(o.notes, words.Say("unread.medication"))
	}
}

// unreadNotes tell the reader of a flag what could not be read of an order, and what was assumed.
var unreadNotes = []struct {
	part unread.Parts
	key  string
}{
	{unread.Status, "unread.status"},
	{unread.Intent, "unread.intent"},
	{unread.Negation, "unread.negation"},
	{unread.AsNeeded, "unread.as-needed"},
	{unread.Date, "unread.date"},
	{unread.Dose, "unread.dose"},
	{unread.Modifier, "unread.modifier"},
}
