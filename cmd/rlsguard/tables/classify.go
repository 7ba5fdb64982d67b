package tables

import (
	"bufio"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/rlsguard/rlsguard/checks/terms"
	"github.com/rlsguard/rlsguard/checks/terms/codes"
	"github.com/rlsguard/rlsguard/checks/terms/drugs"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/files"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

type ClassifyCommand struct {
	settings.Flag

	System    string   `placeholder:"SYSTEM" help:"System of the codes: rxnorm, atc, ndc, dmd, snomed, a URL or an OID. Default: inputs are names."`
	SiteTable []string `type:"existingfile" sep:"none" placeholder:"FILE" help:"Also look in this site table. Repeatable; the first that knows a code decides."`
	Format    string   `enum:"text,json" default:"text" placeholder:"text|json" help:"json: one answer per line."`
	Inputs    []string `arg:"" name:"code-or-text" help:"Codes or names. With -, lines of standard input: a name, or SYSTEM, a tab and a code."`
}

// Help is shown below the options.
func (ClassifyCommand) Help() string {
	return `Examples:
  rlsguard classify "Lexapro 10mg" "Amitriptylin-neuraxpharm 25 mg"
  rlsguard classify --system atc N06AB06
  rlsguard classify --format json --system rxnorm 312938
  rlsguard classify --system ndc 0049-4900-66
  cut -f 2,3 formulary.tsv | rlsguard classify --format json -

For each input: listed ingredients, their classes, the route, whether the drug acts systemically, and the table that knew it.

Only medicines that matter to a check are listed. "Not listed" means no check looks at it. For a code it also says whether a release knows it as another drug, or nothing is known of it.

Exit codes: 0 done; 1 failed; 2 no code of a system was found, and the system is unknown.`
}

// systemNames are short names for the systems that are typed most.
var systemNames = map[string]string{
	"rxnorm": codes.RxNorm, "atc": codes.ATC, "snomed": codes.SNOMED, "ndc": codes.NDC, "dmd": codes.DMD,
}

// Run classifies all inputs, in order.
func (c *ClassifyCommand) Run(p *terminal.Program) error {
	set, err := c.ReadSite(c.SiteTable...)
	if err != nil {
		return err
	}
	tables := set.Terms
	unknown := unknownSystems{}
	if err := c.all(p, tables, unknown); err != nil {
		return err
	}
	return unknown.tell(p)
}

// all answers every input.
func (c *ClassifyCommand) all(p *terminal.Program, tables *terms.Terms, unknown unknownSystems) error {
	for _, input := range c.Inputs {
		if input != files.StdinName {
			out := classify(tables, c.System, input)
			unknown.see(c.System, &out)
			if err := c.print(p, out); err != nil {
				return err
			}
			continue
		}
		lines := bufio.NewScanner(p.Input())
		lines.Buffer(nil, 1<<20)
		for lines.Scan() {
			line := strings.TrimRight(lines.Text(), "\r")
			if strings.TrimSpace(line) == "" {
				continue
			}
			system, text, tabbed := strings.Cut(line, "\t")
			if !tabbed {
				system, text = c.System, line
			}
			out := classify(tables, system, text)
			unknown.see(system, &out)
			if err := c.print(p, out); err != nil {
				return err
			}
		}
		if err := lines.Err(); err != nil {
			return fmt.Errorf("standard input: %w", err)
		}
	}
	return nil
}

// unknownSystems are systems as they were typed of which no built-in table has drug codes; true
// where a site table had one.
type unknownSystems map[string]bool

func (u unknownSystems) see(system string, c *classified) {
	switch codes.Canonical(c.System) {
	case "", codes.RxNorm, codes.ATC:
	default:
		u[system] = u[system] || c.Table != "" || c.Known != ""
	}
}

// tell says which systems are known, where one may have been meant that is not. A system that
// nobody here has heard of is an error: all its codes would read "not listed".
func (u unknownSystems) tell(p *terminal.Program) error {
	var err error
	for _, system := range slices.Sorted(maps.Keys(u)) {
		if u[system] {
			continue
		}
		terminal.Tell(
			p.Stderr,
			"no code of the system %s was found. Built in: rxnorm and atc, and the codes of listed drugs in ndc "+
				"(packages sold in October 2025) and dmd (in part). For others give a site table: --site-table",
			system,
		)
		if name := strings.ToLower(strings.TrimSpace(system)); systemNames[name] == "" &&
			!slices.Contains(slices.Collect(maps.Values(systemNames)), codes.Canonical(system)) {
			err = terminal.ErrRejected
		}
	}
	return err
}

// classified is one line of the answer.
type classified struct {
	Input       string   `json:"input"`
	System      string   `json:"system,omitempty"`
	Ingredients []string `json:"ingredients"`
	Classes     []string `json:"classes"`
	Route       string   `json:"route,omitempty"`
	Systemic    string   `json:"systemic"`
	MatchedBy   string   `json:"matchedBy"`
	Table       string   `json:"table,omitempty"`     // the table that matched
	SiteTable   string   `json:"siteTable,omitempty"` // its name when it is a site's own
	Matched     string   `json:"matched,omitempty"`   // the code or name in it
	Doubt       []string `json:"doubt,omitempty"`     // what else the name may be
	Unsure      []string `json:"unsure,omitempty"`    // which other drug of the same class it may be
	Known       string   `json:"known,omitempty"`     // by what the code is known to be another drug
	NotKnown    string   `json:"notKnown,omitempty"`  // that nothing is known of the code

	identified bool
}

// classify asks the tables about a code of a system, or about a name when system is "".
func classify(t *terms.Terms, system, text string) classified {
	text = strings.TrimSpace(text)
	out := classified{Input: text, System: strings.TrimSpace(system), Ingredients: []string{}, Classes: []string{}}
	if known, ok := systemNames[strings.ToLower(out.System)]; ok {
		out.System = known
	}
	var m terms.Match
	if out.System == "" {
		m = t.Classify(nil, []string{text})
	} else {
		m = t.Classify([]codes.Coding{{System: codes.Canonical(out.System), Code: text}}, nil)
	}
	for _, f := range m.Found {
		out.Ingredients = append(out.Ingredients, f.Name)
		if !slices.Contains(out.Classes, string(f.Class)) {
			out.Classes = append(out.Classes, string(f.Class))
		}
		if f.Doubt != "" && !slices.Contains(out.Doubt, f.Doubt) {
			out.Doubt = append(out.Doubt, f.Doubt)
		}
		if f.Unsure != "" && !slices.Contains(out.Unsure, f.Unsure) {
			out.Unsure = append(out.Unsure, f.Unsure)
		}
	}
	out.Route, out.Systemic, out.Known, out.NotKnown = m.RouteGroup, systemicWord(m.Systemic), m.Known, m.NotKnown
	out.MatchedBy, out.Table, out.SiteTable, out.Matched, out.identified = m.By.String(), m.Table, m.SiteTable,
		m.Matched, m.Identified
	return out
}

// systemicWord leaves what depends on the class, a nasal route, unknown: the product alone does not
// tell.
func systemicWord(s drugs.Systemic) string {
	if s == drugs.SystemicDepends {
		s = drugs.SystemicUnknown
	}
	return s.String()
}

func (c *ClassifyCommand) print(p *terminal.Program, out classified) error {
	if c.Format == "json" {
		line, err := terminal.JSONLine(out)
		if err != nil {
			return err
		}
		return terminal.WriteLine(p.Stdout, line)
	}
	for i, line := range terminal.Wrap(out.text(), p.TextWidth(), terminal.LabelIndent) {
		if _, err := fmt.Fprintf(p.Stdout, "%*s%s\n", terminal.LabelIndent*min(i, 1), "", line); err != nil {
			return err
		}
	}
	return nil
}

// looksLikeCode tells a lone word with a digit and no small letter from a name.
func looksLikeCode(s string) bool {
	return strings.ContainsAny(s, "0123456789") && !strings.ContainsAny(s, " ") && strings.ToUpper(s) == s
}

// text is the answer for a person.
func (c classified) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", c.Input)
	if len(c.Ingredients) == 0 {
		b.WriteString("not listed")
		switch {
		case c.Table != "":
			fmt.Fprintf(&b, "; an ordinary drug by %s %s in %s", c.MatchedBy, c.Matched, c.where())
		case c.System == "" && looksLikeCode(c.Input):
			b.WriteString(" as a name; for a code give its system, such as --system rxnorm or --system atc")
		case c.Known != "":
			fmt.Fprintf(&b, "; %s; no check is about it", c.Known)
		case !c.identified:
			if c.NotKnown != "" {
				b.WriteString("; " + c.NotKnown)
			}
			b.WriteString("; an order with nothing else to go by would be flagged as medication-unclassified")
		default:
			b.WriteString("; no check is about it")
		}
		return b.String()
	}
	fmt.Fprintf(&b, "%s (%s)", strings.Join(c.Ingredients, ", "), strings.Join(c.Classes, ", "))
	if c.Route != "" {
		fmt.Fprintf(&b, "; route %s", c.Route)
	}
	fmt.Fprintf(&b, "; systemic %s; by %s %s in %s", c.Systemic, c.MatchedBy, c.Matched, c.where())
	for _, d := range c.Doubt {
		fmt.Fprintf(&b, "; in doubt: %s", d)
	}
	for _, u := range c.Unsure {
		fmt.Fprintf(&b, "; the class is certain, the drug is not: %s", u)
	}
	return b.String()
}

// where names the table that matched.
func (c classified) where() string {
	if c.SiteTable != "" {
		return "site table " + c.SiteTable
	}
	return c.Table
}
