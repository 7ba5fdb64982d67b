package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/google/shlex"
)

var (
	inner    = regexp.MustCompile(`\$\([^()]*\)`)                     // a command inside another
	operator = regexp.MustCompile(`^(\||\|\||&&|;|&)$`)               // what ends a command
	redirect = regexp.MustCompile(`^[0-9]?(>|>>|<|<<)(.*)$`)          // what a shell keeps for itself
	assigned = regexp.MustCompile(`^[A-Z_]+=`)                        // a variable for one command
	document = regexp.MustCompile(`(?ms)<<'?([A-Z]+)'?$.*?^([A-Z]+)`) // lines that a command reads
)

// shellCommands are the commands that a shell would run, as their words.
func shellCommands(script string) (all [][]string) {
	script = strings.ReplaceAll(script, "\\\n", " ")
	script = inner.ReplaceAllString(document.ReplaceAllString(script, ""), "INNER")
	for line := range strings.Lines(script) {
		words, err := shlex.Split(line)
		if err != nil {
			continue // no shell would run it: a program of another kind
		}
		var command []string
		end := func() {
			if len(command) > 0 {
				all = append(all, command)
			}
			command = nil
		}
		for i := 0; i < len(words); i++ {
			m := redirect.FindStringSubmatch(words[i])
			switch {
			case operator.MatchString(words[i]):
				end()
			case m != nil:
				if m[2] == "" {
					i++ // the file is the next word
				}
			case len(command) == 0 && assigned.MatchString(words[i]):
			default:
				command = append(command, words[i])
			}
		}
		end()
	}
	return all
}

// arguments are those of rlsguard, where a command is one.
func arguments(command []string) ([]string, bool) {
	if len(command) > 3 && slices.Equal(command[:3], []string{"go", "run", "./cmd/rlsguard"}) {
		return command[3:], true
	}
	if len(command) > 1 && command[0] == "rlsguard" {
		return command[1:], true
	}
	return nil, false
}

// wrongCommands: rlsguard takes every command line that an example shows, and knows the commands and
// options of those that stand in a sentence.
func wrongCommands(s site) (faults []string) {
	for _, name := range s.paths() {
		for _, b := range s[name].blocks() {
			if b.language != "" && b.language != "sh" {
				continue
			}
			for _, command := range shellCommands(b.text) {
				if args, ok := arguments(command); ok {
					if err := parses(args); err != nil {
						faults = append(faults, fmt.Sprintf("%s: rlsguard %s: %v", name, strings.Join(args, " "), err))
					}
				}
			}
		}
		for _, span := range s[name].quoted() {
			for _, command := range shellCommands(span) {
				if args, ok := arguments(command); ok {
					if word := unknownWord(args); word != "" {
						faults = append(faults, fmt.Sprintf("%s: `%s`: rlsguard has no %s", name, span, word))
					}
				}
			}
		}
	}
	return faults
}

// parses tells what the command line has against arguments.
func parses(args []string) error {
	parser, err := newParser(&commands{}, bufio.NewWriter(io.Discard), io.Discard)
	if err == nil {
		_, err = parser.Parse(args)
	}
	var missing *fs.PathError
	if errors.As(err, &missing) { // a file of the reader's
		return nil
	}
	return err
}

// unknownWord is a command or an option among args that does not exist. A word in capitals stands
// for something.
func unknownWord(args []string) string {
	parser, err := newParser(&commands{}, bufio.NewWriter(io.Discard), io.Discard)
	if err != nil {
		return err.Error()
	}
	node := parser.Model.Node
	for _, arg := range args {
		switch child := childOf(node, arg); {
		case arg == strings.ToUpper(arg):
			if node == parser.Model.Node {
				return "" // any command
			}
		case strings.HasPrefix(arg, "--"):
			if option, _, _ := strings.Cut(arg, "="); !hasOption(node, option) {
				return option
			}
		case child != nil:
			node = child
		case len(node.Children) > 0:
			return "command " + arg
		}
	}
	return ""
}

func childOf(node *kong.Node, name string) *kong.Node {
	for _, child := range node.Children {
		if child.Name == name || slices.Contains(child.Aliases, name) {
			return child
		}
	}
	return nil
}

func hasOption(node *kong.Node, option string) bool {
	for _, group := range node.AllFlags(false) {
		for _, f := range group {
			if "--"+f.Name == option || slices.Contains(f.Aliases, strings.TrimPrefix(option, "--")) {
				return true
			}
		}
	}
	return option == "--help"
}

// wrongPrograms: packages, tests and options of our own programs and tests that an example runs with
// go are there.
func wrongPrograms(s site) (faults []string) {
	for _, name := range s.paths() {
		for _, b := range s[name].blocks() {
			if b.language != "" && b.language != "sh" {
				continue
			}
			for _, command := range shellCommands(b.text) {
				if command[0] != "go" || len(command) < 3 || command[1] != "run" && command[1] != "test" {
					continue
				}
				if fault := wrongProgram(command); fault != "" {
					faults = append(faults, name+": "+strings.Join(command, " ")+": "+fault)
				}
			}
		}
	}
	return faults
}

func wrongProgram(command []string) string {
	folder := ""
	for i, word := range command {
		switch {
		case strings.HasPrefix(word, "./"):
			folder = strings.TrimSuffix(strings.TrimSuffix(word, "..."), "/")
			if info, err := os.Stat(filepath.Join(top, folder)); err != nil || !info.IsDir() {
				return "there is no " + word
			}
		case word == "-run" || word == "-fuzz":
			pattern := strings.Trim(command[i+1], "^$")
			if _, err := regexp.Compile(pattern); err != nil {
				return err.Error()
			}
			stands := pattern == "" || pattern == "-" || strings.HasSuffix(pattern, "NAME")
			if !stands && !regexp.MustCompile(`func (Test|Fuzz)\w*`+pattern).MatchString(goSource()) &&
				!regexp.MustCompile(`func `+pattern).MatchString(goSource()) {
				return "no test matches " + pattern
			}
		case command[1] == "run" && i > 2 && strings.HasPrefix(word, "-") && folder != "./cmd/rlsguard":
			option := regexp.QuoteMeta(strings.TrimLeft(word, "-"))
			if !regexp.MustCompile(`flag\.\w+\([^)]*"` + option + `"`).MatchString(sourceOf(folder)) {
				return "it has no option " + word
			}
		}
	}
	return ""
}

// brokenJSON: what is called JSON is JSON.
func brokenJSON(s site) (faults []string) {
	for _, name := range s.paths() {
		for _, b := range s[name].blocks() {
			if b.language == "json" && !json.Valid([]byte(b.text)) {
				faults = append(faults, name+": this is no JSON: "+b.text)
			}
		}
	}
	return faults
}
