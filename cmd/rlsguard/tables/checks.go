package tables

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/silence"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

type ChecksCommand struct {
	settings.Flag

	Format string `enum:"text,json,markdown" default:"text" placeholder:"text|json|markdown" help:"json: one check per line. markdown: a table."`
}

// Help is shown below the options.
func (ChecksCommand) Help() string {
	return `Examples:
  rlsguard checks
  rlsguard checks --config site.yaml --format json | jq -r .check

With --config, shows the limits, severities and switches of the site.`
}

// checkInForce is one check of the catalogue, as the settings leave it.
type checkInForce struct {
	Check      string             `json:"check"`
	Title      string             `json:"title"`
	Enabled    bool               `json:"enabled"`
	Severity   string             `json:"severity"`
	Trigger    string             `json:"trigger"`
	Classes    []string           `json:"classes,omitempty"`
	NeedsRLS   bool               `json:"needsRls"`
	Thresholds []thresholdInForce `json:"thresholds,omitempty"`
	Citations  []checks.Citation  `json:"citations"`
	Rule       ruleInForce        `json:"rule"`

	why string // it is not enabled
}

type thresholdInForce struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source,omitempty"`
	Review string `json:"review,omitempty"`
}

type ruleInForce struct {
	Version    int    `json:"version"`
	Status     string `json:"status"`
	Reviewer   string `json:"reviewer,omitempty"`
	Date       string `json:"date,omitempty"`
	NextReview string `json:"nextReview,omitempty"`
	// Changed are the parts of a void approval that are not as they were approved.
	Changed []string `json:"changed,omitempty"`
}

// Run lists all checks.
func (c *ChecksCommand) Run(p *terminal.Program) error {
	set, err := c.Read()
	if err != nil {
		return err
	}
	list := ChecksInForce(set.Settings, p.Now())
	switch c.Format {
	case "json":
		return checksJSON(p.Stdout, list)
	case "markdown":
		return ChecksMarkdown(p.Stdout, list)
	default:
		return checksText(p.Stdout, list, p.TextWidth())
	}
}

// ChecksInForce are all checks as the settings leave them on a day.
func ChecksInForce(s *checks.Settings, today time.Time) []checkInForce {
	var list []checkInForce
	quiet := map[string]string{}
	for _, q := range s.Quiet() {
		quiet[q.Check] = "switched off by the settings"
		if q.Reason == silence.NotApproved {
			quiet[q.Check] = "quiet: its rule is not approved (require_approved_rules)"
		}
	}
	for _, c := range checks.Catalogue() {
		set, r := s.Checks[c.ID], s.RuleOf(c)
		f := checkInForce{
			Check: c.ID, Title: c.Title, Severity: c.Severity, Trigger: c.Trigger, Citations: slices.Clone(c.Citations),
			Enabled: quiet[c.ID] == "", why: quiet[c.ID],
			NeedsRLS: !c.WithoutRLS || !s.Everyone,
			Rule: ruleInForce{
				Version: r.Version, Status: string(r.StatusOn(today)), Reviewer: r.Reviewer, Date: r.Date,
				NextReview: r.NextReview, Changed: r.Changed,
			},
		}
		if set.Severity != "" {
			f.Severity += "; here " + set.Severity + " instead of moderate"
		}
		for _, class := range c.Classes {
			f.Classes = append(f.Classes, string(class))
		}
		if c.Thresholds != nil {
			for _, t := range c.Thresholds(s) {
				f.Thresholds = append(
					f.Thresholds,
					thresholdInForce{Name: t.Name, Value: t.Value, Source: t.Source, Review: reviewOf(r, t.Review)},
				)
			}
		}
		for i := range f.Citations {
			f.Citations[i].Review = reviewOf(r, f.Citations[i].Review)
		}
		list = append(list, f)
	}
	return list
}

// reviewOf is the review of a limit or source: an approved rule was approved with all of them.
func reviewOf(r checks.Rule, own string) string {
	if r.Status == checks.RuleApproved {
		return string(r.Status)
	}
	return own
}

func checksJSON(w io.Writer, list []checkInForce) error {
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	for _, c := range list {
		if err := e.Encode(c); err != nil {
			return err
		}
	}
	return nil
}

// ChecksMarkdown writes the table of checks/checks.md.
func ChecksMarkdown(w io.Writer, list []checkInForce) error {
	var b strings.Builder
	b.WriteString("| check | severity | opens when | sources | review |\n|---|---|---|---|---|\n")
	for _, c := range list {
		fmt.Fprintf(
			&b,
			"| `%s` | %s | %s | %s | rule %d, %s |\n",
			c.Check,
			cell(c.Severity),
			cell(c.Trigger),
			cell(sources(c.Citations)),
			c.Rule.Version,
			c.Rule.Status,
		)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func cell(s string) string {
	return strings.NewReplacer("|", `\|`, "<", "&lt;", "\n", " ").Replace(s)
}

func sources(citations []checks.Citation) string {
	var names []string
	for _, c := range citations {
		names = append(names, sourceName(c))
	}
	return strings.Join(names, "; ")
}

// sourceName names one citation, with its DOI.
func sourceName(c checks.Citation) string {
	if c.DOI == "" {
		return c.Source
	}
	return c.Source + ", doi:" + c.DOI
}

func checksText(w io.Writer, list []checkInForce, width int) error {
	var b strings.Builder
	for i, c := range list {
		if i > 0 {
			b.WriteByte('\n')
		}
		row(&b, width, "", c.Check+": "+c.Title)
		if !c.Enabled {
			b.WriteString("  " + c.why + "\n")
		}
		row(&b, width, "severity", c.Severity)
		row(&b, width, "opens when", c.Trigger)
		if !c.NeedsRLS {
			row(&b, width, "patients", "everyone, with or without RLS")
		}
		for _, t := range c.Thresholds {
			row(&b, width, "limit", t.Name+" = "+t.Value+strength(t.Source)+review(t.Review))
		}
		for _, s := range c.Citations {
			row(&b, width, "source", sourceName(s)+strength(s.Strength)+review(s.Review))
		}
		row(&b, width, "rule", fmt.Sprintf("version %d, %s%s", c.Rule.Version, c.Rule.Status, dates(c.Rule)))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// row writes a text behind its label, wrapped; without a label it begins where the line does.
func row(b *strings.Builder, width int, label, text string) {
	const indent = 2 + 11 // and the longest label with a blank
	if label == "" {
		for i, line := range terminal.Wrap(text, width, terminal.LabelIndent) {
			fmt.Fprintf(b, "%*s%s\n", terminal.LabelIndent*min(i, 1), "", line)
		}
		return
	}
	for _, line := range terminal.Wrap(text, max(width-indent, terminal.LeastText), 0) {
		fmt.Fprintf(b, "  %-11s%s\n", label, line)
		label = ""
	}
}

func strength(s string) string {
	if s == "" {
		return ""
	}
	return " (" + s + ")"
}

func review(s string) string {
	if s == "" {
		return ""
	}
	return ", review " + s
}

func dates(r ruleInForce) string {
	text := ""
	if r.Date != "" {
		text += " since " + r.Date
	}
	if r.Reviewer != "" {
		text += " by " + r.Reviewer
	}
	if r.NextReview != "" {
		text += ", next review " + r.NextReview
	}
	if len(r.Changed) > 0 {
		text += "; approved otherwise: " + strings.Join(r.Changed, ", ")
	}
	return text
}
