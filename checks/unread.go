package checks

import (
	"reflect"
	"strings"

	"github.com/rlsguard/rlsguard/checks/words"
)

// Outranking is f, the newer of two versions of one resource, with what it has to know of the older
// one; noted tells that this is more than it knew. A version that came twice does not outrank
// itself.
func (f *Fact) Outranking(older *Fact) (newer Fact, noted bool) {
	newer = *f
	if f.Unread&UnreadVersion != 0 && f.Outranked() && !f.Hides() {
		return newer, false
	}
	if older.Unread&NewerUnread != 0 || older.Unread&UnreadVersion != 0 && f.Unread&NewerUnread == 0 && !SameContent(f, older) {
		newer.Unread |= NewerUnread
	}
	return newer, newer.Unread != f.Unread
}

// SameContent tells whether two arrivals say the same of one resource, under the same version.
func SameContent(a, b *Fact) bool {
	x, y := *a, *b
	x.Version.Arrival, y.Version.Arrival = Arrival{}, Arrival{}
	x.Kept, y.Kept = nil, nil
	x.Unread, y.Unread = x.Unread&^NewerUnread, y.Unread&^NewerUnread
	return reflect.DeepEqual(x, y)
}

// newerUnread says of the facts that a flag rests on which may be outdated.
func (ev *evaluation) newerUnread(refs []Ref) string {
	var doubtful []string
	said := map[Ref]bool{}
	add := func(ref Ref) {
		if f := ev.st.Find(ref); f != nil && f.Unread&NewerUnread != 0 && !said[ref] {
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
	if o.unread&UnreadModifier != 0 {
		o.ceiling = min(o.ceiling, Low)
	}
}

// modified notes that a Medication of its own may mean something else than it says.
func (o *orderView) modified() {
	if o.unread&UnreadModifier == 0 {
		o.unread |= UnreadModifier
		o.ceiling = min(o.ceiling, Low)
		o.notes = append(o.notes, words.Say("unread.medication"))
	}
}

// unreadNotes tell the reader of a flag what of an order could not be read and what it was taken for.
var unreadNotes = []struct {
	part Unread
	key  string
}{
	{UnreadStatus, "unread.status"},
	{UnreadIntent, "unread.intent"},
	{UnreadNegation, "unread.negation"},
	{UnreadAsNeeded, "unread.as-needed"},
	{UnreadDate, "unread.date"},
	{UnreadDose, "unread.dose"},
	{UnreadModifier, "unread.modifier"},
}
