package main

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/settings"
	"github.com/rlsguard/rlsguard/consumers/layout"
)

// sourceOf is the text of all Go files below a folder, from the top of the repository.
func sourceOf(folder string) string {
	var b strings.Builder
	_ = filepath.WalkDir(filepath.Join(top, folder), func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git"):
			return filepath.SkipDir
		case filepath.Ext(name) != ".go":
			return nil
		}
		data, err := os.ReadFile(name)
		b.Write(data)
		return err
	})
	return b.String()
}

var goSource = sync.OnceValue(func() string { return sourceOf("") })

var (
	metricName  = regexp.MustCompile(`\brlsguard_[a-z_]+`)
	subjectName = regexp.MustCompile(`^(rls|fhir)\.[^ ]*( id>)?$`)
	streamName  = regexp.MustCompile(`^(FHIR|RLS|RLS_[A-Z]+)$`)
	headerName  = regexp.MustCompile(`^Rls-[A-Za-z-]+$`)
	alertName   = regexp.MustCompile(`^Rlsguard[A-Z]\w+$`)
	testName    = regexp.MustCompile(`^(Test|Fuzz)[A-Z]\w+$`)
	variable    = regexp.MustCompile(`^RLSGUARD_[A-Z]+$`)
	placeName   = regexp.MustCompile(`^(checks|cmd|consumers|deploy|fhir)/[\w./-]+$`)
	keyName     = regexp.MustCompile(`^[a-z]+(_[a-z]+)+$`)
	optionName  = regexp.MustCompile(`^--([a-z-]+)`)
	wordName    = regexp.MustCompile(`^[a-z]+(-[a-z]+)+$`) // of a closed list: a check, a reason, a finding
	settingName = regexp.MustCompile("[sS]ettings? `([a-z_]+)`(?:(?:,| and) `([a-z_]+)`)*")
)

// ofOthers are names that look like ours and are NATS's, or of what is only drawn up.
var ofOthers = []string{
	"sync_interval", "response_type", "allow_responses", "allow_trace", "store_dir",
	"fhir.part.<n>", "RLSGUARD_OUT",
	"--private", "--response-type Stream", "--allow-pub-response", // of nsc
}

// unknownNames: metrics, alerts, subjects, streams, headers, settings, tests, variables and places
// that a page names in backticks are there.
func unknownNames(s site) (faults []string) {
	known := knownNames()
	for _, name := range s.paths() {
		for _, span := range s[name].quoted() {
			if slices.Contains(ofOthers, span) {
				continue
			}
			if what := unknownName(known, name, span); what != "" {
				faults = append(faults, fmt.Sprintf("%s: there is no %s %s", name, what, span))
			}
		}
		for _, m := range settingName.FindAllStringSubmatch(string(s[name].source), -1) {
			for _, key := range m[1:] {
				if key != "" && !known.keys[key] {
					faults = append(faults, fmt.Sprintf("%s: there is no setting %s", name, key))
				}
			}
		}
	}
	return faults
}

// unknownName says what a quoted name would be, where it is not.
func unknownName(known *names, page, span string) string {
	has := func(text string) bool { return strings.Contains(goSource(), text) }
	switch {
	case metricName.MatchString(span):
		for _, m := range metricName.FindAllString(span, -1) {
			if !has(`"` + m + `"`) {
				return "metric"
			}
		}
	case subjectName.MatchString(span):
		if !known.subject(span) {
			return "subject"
		}
	case streamName.MatchString(span):
		if !slices.Contains(known.streams, span) {
			return "stream"
		}
	case headerName.MatchString(span):
		if !has(`"` + span + `"`) {
			return "header"
		}
	case alertName.MatchString(span):
		if !strings.Contains(known.alerts, "alert: "+span) {
			return "alert"
		}
	case testName.MatchString(span):
		if !has("func " + span + "(") {
			return "test"
		}
	case variable.MatchString(span):
		if !has(`"` + span + `"`) {
			return "variable"
		}
	case placeName.MatchString(span):
		if _, err := os.Stat(filepath.Join(top, span)); err != nil {
			return "place"
		}
	case optionName.MatchString(span):
		if !known.options[optionName.FindStringSubmatch(span)[1]] {
			return "option"
		}
	case wordName.MatchString(span):
		if !has(`"` + span + `"`) {
			return "check, reason or finding"
		}
	case keyName.MatchString(span) && !strings.HasPrefix(page, "checks/terms"):
		if !known.keys[span] {
			return "setting"
		}
	}
	return ""
}

