package settings

import "testing"

func TestSuggestion(t *testing.T) {
	for _, c := range []struct{ under, key, want string }{
		{"", "ferritin_low", "iron.ferritin_low"},            // the right word in the wrong place
		{"orders", "old_after_day", "orders.old_after_days"}, // a letter is missing
		{"iron", "feritin_low", "iron.ferritin_low"},
		{"", "Region", "region"},
		{"", "zoned", "zone"},
		{"limits", "max_byte", "limits.max_bytes"},
		{"iron.laboratories", "ferritin_lo", "iron.laboratories.ferritin_low"}, // that beside it goes first
		{"", "colour", ""},
		{"orders", "x", ""},
	} {
		if got := suggestion(c.under, c.key); got != c.want {
			t.Errorf("%s under %q: %q, want %q", c.key, c.under, got, c.want)
		}
	}
}
