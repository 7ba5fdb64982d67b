package checks

import (
	"strings"

	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/checks/unread"
	"github.com/rlsguard/rlsguard/checks/words"
)

// newerUnread says of the facts that a flag rests on which may be outdated.
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

// noteUnread notes what of an order could not be read. What may turn its meaning around leaves it
// at most low.
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

// modified notes that a Medication of its own may mean something else than it says.
func (o *orderView) modified() {
	if o.unread&unread.Modifier == 0 {
		o.unread |= unread.Modifier
		o.ceiling = min(o.ceiling, Low)
		o.notes = append(o.notes, words.Say("unread.medication"))
	}
}

// unreadNotes tell the reader of a flag what of an order could not be read and what it was taken
// for.
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
