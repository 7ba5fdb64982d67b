package review

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"io"
	"os"
	"strings"
	"sync"
	text "text/template"
	"time"

	"github.com/rlsguard/rlsguard/checks"
	"github.com/rlsguard/rlsguard/checks/exercise"
	"github.com/rlsguard/rlsguard/checks/substance"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
	"github.com/rlsguard/rlsguard/consumers/rehearse"
)

type packetCommand struct {
	settings.Flag

	Checks    []string `arg:"" optional:"" name:"check" help:"Ids of checks. Default: all."`
	Format    string   `enum:"html,markdown" default:"html" placeholder:"html|markdown" help:"html: one page to read and print."`
	Rehearsal string   `placeholder:"FILE" help:"Show the figures of this report: rlsguard rehearse, or replay --against, with --format json."`
	Out       string   `placeholder:"FILE" help:"File to write. Default: standard output."`
}

// Help is shown below the options.
func (packetCommand) Help() string {
	return `Examples:
  rlsguard review packet --config site.yaml --out rules.html
  rlsguard review packet rls-ssri iron-low --format markdown

For each rule: when it opens a flag, its limits and sources, the literature, its texts for professionals and patients, its test cases, the rehearsal and open questions. The page loads nothing from elsewhere. It names no patient; its cases are made up.`
}

//go:embed packet.html
var packetHTML string

//go:embed packet.md
var packetMarkdown string

var page = sync.OnceValue(func() *template.Template { return template.Must(template.New("packet").Parse(packetHTML)) })

var sheet = sync.OnceValue(func() *text.Template {
	return text.Must(text.New("packet").Funcs(text.FuncMap{"cell": cell}).Parse(packetMarkdown))
})

// cell keeps a text in one cell of a Markdown table.
func cell(s string) string { return strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;").Replace(s) }

// packet is what the page and the sheet show.
type packet struct {
	Date      string
	Rules     []dossier
	Rehearsal *rehearsalFigures
}

type dossier struct {
	checks.Check
	Review    checks.Rule
	Status    checks.RuleStatus
	Limits    []limit
	Fires     []exercised
	Silent    []exercised
	Figures   *rehearse.CheckCount
	Questions []string
	Parts     []substance.Part
	Hash      string
}

type limit struct{ Name, Value, Source, Review string }

// exercised is a case, and what a check says to it.
type exercised struct {
	*exercise.Case
	Says     []checks.Finding
	Leaflets []checks.Finding
	Why      []string // of silence, as the case names it
}

type rehearsalFigures struct {
	*rehearse.Report
	Hash string // of the file
}

// Run writes the packet.
func (c *packetCommand) Run(p *terminal.Program) error {
	list, err := chosen(c.Checks)
	if err != nil {
		return err
	}
	set, err := c.Read()
	if err != nil {
		return err
	}
	all := packet{Date: p.Now().Format(time.DateOnly)}
	if c.Rehearsal != "" {
		if all.Rehearsal, err = readRehearsal(c.Rehearsal); err != nil {
			return fmt.Errorf("--rehearsal: %w", err)
		}
	}
	for _, check := range list {
		all.Rules = append(all.Rules, dossierOf(check, set.Settings, all.Rehearsal, p.Now()))
	}
	var out bytes.Buffer
	if c.Format == "markdown" {
		err = sheet().Execute(&out, all)
	} else {
		err = page().Execute(&out, all)
	}
	if err != nil {
		return err
	}
	if c.Out == "" {
		_, err = p.Stdout.Write(out.Bytes())
		return err
	}
	return os.WriteFile(c.Out, out.Bytes(), 0o644)
}

func dossierOf(c checks.Check, s *checks.Settings, r *rehearsalFigures, today time.Time) dossier {
	d := dossier{Check: c, Review: s.RuleOf(c), Parts: substance.Of(c, s)}
	d.Status, d.Hash = d.Review.StatusOn(today), substance.Hash(d.Parts)
	for _, t := range c.Thresholds(s) {
		d.Limits = append(d.Limits, limit{t.Name, t.Value, t.Source, t.Review})
	}
	for _, a := range substance.Answers(c, s) {
		one := exercised{Case: a.Case, Says: a.Findings, Leaflets: a.Leaflets}
		for _, silent := range a.Case.Silent {
			if why, ok := strings.CutPrefix(silent, c.ID+" "); ok {
				one.Why = append(one.Why, strings.ReplaceAll(why, "-", " "))
			}
		}
		switch {
		case len(one.Says) > 0:
			d.Fires = append(d.Fires, one)
		case len(one.Why) > 0:
			d.Silent = append(d.Silent, one)
		}
	}
	d.Questions = questions(&d)
	if r != nil {
		for i := range r.Checks {
			if r.Checks[i].Check == c.ID {
				d.Figures = &r.Checks[i]
			}
		}
	}
	return d
}

// questions are what a reviewer has to decide because no source decides it.
func questions(d *dossier) []string {
	var open []string
	for _, l := range d.Limits {
		switch {
		case strings.Contains(l.Source, "convention of this project"):
			open = append(
				open,
				fmt.Sprintf("%s = %s is a convention of this project. Is it right for this site?", l.Name, l.Value),
			)
		case strings.Contains(l.Source, "unconfirmed"), strings.Contains(l.Source, "secondary copy"):
			open = append(
				open,
				fmt.Sprintf("%s = %s (%s): please confirm it against the original.", l.Name, l.Value, l.Source),
			)
		}
	}
	for _, c := range d.Citations {
		if strings.Contains(c.Strength, "case reports") {
			open = append(open, fmt.Sprintf("%s rests on case reports. Is a flag worth its cost?", c.Source))
		}
	}
	if len(d.Fires) == 0 {
		open = append(open, "No case shows this rule opening a flag under these settings.")
	}
	if len(d.Review.Changed) > 0 {
		open = append(
			open,
			"Its approval is void. Approved otherwise than it is now: "+strings.Join(d.Review.Changed, ", ")+".",
		)
	}
	return open
}

// readRehearsal reads the report at the end of what a rehearsal wrote.
func readRehearsal(path string) (*rehearsalFigures, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	lines := json.NewDecoder(bytes.NewReader(data))
	for {
		var line struct {
			Rehearsal *rehearse.Report `json:"rehearsal"`
		}
		err := lines.Decode(&line)
		switch {
		case errors.Is(err, io.EOF):
			return nil, fmt.Errorf("%s holds no report: write it with --format json", path)
		case err != nil:
			return nil, fmt.Errorf("%s: %w", path, err)
		case line.Rehearsal != nil:
			return &rehearsalFigures{line.Rehearsal, hex.EncodeToString(sum[:])}, nil
		}
	}
}
