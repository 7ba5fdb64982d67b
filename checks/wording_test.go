package checks

import (
	"regexp"
	"testing"
)

// Words no text may use, for professionals or patients, since they could be read as an order to end
// a treatment or not to begin one. Withdrawal, the syndrome, is different from withdrawing a drug.
var ordersAnEnd = regexp.MustCompile(
	`(?i)\b(stop|discontinu|ceas(e|ing)|withh[eo]ld|avoid|quit|contraindicat|come off|no longer (take|give|use)|` +
		`withdr(aw|ew)(n|s|ing)?\b|(not|never|don't|cannot|can't) (take|give|use|prescribe)\b|not be ` +
		`(taken|given|prescribed)\b|(must|should|may|can) not be used)`,
)

func TestWordsThatOrderAnEnd(t *testing.T) {
	for _, text := range []string{
		"Stop it.", "has to be stopped", "Discontinue it", "Withheld for a day", "Avoid it in RLS.",
		"Please do not take it", "It must not be used.", "Never give it with opioids.",
		"Don't use it", "Withdraw it slowly", "No longer take it", "cessation: ceasing it",
	} {
		if !ordersAnEnd.MatchString(text) {
			t.Errorf("%q passes", text)
		}
	}
	for _, text := range []string{
		"an abrupt end brings rebound and withdrawal", "Any change should be gradual", "ask before taking more",
		"unit not given", "a measured TSAT could not be used", "keep taking it as prescribed",
		"It is not recommended on haemodialysis.",
	} {
		if w := ordersAnEnd.FindString(text); w != "" {
			t.Errorf("%q is refused for %q", text, w)
		}
	}
}
