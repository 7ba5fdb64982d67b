package issue

import (
	"bytes"
	"encoding/json"
	"flag"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var updateDefinitions = flag.Bool("update-definitions", false, "write ../../deploy/fhir/*-*.json anew")

// definitionsDir holds what tells other systems of our extensions and codes. The files are written
// from the tables here and those of the program.
const definitionsDir = "../../deploy/fhir"

// The files in deploy/fhir are what the tables say.
func TestDefinitions(t *testing.T) {
	want := map[string]string{}
	for _, d := range definitions() {
		var text bytes.Buffer
		e := json.NewEncoder(&text)
		e.SetEscapeHTML(false)
		e.SetIndent("", "  ")
		if err := e.Encode(d); err != nil {
			t.Fatal(err)
		}
		want[d.name()] = text.String()
	}
	found, err := filepath.Glob(filepath.Join(definitionsDir, "*-*.json"))
	if err != nil {
		t.Fatal(err)
	}
	if *updateDefinitions {
		for _, file := range found {
			if err := os.Remove(file); err != nil {
				t.Fatal(err)
			}
		}
		for name, text := range want {
			if err := os.WriteFile(filepath.Join(definitionsDir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		return
	}
	got := map[string]string{}
	for _, file := range found {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		got[filepath.Base(file)] = string(text)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("run it with -update-definitions (-want +got):\n%s", diff)
	}
}

// Every extension that urls.go names has a row in the table, and no other has.
func TestEveryExtensionIsDefined(t *testing.T) {
	text, err := os.ReadFile("urls.go")
	if err != nil {
		t.Fatal(err)
	}
	named := map[string]bool{}
	name := regexp.MustCompile(`(?:structures \+ "|StructureDefinition/)([a-z-]+)"`)
	for _, m := range name.FindAllSubmatch(text, -1) {
		named[string(m[1])] = true
	}
	rows := map[string]bool{}
	for _, e := range extensionTable {
		rows[e.id] = true
	}
	if diff := cmp.Diff(named, rows); diff != "" || len(rows) < 20 {
		t.Errorf("extensions (-urls.go +table):\n%s", diff)
	}
}

// Lists of codes that this package refuses others than are those of the code systems.
func TestCodeSystemsHaveEveryCode(t *testing.T) {
	for id, want := range map[string][]string{
		"state": texts(flagStates), "change": texts(flagChanges), "reason": texts(flagReasons),
	} {
		var got []string
		for _, c := range codeTable[id].concepts {
			got = append(got, c.Code)
		}
		slices.Sort(got)
		slices.Sort(want)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-program +table):\n%s", id, diff)
		}
	}
	for id, s := range codeTable {
		for _, c := range s.concepts {
			if c.Display == "" || c.Definition == "" {
				t.Errorf("%s %s says too little", id, c.Code)
			}
		}
	}
}

func texts[T ~string](list []T) (out []string) {
	for _, v := range list {
		out = append(out, string(v))
	}
	return out
}

// definition is a resource of deploy/fhir.
type definition interface{ name() string }

// head begins every definition.
type head struct {
	ResourceType string `json:"resourceType"`
	ID           string `json:"id"`
	URL          string `json:"url,omitempty"`
	Version      string `json:"version,omitempty"`
	Name         string `json:"name"`
	Title        string `json:"title,omitempty"`
	Status       string `json:"status"`
	Experimental *bool  `json:"experimental,omitempty"`
	Date         string `json:"date"`
	Publisher    string `json:"publisher"`
	Description  string `json:"description"`
}

func (h *head) name() string { return h.ResourceType + "-" + h.ID + ".json" }

func headOf(kind, id, title, description string) head {
	var name strings.Builder
	name.WriteString("Rlsguard")
	for part := range strings.SplitSeq(id, "-") {
		name.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return head{
		ResourceType: kind, ID: id, URL: BaseURL + "/" + kind + "/" + id, Version: "1.0.0", Name: name.String(),
		Title: title, Status: "active", Experimental: new(bool), Date: "2026-11-30", Publisher: "rlsguard",
		Description: description,
	}
}

func definitions() (all []definition) {
	for _, e := range extensionTable {
		all = append(all, e.structure())
	}
	all = append(all, flagProfile(), answerProfile())
	for _, id := range slices.Sorted(maps.Keys(codeTable)) {
		s := codeTable[id]
		all = append(all, s.system(id), s.valueSet(id))
	}
	return append(all, checkMap(), flagIDSystem())
}
