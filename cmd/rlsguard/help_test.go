package main

import (
	"bufio"
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/alecthomas/kong"

	"github.com/rlsguard/rlsguard/cmd/rlsguard/help"
	"github.com/rlsguard/rlsguard/cmd/rlsguard/terminal"
)

// helpOf is what --help of a command prints.
func helpOf(t *testing.T, command ...string) string {
	t.Helper()
	var out bytes.Buffer
	w := bufio.NewWriter(&out)
	parser, err := newParser(grammar(command), w, w)
	if err != nil {
		t.Fatal(err)
	}
	parser.Exit = func(int) {}
	_, _ = parser.Parse(append(command, "--help")) // it goes on where a program would end
	w.Flush()
	text, _, _ := strings.Cut(out.String(), "\nUsage: ")
	return text
}

func connectionTopic(t *testing.T) string {
	t.Helper()
	var out bytes.Buffer
	p := &terminal.Program{Stdout: bufio.NewWriter(&out), Stderr: &out}
	if err := (&helpCommand{Topic: []string{help.ConnectionTopic}}).Run(p); err != nil {
		t.Fatal(err)
	}
	p.Stdout.Flush()
	return out.String()
}

// everyHelp are the helps of all commands, and the topics, by name.
func everyHelp(t *testing.T) map[string]string {
	t.Helper()
	t.Setenv("COLUMNS", "80")
	parser, err := newParser(&commands{}, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{"": helpOf(t), help.ConnectionTopic: connectionTopic(t)}
	var walk func(n *kong.Node, path []string)
	walk = func(n *kong.Node, path []string) {
		for _, child := range n.Children {
			below := append(path[:len(path):len(path)], child.Name)
			all[strings.Join(below, " ")] = helpOf(t, below...)
			walk(child, below)
		}
	}
	walk(parser.Model.Node, nil)
	return all
}

// wordsOfHelp is how many words all help has: what is added has to be worth reading.
const wordsOfHelp = 7100

func TestHelpReadsWell(t *testing.T) {
	words := 0
	for command, text := range everyHelp(t) {
		words += len(strings.Fields(text))
		for _, line := range strings.Split(text, "\n") {
			if n := utf8.RuneCountInString(line); n > 80 {
				t.Errorf("rlsguard %s --help: a line of %d columns: %s", command, n, line)
			}
		}
		if strings.Contains(text, "[flags]") || strings.Contains(text, "Flags:") {
			t.Errorf("rlsguard %s --help calls an option a flag", command)
		}
		examples, options := strings.Index(text, "\nExamples:\n"), strings.Index(text, "\nOptions:\n")
		if command != "" && options >= 0 && (examples < 0 || examples > options) {
			t.Errorf("rlsguard %s --help does not begin with examples:\n%s", command, text)
		}
		if command != help.ConnectionTopic && strings.Contains(text, "--inbox-prefix=") &&
			!strings.Contains(text, "--answer-inbox-prefix=") {
			t.Errorf("rlsguard %s --help has the options of the connection one by one", command)
		}
	}
	if words > wordsOfHelp {
		t.Errorf("help has %d words, more than %d", words, wordsOfHelp)
	}
	topic := everyHelp(t)[help.ConnectionTopic]
	for _, option := range []string{"nats", "context", "creds", "nkey", "ca", "user", "password-file", "js-domain",
		"inbox-prefix", "plaintext", "tls-cert", "tls-key"} {
		if !strings.Contains(topic, "\n  --"+option) {
			t.Errorf("rlsguard help connection lacks --%s:\n%s", option, topic)
		}
	}
}

// stubs stand for the programs of the examples: rlsguard writes down how it was called.
const stubs = `
rlsguard() { for a in "$@"; do printf '%s\n' "$a"; done >>"$CALLS"; printf '\036\n' >>"$CALLS"; }
jq() { :; }; zcat() { :; }; cut() { :; }; sort() { :; }; uniq() { :; }; cat() { echo nats://127.0.0.1:4222; }
`

// TestHelpExamples runs every example in a shell, in a folder that has the files which they name,
// and reads what it gives rlsguard as rlsguard reads it.
func TestHelpExamples(t *testing.T) {
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no shell to read examples as their readers do")
	}
	block := regexp.MustCompile(`(?s)\nExamples:\n(.*?)\n(\n|$)`)
	for command, text := range everyHelp(t) {
		m := block.FindStringSubmatch(text)
		if m == nil {
			continue
		}
		t.Run(command, func(t *testing.T) {
			dir := t.TempDir()
			for _, folder := range []string{"RxNorm_full/rrf", "nhsbsa_dmd_3.2.0", "ndctext"} {
				if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
					t.Fatal(err)
				}
			}
			for _, file := range []string{"rxnorm-2026-02.tsv", "rxnorm-2026-03.tsv", "draft.json"} {
				if err := os.WriteFile(filepath.Join(dir, file), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			calls := filepath.Join(dir, "calls")
			cmd := exec.CommandContext(t.Context(), shell, "-ec", stubs+m[1]+"\nwait")
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "CALLS="+calls)
			if out, err := cmd.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s\n%s", err, out, m[1])
			}
			made, err := os.ReadFile(calls)
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(dir)
			n := 0
			for call := range strings.SplitSeq(strings.TrimSuffix(string(made), "\x1e\n"), "\x1e\n") {
				args := strings.Split(strings.TrimSuffix(call, "\n"), "\n")
				parser, err := newParser(grammar(args), nil, nil)
				if err == nil {
					_, err = parser.Parse(args)
				}
				if err != nil {
					t.Errorf("rlsguard %s: %v", strings.Join(args, " "), err)
				}
				n++
			}
			if want := strings.Count("\n"+m[1], "\n  rlsguard "); n < want {
				t.Errorf("%d of %d examples ran", n, want)
			}
		})
	}
}

// The releases of --version are those of the page that says where each table comes from, which
// names no newer one.
func TestVersionNamesTheTables(t *testing.T) {
	sources, err := os.ReadFile("../../checks/terms/data/SOURCES.md")
	if err != nil {
		t.Fatal(err)
	}
	text, err := versionText()
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range tableReleases {
		if !strings.Contains(string(sources), r.release) || !strings.Contains(text, r.release) {
			t.Errorf("%s: %q is not in SOURCES.md, or not in\n%s", r.table, r.release, text)
		}
	}
}
