package cds

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"slices"

	"go.yaml.in/yaml/v3"

	"github.com/rlsguard/rlsguard/consumers/cases"
)

// Mapping says which of our checks a foreign CDS Hooks service's cards stand for.
type Mapping struct {
	// Services are the ids to call, by hook; the default is the first that discovery lists for the
	// hook.
	Services map[string]string `yaml:"services"`
	// Severity by card indicator.
	Severity map[string]string `yaml:"severity"`
	Cards    []CardRule        `yaml:"cards"`
}

// CardRule names a check. All given patterns must match; the first matching rule applies. Patterns
// are regular expressions (github.com/google/re2/wiki/Syntax).
type CardRule struct {
	Check   string  `yaml:"check"`
	Summary pattern `yaml:"summary"`
	Detail  pattern `yaml:"detail"`
	Source  pattern `yaml:"source"` // label of the source
	Topic   pattern `yaml:"topic"`  // code of source.topic
	// Ingredient is matched against summary and detail; its group is the ingredient. Without it the
	// ingredient is not compared; none says that the check has none.
	Ingredient pattern `yaml:"ingredient"`
	None       bool    `yaml:"none"`
	Severity   string  `yaml:"severity"` // replaces the indicator's
}

type pattern struct{ *regexp.Regexp }

// UnmarshalYAML compiles a pattern.
func (p *pattern) UnmarshalYAML(n *yaml.Node) (err error) {
	p.Regexp, err = regexp.Compile(n.Value)
	if err != nil {
		return fmt.Errorf("line %d: %w", n.Line, err)
	}
	return nil
}

func (p pattern) fits(text string) bool { return p.Regexp == nil || p.MatchString(text) }

// ReadMapping reads a mapping file (YAML). Errors name the rule.
func ReadMapping(data []byte) (*Mapping, error) {
	m := &Mapping{}
	d := yaml.NewDecoder(bytes.NewReader(data))
	d.KnownFields(true)
	if err := d.Decode(m); err != nil {
		return nil, err
	}
	if m.Severity == nil {
		m.Severity = map[string]string{"info": "low", "warning": "moderate", "critical": "high"}
	}
	if len(m.Cards) == 0 {
		return nil, errors.New("cards: no rule in it")
	}
	for i, r := range m.Cards {
		switch {
		case r.Check == "":
			return nil, fmt.Errorf("cards[%d]: no check", i)
		case r.Summary.Regexp == nil && r.Detail.Regexp == nil && r.Source.Regexp == nil && r.Topic.Regexp == nil:
			return nil, fmt.Errorf("cards[%d]: no pattern: it would stand for every card", i)
		case r.Severity != "" && !slices.Contains([]string{"high", "moderate", "low"}, r.Severity):
			return nil, fmt.Errorf("cards[%d]: severity %q is not one of high, moderate, low", i, r.Severity)
		}
	}
	return m, nil
}

// flag is what a card stands for; false if no rule matches.
func (m *Mapping) flag(patient string, c *card) (cases.Flag, bool) {
	for _, r := range m.Cards {
		if !r.Summary.fits(c.Summary) || !r.Detail.fits(c.Detail) || !r.Source.fits(c.Source.Label) ||
			!r.Topic.fits(c.Source.Topic.Code) {
			continue
		}
		f := cases.Flag{
			Patient:    patient,
			Check:      r.Check,
			Ingredient: cases.AnyIngredient,
			Severity:   m.Severity[c.Indicator],
		}
		if r.Severity != "" {
			f.Severity = r.Severity
		}
		if r.None {
			f.Ingredient = ""
		}
		if r.Ingredient.Regexp != nil {
			if found := r.Ingredient.FindStringSubmatch(c.Summary + "\n" + c.Detail); found != nil {
				f.Ingredient = found[len(found)-1]
			}
		}
		return f, true
	}
	return cases.Flag{}, false
}
