package words

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

func TestSay(t *testing.T) {
	if got := Say("pair.summary", "drug", "gabapentin", "partners", And([]string{"a", "b", "c"}), "risks",
		""); got != "Gabapentin with a, b and c: risk of slow, shallow breathing and drowsiness." {
		t.Errorf("%q", got)
	}
	if got := Say("order.since"); !strings.Contains(got, "{date}") {
		t.Errorf("a place without a value is gone: %q", got)
	}
	if Say("no such key") != "" || has("no such key") {
		t.Error("an unknown key has a text")
	}
}

// Keys are unique, and every line is a note, empty, or a text.
func TestFilesAreWellFormed(t *testing.T) {
	seen := map[string]bool{}
	for name, file := range map[string]string{"professional.txt": professional, "patient.txt": patient} {
		for line := range strings.Lines(file) {
			line = strings.TrimSuffix(line, "\n")
			if line == "" || strings.HasPrefix(line, ";") {
				continue
			}
			key, _, ok := strings.Cut(line, ": ")
			if !ok || seen[key] || !regexp.MustCompile(`^[a-z0-9_.-]+$`).MatchString(key) ||
				(name == "patient.txt") != strings.HasPrefix(key, "leaflet.") {
				t.Errorf("%s: %q", name, line)
			}
			seen[key] = true
		}
	}
}

// Every key in code has a text, and every text is used somewhere: by its key, or by a prefix and a
// word of the domain.
func TestKeysAndCodeAgree(t *testing.T) {
	files, err := filepath.Glob("../*.go")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, f := range files {
		if !strings.HasSuffix(f, "_test.go") {
			b, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			code.Write(b)
		}
	}
	for _, m := range regexp.MustCompile(`words\.Say\("([a-z0-9_.-]+)"[,)]`).FindAllStringSubmatch(code.String(), -1) {
		if !has(m[1]) {
			t.Errorf("no text for %q", m[1])
		}
	}
	for prefix, kind := range map[string]string{"lab.": "labReason", "silent.": "SilenceReason",
		"resolved.": "Reason"} {
		for _, m := range regexp.MustCompile(`\s`+kind+`\s+= "([a-z0-9-]+)"`).FindAllStringSubmatch(code.String(), -1) {
			if !has(prefix+m[1]) && m[1] != "tail" {
				t.Errorf("no text for %s %q", kind, m[1])
			}
		}
	}
	begun := []string{
		"becomes.",
		"cause.",
		"class.",
		"effect.",
		"use.",
		"instead.",
		"resolved.",
		"renal.band.",
		"leaflet.renal.",
		"list.",
		"silent.",
		"lab.",
		"unread.",
		"record.limit.",
		"record.whose.",
		"record.kidney.",
	}
	for _, key := range keys() {
		short := strings.TrimPrefix(key, "leaflet.")
		said := strings.Contains(code.String(), `"`+key+`"`) || strings.Contains(code.String(), `"`+short+`"`)
		for _, b := range begun {
			said = said || strings.HasPrefix(key, b)
		}
		if !said {
			t.Errorf("nothing says %q", key)
		}
	}
}

// Words of `rlsguard checks` or of a specification are not for users.
func TestWordsThatAreNotForUsers(t *testing.T) {
	forbidden := regexp.MustCompile(
		`(?i)from training|secondary copy|review pending|submitted|systemic|UCUM|beside it|an abrupt end is ` +
			`harmful|ending it suddenly|\{1\.73`,
	)
	for _, key := range keys() {
		if w := forbidden.FindString(text(key)); w != "" {
			t.Errorf("%s says %q", key, w)
		}
	}
}