// names are those that pages may mention, beside what the source has.
type names struct {
	streams  []string
	keys     map[string]bool
	options  map[string]bool
	alerts   string
	subjects [][]token
}

// token is a part of a subject: a word, one of several, or any.
type token []string

var knownNames = sync.OnceValue(func() *names {
	n := &names{keys: map[string]bool{}, options: options()}
	n.streams = []string{layout.StreamFHIR, layout.StreamRLS, layout.StreamAudit, layout.StreamFlags, layout.StreamDead,
		layout.StreamRejected, layout.StreamFeedback}
	for _, key := range yamlKeys(reflect.TypeFor[settings.Config]()) {
		n.keys[key] = true
	}
	if text, err := os.ReadFile(filepath.Join(top, "deploy/alerts.yaml")); err == nil {
		n.alerts = string(text)
	}
	n.subjects = documented()
	// those that are ours alone stand in no document for others
	for _, own := range []string{layout.SubjectState, layout.SubjectPatient, layout.SubjectCommitFlags,
		layout.SubjectAudit, layout.SubjectTimer, layout.SubjectInbound + "in."} {
		var parts []token
		for word := range strings.SplitSeq(strings.TrimSuffix(own, "."), ".") {
			parts = append(parts, token{word})
		}
		n.subjects = append(n.subjects, append(parts, nil))
	}
	return n
})

// options are those of all commands.
func options() map[string]bool {
	all := map[string]bool{"help": true}
	parser, err := newParser(&commands{}, bufio.NewWriter(io.Discard), io.Discard)
	if err != nil {
		return all
	}
	_ = kong.Visit(parser.Model, func(node kong.Visitable, next kong.Next) error {
		if f, ok := node.(*kong.Flag); ok {
			all[f.Name] = true
			all["no-"+f.Name] = f.Tag.Negatable != ""
		}
		return next(nil)
	})
	return all
}

// documented are the subjects of asyncapi.yaml.
func documented() (all [][]token) {
	var doc struct {
		Channels map[string]struct {
			Address    string
			Parameters map[string]struct{ Enum []string }
		}
	}
	data, err := os.ReadFile(filepath.Join(top, "deploy/asyncapi.yaml"))
	if err != nil || yaml.Unmarshal(data, &doc) != nil {
		return nil
	}
	for _, c := range doc.Channels {
		var parts []token
		for word := range strings.SplitSeq(c.Address, ".") {
			if strings.HasPrefix(word, "{") {
				parts = append(parts, c.Parameters[strings.Trim(word, "{}")].Enum)
				continue
			}
			parts = append(parts, token{word})
		}
		all = append(all, parts)
	}
	return all
}

// subject tells whether a subject, in which words in angle brackets stand for something, is one of
// those that there are.
func (n *names) subject(s string) bool {
	s = regexp.MustCompile(`<[^>]*>`).ReplaceAllString(s, "*")
	words := strings.Split(s, ".")
	return slices.ContainsFunc(n.subjects, func(parts []token) bool {
		for i, word := range words {
			switch {
			case word == ">" && i < len(parts):
				return true
			case i >= len(parts), word != "*" && parts[i] != nil && !slices.Contains(parts[i], word):
				return false
			}
		}
		return len(words) == len(parts)
	})
}
