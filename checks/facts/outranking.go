package facts

import (
	"reflect"

	"github.com/rlsguard/rlsguard/checks/unread"
)

// Outranking is f, the newer of two versions of one resource, with what it must know of the older
// one; noted reports whether that is new. A version that arrives twice does not outrank itself.
func (f *Fact) Outranking(older *Fact) (newer Fact, noted bool) {
	newer = *f
	if f.Unread&unread.Version != 0 && f.Outranked() && !f.Hides() {
		return newer, false
	}
	if older.Unread&unread.Newer != 0 ||
		older.Unread&unread.Version != 0 && f.Unread&unread.Newer == 0 && !SameContent(f, older) {
		newer.Unread |= unread.Newer
	}
	return newer, newer.Unread != f.Unread
}

// SameContent reports whether two arrivals say the same of one resource, under the same version.
func SameContent(a, b *Fact) bool {
	x, y := *a, *b
	x.Version.Arrival, y.Version.Arrival = Arrival{}, Arrival{}
	x.Kept, y.Kept = nil, nil
	x.Unread, y.Unread = x.Unread&^unread.Newer, y.Unread&^unread.Newer
	return reflect.DeepEqual(x, y)
}
