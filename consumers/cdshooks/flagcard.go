package cdshooks

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/facts"
	"github.com/rlsguard/rlsguard/consumers/cdshooks/hook"
	"github.com/rlsguard/rlsguard/consumers/ordercheck"
	"github.com/rlsguard/rlsguard/fhir/issue"
)

// cardMaker turns the advice to one request into cards.
type cardMaker struct {
	key     []byte
	reasons []ordercheck.Reason
	request *hook.Request
	advice  *ordercheck.Advice
	// everyone: some checks run for patients without RLS too.
	everyone bool
	// counselled: a card has said already what is the same for every flag of the patient.
	counselled bool
}

// flagCards are a card for each flag: what the drafts would bring first, the most severe first.
func (m *cardMaker) flagCards() (cards []Card) {
	for _, because := range []bool{true, false} {
		flags := slices.Clone(m.advice.Open)
		if because {
			flags = slices.Clone(m.advice.Because)
		}
		slices.SortStableFunc(flags, func(a, b checks.Flag) int { return cmp.Compare(b.Severity, a.Severity) })
		for i := range flags {
			cards = append(cards, m.flagCard(&flags[i], because))
		}
	}
	return cards
}

func (m *cardMaker) flagCard(f *checks.Flag, because bool) Card {
	id := cardID(m.key, f)
	c := Card{
		UUID: id, Summary: m.summary(f), Detail: m.detail(f, because), Indicator: indicatorOf(f), Source: sourceOf(f),
		Suggestions: m.suggestions(f, id), OverrideReasons: m.overrideReasons(), Links: linksOf(f),
		Extension: map[string]any{extensionFlag: flagExtension{ordercheck.LineOf(f), because}},
	}
	if len(c.Suggestions) > 0 {
		c.SelectionBehavior = "any"
	}
	return c
}

// cardID identifies a card by its flag and what that rests on: what a user answers is what was
// shown.
func cardID(key []byte, f *checks.Flag) string { return newID(key, "card|"+f.ID+"|"+f.Basis) }

// newID is a version 8 UUID (RFC 9562) from a keyed hash.
func newID(key []byte, text string) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	b := h.Sum(nil)[:16]
	b[6] = b[6]&0x0f | 0x80
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// detail says all of a flag in GitHub Flavored Markdown.
func (m *cardMaker) detail(f *checks.Flag, because bool) string {
	var b strings.Builder
	paragraph := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n\n", args...) }
	paragraph("%s", escape(f.Summary))
	paragraph("**What to do.** %s", escape(f.Action))
	if len(f.Alternatives) > 0 {
		paragraph("**Alternatives**\n\n- %s", strings.Join(escapeAll(f.Alternatives), "\n- "))
	}
	if len(f.Clears) > 0 {
		paragraph("**Would clear it**\n\n- %s", strings.Join(escapeAll(clearWords(f)), "\n- "))
	}
	rests := m.orderWords(f)
	if len(f.Evidence) > 0 {
		rests = append(rests, refWords(f.Evidence, nil)...)
	}
	if len(rests) > 0 {
		paragraph("**Rests on** %s.", strings.Join(rests, ", "))
	}
	if !because && len(m.advice.Drafts) > 0 {
		paragraph("This was flagged before, and does not come from the orders being written.")
	}
	if f.Ack != nil {
		paragraph("**Answered.** %s", m.answer(f.Ack))
	}
	paragraph("Severity %s. As of %s UTC.", f.Severity, f.AsOf.UTC().Format("2006-01-02 15:04"))
	for _, c := range f.Citations {
		b.WriteString("- Source: " + citation(c) + "\n")
	}
	if first := !m.counselled; first && len(f.Counsel) > 0 {
		m.counselled = true
		b.WriteString("\n**For every patient with RLS.** " + strings.Join(escapeAll(f.Counsel), " ") + "\n")
	}
	return strings.TrimSpace(b.String())
}

// clearWords are the changes after which the flag would not be open.
func clearWords(f *checks.Flag) []string {
	var all []string
	for i := range f.Clears {
		all = append(all, f.Clears[i].Text)
	}
	if f.ClearsCut {
		all = append(all, checks.MoreClears())
	}
	return all
}

// orderWords say what was ordered, with the references behind it, and which of it is a draft.
func (m *cardMaker) orderWords(f *checks.Flag) []string {
	list := refWords(f.Implicated, m.advice.Drafts)
	for i := range list {
		for _, o := range f.Orders {
			if text := o.Words(); o.Ref == f.Implicated[i] && text != "" {
				list[i] = escape(text) + " (" + list[i] + ")"
			}
		}
	}
	return list
}

// refWords name resources, and which of them are drafts.
func refWords(refs, drafts []facts.Ref) []string {
	var words []string
	for _, r := range refs {
		w := escape(string(r))
		if slices.Contains(drafts, r) {
			w += " (draft)"
		}
		words = append(words, w)
	}
	return words
}

// answer says who acknowledged or overrode a flag, when, and why.
func (m *cardMaker) answer(a *facts.Acknowledgement) string {
	words := "Noted"
	if a.Override {
		words = "Overridden"
	}
	if a.Author != "" {
		words += " by " + escape(a.Author)
	}
	if !a.Date.IsZero() {
		words += " on " + a.Date.Date(time.UTC)
	}
	if a.Reason != "" && a.Reason != issue.ActionNoted {
		reason := a.Reason
		for _, r := range m.reasons {
			if r.Code == a.Reason {
				reason = r.Display
			}
		}
		words += ": " + escape(reason)
	}
	words += ". It holds while what the flag rests on stays the same"
	if !a.Until.IsZero() {
		words += ", until " + a.Until.Date(time.UTC)
	}
	return words + "."
}

// citation names a source, with the strength that its authors give it and how far our own review
// has come.
func citation(c checks.Citation) string {
	words := escape(c.Source)
	if c.DOI != "" {
		words = fmt.Sprintf("[%s](%s)", words, issue.DOIBase+c.DOI)
	}
	if c.Strength != "" {
		words += "; " + escape(c.Strength)
	}
	if c.Review != "" {
		words += "; review " + escape(c.Review)
	}
	return words
}

func sourceOf(f *checks.Flag) Source {
	s := Source{Label: "rlsguard", Topic: &Coding{Code: f.Check, System: issue.CheckSystem, Display: titles()[f.Check]}}
	if len(f.Citations) > 0 {
		s.Label = f.Citations[0].Source
		if doi := f.Citations[0].DOI; doi != "" {
			s.URL = issue.DOIBase + doi
		}
	}
	return s
}

func linksOf(f *checks.Flag) (links []Link) {
	for _, c := range f.Citations {
		l := Link{Label: c.Source, URL: issue.DOIBase + c.DOI, Type: "absolute"}
		if c.DOI != "" && !slices.Contains(links, l) {
			links = append(links, l)
		}
	}
	return links
}

func (m *cardMaker) overrideReasons() []Coding {
	codings := make([]Coding, len(m.reasons))
	for i, r := range m.reasons {
		codings[i] = Coding{Code: r.Code, System: issue.AcknowledgementSystem, Display: r.Display}
	}
	return codings
}
